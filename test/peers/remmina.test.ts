import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { runRule } from '../../src/engine/run-rule.ts';
import { findProgram } from '../../src/host/run-program.ts';
import type { Rule } from '../../src/rule/define-rule.ts';
import caMissing from '../../rules/pki/ca-certificate-missing.ts';
import certificateMissing from '../../rules/pki/client-certificate-missing.ts';
import keyMissing from '../../rules/pki/client-key-missing.ts';
import certificateMalformed from '../../rules/pki/certificate-malformed.ts';
import crlMalformed from '../../rules/pki/crl-malformed.ts';
import keyMismatch from '../../rules/pki/private-key-mismatch.ts';
import { freePort } from '../support/free-port.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';
import { tlsIdentity } from '../support/tls-identity.ts';

const programs = ['remmina', 'Xvfb', 'dbus-run-session', 'qemu-system-x86_64'];
const missing = programs.filter((name) => findProgram(name) === undefined);
const because = missing.length > 0 ? ` (skipped: ${missing.join(', ')} is not installed)` : '';

const rules = [caMissing, certificateMissing, keyMissing, certificateMalformed, crlMalformed, keyMismatch] as Rule[];
const home = because === '' ? mkdtempSync(join(tmpdir(), 'remmina-')) : '';
const at = (name: string): string => join(home, name);
const profile = at('.local/share/remmina/console.remmina');
const all = { cacert: at('ca.pem'), clientcert: at('client.pem'), clientkey: at('client.key') };

type Tree = Record<string, MemoryEntry>;
const children: ChildProcess[] = [];
let sound: Tree = {};
let port = 0;
let display = '';

/** What Remmina says of a profile, from its start until it is in or has failed: libvncclient's words, and how it ended. */
async function open(tree: Tree): Promise<string> {
  for (const [path, entry] of Object.entries(tree)) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    if (typeof entry === 'string') writeFileSync(path, entry);
    else if ('link' in entry) symlinkSync(entry.link, path);
    else if ('type' in entry) mkdirSync(path);
    chmodSync(home, 0o700);
  }
  const child = spawn('dbus-run-session', ['--', 'remmina', '-c', profile], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      DISPLAY: display,
      GDK_BACKEND: 'x11',
      LC_ALL: 'C.UTF-8',
      G_MESSAGES_DEBUG: 'all',
    },
  });
  children.push(child);
  let said = '';
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 20_000);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (!/Client (?:initialization (?:successful|failed)|not connected)/.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
  });
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  return said;
}

/** What the rules say of the same files. */
async function judge(tree: Tree): Promise<readonly string[]> {
  const passwd = `root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::${home}:/bin/sh\n`;
  const host = memoryHost({ '/etc/passwd': passwd, '/etc/group': 'root:x:0:\nalice:x:1000:\n', ...tree });
  const tool = { name: 'virt-pki-check', version: '0' };
  const snapshot = await collectSnapshot(host, { tool, needs: [...contentFacts, 'identity', 'clock'] });
  return rules.flatMap((rule) =>
    runRule(rule, snapshot, ['vnc-client'], {}).findings.map(({ rule: id, effect }) => `${id}: ${effect}`),
  );
}

const profileOf = (files: Readonly<Record<string, string>>): string =>
  [
    ...['[remmina]', 'name=console', 'protocol=VNC', `server=localhost:${port}`],
    ...Object.entries(files).map(([key, path]) => `${key}=${path}`),
    '',
  ].join('\n');

const without = (...names: readonly string[]): Tree =>
  Object.fromEntries(Object.entries(sound).filter(([path]) => !names.some((name) => path === at(name))));

describe.skipIf(because !== '')(`Remmina and its profiles${because}`, () => {
  beforeAll(async () => {
    const [ca, other] = [await tlsIdentity('CA'), await tlsIdentity('Other CA')];
    const [server, client] = [await tlsIdentity('localhost', ca), await tlsIdentity('client', ca)];
    sound = {
      [at('ca.pem')]: ca.certificate,
      [at('client.pem')]: client.certificate,
      [at('client.key')]: client.key,
      [at('other.pem')]: other.certificate,
      [at('server.key')]: server.key,
    };
    const files: Tree = {
      [at('qemu/ca-cert.pem')]: ca.certificate,
      [at('qemu/server-cert.pem')]: server.certificate,
      [at('qemu/server-key.pem')]: server.key,
    };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content as string);
    }
    port = Math.max(await freePort(), 5900);
    const credentials = `tls-creds-x509,id=t,endpoint=server,dir=${at('qemu')},verify-peer=on,sanity-check=off`;
    const vnc = `127.0.0.1:${port - 5900},tls-creds=t`;
    children.push(
      spawn('qemu-system-x86_64', ['-machine', 'none', '-display', 'none', '-object', credentials, '-vnc', vnc], {
        stdio: 'ignore',
      }),
    );
    const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '800x600x24'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    children.push(screen);
    display = `:${await new Promise<string>((resolve) =>
      screen.stdio[3]?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
    )}`;
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 100));
  }, 60_000);

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  it.each<[string, () => Tree, Readonly<Record<string, string>>]>([
    ['the pair of the CA', () => sound, all],
    [
      'a CA that is a link',
      () => ({
        ...without('ca.pem'),
        [at('a.pem')]: { link: 'real.pem' },
        [at('real.pem')]: sound[at('ca.pem')] ?? '',
      }),
      { ...all, cacert: at('a.pem') },
    ],
  ])(
    'opens a console with %s, and no rule objects',
    async (_, tree, files) => {
      const there = { ...tree(), [profile]: profileOf(files) };
      expect(await open(there)).toContain('Client initialization successful');
      expect(await judge(there)).toEqual([]);
    },
    40_000,
  );

  it.each<[string, () => Tree, Readonly<Record<string, string>>, string, string]>([
    [
      'a CA that is not there',
      () => sound,
      { ...all, cacert: at('gone.pem') },
      'ca-certificate-missing',
      'Cannot load CA credentials: Error while reading file.',
    ],
    [
      'a CA that is a directory',
      () => ({ ...without('ca.pem'), [at('ca.pem')]: { type: 'directory' } }),
      all,
      'certificate-malformed',
      'Cannot load CA credentials: Error while reading file.',
    ],
    [
      'a CA that is cut off',
      () => ({ ...sound, [at('ca.pem')]: String(sound[at('ca.pem')]).slice(0, 200) }),
      all,
      'certificate-malformed',
      'Cannot load CA credentials: Base64 unexpected header error.',
    ],
    [
      'an empty CA',
      () => ({ ...sound, [at('ca.pem')]: '' }),
      all,
      'certificate-malformed',
      "The certificate hasn't got a known issuer.",
    ],
    [
      'a certificate that is not there',
      () => sound,
      { ...all, clientcert: at('gone.pem') },
      'client-certificate-missing',
      'Cannot load client certificate or key: Error while reading file.',
    ],
    [
      'a key that is not there',
      () => sound,
      { ...all, clientkey: at('gone.key') },
      'client-key-missing',
      'Cannot load client certificate or key: Error while reading file.',
    ],
    [
      'the key of another',
      () => sound,
      { ...all, clientkey: at('server.key') },
      'private-key-mismatch',
      'Cannot load client certificate or key: The certificate and the given key do not match.',
    ],
    [
      'no key',
      () => sound,
      { cacert: all.cacert, clientcert: all.clientcert },
      'client-key-missing',
      'No client certificate or key provided.',
    ],
    [
      'a revocation list that is not there',
      () => sound,
      { ...all, cacrl: at('gone.pem') },
      'crl-malformed',
      'Cannot load CRL: Error while reading file.',
    ],
    [
      'an empty revocation list',
      () => ({ ...sound, [at('crl.pem')]: '' }),
      { ...all, cacrl: at('crl.pem') },
      'crl-malformed',
      'Cannot load CRL: Base64 decoding error.',
    ],
  ])(
    'does not with %s, in the words that one rule has',
    async (_, tree, files, rule, words) => {
      const there = { ...tree(), [profile]: profileOf(files) };
      const said = await open(there);
      expect(said).toMatch(/Client (?:initialization failed|not connected)/);
      expect(said).toContain(words);
      const found = await judge(there);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(new RegExp(`^${rule}: `));
      expect(found[0]).toContain(`"${words}"`);
    },
    40_000,
  );
});

const answers = (at: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(at, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });
