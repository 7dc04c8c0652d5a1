import rule from '../../../rules/pki/crl-setting-ignored.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aRevocationList,
  aServer,
  configuration,
  facts,
  link,
  revocationList,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const crl = '/etc/pki/CA/cacrl.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';
const denied = unknown('permission-denied', 'permission denied on /etc/pki/libvirt/private');

const paths = { ca_file: ca, cert_file: cert, key_file: key };

testRule(rule, {
  pass: [
    {
      name: 'all four paths',
      facts: facts(
        aServer,
        settings(libvirtd, { ...paths, crl_file: '/srv/crl.pem' }),
        revocationList('/srv/crl.pem', aRevocationList()),
      ),
    },
    { name: 'the three paths, and no list anywhere', facts: facts(aServer, settings(libvirtd, paths)) },
    {
      name: 'the default path alone is what counts anyway',
      facts: facts(aServer, settings(libvirtd, { crl_file: crl })),
    },
    {
      name: 'switched off on purpose',
      facts: facts(aServer, settings(libvirtd, { ...paths, crl_file: '' }), revocationList(crl, aRevocationList())),
    },
    {
      name: 'a link to nothing is another fault',
      facts: facts(
        aServer,
        settings(libvirtd, { ...paths, crl_file: '/srv/crl.pem' }),
        absent('/srv/gone.pem'),
        link('/srv/crl.pem', 'gone.pem'),
      ),
    },
  ],
  fail: [
    {
      name: 'crl_file alone',
      facts: facts(aServer, settings(libvirtd, { crl_file: '/srv/crl.pem' })),
      violations: [
        {
          messageId: 'alone',
          subject: { kind: 'setting', path: libvirtd, key: 'crl_file', line: 1 },
          fix: {
            applicability: 'unsafe',
            steps: [
              { kind: 'set', key: 'ca_file', value: `"${ca}"` },
              {},
              {},
              { command: ['systemctl', 'restart', 'libvirtd'] },
            ],
          },
        },
      ],
    },
    {
      name: 'the three without it, and a default list',
      facts: facts(aServer, settings(libvirtd, paths), revocationList(crl, aRevocationList())),
      violations: [
        {
          messageId: 'defaultOff',
          data: { byDefault: crl },
          fix: { applicability: 'unsafe', steps: [{ kind: 'set', key: 'crl_file', value: `"${crl}"` }, {}] },
        },
      ],
    },
    {
      name: 'a file that is not there',
      facts: facts(aServer, settings(libvirtd, { ...paths, crl_file: '/srv/crl.pem' })),
      violations: [{ messageId: 'absent', data: { path: '/srv/crl.pem' }, fix: { applicability: 'manual' } }],
    },
  ],
  notApplicable: [
    { name: 'no paths set', facts: facts(aServer) },
    {
      name: 'paths set in part are another fault',
      facts: facts(aServer, settings(libvirtd, { cert_file: cert, crl_file: '/srv/crl.pem' })),
    },
    {
      name: 'a configuration that does not load',
      facts: facts(
        aServer,
        configuration(libvirtd, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } }),
      ),
    },
  ],
  unknown: [
    {
      name: 'a configuration that could not be read',
      facts: facts(aServer, configuration(libvirtd, denied)),
      reason: 'permission-denied',
    },
  ],
});
