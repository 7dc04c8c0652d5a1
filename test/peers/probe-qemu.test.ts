import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VncAnswer } from '../../src/facts/observation.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { probeNbd, probeSpice, probeTcp } from '../../src/probe/probe-ports.ts';
import type { ReadCredentials } from '../../src/probe/probe-target.ts';
import { probeVnc, type VncProbe } from '../../src/probe/probe-vnc.ts';
import { freePort } from '../support/free-port.ts';
import { tlsIdentity, type TlsIdentity } from '../support/tls-identity.ts';

const program = 'qemu-system-x86_64';
const missing = [program].filter((name) => findProgram(name) === undefined);
const hasSpice = existsSync('/usr/lib/x86_64-linux-gnu/qemu/ui-spice-core.so');

const directory = mkdtempSync(join(tmpdir(), 'probe-qemu-'));
const timeoutMs = 10_000;
const credentials = (id: string, more = ''): readonly string[] => [
  '-object',
  `tls-creds-x509,id=${id},dir=${directory},endpoint=server,${more}`,
];

const objects = [
  ...credentials('on', 'verify-peer=on'),
  ...credentials('off', 'verify-peer=off'),
  ...credentials('old', 'verify-peer=off,priority=NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1'),
  ...credentials('modern', 'verify-peer=off,priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2'),
  ...credentials('newest', 'verify-peer=off,priority=NORMAL:-VERS-ALL:+VERS-TLS1.3'),
  ...credentials('twelve', 'verify-peer=on,priority=NORMAL:-VERS-TLS1.3'),
  ...['-object', 'tls-creds-anon,id=anon,endpoint=server'],
  ...['-object', 'authz-simple,id=nobody,identity=CN=nobody'],
];

/** A display of QEMU, and what is seen of it: without a certificate, and of `with` with the client's own. */
interface Case {
  readonly name: string;
  /** What follows the address in `-vnc`. */
  readonly options: string;
  readonly address?: string;
  readonly websocket?: boolean;
  readonly sees: {
    readonly types?: readonly number[];
    readonly subTypes?: readonly number[];
    /** What starts without a certificate; `closed` when the server hangs up. */
    readonly starts: 'none' | 'password' | 'sasl' | 'closed';
    readonly with?: 'none' | 'password' | 'sasl' | 'closed';
    readonly verifyPeer?: 'on' | 'off';
    readonly tls?: string;
    /** The oldest version that is taken. */
    readonly lowest?: string;
    readonly mechanisms?: readonly string[];
    readonly transport?: VncAnswer['transport'];
  };
}

const encrypting = ['DIGEST-MD5'];
const all = ['SCRAM-SHA-256', 'DIGEST-MD5', 'PLAIN'];

const cases: readonly Case[] = [
  { name: 'plain', options: '', sees: { types: [1], starts: 'none' } },
  { name: 'IPv6', address: '::1', options: '', sees: { types: [1], starts: 'none' } },
  { name: 'a password', options: 'password=on', sees: { types: [2], starts: 'password' } },
  { name: 'SASL', options: 'sasl=on', sees: { types: [20], starts: 'sasl', mechanisms: encrypting } },
  {
    name: 'SASL shadowed by a password',
    options: 'password=on,sasl=on',
    sees: { types: [2], starts: 'password' },
  },
  {
    name: 'TLS that verifies',
    options: 'tls-creds=on',
    sees: { types: [19], subTypes: [260], starts: 'closed', with: 'none', verifyPeer: 'on', tls: 'TLS1.3' },
  },
  {
    name: 'TLS that verifies, with a password',
    options: 'tls-creds=on,password=on',
    sees: { subTypes: [261], starts: 'closed', with: 'password', verifyPeer: 'on' },
  },
  {
    name: 'TLS that verifies, with SASL',
    options: 'tls-creds=on,sasl=on',
    sees: { subTypes: [263], starts: 'closed', with: 'sasl', verifyPeer: 'on', mechanisms: all },
  },
  {
    name: 'TLS 1.2 that verifies',
    options: 'tls-creds=twelve',
    sees: { subTypes: [260], starts: 'closed', with: 'none', verifyPeer: 'on', tls: 'TLS1.2', lowest: 'TLS1.0' },
  },
  {
    name: 'TLS that admits others',
    options: 'tls-creds=on,tls-authz=nobody',
    sees: { subTypes: [260], starts: 'closed', with: 'closed', verifyPeer: 'on' },
  },
  {
    name: 'TLS that does not verify',
    options: 'tls-creds=off',
    sees: { subTypes: [260], starts: 'none', with: 'none', verifyPeer: 'off' },
  },
  {
    name: 'TLS that does not verify, with a password',
    options: 'tls-creds=off,password=on',
    sees: { subTypes: [261], starts: 'password', with: 'password', verifyPeer: 'off' },
  },
  {
    name: 'TLS that does not verify, with SASL',
    options: 'tls-creds=off,sasl=on',
    sees: { subTypes: [263], starts: 'sasl', with: 'sasl', verifyPeer: 'off', mechanisms: all },
  },
  {
    name: 'TLS 1.1',
    options: 'tls-creds=old',
    sees: { subTypes: [260], starts: 'none', with: 'none', verifyPeer: 'off', tls: 'TLS1.1', lowest: 'TLS1.1' },
  },
  {
    name: 'TLS 1.2 and 1.3',
    options: 'tls-creds=modern',
    sees: { subTypes: [260], starts: 'none', with: 'none', verifyPeer: 'off', tls: 'TLS1.3', lowest: 'TLS1.2' },
  },
  {
    name: 'TLS 1.3 alone',
    options: 'tls-creds=newest',
    sees: { subTypes: [260], starts: 'none', with: 'none', verifyPeer: 'off', tls: 'TLS1.3', lowest: 'TLS1.3' },
  },
  {
    name: 'anonymous TLS',
    options: 'tls-creds=anon',
    sees: { subTypes: [257], starts: 'none', verifyPeer: 'off', tls: 'TLS1.2' },
  },
  {
    name: 'anonymous TLS with a password',
    options: 'tls-creds=anon,password=on',
    sees: { subTypes: [258], starts: 'password', verifyPeer: 'off' },
  },
  {
    name: 'anonymous TLS with SASL',
    options: 'tls-creds=anon,sasl=on',
    sees: { subTypes: [264], starts: 'sasl', verifyPeer: 'off', mechanisms: encrypting },
  },
  {
    name: 'a WebSocket',
    options: '',
    websocket: true,
    sees: { types: [1], starts: 'none', transport: 'ws' },
  },
  {
    name: 'a WebSocket with SASL',
    options: 'sasl=on',
    websocket: true,
    sees: { types: [20], starts: 'sasl', transport: 'ws', mechanisms: encrypting },
  },
  {
    name: 'a WebSocket in TLS that verifies',
    options: 'tls-creds=on',
    websocket: true,
    sees: { starts: 'closed', with: 'none', verifyPeer: 'on', transport: 'wss', tls: 'TLS1.3' },
  },
  {
    name: 'a WebSocket in TLS that does not',
    options: 'tls-creds=off,password=on',
    websocket: true,
    sees: { types: [2], starts: 'password', with: 'password', verifyPeer: 'off', transport: 'wss' },
  },
];

let ca: TlsIdentity, server: TlsIdentity, client: TlsIdentity, stranger: TlsIdentity;
const children: ChildProcess[] = [];

const start = (arguments_: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess => {
  const child = spawn(
    findProgram(program) ?? program,
    ['-machine', 'none', '-nodefaults', '-display', 'none', ...arguments_],
    { stdio: 'pipe', env: { ...process.env, ...environment } },
  );
  child.stdout.resume();
  child.stderr.resume();
  children.push(child);
  return child;
};

const listens = async (host: string, port: number): Promise<void> => {
  for (let waited = 0; waited < 30_000; waited += 100) {
    const { observation } = await probeTcp({ host, port, timeoutMs });
    if (observation.addresses[0]?.connection.seen === true) return;
    await sleep(100);
  }
  throw new Error(`nothing listens on port ${port}`);
};

const own =
  (identity: TlsIdentity): ReadCredentials =>
  () =>
    Promise.resolve({ certificate: Buffer.from(identity.certificate), key: Buffer.from(identity.key) });

const answerOf = async (probe: Omit<VncProbe, 'timeoutMs'>): Promise<VncAnswer> => {
  const { observation } = await probeVnc({ ...probe, timeoutMs });
  const [address] = observation.addresses;
  if (address?.answer === undefined) throw new Error(JSON.stringify(observation));
  return address.answer;
};

/** Who hangs up before all was read resets the connection. */
const outcome = ({ authentication }: VncAnswer['withoutCertificate']): string =>
  authentication.seen ? authentication.value.kind : authentication.reason.replace('reset', 'closed');

describe.skipIf(missing.length > 0)(
  `consoles of real QEMU processes from outside${missing.length > 0 ? ` (${missing.join(', ')} is missing)` : ''}`,
  () => {
    const ports = new Map<string, number>();

    beforeAll(async () => {
      [ca, stranger] = await Promise.all([tlsIdentity('Console CA'), tlsIdentity('Somebody')]);
      [server, client] = await Promise.all([tlsIdentity('localhost', ca), tlsIdentity('client', ca)]);
      writeFileSync(join(directory, 'ca-cert.pem'), ca.certificate);
      writeFileSync(join(directory, 'server-cert.pem'), server.certificate);
      writeFileSync(join(directory, 'server-key.pem'), server.key);
      mkdirSync(join(directory, 'sasl2'));
      writeFileSync(join(directory, 'sasl2/qemu.conf'), 'mech_list: digest-md5 scram-sha-256 plain\n');
      const displays: string[] = [];
      for (const [index, { name, options, address = '127.0.0.1', websocket }] of cases.entries()) {
        const port = await freePort();
        const other = await freePort();
        ports.set(name, websocket === true ? other : port);
        const host = address.includes(':') ? `[${address}]` : address;
        const given = [options, websocket === true ? `websocket=${other}` : ''].filter((one) => one !== '');
        displays.push('-vnc', [`${host}:${port - 5900}`, `id=d${index}`, ...given].join(','));
      }
      start([...objects, ...displays], { SASL_CONF_PATH: join(directory, 'sasl2') });
      for (const { name, address = '127.0.0.1' } of cases) await listens(address, ports.get(name) ?? 0);
    }, 120_000);

    afterAll(() => {
      for (const child of children) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    });

    it.each(cases)(
      '$name',
      { timeout: 60_000 },
      async ({ name, address: host = '127.0.0.1', websocket = false, sees }) => {
        const port = ports.get(name) ?? 0;
        const answer = await answerOf({ host, port, websocket, credentials: own(client) });
        const { withoutCertificate: without, withCertificate } = answer;
        expect(outcome(without)).toBe(sees.starts);
        expect(withCertificate === undefined ? undefined : outcome(withCertificate)).toBe(sees.with);
        expect(answer.verifyPeer).toBe(sees.verifyPeer);
        expect(answer.transport).toBe(sees.transport ?? 'tcp');
        if (sees.types !== undefined) expect(without.securityTypes).toEqual(sees.types);
        expect(without.subTypes).toEqual(sees.subTypes);
        if (sees.tls !== undefined) expect(without.handshake?.version).toBe(sees.tls);
        if (sees.lowest !== undefined) expect(answer.lowestVersion).toEqual({ seen: true, value: sees.lowest });
        if (sees.mechanisms !== undefined) {
          const { authentication } = withCertificate ?? without;
          const found = authentication.seen && authentication.value.kind === 'sasl' && authentication.value.mechanisms;
          expect(new Set(found as readonly string[])).toEqual(new Set(sees.mechanisms));
        }
        if (without.handshake !== undefined && !sees.subTypes?.some((type) => type < 260 || type === 264)) {
          expect(without.handshake.chain.map(({ der }) => der)).toEqual([server.der.toString('base64')]);
          expect(without.handshake.requestedAuthorities?.map(({ text }) => text)).toEqual(['CN=Console CA']);
        }
      },
    );

    it('show a stranger’s certificate the door', async () => {
      const answer = await answerOf({
        host: '127.0.0.1',
        port: ports.get('TLS that verifies') ?? 0,
        credentials: own(stranger),
      });
      expect(outcome(answer.withCertificate ?? answer.withoutCertificate)).toBe('closed');
    });

    it('take nothing amiss: another client still gets in', async () => {
      expect(children[0]?.exitCode).toBeNull();
      const { withoutCertificate } = await answerOf({ host: '127.0.0.1', port: ports.get('plain') ?? 0 });
      expect(outcome(withoutCertificate)).toBe('none');
    });

    it('may be something else than a WebSocket', async () => {
      const answer = await answerOf({ host: '127.0.0.1', port: ports.get('plain') ?? 0, websocket: true });
      expect(answer.withoutCertificate.authentication).toMatchObject({ reason: 'garbage', spoken: 'rfb' });
    });

    it.skipIf(!hasSpice)('SPICE in the clear and in TLS', { timeout: 60_000 }, async () => {
      const [plain, secure, only] = [await freePort(), await freePort(), await freePort()];
      const files = ['ca-cert', 'server-cert', 'server-key'].map((name) => join(directory, `${name}.pem`));
      const x509 = `x509-cacert-file=${files[0]},x509-cert-file=${files[1]},x509-key-file=${files[2]}`;
      const spice = `addr=127.0.0.1,disable-ticketing=on,${x509}`;
      start(['-spice', `port=${plain},tls-port=${secure},${spice}`]);
      start(['-spice', `port=${only},tls-port=${await freePort()},tls-channel=default,${spice}`]);
      for (const port of [plain, secure, only]) await listens('127.0.0.1', port);
      const ask = async (port: number, transport: 'tls' | 'tcp' = 'tcp') =>
        (await probeSpice({ host: '127.0.0.1', port, transport, timeoutMs })).observation.addresses[0]?.answer;
      expect(await ask(plain)).toEqual({ plain: { seen: true, value: 'ok' } });
      expect(await ask(only)).toEqual({ plain: { seen: true, value: 'tls-needed' } });
      const inTls = {
        tls: {
          handshake: {
            outcome: { seen: true },
            // OpenSSL completes the chain.
            chain: [{ subject: { text: 'CN=localhost' } }, { subject: { text: 'CN=Console CA' } }],
            requestedAuthorities: null,
          },
          link: { seen: true, value: 'ok' },
        },
      };
      expect(await ask(secure)).toMatchObject({ plain: { seen: false }, ...inTls });
      const straight = await ask(secure, 'tls');
      expect(straight).toMatchObject(inTls);
      expect(straight).not.toHaveProperty('plain');
    });

    it('NBD in the clear and in TLS', { timeout: 60_000 }, async () => {
      const ports = [await freePort(), await freePort(), await freePort()];
      for (const [index, port] of ports.entries()) {
        const qemu = start([
          ...credentials('on', 'verify-peer=on'),
          ...credentials('off', 'verify-peer=off'),
          '-qmp',
          'stdio',
        ]);
        const address = { type: 'inet', data: { host: '127.0.0.1', port: String(port) } };
        const creds = [{}, { 'tls-creds': 'on' }, { 'tls-creds': 'off' }][index];
        qemu.stdin?.write(
          `${JSON.stringify({ execute: 'qmp_capabilities' })}\n` +
            `${JSON.stringify({ execute: 'nbd-server-start', arguments: { addr: address, ...creds } })}\n`,
        );
      }
      for (const port of ports) await listens('127.0.0.1', port);
      const answers = await Promise.all(
        ports.map(
          async (port) => (await probeNbd({ host: '127.0.0.1', port, timeoutMs })).observation.addresses[0]?.answer,
        ),
      );
      const greeting = { seen: true, value: 'newstyle' };
      const accepted = {
        greeting,
        plain: { seen: true, value: 'tls-needed' },
        startTls: { seen: true, value: 'accepted' },
        handshake: { outcome: { seen: true } },
      };
      expect(answers[0]).toEqual({
        greeting,
        plain: { seen: true, value: 'ok' },
        startTls: { seen: true, value: 'refused' },
      });
      expect(answers[1]).toMatchObject({ ...accepted, verifyPeer: 'on' });
      expect(answers[2]).toMatchObject({ ...accepted, verifyPeer: 'off' });
    });
  },
);
