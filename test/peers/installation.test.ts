import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedVersions } from '../../src/parse/dpkg-status.ts';
import { ensureBuilt, programFile } from '../support/built-program.ts';
import { missingForLibvirtd, runOnOwnHost } from '../support/own-host.ts';

/** One state of a host: what is done to a healthy one, what the real libvirtd then says, and the only errors that a scan finds. */
interface Case {
  readonly name: string;
  /** Shell commands; `$SERVER_KEY` and the like name the files, `conf` writes libvirtd.conf, `issue` a server certificate. */
  readonly change: string;
  /** What the daemon prints when it refuses; it listens for TLS where this is absent, and runs without where it is `silent`. */
  readonly words?: RegExp | 'silent';
  readonly errors: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'healthy', change: 'true', errors: [] },
  {
    name: 'a key of another pair',
    change: 'certtool --generate-privkey --outfile $SERVER_KEY',
    words: /given key do not match/,
    errors: ['private-key-mismatch'],
  },
  {
    name: 'a key with a pass phrase',
    change: 'openssl pkcs8 -topk8 -in $SERVER_KEY -passout pass:word -out k && cat k > $SERVER_KEY',
    words: /Decryption has failed/,
    errors: ['private-key-encrypted'],
  },
  { name: 'no key', change: 'rm $SERVER_KEY', words: /Cannot read private key/, errors: ['server-key-missing'] },
  {
    name: 'a link to nothing',
    change: 'rm $SERVER_CERT && ln -s elsewhere.pem $SERVER_CERT',
    words: /Cannot read certificate/,
    errors: ['dangling-symlink'],
  },
  { name: 'no CA', change: 'rm $CA', words: /Cannot read CA certificate/, errors: ['ca-certificate-missing'] },
  {
    name: 'another CA',
    change: 'certtool --generate-self-signed --load-privkey other.key --template other.t --outfile $CA',
    words: /failed validation .*known issuer/,
    errors: ['certificate-untrusted'],
  },
  {
    name: 'the name of the CA with another key',
    change: 'certtool --generate-self-signed --load-privkey other.key --template ca.t --outfile $CA',
    words: /failed validation/,
    errors: ['certificate-untrusted'],
  },
  {
    name: 'an expired certificate',
    change: `issue 'activation_date="2020-01-01 00:00:00 UTC"' 'expiration_date="2021-01-01 00:00:00 UTC"'`,
    words: /server certificate .* has expired/,
    errors: ['certificate-expired'],
  },
  {
    name: 'a certificate of the future',
    change: `issue 'activation_date="2048-01-01 00:00:00 UTC"' 'expiration_date="2049-01-01 00:00:00 UTC"'`,
    words: /is not yet active/,
    errors: ['certificate-not-yet-valid'],
  },
  {
    name: "a CA's certificate for the server",
    change: 'issue ca',
    words: /basic constraints show a CA/,
    errors: ['certificate-is-a-ca'],
  },
  {
    name: 'the certificate as its own CA',
    change: 'cat $SERVER_CERT > $CA',
    words: /basic constraints do not show a CA/,
    errors: ['ca-bundle-holds-leaf'],
  },
  {
    name: 'a certificate in DER',
    change: 'openssl x509 -in $SERVER_CERT -outform DER -out c && cat c > $SERVER_CERT',
    words: /Unable to import server certificate/,
    errors: ['certificate-malformed'],
  },
  { name: 'a SHA-1 signature', change: 'issue sha1', words: /insecure algorithm/, errors: ['weak-signature'] },
  {
    name: 'a missing quote',
    change: `conf 'tls_port = "16514'`,
    words: /unterminated string/,
    errors: ['configuration-syntax-error'],
  },
  {
    name: 'a switch in quotes',
    change: `conf 'listen_tls = "1"'`,
    words: /expected a bool/,
    errors: ['configuration-value-invalid'],
  },
  {
    name: 'a group that is not there',
    change: `conf 'unix_sock_group = "nosuchgroup"'`,
    words: /Failed to parse group/,
    errors: ['socket-group-missing'],
  },
  {
    name: 'a key file and no more',
    change: `conf 'key_file = "/etc/pki/libvirt/private/serverkey.pem"'`,
    words: /No .* path set/,
    errors: ['tls-paths-incomplete'],
  },
  { name: 'TLS switched off', change: `conf 'listen_tls = 0'`, words: 'silent', errors: ['tls-not-listening'] },
  { name: 'a misspelt setting', change: `conf 'tls_no_verify_certifcate = 0'`, errors: [] },
  {
    name: 'a key that others can read',
    change: 'chmod 0755 /etc/pki/libvirt/private; chmod 0644 $SERVER_KEY',
    errors: ['private-key-exposed'],
  },
  {
    name: 'nobody verified',
    change: `conf 'tls_no_verify_certificate = 1'`,
    errors: ['client-certificate-not-verified'],
  },
  {
    name: 'plain TCP without a password',
    change: `conf 'listen_tcp = 1' 'auth_tcp = "none"'`,
    errors: ['tcp-without-authentication'],
  },
];

/** Tries one state of the host, and prints what the daemon and a scan say of it. */
const attempt = `
try() {
  healthy
  eval "$1"
  start_daemon
  "$NODE" "$PROGRAM" --format json > report.json || true
  "$NODE" -e 'const fs = require("node:fs"); const report = JSON.parse(fs.readFileSync("report.json", "utf8")); console.log(JSON.stringify({ state: process.argv[1], log: fs.readFileSync("log", "utf8"), hosts: report.hosts }))' $state
  stop_daemon
}
`;

interface Outcome {
  readonly state: 'listens' | 'exits' | 'silent';
  readonly log: string;
  readonly hosts: readonly {
    readonly roles: readonly string[];
    readonly software: { readonly libvirt: string | null };
    readonly findings: readonly { readonly rule: string; readonly severity: string }[];
    readonly verdicts: readonly { readonly rule: string; readonly outcome: string; readonly reason?: string }[];
  }[];
}

const missing = [...missingForLibvirtd, ...['/usr/bin/openssl'].filter((path) => !existsSync(path))];

describe.skipIf(missing.length > 0)(
  `a real installation of libvirt (${missing.length > 0 ? `needs ${missing.join(', ')}` : 'libvirtd'})`,
  () => {
    let outcomes: readonly Outcome[];

    beforeAll(() => {
      ensureBuilt();
      const lines = cases.map(({ change }) => `try '${change.replaceAll("'", `'\\''`)}'`).join('\n');
      const stdout = runOnOwnHost(`${attempt}\n${lines}`, { PROGRAM: programFile });
      outcomes = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Outcome);
    }, 250_000);

    it.each(cases.map((one, index) => ({ ...one, index })))('$name', ({ index, words, errors }) => {
      const { state, log, hosts } = outcomes[index]!;
      if (words === undefined) expect(state, log).toBe('listens');
      else if (words === 'silent') expect(state, log).toBe('silent');
      else {
        expect(state, log).toBe('exits');
        expect(log).toMatch(words);
      }
      const [host] = hosts;
      expect([
        ...new Set(host?.findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)),
      ]).toEqual(errors);
      expect(host?.verdicts.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
    });

    it('is seen for what it is', () => {
      const [host] = outcomes[0]!.hosts;
      expect(host?.roles).toContain('libvirt-server');
      const packages = installedVersions(readFileSync('/var/lib/dpkg/status', 'utf8'), ['libvirt-daemon']);
      expect(host?.software.libvirt).toBe(packages.get('libvirt-daemon'));
    });

    it('shows a misspelt setting, which the real daemon passes over', () => {
      const [host] = outcomes[cases.findIndex(({ name }) => name === 'a misspelt setting')]!.hosts;
      expect(host?.findings.map(({ rule }) => rule)).toContain('configuration-unknown-setting');
    });
  },
);
