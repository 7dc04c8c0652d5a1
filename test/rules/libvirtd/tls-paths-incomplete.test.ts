import rule from '../../../rules/libvirtd/tls-paths-incomplete.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aServer,
  configuration,
  facts,
  file,
  installed,
  privateKey,
  publicKey,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const defaults = {
  ca_file: '/etc/pki/CA/cacert.pem',
  cert_file: '/etc/pki/libvirt/servercert.pem',
  key_file: '/etc/pki/libvirt/private/serverkey.pem',
};
const restart = { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] } as const;
const set = (values: Parameters<typeof settings>[1]) => facts(aServer, settings(conf, values));

testRule(rule, {
  pass: [
    { name: 'none is set', facts: facts(aServer) },
    { name: 'all are set', facts: set({ ca_file: '/a', cert_file: '/b', key_file: '/c' }) },
    { name: 'an empty string counts as set', facts: set({ ca_file: '', cert_file: '/b', key_file: '/c' }) },
    { name: 'a revocation list alone', facts: set({ crl_file: '/d' }) },
  ],
  fail: [
    {
      name: 'no CA',
      facts: set({ key_file: '/c', cert_file: '/b' }),
      violations: [
        {
          messageId: 'incomplete',
          data: { missing: ['ca_file'], error: 'No CA certificate path set to match server key/cert' },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'unset', path: conf, key: 'cert_file', line: 2 },
              { kind: 'unset', path: conf, key: 'key_file', line: 1 },
              restart,
            ] as never,
          },
        },
      ],
    },
    {
      name: 'no CA, and certificate and key are where they are said to be',
      facts: facts(aServer, file('/c'), file('/b'), settings(conf, { key_file: '/c', cert_file: '/b' })),
      violations: [
        {
          messageId: 'incomplete',
          fix: {
            applicability: 'unsafe',
            steps: [{ kind: 'set', path: conf, key: 'ca_file', value: `"${defaults.ca_file}"` }, restart] as never,
          },
        },
      ],
    },
    {
      name: 'no certificate, and the key is another than that of the default',
      facts: facts(
        aServer,
        privateKey('/srv/key.pem', publicKey('another')),
        settings(conf, { ca_file: defaults.ca_file, key_file: '/srv/key.pem' }),
      ),
      violations: [{ messageId: 'incomplete', fix: { applicability: 'manual', steps: [{}, restart] } }],
    },
    {
      name: 'only a CA',
      facts: set({ ca_file: '/a' }),
      violations: [
        {
          messageId: 'incomplete',
          data: { set: ['ca_file'], missing: ['cert_file', 'key_file'] },
          subject: { key: 'ca_file' } as never,
        },
      ],
    },
    {
      name: 'no key',
      facts: set({ ca_file: '/a', cert_file: '/b' }),
      violations: [{ messageId: 'incomplete', data: { error: 'No server key path set to match server cert' } }],
    },
  ],
  notApplicable: [
    {
      name: 'nothing listens for TLS, and the paths are not looked at',
      facts: facts(installed('libvirtd'), settings(conf, { key_file: 'x' })),
    },
    { name: 'a path without quotes is refused first', facts: set({ key_file: 1 }) },
    { name: 'several identities', facts: set({ cert_files: ['/b'], key_files: ['/c'], ca_file: '/a' }) },
    {
      name: 'a configuration that does not parse',
      facts: facts(
        aServer,
        configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    {
      name: 'a closed configuration',
      facts: facts(aServer, configuration(conf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
