import { createConnection, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LibvirtAnswer, Observation, Unseen } from '../../src/facts/observation.ts';
import { encodeMessage } from '../../src/parse/libvirt-rpc.ts';
import { probeLibvirt } from '../../src/probe/probe-libvirt.ts';
import { probeNbd, probeSpice, probeSsh, probeTcp } from '../../src/probe/probe-ports.ts';
import type { Probed, ProbeTarget } from '../../src/probe/probe-target.ts';
import { probeVnc } from '../../src/probe/probe-vnc.ts';
import { startPeer, startServer, type Peer } from '../support/peer.ts';
import { tlsIdentity, type TlsIdentity } from '../support/tls-identity.ts';

/** For peers whose answer comes; and for those with whom all of it passes. */
const timeoutMs = 10_000;
const shortTimeoutMs = 700;
/** What a busy machine may take on top. */
const patience = 5000;

/** The first thing in an observation that was not seen; undefined where all was. */
function firstUnseen({ resolution, addresses }: Observation<unknown>): Unseen | undefined {
  const search = (value: unknown): Unseen | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    if ('seen' in value && value.seen === false) return value as Unseen;
    for (const member of Object.values(value)) {
      const found = search(member);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return resolution.seen ? search(addresses) : resolution;
}

interface Question {
  readonly name: string;
  readonly ask: (target: ProbeTarget) => Promise<Probed<unknown>>;
  /** How an answer may begin that then comes too slowly. */
  readonly begin: string;
  readonly speaks: 'first' | 'second';
}

const questions: readonly Question[] = [
  {
    name: 'libvirt over TLS',
    ask: (target) => probeLibvirt({ ...target, transport: 'tls' }),
    begin: '\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03',
    speaks: 'second',
  },
  {
    name: 'libvirt over TCP',
    ask: (target) => probeLibvirt({ ...target, transport: 'tcp' }),
    begin:
      '\x00\x00\x40\x00\x20\x00\x80\x86\x00\x00\x00\x01\x00\x00\x00\x42\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00',
    speaks: 'second',
  },
  { name: 'VNC', ask: probeVnc, begin: 'RFB 003.008\n\xff', speaks: 'first' },
  {
    name: 'a WebSocket',
    ask: (target) => probeVnc({ ...target, websocket: true }),
    begin: 'HTTP/1.1 101 Yes\r\n',
    speaks: 'second',
  },
  {
    name: 'SPICE',
    ask: probeSpice,
    begin: 'REDQ\x02\x00\x00\x00\x02\x00\x00\x00\x00\x10\x00\x00',
    speaks: 'second',
  },
  { name: 'NBD', ask: probeNbd, begin: 'NBDMAGIC\x00\x00\x42\x02\x81\x86\x12\x53', speaks: 'first' },
  { name: 'ssh', ask: probeSsh, begin: 'Welcome', speaks: 'first' },
];

const write = (socket: Socket, text: string): boolean => socket.write(Buffer.from(text, 'latin1'));

/** Plays a peer and expects that the question is over in time and that nothing of it stays. */
async function ask<T>(
  question: (target: ProbeTarget) => Promise<Probed<T>>,
  play: ((socket: Socket) => void) | Peer,
  target: Partial<ProbeTarget> = {},
): Promise<Observation<T>> {
  await using peer = typeof play === 'function' ? await startPeer(play) : play;
  const begin = performance.now();
  const asked = { host: '127.0.0.1', port: peer.port, timeoutMs, ...target };
  const { observation } = await question(asked);
  expect(performance.now() - begin).toBeLessThan(asked.timeoutMs + patience);
  await peer.abandoned();
  return observation;
}

afterAll(() => {
  expect(
    process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TCPConnect|TLS|GetAddrInfo)/.test(name)),
  ).toEqual([]);
});

describe.each(questions)('$name at a peer that', ({ ask: question, begin, speaks }) => {
  const reason = async (play: (socket: Socket) => void, target?: Partial<ProbeTarget>): Promise<Unseen | undefined> =>
    firstUnseen(await ask(question, play, target));
  const briefly = { timeoutMs: shortTimeoutMs };

  it('is not there', async () => {
    const peer = await startPeer(() => undefined);
    await peer[Symbol.asyncDispose]();
    const { observation } = await question({ host: '127.0.0.1', port: peer.port, timeoutMs });
    expect(observation.addresses).toMatchObject([{ connection: { seen: false, reason: 'refused' } }]);
    expect(observation.addresses[0]).not.toHaveProperty('answer');
  });

  it('accepts and says nothing', async () => {
    expect(await reason(() => undefined, briefly)).toMatchObject({ reason: 'silent' });
  });

  it('says something else', async () => {
    const found = await reason((socket) => write(socket, 'What do you want?\r\n'.repeat(20)));
    expect(found).toMatchObject({ reason: 'garbage' });
    expect(found?.detail).not.toMatch(/\p{Cc}/u);
  });

  it('is another service', async () => {
    const mail = await reason((socket) => write(socket, '220 mail.example.org ESMTP\r\n'.repeat(20)));
    expect(mail).toMatchObject({ reason: 'garbage', spoken: 'smtp-or-ftp' });
  });

  it('closes at once', async () => {
    // Where we speak first, our words may meet a closed door.
    const { reason: why } = (await reason((socket) => socket.end())) ?? {};
    expect(speaks === 'first' ? ['closed'] : ['closed', 'reset']).toContain(why);
  });

  it('resets', async () => {
    expect(await reason((socket) => setTimeout(() => socket.resetAndDestroy(), 20))).toMatchObject({ reason: 'reset' });
  });

  it('closes in the middle of its answer', async () => {
    const found = await reason((socket) => {
      write(socket, begin);
      setTimeout(() => socket.end(), 20);
    });
    expect(found).toMatchObject({ reason: 'closed' });
  });

  it('answers too slowly', async () => {
    const found = await reason((socket) => {
      write(socket, begin);
      const timer = setInterval(() => socket.write(speaks === 'first' ? ' ' : '\0'), 20);
      socket.on('close', () => clearInterval(timer));
    }, briefly);
    expect(found).toMatchObject({ reason: 'too-slow' });
  });

  it('answers without end', async () => {
    // Some can be content with the beginning; that the question ends, and in time, is what `ask` expects of all.
    await reason((socket) => {
      write(socket, begin);
      const flood = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(1 << 16, 0xff)));
        socket.once('drain', flood);
      };
      flood();
    }, briefly);
  });

  it('is given up', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const begin = performance.now();
    const found = await ask(question, () => undefined, { timeoutMs: 60_000, signal: controller.signal });
    expect(performance.now() - begin).toBeLessThan(patience);
    expect(firstUnseen(found)).toMatchObject({ reason: 'cancelled' });
  });
});

describe('a name', () => {
  it.each(['', 'a\0b', 'no such name'])('%j is not looked for long', async (host) => {
    const { observation } = await probeTcp({ host, port: 1, timeoutMs });
    expect(observation).toMatchObject({ resolution: { seen: false }, addresses: [] });
    expect(['name-not-found', 'name-lookup-failed']).toContain(firstUnseen(observation)?.reason);
  });

  it('is asked at none of its addresses when it is given up before', async () => {
    const { observation } = await probeTcp({ host: 'localhost', port: 1, timeoutMs, signal: AbortSignal.abort() });
    expect(firstUnseen(observation)).toMatchObject({ reason: 'cancelled' });
  });

  it('leads to addresses, with the time apart', async () => {
    const peer = await startPeer(() => undefined);
    const { port } = peer;
    await using _peer = peer;
    const { observation, connectMilliseconds } = await probeTcp({ host: '127.0.0.1', port, timeoutMs });
    expect(observation).toEqual({
      host: '127.0.0.1',
      port,
      resolution: { seen: true, value: ['127.0.0.1'] },
      addresses: [{ address: '127.0.0.1', connection: { seen: true, value: 'connected' }, answer: {} }],
    });
    expect(connectMilliseconds['127.0.0.1']).toBeGreaterThan(0);
  });
});

describe('a server with TLS', () => {
  let ca: TlsIdentity, server: TlsIdentity, client: TlsIdentity;
  beforeAll(async () => {
    ca = await tlsIdentity('One CA');
    [server, client] = await Promise.all([tlsIdentity('server', ca), tlsIdentity('client', ca)]);
  });

  const listen = (play: (socket: Socket) => void): Promise<Peer> =>
    startServer(
      createTlsServer({
        key: server.key,
        cert: server.certificate,
        requestCert: true,
        rejectUnauthorized: false,
        ca: ca.certificate,
      }),
      'secureConnection',
      play,
    );
  const libvirt = (target: ProbeTarget): Promise<Probed<LibvirtAnswer>> =>
    probeLibvirt({ ...target, transport: 'tls' });
  const tlsAnswer = ({ addresses }: Observation<LibvirtAnswer>) => {
    const answer = addresses[0]?.answer;
    if (answer?.transport !== 'tls') throw new Error('no answer over TLS');
    return answer;
  };

  it.each<[string, (socket: Socket) => void, object, number?]>([
    ['closes', (socket) => socket.end(), { seen: true, value: 'refused' }],
    ['says nothing more', () => undefined, { seen: false, reason: 'silent' }, 2000],
    ['gives another verdict', (socket) => socket.write('\x02'), { seen: false, reason: 'garbage' }],
    ['speaks VNC', (socket) => socket.write('RFB 003.008\n'), { seen: false, reason: 'garbage' }],
  ])('that %s', async (_name, play, verdict, milliseconds = timeoutMs) => {
    const answer = tlsAnswer(await ask(libvirt, await listen(play), { timeoutMs: milliseconds }));
    expect(answer.withoutCertificate.handshake.outcome.seen).toBe(true);
    expect(answer.withoutCertificate.verdict).toMatchObject(verdict);
    expect(answer).not.toHaveProperty('withCertificate');
  });

  /** A daemon in the words of the reference. */
  const daemon = (types: readonly number[], mechanisms?: string) => (socket: Socket) => {
    const u32 = (value: number): Buffer => Buffer.from([0, 0, 0, value]);
    const reply = (procedure: number, body: Buffer): Buffer =>
      encodeMessage({
        program: 0x20008086,
        version: 1,
        procedure,
        type: 'reply',
        serial: procedure === 66 ? 1 : 2,
        status: 'ok',
        body,
      });
    socket.write('\x01');
    socket.once('data', () => {
      socket.write(reply(66, Buffer.concat([types.length, ...types].map(u32))));
      if (mechanisms !== undefined)
        socket.once('data', () =>
          socket.write(reply(67, Buffer.concat([u32(mechanisms.length), Buffer.from(mechanisms.padEnd(12, '\0'))]))),
        );
    });
  };

  it('that answers a byte at a time is understood', async () => {
    await using behind = await listen(daemon([1], 'PLAIN,GSSAPI'));
    const observation = await ask(
      libvirt,
      (socket) => {
        const inner = createConnection({ port: behind.port, host: '127.0.0.1' });
        socket.setNoDelay(true);
        inner.on('error', () => socket.destroy());
        inner.on('data', (chunk) => chunk.forEach((byte) => socket.write(Buffer.from([byte]))));
        inner.on('end', () => socket.end());
        socket.pipe(inner);
      },
      { timeoutMs: 20_000 },
    );
    expect(tlsAnswer(observation).withoutCertificate).toMatchObject({
      handshake: { outcome: { seen: true }, chain: [{ subject: { text: 'CN=server' } }, {}] },
      verdict: { seen: true, value: 'accepted' },
      authentication: {
        seen: true,
        value: { types: ['sasl'], mechanisms: { seen: true, value: ['PLAIN', 'GSSAPI'] } },
      },
    });
  });

  it('is asked once more with the client’s certificate, knowing what it asked for', async () => {
    const peer = await listen(daemon([0]));
    const asked: unknown[] = [];
    const key = Buffer.from(client.key);
    const answer = tlsAnswer(
      await ask(
        (target) =>
          probeLibvirt({
            ...target,
            transport: 'tls',
            credentials: ({ requestedAuthorities }) => {
              asked.push(requestedAuthorities?.map(({ text }) => text));
              return Promise.resolve({ certificate: Buffer.from(client.certificate), key });
            },
          }),
        peer,
        { timeoutMs: 5000 },
      ),
    );
    expect(asked).toEqual([['CN=One CA']]);
    expect(answer.withCertificate).toMatchObject({
      handshake: { ownCertificate: true },
      verdict: { value: 'accepted' },
      authentication: { value: { types: ['none'] } },
    });
    // Three more for the oldest version: this server takes TLS 1.2 and 1.3.
    expect(peer.connections()).toBe(2 + 3);
    expect(answer).toMatchObject({ lowestVersion: { seen: true, value: 'TLS1.2' } });
    expect(key.every((byte) => byte === 0)).toBe(true);
    expect(JSON.stringify(answer)).not.toContain('PRIVATE');
  });

  it('is asked once alone when the client would send nothing', async () => {
    const peer = await listen((socket) => socket.end());
    await ask(
      (target) => probeLibvirt({ ...target, transport: 'tls', credentials: () => Promise.resolve(undefined) }),
      peer,
    );
    expect(peer.connections()).toBe(1 + 3);
  });
});
