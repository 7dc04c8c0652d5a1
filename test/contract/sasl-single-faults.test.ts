import fastGlob from 'fast-glob';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferRoles } from '../../src/domain/roles.ts';
import { runRule } from '../../src/engine/run-rule.ts';
import { known } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import { absent, change, facts, settings, type Change } from '../support/facts.ts';
import {
  aKerberosConsole,
  aKerberosServer,
  all,
  aSaslConsole,
  aSaslServer,
  key,
  keytab,
  libvirtConf,
  libvirtDatabase,
  libvirtKeytab,
  libvirtSasl,
  noServiceFile,
  plugins,
  qemuConf,
  qemuDatabase,
  qemuKeytab,
  qemuSasl,
  redHat,
  serviceFile,
} from '../support/sasl.ts';
import { snapshotOf } from '../support/test-rule.ts';

const top = join(import.meta.dirname, '../..');
const files = fastGlob.sync('rules/*/*.ts', { cwd: top }).sort();
const rules = await Promise.all(
  files.map(async (name) => ((await import(join(top, name))) as { default: Rule }).default),
);

const healthy: readonly (readonly [string, Change])[] = [
  ['with SCRAM within TLS', aSaslServer],
  ['with Kerberos within TLS', aKerberosServer],
  ['with consoles that ask for SCRAM', all(aSaslServer, aSaslConsole)],
  ['with consoles that ask for Kerberos', all(aKerberosServer, aKerberosConsole)],
];

const judge = (built: Facts) => {
  const results = rules.map((rule) => runRule(rule, snapshotOf(built), inferRoles(built), {}));
  return {
    findings: results.flatMap(({ findings }) => findings),
    gaps: results.flatMap(({ verdict }) => (verdict.gaps ?? []).map(({ detail }) => `${verdict.rule}: ${detail}`)),
  };
};

const broken = known({ settings: [], error: { line: 1, cause: 'colon' as const } });
const mechanisms = (list: string): Change =>
  serviceFile(libvirtSasl, { mech_list: list, sasldb_path: libvirtDatabase });
const consoleMechanisms = (list: string): Change =>
  serviceFile(qemuSasl, { mech_list: list, sasldb_path: qemuDatabase });
const scram = all(aSaslServer, aSaslConsole);
const kerberos = all(aKerberosServer, aKerberosConsole);

/** What is wrong, on which healthy server, and the rule that says so. */
const errors: readonly (readonly [rule: string, name: string, base: Change, ...defect: readonly Change[]])[] = [
  ['sasl-configuration-missing', 'of libvirt', aSaslServer, noServiceFile(libvirtSasl)],
  ['sasl-configuration-missing', 'of consoles', scram, noServiceFile(qemuSasl)],
  ['sasl-configuration-missing', 'closed to QEMU', scram, change(qemuSasl, { mode: 0o600 })],
  ['sasl-mechanisms-unrestricted', 'no mech_list', aSaslServer, serviceFile(libvirtSasl, { log_level: '7' })],
  ['sasl-mechanisms-unrestricted', 'anonymous', aSaslServer, mechanisms('scram-sha-256 anonymous')],
  ['sasl-mechanisms-unrestricted', 'anonymous for consoles', scram, consoleMechanisms('anonymous')],
  ['sasl-configuration-malformed', 'of libvirt', aSaslServer, serviceFile(libvirtSasl, broken)],
  ['sasl-configuration-malformed', 'of consoles', scram, serviceFile(qemuSasl, broken)],
  ['sasl-configuration-malformed', 'a comment after a value', aSaslServer, mechanisms('scram-sha-256 # good')],
  [
    'sasl-configuration-malformed',
    'a comment after a path',
    aSaslServer,
    serviceFile(libvirtSasl, { mech_list: 'scram-sha-256', sasldb_path: `${libvirtDatabase} # ours` }),
  ],
  ['sasl-mechanism-unusable', 'external', aSaslServer, mechanisms('external')],
  ['sasl-mechanism-not-installed', 'no plug-in of SCRAM', aSaslServer, plugins('sasldb')],
  ['sasl-mechanism-not-installed', 'no plug-in of GSSAPI', aKerberosServer, plugins('sasldb', 'scram')],
  ['sasl-mechanism-not-installed', 'misspelt', aSaslServer, mechanisms('scram-sha256')],
  ['sasl-database-missing', 'of libvirt', aSaslServer, absent(libvirtDatabase)],
  ['sasl-database-missing', 'of consoles', scram, absent(qemuDatabase)],
  ['sasl-database-missing', 'closed to QEMU', scram, change(qemuDatabase, { gid: 0, mode: 0o600 })],
  ['sasl-database-exposed', 'to everybody', aSaslServer, change(libvirtDatabase, { mode: 0o644 })],
  ['keytab-missing', 'of libvirt', aKerberosServer, absent(libvirtKeytab)],
  ['keytab-missing', 'of consoles', kerberos, absent(qemuKeytab)],
  ['keytab-unreadable', 'closed to QEMU', kerberos, change(qemuKeytab, { gid: 0, mode: 0o600 })],
  [
    'keytab-unreadable',
    'not a keytab',
    aKerberosServer,
    keytab(libvirtKeytab, { entries: [], deleted: 0, fault: { cause: 'not-a-keytab', offset: 0 } }),
  ],
  ['keytab-exposed', 'to everybody', aKerberosServer, change(libvirtKeytab, { mode: 0o644 })],
  [
    'keytab-principal-missing',
    'the name of older documents',
    kerberos,
    keytab(qemuKeytab, [key('qemu/kvm1.example.com')]),
  ],
  ['keytab-principal-missing', 'another host', aKerberosServer, keytab(libvirtKeytab, [key('libvirt/kvm2')])],
  [
    'sasl-mechanism-unusable',
    'SCRAM on plain TCP',
    aSaslServer,
    settings(libvirtConf, { listen_tcp: 1, auth_tls: 'sasl' }),
  ],
];

/** Defects of consoles on loopback without TLS, where other families may have their say on the missing TLS. */
const withoutTls: typeof errors = [
  ['sasl-mechanism-unusable', 'SCRAM', scram, settings(qemuConf, { vnc_sasl: 1 })],
  [
    'sasl-mechanism-without-encryption',
    'PLAIN',
    scram,
    settings(qemuConf, { vnc_sasl: 1 }),
    consoleMechanisms('plain'),
  ],
  ['sasl-mechanism-weak', 'DIGEST-MD5', scram, settings(qemuConf, { vnc_sasl: 1 }), consoleMechanisms('digest-md5')],
];

/** Defects that are no errors: no other rule may make one of them. */
const lesser: typeof errors = [
  ['sasl-mechanism-weak', 'DIGEST-MD5 within TLS', aSaslServer, mechanisms('digest-md5 scram-sha-256')],
  ['sasl-mechanism-weak', 'PLAIN within TLS', scram, consoleMechanisms('plain')],
  [
    'keytab-encryption-weak',
    'RC4',
    aKerberosServer,
    keytab(libvirtKeytab, [key('libvirt/kvm1.example.com', { encryptionType: 23 })]),
  ],
  [
    'sasl-spice-configuration-missing',
    'CentOS 7',
    redHat('centos', '7'),
    all(aSaslServer, aSaslConsole),
    settings(qemuConf, {
      vnc_tls: 1,
      vnc_tls_x509_verify: 1,
      vnc_sasl: 1,
      user: 'libvirt-qemu',
      group: 'libvirt-qemu',
    }),
  ],
];

describe.each(healthy)('a healthy server %s', (_name, base) => {
  it('has nothing but notes on who may connect', () => {
    const { findings, gaps } = judge(facts(base));
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(gaps).toEqual([]);
  });
});

const name = ([rule, text]: readonly [string, string, ...unknown[]]): string => `${rule}: ${text}`;

describe('one defect makes one error', () => {
  it.each([...errors, ...withoutTls].map((one) => [name(one), one] as const))(
    '%s',
    (_name, [rule, , base, ...defect]) => {
      const { findings, gaps } = judge(facts(base, ...defect));
      expect(findings.filter(({ severity }) => severity === 'error').map((one) => one.rule)).toEqual([rule]);
      expect(gaps).toEqual([]);
    },
  );

  it.each(lesser.map((one) => [name(one), one] as const))('no error: %s', (_name, [rule, , base, ...defect]) => {
    const { findings } = judge(facts(base, ...defect));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(findings.map((one) => one.rule)).toContain(rule);
  });

  it('covers every rule of the family', () => {
    const covered = new Set([...errors, ...withoutTls, ...lesser].map(([rule]) => rule));
    const ids = rules.filter((_, index) => files[index]?.startsWith('rules/sasl/') === true).map(({ id }) => id);
    expect(ids.filter((id) => !covered.has(id))).toEqual([]);
  });
});
