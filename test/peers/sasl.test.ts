import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import keytabMissing from '../../rules/sasl/keytab-missing.ts';
import keytabPrincipalMissing from '../../rules/sasl/keytab-principal-missing.ts';
import keytabEncryptionWeak from '../../rules/sasl/keytab-encryption-weak.ts';
import saslDatabaseMissing from '../../rules/sasl/sasl-database-missing.ts';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { runRule } from '../../src/engine/run-rule.ts';
import type { Keytab } from '../../src/facts/keytab.ts';
import type { Snapshot } from '../../src/facts/snapshot.ts';
import { directoryHost } from '../../src/host/file-system-host.ts';
import { encryptionTypeName } from '../../src/reference/kerberos.ts';
import type { Rule } from '../../src/rule/define-rule.ts';

const lacks = (program: string): boolean => spawnSync(program, ['-?']).error !== undefined;
const password = 'correct-horse-battery-7319';

/** The root of a host whose libvirtd and VNC displays use SASL within TLS. */
function makeHost(service: string, content: string): string {
  const root = mkdtempSync(join(tmpdir(), 'sasl-host-'));
  const files = {
    '/etc/hostname': 'kvm1.example.com\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nlibvirt-qemu:x:64055:64055::/:/bin/false\n',
    '/etc/group': 'root:x:0:\nlibvirt-qemu:x:64055:\n',
    '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
    '/etc/default/libvirtd': 'LIBVIRTD_ARGS="--listen"\n',
    '/etc/libvirt/libvirtd.conf': 'auth_tls = "sasl"\n',
    [service]: content,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const snapshot = (root: string): Promise<Snapshot> =>
  collectSnapshot(directoryHost(root), { tool: { name: 'virt-pki-check', version: '0.0.0' } });
const outcome = (rule: Rule, of: Snapshot): string => runRule(rule, of, ['libvirt-server'], {}).verdict.outcome;

const noDatabase = lacks('saslpasswd2') ? 'saslpasswd2' : undefined;
describe.skipIf(noDatabase !== undefined)(
  noDatabase === undefined ? 'a database of saslpasswd2' : `${noDatabase} is not installed`,
  () => {
    let root = '';
    beforeAll(() => {
      root = makeHost('/etc/sasl2/libvirt.conf', 'mech_list: scram-sha-256\nsasldb_path: /etc/libvirt/passwd.db\n');
    });
    afterAll(() => rmSync(root, { recursive: true, force: true }));

    it('is missed, then found, and never read', async () => {
      expect(outcome(saslDatabaseMissing, await snapshot(root))).toBe('fail');
      const path = join(root, 'etc/libvirt/passwd.db');
      // The application's own service file would name another database: none of that name is there.
      const args = ['-a', 'virt-pki-check-test', '-f', path, '-p', '-c', '-u', 'kvm1.example.com', 'alice'];
      execFileSync('saslpasswd2', args, { input: password });
      chmodSync(path, 0o600);
      expect(statSync(path).size).toBeGreaterThan(0);
      const found = await snapshot(root);
      expect(outcome(saslDatabaseMissing, found)).toBe('pass');
      expect(JSON.stringify(found)).not.toContain(password);
    });
  },
);

const noKeytab = ['ktutil', 'klist'].filter(lacks);
describe.skipIf(noKeytab.length > 0)(
  noKeytab.length === 0 ? 'a keytab of ktutil' : `${noKeytab.join(', ')} not installed`,
  () => {
    let root = '';
    const path = (): string => join(root, 'etc/libvirt/krb5.tab');
    beforeAll(() => {
      root = makeHost('/etc/sasl2/libvirt.conf', 'mech_list: gssapi\nkeytab: /etc/libvirt/krb5.tab\n');
      // Weak types are added only where the library is told that it may.
      writeFileSync(join(root, 'krb5.conf'), '[libdefaults]\nallow_weak_crypto = true\nallow_rc4 = true\n');
    });
    afterAll(() => rmSync(root, { recursive: true, force: true }));

    /** Adds keys, of a password, to the keytab. */
    const add = (...keys: readonly (readonly [principal: string, version: number, type: string])[]): void => {
      const lines = keys.flatMap(([principal, version, type]) => [
        `addent -password -p ${principal}@EXAMPLE.COM -k ${version} -e ${type}`,
        password,
      ]);
      execFileSync('ktutil', {
        input: [...lines, `wkt ${path()}`, 'quit', ''].join('\n'),
        env: { ...process.env, KRB5_CONFIG: join(root, 'krb5.conf') },
        stdio: ['pipe', 'ignore', 'pipe'],
      });
    };
    /** Version, principal and type of each key, as klist lists them. */
    const listed = (): readonly string[] =>
      execFileSync('klist', ['-k', '-e', `FILE:${path()}`], {
        encoding: 'utf8',
        env: { ...process.env, KRB5_CONFIG: join(root, 'krb5.conf') },
      })
        .split('\n')
        .flatMap((line) => {
          const parts = /^ *(\d+) (\S+) \((?:DEPRECATED:|UNSUPPORTED:)?([^)]+)\)/.exec(line);
          return parts === null ? [] : [`${parts[1]} ${parts[2]} ${parts[3]}`];
        });
    const ours = (of: Snapshot): readonly string[] => {
      const { keytabs } = of.facts;
      const fact = keytabs.known ? keytabs.value['/etc/libvirt/krb5.tab'] : undefined;
      const content: Keytab = fact?.known === true ? fact.value : { entries: [], deleted: 0 };
      expect(content.fault).toBeUndefined();
      return content.entries.map(
        ({ keyVersion, principal, encryptionType }) =>
          `${keyVersion} ${principal} ${encryptionTypeName(encryptionType)}`,
      );
    };

    it('is missed, then read as klist reads it', async () => {
      expect(outcome(keytabMissing, await snapshot(root))).toBe('fail');

      add(['host/kvm1.example.com', 2, 'aes256-cts-hmac-sha1-96']);
      const another = await snapshot(root);
      expect(ours(another)).toEqual(listed());
      expect(outcome(keytabMissing, another)).toBe('pass');
      expect(outcome(keytabPrincipalMissing, another)).toBe('fail');

      add(['libvirt/kvm1.example.com', 3, 'arcfour-hmac']);
      const weak = await snapshot(root);
      expect(ours(weak)).toEqual(listed());
      expect(outcome(keytabPrincipalMissing, weak)).toBe('pass');
      expect(outcome(keytabEncryptionWeak, weak)).toBe('fail');

      add(
        ['libvirt/kvm1.example.com', 300, 'aes256-cts-hmac-sha384-192'],
        ['odd/na\\/me', 1, 'aes128-cts-hmac-sha1-96'],
      );
      const good = await snapshot(root);
      expect(ours(good)).toEqual(listed());
      expect(ours(good)).toHaveLength(4);
      expect(outcome(keytabEncryptionWeak, good)).toBe('pass');
      expect(JSON.stringify(good)).not.toContain(password);
    });
  },
);
