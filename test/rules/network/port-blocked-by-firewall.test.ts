import rule from '../../../rules/network/port-blocked-by-firewall.ts';
import { known, unknown } from '../../../src/facts/fact.ts';
import type { Firewall, FirewallTable } from '../../../src/facts/firewall.ts';
import { parseZoneListing } from '../../../src/parse/firewalld.ts';
import { parseIptablesSave } from '../../../src/parse/iptables-save.ts';
import { parseNftRuleset } from '../../../src/parse/nft-ruleset.ts';
import {
  aClient,
  aServer,
  aVncServer,
  bareFacts,
  configuration,
  domain,
  facts,
  having,
  observed,
  serverCertificate,
  running,
  settings,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const behind = (...tables: readonly FirewallTable[]): Change =>
  having({ firewall: { observed: true, interfaces: ['lo', 'eth0', 'virbr0'], tables: known(tables) } });

const iptables = (
  rules: readonly string[],
  { policy = 'DROP', program = 'iptables', chains = [] as readonly string[] } = {},
) =>
  behind(
    ...parseIptablesSave(
      [
        '*filter',
        `:INPUT ${policy} [0:0]`,
        ...chains.map((name) => `:${name} - [0:0]`),
        ...rules.map((one) => `-A ${one}`),
      ].join('\n'),
      program,
    ),
  );

/** One base chain of nftables, in the shape of its JSON. */
const nft = (policy: string, ...rules: readonly (readonly object[])[]): Change =>
  behind(
    ...(parseNftRuleset(
      JSON.stringify({
        nftables: [
          { table: { family: 'inet', name: 'filter' } },
          { chain: { family: 'inet', table: 'filter', name: 'input', type: 'filter', hook: 'input', prio: 0, policy } },
          ...rules.map((expr) => ({ rule: { family: 'inet', table: 'filter', chain: 'input', expr } })),
        ],
      }),
    )?.tables ?? []),
  );
const dport = (right: unknown) => ({
  match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right },
});
const meta = (key: string, right: unknown) => ({ match: { op: '==', left: { meta: { key } }, right } });

const zones = (listing: string): Change =>
  having({
    firewall: {
      observed: true,
      interfaces: ['lo', 'eth0'],
      tables: unknown('unsupported', 'nft is not installed'),
      firewalld: {
        defaultZone: 'public',
        zones: parseZoneListing(listing).zones,
        services: {
          ssh: [{ protocol: 'tcp', ports: [22, 22] }],
          'libvirt-tls': [{ protocol: 'tcp', ports: [16514, 16514] }],
        },
      },
    },
  });

const conf = '/etc/libvirt/libvirtd.conf';
const qemuConf = '/etc/libvirt/qemu.conf';
const dualStack = having({
  identity: { ...bareFacts.identity, addresses: ['127.0.0.1', '::1', '192.0.2.10', '2001:db8::10', 'fe80::1'] },
});
const run = (...command: readonly string[]) => ({ kind: 'run' as const, command });
const closed: Firewall = { observed: true, tables: unknown('permission-denied', 'nft lists the rules to root only') };

testRule(rule, {
  pass: [
    { name: 'no rules at all', facts: facts(aServer, behind()) },
    {
      name: 'nftables lets the port in',
      facts: facts(aServer, nft('drop', [dport({ set: [22, 16514] }), { accept: null }])),
    },
    {
      name: 'iptables lets the port in',
      facts: facts(aServer, iptables(['INPUT -p tcp -m tcp --dport 16514 -j ACCEPT'])),
    },
    {
      name: 'some clients are let in',
      facts: facts(aServer, iptables(['INPUT -s 192.0.2.0/24 -p tcp --dport 16514 -j ACCEPT'])),
    },
    {
      name: 'one of two interfaces lets it in',
      facts: facts(aServer, having({}), iptables(['INPUT -i eth0 -j ACCEPT'])),
    },
    {
      name: 'a rule for guests',
      facts: facts(aServer, iptables(['INPUT -i virbr0 -p tcp -j DROP'], { policy: 'ACCEPT' })),
    },
    {
      name: 'the zone has the service',
      facts: facts(aServer, zones('public\n  target: default\n  services: ssh libvirt-tls\n')),
    },
    {
      name: 'plain TCP without authentication, which is better shut',
      facts: facts(
        aServer,
        settings(conf, { listen_tls: 0, listen_tcp: 1, auth_tcp: 'none' }),
        aVncServer,
        settings(qemuConf, { vnc_listen: '0.0.0.0', vnc_tls: 1, vnc_tls_x509_verify: 1 }),
        iptables(['INPUT -p tcp --dport 5900 -j ACCEPT']),
      ),
    },
  ],
  notApplicable: [
    { name: 'an image without a firewall', facts: facts(aServer) },
    { name: 'nothing listens for others', facts: facts(aServer, settings(conf, { listen_tls: 0 }), iptables([])) },
    {
      name: 'the daemon listens on loopback',
      facts: facts(aServer, settings(conf, { listen_addr: '127.0.0.1' }), iptables([])),
    },
    { name: 'a client', roles: ['libvirt-server'], facts: facts(aClient, iptables([])) },
    {
      name: 'a console that anybody may open',
      roles: ['vnc-server'],
      facts: facts(settings(qemuConf, { vnc_listen: '0.0.0.0' }), iptables([])),
    },
  ],
  fail: [
    {
      name: 'rules that only root may read, and a connection from this host itself that is dropped',
      facts: facts(aServer, having({ firewall: closed }), observed('tls', 16514, 'filtered')),
      violations: [
        {
          messageId: 'seen',
          data: { ports: 'port 16514', verb: 'dropped' },
          subject: { kind: 'endpoint', host: '192.0.2.10', port: 16514 },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'the policy of nftables drops',
      facts: facts(aServer, nft('drop', [dport(22), { accept: null }])),
      violations: [
        {
          messageId: 'blocked',
          subject: { kind: 'endpoint', host: '0.0.0.0', port: 16514 },
          data: {
            verb: 'drops',
            over: '',
            by: 'the policy of chain input of the nftables table inet filter',
            error: 'wait, and then see: Connection timed out',
          },
          fix: {
            applicability: 'unsafe',
            steps: [
              run('nft', 'add', 'rule', 'inet', 'filter', 'input', 'tcp', 'dport', '16514', 'accept'),
              { kind: 'manual' },
            ],
          },
        },
      ],
    },
    {
      name: 'a rule of nftables rejects',
      facts: facts(aServer, nft('accept', [dport({ range: [16000, 17000] }), { reject: { type: 'tcp reset' } }])),
      violations: [
        {
          messageId: 'blocked',
          data: {
            verb: 'rejects',
            by: 'a rule of chain input of the nftables table inet filter (tcp dport 16000-17000 reject with tcp reset)',
            error: 'see: Connection refused',
          },
          fix: {
            steps: [run('nft', 'insert', 'rule', 'inet', 'filter', 'input', 'tcp', 'dport', '16514', 'accept'), {}],
          },
        },
      ],
    },
    {
      name: 'iptables drops',
      facts: facts(aServer, iptables(['INPUT -p tcp --dport 22 -j ACCEPT'])),
      violations: [
        {
          messageId: 'blocked',
          data: { verb: 'drops', by: 'the policy of chain INPUT of the iptables table filter' },
          fix: { steps: [run('iptables', '-I', 'INPUT', '-p', 'tcp', '--dport', '16514', '-j', 'ACCEPT'), {}] },
        },
      ],
    },
    {
      name: 'ip6tables drops, and IPv4 is let in',
      facts: facts(aServer, dualStack, iptables([], { program: 'ip6tables' })),
      violations: [
        {
          messageId: 'blocked',
          data: { over: ' over IPv6' },
          fix: { steps: [run('ip6tables', '-I', 'INPUT', '-p', 'tcp', '--dport', '16514', '-j', 'ACCEPT'), {}] },
        },
      ],
    },
    {
      name: 'ufw',
      facts: facts(
        aServer,
        iptables(
          [
            'INPUT -j ufw-before-input',
            'ufw-before-input -j ufw-user-input',
            'ufw-user-input -p tcp --dport 22 -j ACCEPT',
          ],
          {
            chains: ['ufw-before-input', 'ufw-user-input'],
          },
        ),
      ),
      violations: [{ messageId: 'blocked', fix: { steps: [run('ufw', 'allow', '16514/tcp')] } }],
    },
    {
      name: 'the zone of firewalld',
      facts: facts(aServer, zones('internal\n  target: ACCEPT\n\npublic\n  target: default\n  services: ssh\n')),
      violations: [
        {
          messageId: 'blocked',
          data: { verb: 'rejects', by: 'the zone public of firewalld', error: 'see: No route to host' },
          fix: {
            applicability: 'unsafe',
            steps: [
              run('firewall-cmd', '--permanent', '--zone=public', '--add-service=libvirt-tls'),
              run('firewall-cmd', '--reload'),
            ],
          },
        },
      ],
    },
    {
      name: 'a port of its own, and a rich rule against another',
      facts: facts(
        aServer,
        settings(conf, { tls_port: '16600', listen_tcp: 1, auth_tcp: 'sasl' }),
        zones('public\n  target: DROP\n  rich rules: \n\trule port port="16509" protocol="tcp" reject\n'),
      ),
      violations: [
        {
          messageId: 'blocked',
          subject: { kind: 'endpoint', port: 16600 },
          fix: { steps: [run('firewall-cmd', '--permanent', '--zone=public', '--add-port=16600/tcp'), {}] },
        },
        // Nobody is told to open plain TCP without a thought.
        {
          messageId: 'blocked',
          subject: { kind: 'endpoint', port: 16509 },
          fix: { applicability: 'manual', steps: [{ kind: 'manual' }, { kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'a console',
      facts: facts(
        aVncServer,
        settings(qemuConf, { vnc_tls: 1, vnc_tls_x509_verify: 1 }),
        domain('vm1', "<graphics type='vnc' port='5905'><listen type='address' address='192.0.2.10'/></graphics>"),
        iptables([]),
      ),
      violations: [
        {
          messageId: 'blocked',
          subject: { kind: 'endpoint', host: '192.0.2.10', port: 5905 },
          fix: { applicability: 'unsafe' },
        },
      ],
    },
    {
      name: 'one end of the ports of migration',
      facts: facts(
        settings(qemuConf, { migration_port_min: 49200, migration_port_max: 49210 }),
        iptables(['INPUT -p tcp --dport 49000:49205 -j ACCEPT']),
      ),
      violations: [
        {
          messageId: 'blocked',
          data: { ports: 'ports 49200 to 49210' },
          fix: {
            applicability: 'manual',
            steps: [
              { kind: 'manual' },
              run('iptables', '-I', 'INPUT', '-p', 'tcp', '--dport', '49200:49210', '-j', 'ACCEPT'),
              {},
            ],
          },
        },
      ],
    },
    {
      name: 'an NBD server that runs',
      facts: facts(aServer, running([], '0.0.0.0:10809'), iptables(['INPUT -p tcp --dport 16514 -j ACCEPT'])),
      violations: [
        { messageId: 'blocked', subject: { kind: 'endpoint', port: 10809 }, fix: { applicability: 'manual' } },
      ],
    },
  ],
  unknown: [
    {
      name: 'rules that only root may read, and a connection from this host itself that arrives',
      facts: facts(aServer, having({ firewall: closed }), observed('tls', 16514, serverCertificate())),
      reason: 'permission-denied',
    },
    {
      name: 'rules that only root may read, and nobody behind them',
      facts: facts(aServer, having({ firewall: closed }), observed('tls', 16514, 'refused')),
      reason: 'permission-denied',
    },
    {
      name: 'rules that only root sees',
      facts: facts(aServer, having({ firewall: closed })),
      reason: 'permission-denied',
    },
    {
      name: 'a rule that is not understood',
      facts: facts(aServer, nft('drop', [meta('mark', 1), { accept: null }])),
      reason: 'unsupported',
    },
    {
      name: 'a configuration that may not be read',
      facts: facts(
        aServer,
        configuration(conf, unknown('permission-denied', `${conf}: permission denied`)),
        iptables([]),
      ),
      reason: 'permission-denied',
    },
  ],
});
