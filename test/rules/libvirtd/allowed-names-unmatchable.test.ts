import rule from '../../../rules/libvirtd/allowed-names-unmatchable.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  aCertificate,
  aServer,
  certificate,
  configuration,
  facts,
  settings,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/libvirtd.conf';
const set = (...names: readonly string[]) => facts(aServer, settings(conf, { tls_allowed_dn_list: names }));
/** The list as it is to be. */
const list = (...names: readonly string[]) =>
  ({
    applicability: 'unsafe',
    steps: [
      {
        kind: 'set',
        path: conf,
        key: 'tls_allowed_dn_list',
        value: `[${names.map((name) => `"${name}"`).join(', ')}]`,
      },
      { command: ['systemctl', 'restart', 'libvirtd'] },
    ],
  }) as never;
/** A client's certificate that lies on the host, with that name. */
const aName = (text: string): Change =>
  certificate(
    '/etc/pki/libvirt/clientcert.pem',
    aCertificate('client', { subject: { text, der: text, commonNames: [] } }),
  );

testRule(rule, {
  pass: [
    { name: 'the certificate’s order', facts: set('C=GB,ST=London,L=London,O=Acme,CN=client1') },
    { name: 'wildcards', facts: set('C=GB,O=Acme,CN=*', '*,O=Acme,CN=client?') },
    { name: 'a comma with its backslash', facts: set('C=GB,O=Acme\\, Inc,CN=client1') },
    {
      name: 'an unusual name that a certificate has',
      facts: facts(
        aServer,
        aName('CN=client1,O=Acme,C=GB'),
        settings(conf, { tls_allowed_dn_list: ['CN=client1,O=Acme,C=GB'] }),
      ),
    },
    { name: 'both orders, to be sure', facts: set('CN=client1,O=Acme,C=GB', 'C=GB,O=Acme,CN=client1') },
    { name: 'a common name alone', facts: set('CN=client1') },
  ],
  fail: [
    {
      name: 'spaces after commas',
      facts: set('C=GB, O=Acme, CN=client1'),
      violations: [
        {
          messageId: 'unmatchable',
          data: { proposed: 'C=GB,O=Acme,CN=client1', why: 'it has spaces after commas or around equals signs' },
          subject: { key: 'tls_allowed_dn_list' } as never,
          fix: list('C=GB,O=Acme,CN=client1'),
        },
      ],
    },
    {
      name: 'two backslashes',
      facts: set('C=GB,O=Acme\\\\, Inc,CN=client1', 'C=GB,O=Acme\\\\,CN=client1'),
      violations: [
        {
          messageId: 'unmatchable',
          data: { proposed: 'C=GB,O=Acme\\, Inc,CN=client1' },
          fix: list('C=GB,O=Acme\\, Inc,CN=client1', 'C=GB,O=Acme\\\\,CN=client1'),
        },
      ],
    },
    {
      name: 'slashes',
      facts: set('/C=GB/O=Acme/CN=client1'),
      violations: [{ messageId: 'unmatchable', data: { proposed: 'C=GB,O=Acme,CN=client1' } }],
    },
    {
      name: 'reversed',
      facts: set('CN=client1,O=Acme,L=London,C=GB'),
      violations: [{ messageId: 'unmatchable', data: { proposed: 'C=GB,L=London,O=Acme,CN=client1' } }],
    },
    {
      name: 'brackets',
      facts: set('C=GB,O=Acme,CN=client[0-9]'),
      violations: [{ messageId: 'unmatchable', data: { proposed: 'C=GB,O=Acme,CN=client?' } }],
    },
    {
      name: 'a small set in brackets means just these, and other entries stay',
      facts: set('C=GB,O=Acme,CN=*', 'CN=client[1-3],O=Acme,C=GB', 'C=GB,CN=x'),
      violations: [
        {
          messageId: 'unmatchable',
          fix: list(
            'C=GB,O=Acme,CN=*',
            'C=GB,O=Acme,CN=client1',
            'C=GB,O=Acme,CN=client2',
            'C=GB,O=Acme,CN=client3',
            'C=GB,CN=x',
          ),
        },
      ],
    },
    {
      name: 'a set of a shell that nobody writes out',
      facts: set('C=GB,CN=client[!0-9]'),
      violations: [{ messageId: 'unmatchable', fix: { applicability: 'manual' } }],
    },
    {
      name: 'two entries, mended together',
      facts: set('/C=GB/CN=a', 'client1.example.com', 'C=GB, CN=b'),
      violations: [
        { messageId: 'unmatchable', fix: list('C=GB,CN=a', 'client1.example.com', 'C=GB,CN=b') },
        { messageId: 'unmatchable', data: { proposed: '' }, fix: { applicability: 'manual' } },
        { messageId: 'unmatchable', fix: list('C=GB,CN=a', 'client1.example.com', 'C=GB,CN=b') },
      ],
    },
    {
      name: 'emailAddress',
      facts: set('C=GB,CN=x,emailAddress=a@example.com'),
      violations: [{ messageId: 'unmatchable', data: { proposed: 'C=GB,CN=x,EMAIL=a@example.com' } }],
    },
    {
      name: 'a host name',
      facts: set('client1.example.com'),
      violations: [{ messageId: 'unmatchable', data: { proposed: '' } }],
    },
    {
      name: 'each entry once',
      facts: set('/C=GB/CN=a', '/C=GB/CN=b', '/C=GB/CN=a'),
      violations: [{ messageId: 'unmatchable' }, { messageId: 'unmatchable' }],
    },
  ],
  notApplicable: [
    { name: 'no list', facts: facts(aServer) },
    {
      name: 'a list that is not asked',
      facts: facts(aServer, settings(conf, { tls_allowed_dn_list: ['/C=GB'], tls_no_verify_certificate: 1 })),
    },
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
