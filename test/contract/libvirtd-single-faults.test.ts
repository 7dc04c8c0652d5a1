import fastGlob from 'fast-glob';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferRoles } from '../../src/domain/roles.ts';
import { runRule } from '../../src/engine/run-rule.ts';
import { known } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Role } from '../../src/facts/role.ts';
import { parseIptablesSave } from '../../src/parse/iptables-save.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import {
  aClient,
  aServer,
  change,
  configuration,
  daemonArguments,
  facts,
  file,
  having,
  observed,
  running,
  serverCertificate,
  settings,
  unit,
  type Change,
} from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

const top = join(import.meta.dirname, '../..');
const files = fastGlob.sync('rules/{libvirtd,network,files,pki}/*.ts', { cwd: top }).sort();
const rules = await Promise.all(
  files.map(async (name) => ((await import(join(top, name))) as { default: Rule }).default),
);

const conf = '/etc/libvirt/libvirtd.conf';
const qemu = '/etc/libvirt/qemu.conf';
const later = '2026-05-30T00:00:00.000Z';

/** Healthy servers of every kind, by which the same defect may show differently. */
const traditional: Change = aServer;
const activated: Change = (built) =>
  [aServer, daemonArguments('libvirtd', []), unit('libvirtd.socket'), unit('libvirtd-tls.socket')].reduce(
    (result, one) => one(result),
    built,
  );
const modular: Change = (built) =>
  [
    aServer,
    having({ software: { ...built.software, installed: ['virtproxyd', 'virtqemud'] } }),
    unit('virtproxyd.socket'),
    unit('virtproxyd-tls.socket'),
    settings('/etc/libvirt/virtproxyd.conf', {}),
  ].reduce((result, one) => one(result), built);
const live: Change = (built) =>
  [
    aServer,
    running([{ program: 'libvirtd', arguments: ['--listen'], socketActivated: false }], '0.0.0.0:16514', ':::16514'),
  ].reduce((result, one) => one(result), built);
const healthy: readonly (readonly [string, Change])[] = [
  ['started with --listen', traditional],
  ['of socket activation', activated],
  ['of separate daemons', modular],
  ['that runs', live],
  ['that is a client as well', (built) => aClient(aServer(built))],
];

const judge = (built: Facts, roles: readonly Role[] = inferRoles(built)) => {
  const results = rules.map((rule) => runRule(rule, snapshotOf(built), roles, {}));
  return {
    findings: results.flatMap(({ findings }) => findings),
    crashed: results.flatMap(({ verdict }) =>
      verdict.gaps?.some(({ reason }) => reason === 'rule-crashed') ? [verdict] : [],
    ),
    gaps: results.flatMap(({ verdict }) =>
      verdict.outcome === 'unknown' ? [`${verdict.rule}: ${verdict.reason}`] : [],
    ),
  };
};

const syntaxError = { settings: [], error: { expected: 'expecting a value', line: 1, column: 14 } };
const sasl: Change = having({
  saslConfigurations: {
    '/etc/sasl2/libvirt.conf': known({ settings: [{ key: 'mech_list', value: 'plain', line: 1 }] }),
  },
});

/** What is wrong, on which healthy server, and the rule that says so. */
const errors: readonly (readonly [rule: string, name: string, base: Change, ...defect: readonly Change[]])[] = [
  ['configuration-syntax-error', 'libvirtd.conf', traditional, configuration(conf, syntaxError)],
  ['configuration-syntax-error', 'libvirtd.conf of a host that runs', live, configuration(conf, syntaxError)],
  [
    'configuration-syntax-error',
    'virtproxyd.conf',
    modular,
    configuration('/etc/libvirt/virtproxyd.conf', syntaxError),
  ],
  ['configuration-syntax-error', 'qemu.conf', traditional, configuration(qemu, syntaxError)],
  [
    'configuration-syntax-error',
    'the libvirt.conf of clients',
    traditional,
    configuration('/etc/libvirt/libvirt.conf', syntaxError),
  ],
  ['configuration-value-invalid', 'a switch in quotes', traditional, settings(conf, { listen_tls: '1' })],
  [
    'configuration-value-invalid',
    'a switch of TLS in quotes',
    traditional,
    settings(conf, { tls_no_verify_certificate: '1' }),
  ],
  ['configuration-value-invalid', 'a string for a list', traditional, settings(conf, { tls_allowed_dn_list: '*' })],
  ['configuration-value-invalid', 'an unknown authentication', traditional, settings(conf, { auth_tls: 'password' })],
  ['configuration-value-invalid', 'an unquoted path', traditional, settings(conf, { key_file: 1 })],
  [
    'configuration-value-invalid',
    'a mode that is not octal',
    traditional,
    settings(conf, { unix_sock_rw_perms: '0888' }),
  ],
  ['configuration-value-invalid', 'fewer clients than may wait', traditional, settings(conf, { max_clients: 0 })],
  ['configuration-value-invalid', 'a level of the log', traditional, settings(conf, { log_level: 5 })],
  ['configuration-value-invalid', 'a UUID', traditional, settings(conf, { host_uuid: '0000' })],
  ['configuration-value-invalid', 'a port that nothing resolves', traditional, settings(conf, { tls_port: 'abc!' })],
  ['configuration-value-invalid', 'qemu.conf', traditional, settings(qemu, { vnc_tls: 'yes' })],
  ['tls-not-listening', 'listen_tls is 0', traditional, settings(conf, { listen_tls: 0 })],
  ['tls-not-listening', 'no --listen', traditional, daemonArguments('libvirtd', ['--timeout', '120'])],
  ['tls-not-listening', 'the socket is not enabled', activated, unit('libvirtd-tls.socket', { enabled: false })],
  [
    'tls-not-listening',
    'the socket of virtproxyd is not enabled',
    modular,
    unit('virtproxyd-tls.socket', { enabled: false }),
  ],
  [
    'tls-not-listening',
    'the socket is not started',
    activated,
    unit('libvirtd-tls.socket', { active: false }),
    running([{ program: 'libvirtd', socketActivated: true }]),
  ],
  ['tls-not-listening', 'the daemon does not run', traditional, running([])],
  [
    'listen-flag-with-socket-activation',
    '--listen beside sockets',
    activated,
    daemonArguments('libvirtd', ['--listen']),
  ],
  ['listen-flag-with-socket-activation', 'a socket beside --listen', traditional, unit('libvirtd.socket')],
  [
    'tls-paths-incomplete',
    'no ca_file',
    traditional,
    settings(conf, { key_file: '/srv/k.pem', cert_file: '/srv/c.pem' }),
  ],
  ['tls-paths-incomplete', 'ca_file alone', activated, settings(conf, { ca_file: '/etc/pki/CA/cacert.pem' })],
  ['tcp-without-authentication', 'with --listen', traditional, settings(conf, { listen_tcp: 1, auth_tcp: 'none' })],
  [
    'tcp-without-authentication',
    'with a socket in place of that for TLS',
    activated,
    unit('libvirtd-tls.socket', { enabled: false }),
    unit('libvirtd-tcp.socket'),
    settings(conf, { auth_tcp: 'none' }),
  ],
  [
    'tcp-without-authentication',
    'with a socket',
    activated,
    unit('libvirtd-tcp.socket'),
    settings(conf, { auth_tcp: 'none' }),
  ],
  ['tcp-without-encryption', 'a mechanism that does not encrypt', traditional, settings(conf, { listen_tcp: 1 }), sasl],
  ['client-certificate-not-verified', 'off', traditional, settings(conf, { tls_no_verify_certificate: 1 })],
  [
    'client-certificate-not-verified',
    'off under activation',
    activated,
    settings(conf, { tls_no_verify_certificate: 1 }),
  ],
  ['allowed-names-empty', 'names of certificates', traditional, settings(conf, { tls_allowed_dn_list: [] })],
  ['allowed-names-empty', 'users', traditional, settings(conf, { auth_tls: 'sasl', sasl_allowed_username_list: [] })],
  [
    'allowed-names-not-consulted',
    'no verification',
    traditional,
    settings(conf, { tls_allowed_dn_list: ['C=GB,CN=x'], tls_no_verify_certificate: 1 }),
  ],
  ['tls-priority-invalid', 'a word of OpenSSL', traditional, settings(conf, { tls_priority: 'HIGH' })],
  ['tls-priority-invalid', 'nothing is left', activated, settings(conf, { tls_priority: 'NORMAL:-VERS-ALL' })],
  ['socket-open-to-everyone', 'by default', traditional, settings(conf, { auth_unix_rw: 'none' })],
  [
    'socket-open-to-everyone',
    'under activation',
    activated,
    settings(conf, { auth_unix_rw: 'none', unix_sock_rw_perms: '0700' }),
  ],
  ['socket-group-missing', 'no such group', traditional, settings(conf, { unix_sock_group: 'nosuchgroup' })],
  [
    'socket-group-missing',
    'no such group, and the daemon is down',
    live,
    running([]),
    settings(conf, { unix_sock_group: 'nosuchgroup' }),
  ],
  [
    'port-not-listening',
    'a closed port',
    live,
    running([{ program: 'libvirtd', arguments: ['--listen'], socketActivated: false }], '0.0.0.0:22'),
  ],
];

/** Defects that are no errors: no other rule may make one of them. */
const lesser: readonly (readonly [rule: string, name: string, base: Change, ...defect: readonly Change[]])[] = [
  ['configuration-unknown-setting', 'letters swapped', traditional, settings(conf, { listen_tsl: 1 })],
  [
    'configuration-unknown-setting',
    'a setting that is gone',
    traditional,
    settings(conf, { tls_no_verify_address: 1 }),
  ],
  [
    'configuration-duplicate-setting',
    'set twice',
    traditional,
    configuration(conf, {
      settings: [1, 0].map((value, index) => ({
        key: 'listen_tls',
        value: { type: 'unsigned' as const, value },
        line: index + 1,
        column: 1,
      })),
    }),
  ],
  [
    'configuration-in-wrong-file',
    'libvirtd.conf beside virtproxyd',
    modular,
    settings(conf, { tls_no_verify_certificate: 1 }),
  ],
  ['listen-setting-ignored', 'a port', activated, settings(conf, { tls_port: '16600' })],
  ['sanity-check-disabled', 'off', traditional, settings(conf, { tls_no_sanity_certificate: 1 })],
  ['allowed-names-unmatchable', 'slashes', traditional, settings(conf, { tls_allowed_dn_list: ['/C=GB/CN=x'] })],
  ['allowed-names-match-anyone', 'a star', traditional, settings(conf, { tls_allowed_dn_list: ['*'] })],
  ['any-client-certificate-accepted', 'by default', traditional],
  ['tls-priority-weak', 'NORMAL', traditional, settings(conf, { tls_priority: 'NORMAL' })],
  [
    'tcp-without-encryption',
    'digest-md5',
    traditional,
    settings(conf, { listen_tcp: 1 }),
    having({
      saslConfigurations: {
        '/etc/sasl2/libvirt.conf': known({ settings: [{ key: 'mech_list', value: 'digest-md5', line: 1 }] }),
      },
    }),
  ],
  ['needs-restart', 'configuration', live, change(conf, { modified: later })],
  ['needs-restart', 'certificate', live, change('/etc/pki/libvirt/servercert.pem', { modified: later })],
  [
    'port-loopback-only',
    'by listen_addr',
    live,
    settings(conf, { listen_addr: '127.0.0.1' }),
    running([{ program: 'libvirtd', arguments: ['--listen'], socketActivated: false }], '127.0.0.1:16514'),
  ],
  [
    'port-blocked-by-firewall',
    'by policy',
    live,
    having({
      firewall: {
        observed: true,
        interfaces: ['lo', 'eth0'],
        tables: known(parseIptablesSave('*filter\n:INPUT DROP [0:0]\n', 'iptables')),
      },
    }),
  ],
  [
    'served-certificate-differs-from-file',
    'a renewal without reload',
    live,
    observed('tls', 16514, serverCertificate({ fingerprint: 'b'.repeat(64) })),
  ],
];

describe.each(healthy)('a healthy server %s', (_name, base) => {
  it('has nothing but notes on who may connect', () => {
    const { findings, gaps, crashed } = judge(facts(base, file(conf)));
    const notes = ['any-client-certificate-accepted', 'crl-not-configured'];
    expect(findings.filter(({ rule }) => !notes.includes(rule))).toEqual([]);
    expect(gaps).toEqual([]);
    expect(crashed).toEqual([]);
  });
});

const name = ([rule, text]: readonly [string, string, ...unknown[]]): string => `${rule}: ${text}`;

describe('one defect makes one error', () => {
  it.each(errors.map((one) => [name(one), one] as const))('%s', (_name, [rule, , base, ...defect]) => {
    const { findings, crashed } = judge(facts(base, ...defect));
    expect(findings.filter(({ severity }) => severity === 'error').map((one) => one.rule)).toEqual([rule]);
    expect(crashed).toEqual([]);
  });

  it.each(lesser.map((one) => [name(one), one] as const))('no error: %s', (_name, [rule, , base, ...defect]) => {
    const { findings, crashed } = judge(facts(base, ...defect));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(findings.map((one) => one.rule)).toContain(rule);
    expect(crashed).toEqual([]);
  });

  it('covers every rule of the families', () => {
    const covered = new Set([...errors, ...lesser].map(([rule]) => rule));
    const ids = rules.filter((_, index) => /^rules\/(libvirtd|network)\//.test(files[index] ?? '')).map(({ id }) => id);
    expect(ids.filter((id) => !covered.has(id))).toEqual([]);
  });
});
