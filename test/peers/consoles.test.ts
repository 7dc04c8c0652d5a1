import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { consoles, consoleText, isOpen, type Console } from '../../src/domain/consoles.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { localHost } from '../../src/host/file-system-host.ts';
import { findProgram, runProgram } from '../../src/host/run-program.ts';

const program = 'qemu-system-x86_64';
const missing = [program, 'certtool'].filter((name) => findProgram(name) === undefined);

const directory = mkdtempSync(join(tmpdir(), 'consoles-'));
const tag = createHash('sha256').update(directory).digest('hex').slice(0, 8);
const socket = (name: string): string => `unix:${join(directory, `${name}.sock`)}`;
const server = (more = ''): string => `tls-creds-x509,id=tls0,dir=${directory},endpoint=server${more}`;
const json = JSON.stringify({
  'qom-type': 'tls-creds-x509',
  id: 'tls0',
  dir: directory,
  endpoint: 'server',
  'verify-peer': false,
});
/** Displays from here up; QEMU itself looks for a free one. */
const display = async (): Promise<number> => {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port - 5900;
};

interface Case {
  readonly name: string;
  /** `N` stands for the number of a free display, `W` for a free port. */
  readonly arguments: readonly string[];
  readonly text: string;
  readonly open: boolean;
}

const cases: readonly Case[] = [
  {
    name: 'plain',
    arguments: ['-vnc', '127.0.0.1:N'],
    text: 'listens on 127.0.0.1:P, no password, no TLS',
    open: true,
  },
  { name: 'name', arguments: ['-vnc', 'localhost:N'], text: 'listens on localhost:P, no password, no TLS', open: true },
  { name: 'ipv6', arguments: ['-vnc', '[::1]:N'], text: 'listens on [::1]:P, no password, no TLS', open: true },
  { name: 'unix', arguments: ['-vnc', socket('unix')], text: 'listens on U, no password, no TLS', open: true },
  { name: 'none', arguments: ['-vnc', 'none'], text: 'no listener, no password, no TLS', open: true },
  {
    name: 'password',
    arguments: ['-vnc', '127.0.0.1:N,password=on'],
    text: 'listens on 127.0.0.1:P, a VNC password, no TLS',
    open: false,
  },
  {
    name: 'short',
    arguments: ['-vnc', `${socket('short')},password`],
    text: 'listens on U, a VNC password, no TLS',
    open: false,
  },
  {
    name: 'secret',
    arguments: ['-object', 'secret,id=s0,data=geheim', '-vnc', `${socket('secret')},password-secret=s0`],
    text: 'listens on U, a VNC password, no TLS',
    open: false,
  },
  { name: 'sasl', arguments: ['-vnc', `${socket('sasl')},sasl=on`], text: 'listens on U, SASL, no TLS', open: false },
  {
    name: 'shadowed',
    arguments: ['-vnc', `${socket('shadowed')},password=on,sasl=on`],
    text: 'listens on U, a VNC password, no TLS',
    open: false,
  },
  {
    name: 'verified',
    arguments: ['-object', server(), '-vnc', '127.0.0.1:N,tls-creds=tls0'],
    text: 'listens on 127.0.0.1:P, no password, TLS with client certificates',
    open: false,
  },
  {
    name: 'unverified',
    arguments: ['-object', server(',verify-peer=off'), '-vnc', '127.0.0.1:N,tls-creds=tls0'],
    text: 'listens on 127.0.0.1:P, no password, TLS without client certificates',
    open: true,
  },
  {
    name: 'json',
    arguments: ['-object', json, '-vnc', `${socket('json')},tls-creds=tls0,sasl=on`],
    text: 'listens on U, SASL, TLS without client certificates',
    open: false,
  },
  {
    name: 'anonymous',
    arguments: ['-object', 'tls-creds-anon,id=tls0,endpoint=server', '-vnc', '127.0.0.1:N,tls-creds=tls0'],
    text: 'listens on 127.0.0.1:P, no password, anonymous TLS',
    open: true,
  },
  {
    name: 'websocket',
    arguments: ['-vnc', '127.0.0.1:N,websocket=W'],
    text: 'listens on 127.0.0.1:P, no password, no TLS',
    open: true,
  },
  {
    name: 'display',
    arguments: ['-display', 'vnc=127.0.0.1:N,share=ignore'],
    text: 'listens on 127.0.0.1:P, no password, no TLS',
    open: true,
  },
  {
    name: 'authorized',
    arguments: [
      '-object',
      server(),
      '-object',
      'authz-simple,id=a0,identity=O=x,,CN=y',
      '-vnc',
      `${socket('authorized')},tls-creds=tls0,tls-authz=a0`,
    ],
    text: 'listens on U, no password, TLS with client certificates',
    open: false,
  },
];

const two = ['-vnc', `${socket('two')},id=a`, '-vnc', `${socket('two-b')},id=b,password=on`];

describe.skipIf(missing.length > 0)(
  `consoles of real QEMU processes${missing.length > 0 ? ` (${missing.join(', ')} is missing)` : ''}`,
  () => {
    const children: ChildProcess[] = [];
    const numbers = new Map<string, number>();
    let found: readonly Console[] = [];
    let facts: Pick<Facts, 'qemuProcesses'> | undefined;

    const start = (name: string, arguments_: readonly string[]): void => {
      const isVncDisplay = arguments_[0] === '-display';
      const argv = [
        '-machine',
        'none',
        '-nodefaults',
        ...(isVncDisplay ? [] : ['-display', 'none']),
        '-name',
        `${name}-${tag}`,
      ];
      children.push(spawn(findProgram(program) ?? program, [...argv, ...arguments_], { stdio: 'ignore' }));
    };

    beforeAll(async () => {
      await makeCredentials();
      for (const { name, arguments: given } of cases) {
        const number = await display();
        const websocket = (await display()) + 5900;
        numbers.set(name, number);
        start(
          name,
          given.map((one) => one.replace(/:N\b/, `:${number}`).replace(/=W\b/, `=${websocket}`)),
        );
      }
      start('two', two);
      await sleep(3000);
      for (const child of children) expect(child.exitCode, child.spawnargs.join(' ')).toBeNull();
      const tool = { name: 'virt-pki-check', version: '0.0.0' };
      const snapshot = await collectSnapshot(localHost(), {
        tool,
        needs: ['configurations', 'software', 'files', 'qemuProcesses', 'domains'],
      });
      const { configurations, software, files, qemuProcesses, domains } = snapshot.facts;
      if (!configurations.known || !software.known || !files.known || !qemuProcesses.known || !domains.known)
        throw new Error('not all facts are known');
      facts = { qemuProcesses: qemuProcesses.value };
      found = consoles({
        configurations: configurations.value,
        software: software.value,
        files: files.value,
        qemuProcesses: qemuProcesses.value,
        domains: domains.value,
      }).consoles;
    }, 120_000);

    afterAll(() => {
      for (const child of children) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });

    const of = (name: string) => found.filter((one) => one.origin === 'running' && one.guest === `${name}-${tag}`);

    it.each(cases)('$name', ({ name, text, open }) => {
      const [console, ...others] = of(name);
      expect(others).toEqual([]);
      if (console === undefined) throw new Error('not found');
      const port = String((numbers.get(name) ?? 0) + 5900);
      expect(consoleText(console)).toBe(
        text.replace('P,', `${port},`).replace('U,', `${join(directory, `${name}.sock`)},`),
      );
      expect(isOpen(console)).toBe(open);
      expect(console.addresses.every(({ reach }) => reach !== 'network')).toBe(true);
    });

    it('two displays of one guest', () => {
      expect(of('two').map(({ authentication }) => authentication)).toEqual(['none', 'password']);
      expect(existsSync(join(directory, 'two-b.sock'))).toBe(true);
    });

    it('a websocket on the address of its display', () => {
      expect(of('websocket')[0]?.websockets).toMatchObject([{ reach: 'loopback', host: '127.0.0.1' }]);
    });

    it('without a secret, and each process with its account', () => {
      expect(JSON.stringify(facts)).not.toContain('geheim');
      const processes = facts?.qemuProcesses.observed === true ? facts.qemuProcesses.processes : [];
      const mine = processes.filter(({ pid }) => children.some((child) => child.pid === pid));
      expect(mine).toHaveLength(cases.length + 1);
      for (const { uid, started, commandLine } of mine) {
        expect(uid).toBe(process.getuid?.());
        expect(started).toBeDefined();
        expect(commandLine.refusal).toBeUndefined();
      }
    });
  },
);

/** A CA and a server's certificate by certtool, under QEMU's names. */
async function makeCredentials(): Promise<void> {
  const at = (name: string): string => join(directory, name);
  writeFileSync(at('ca.info'), 'cn = CA\nca\ncert_signing_key\nexpiration_days = 2\n');
  writeFileSync(
    at('server.info'),
    'cn = localhost\ntls_www_server\nsigning_key\nencryption_key\nexpiration_days = 2\n',
  );
  const steps = [
    ['--generate-privkey', '--ecc', '--outfile', at('ca-key.tmp')],
    [
      '--generate-self-signed',
      '--load-privkey',
      at('ca-key.tmp'),
      '--template',
      at('ca.info'),
      '--outfile',
      at('ca-cert.pem'),
    ],
    ['--generate-privkey', '--ecc', '--outfile', at('server-key.pem')],
    [
      ...['--generate-certificate', '--load-privkey', at('server-key.pem'), '--template', at('server.info')],
      ...['--load-ca-certificate', at('ca-cert.pem'), '--load-ca-privkey', at('ca-key.tmp')],
      ...['--outfile', at('server-cert.pem')],
    ],
  ];
  for (const step of steps) await runProgram(findProgram('certtool') ?? 'certtool', step);
}
