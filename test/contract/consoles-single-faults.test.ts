import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { absent, aVncServer, configuration, domain, facts, guests, settings, type Change } from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const directory = '/etc/pki/libvirt-vnc';
const rules = allRules
  .filter(({ family }) => family === 'vnc' || family === 'qemu' || family === 'pki' || family === 'files')
  .map(({ rule }) => rule);

const found = (host: Facts, severity: string): readonly string[] => {
  const { findings } = evaluate(snapshotOf(host), rules);
  return [...new Set(findings.filter((one) => one.severity === severity).map(({ rule }) => rule))].sort();
};

const password =
  (length: number, others: Parameters<typeof settings>[1]): Change =>
  (built) => {
    const fact = settings(conf, others)(built).configurations[conf];
    const before = fact?.known === true ? fact.value.settings : [];
    const value = { type: 'redacted', was: 'string', length } as const;
    return configuration(conf, { settings: [...before, { key: 'vnc_password', value, line: 9, column: 1 }] })(built);
  };
const tls = ['-object', `tls-creds-x509,id=t,dir=${directory},endpoint=server,verify-peer=on`];

describe('a host whose consoles are healthy', () => {
  it.each<[string, Facts]>([
    ['qemu.conf with nothing in it', facts(settings(conf, {}))],
    ['TLS that verifies', facts(aVncServer)],
    ['and a guest that runs with it', facts(aVncServer, guests([['-name', 'vm1', ...tls, '-vnc', ':0,tls-creds=t']]))],
    ['a guest on loopback', facts(settings(conf, {}), guests([['-name', 'vm1', '-vnc', '127.0.0.1:0']]))],
  ])('%s: no error and no warning', (_, host) => {
    expect(found(host, 'error')).toEqual([]);
    expect(found(host, 'warning').filter((rule) => !/^(certificate|server-name)-/.test(rule))).toEqual([]);
  });
});

describe('a host with one fault of its consoles', () => {
  it.each<[string, readonly Change[]]>([
    ['vnc-open-without-authentication', [settings(conf, { vnc_listen: '0.0.0.0' })]],
    ['vnc-without-encryption', [settings(conf, { vnc_listen: '0.0.0.0', vnc_sasl: 1 })]],
    ['vnc-without-encryption', [password(8, { vnc_listen: '0.0.0.0' })]],
    ['vnc-password-too-long', [password(9, {})]],
    ['vnc-sasl-shadowed-by-password', [password(8, { vnc_sasl: 1 })]],
    [
      'vnc-listen-address-unavailable',
      [settings(conf, { vnc_listen: '192.0.2.99', vnc_tls: 1, vnc_tls_x509_verify: 1 })],
    ],
    ...['ca-cert.pem', 'server-cert.pem', 'server-key.pem'].map((name): [string, readonly Change[]] => [
      'vnc-tls-directory-incomplete',
      [absent(`${directory}/${name}`)],
    ]),
    ['vnc-anonymous-tls', [guests([['-object', 'tls-creds-anon,id=t,endpoint=server', '-vnc', ':0,tls-creds=t']])]],
    ['vnc-argument-legacy', [guests([['-vnc', ':0,tls,x509=/x']])]],
    ['vnc-credentials-undefined', [guests([['-vnc', ':0,tls-creds=t']])]],
    ['vnc-credentials-wrong-endpoint', [guests([['-object', `tls-creds-anon,id=t`, '-vnc', ':0,tls-creds=t']])]],
    ['qemu-argument-invalid', [guests([['-vnc', ':0,colour=blue']])]],
    ['migration-tls-incomplete', [settings(conf, { migrate_tls_force: 1 })]],
  ])('%s alone is an error', (rule, changes) => {
    expect(found(facts(aVncServer, ...changes), 'error')).toEqual([rule]);
  });

  it.each<[string, readonly Change[]]>([
    ['vnc-client-certificate-not-verified', [settings(conf, { vnc_tls: 1 })]],
    ['vnc-websocket-open', [guests([['-vnc', 'unix:/x,websocket=5700']])]],
    ['spice-without-encryption', [settings(conf, { spice_listen: '0.0.0.0' })]],
    ['qemu-runs-as-root', [guests([['-vnc', 'none']], { uid: 0 })]],
    ['security-driver-disabled', [settings(conf, { security_driver: 'none' })]],
    [
      'domain-overrides-console-policy',
      [
        settings(conf, { vnc_tls: 1, vnc_tls_x509_verify: 1 }),
        domain('vm1', "<graphics type='vnc' listen='0.0.0.0'/>"),
      ],
    ],
    [
      'display-differs-from-configuration',
      [domain('vm1', "<graphics type='vnc'/>"), guests([['-name', 'vm1', '-vnc', '127.0.0.1:0']])],
    ],
  ])('%s is a warning, and nothing is an error', (rule, changes) => {
    const host = facts(aVncServer, ...changes);
    expect(found(host, 'error')).toEqual([]);
    expect(found(host, 'warning')).toContain(rule);
  });
});
