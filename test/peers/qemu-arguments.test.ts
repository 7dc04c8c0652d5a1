import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QemuAddress, QemuCommandLine } from '../../src/facts/qemu-processes.ts';
import { parseListeningSockets, socketInode } from '../../src/parse/proc.ts';
import { parseQemuCommandLine } from '../../src/parse/qemu-command-line.ts';
import type { QemuVersion } from '../../src/parse/qemu-vnc.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

/**
 * The parser against QEMU itself: argument vectors are started for real, and what QEMU says, where it listens and what security it reports
 * is compared with the prediction. Nothing but loopback addresses and sockets in a temporary directory.
 */
const program = 'qemu-system-x86_64';
const versionText = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '';
const numbers = /version (\d+)\.(\d+)/.exec(versionText);
const installed = numbers !== null && existsSync('/proc/net/tcp');
const version: QemuVersion = [Number(numbers?.[1] ?? 0), Number(numbers?.[2] ?? 0)];

const seed = runSeed();
const generatedRuns = 60;
const parallel = 3;
const patience = 15_000;

let scratch = '';

/** 2048-bit parameters of RFC 7919 (ffdhe2048): with them in its directory QEMU makes none of its own, which takes seconds. */
const dhParameters = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;

interface Outcome {
  readonly errors: readonly string[];
  /** `host:port` of the TCP listeners, paths of the unix ones. */
  readonly listening?: readonly string[];
  readonly displays?: readonly { readonly id: string; readonly auth: string; readonly vencrypt?: string }[];
}

/** Starts QEMU, waits until it has refused or its monitor answers, looks around, and ends it. */
async function run(vector: readonly string[], slot: number): Promise<Outcome> {
  const monitor = join(scratch, `qmp-${slot}`);
  rmSync(monitor, { force: true });
  const prefix = ['-machine', 'none', '-display', 'none', '-nodefaults', '-qmp', `unix:${monitor},server=on,wait=off`];
  const child = spawn(program, [...prefix, ...vector], {
    cwd: scratch,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TMPDIR: scratch },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  let ended = false;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  const close = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      ended = true;
      resolve();
    });
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  try {
    const reply = await query(monitor, () => ended);
    if (reply === undefined) {
      await close;
      return { errors: linesOf(errors) };
    }
    const listening = listenersOf(child.pid ?? 0);
    return { errors: linesOf(errors), listening, displays: reply };
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    await close;
  }
}

/** The lines that count: warnings, hints and where QEMU found a port are no refusals. */
function linesOf(errors: string): readonly string[] {
  return errors
    .split('\n')
    .filter((line) => line.startsWith(`${program}: `) && !/: warning: /.test(line))
    .map((line) => line.slice(program.length + 2));
}

type Displays = NonNullable<Outcome['displays']>;

/** Asks query-vnc-servers; undefined when QEMU ended before it answered. The monitor opens before the displays do, but answers after them. */
async function query(path: string, ended: () => boolean): Promise<Displays | undefined> {
  while (!ended()) {
    const answer = existsSync(path) ? await ask(path).catch(() => undefined) : undefined;
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}

const ask = (path: string): Promise<Displays | undefined> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write('{"execute":"qmp_capabilities"}{"execute":"query-vnc-servers","id":1}'));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const line = text.split('\r\n').find((one) => one.includes('"id": 1'));
      if (line === undefined) return;
      socket.destroy();
      resolve((JSON.parse(line) as { return: Displays }).return);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(undefined));
  });

/** What a process listens on, by its descriptors and /proc/net; the monitor's own socket is left out. */
function listenersOf(pid: number): readonly string[] {
  const inodes = new Set<number>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = socketInode(readlinkSync(`/proc/${pid}/fd/${name}`));
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed in the meantime.
    }
  }
  // The tables are read twice: while others open and close sockets, a reader may see a row twice or miss one.
  const tcp = ['tcp', 'tcp6', 'tcp', 'tcp6']
    .filter((table) => existsSync(`/proc/net/${table}`))
    .flatMap((table) => parseListeningSockets(readFileSync(`/proc/net/${table}`, 'latin1')))
    .filter(({ inode }) => inodes.has(inode))
    .map(({ address, port }) => `${address}:${port}`);
  const unix = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , flags, , , inode]) => flags === '00010000' && inodes.has(Number(inode)))
    .map((fields) => fields[7] ?? '')
    .filter((path) => !path.includes('/qmp-'));
  return [...new Set([...tcp, ...unix])].sort();
}

const wildcard = { ipv4: '0.0.0.0', ipv6: '::' } as const;

/** What the parser expects to be listened on, as `listenersOf` prints it. Ports are sure to be free, so that the first of a range is taken. */
function expectedListeners({ vnc }: QemuCommandLine): readonly string[] {
  const print = (address: QemuAddress): readonly string[] => {
    if (address.type === 'unix') return [address.path];
    const { families, port } = address;
    const host = address.host === 'localhost' ? undefined : address.host;
    if (host === '') return families.map((family) => `${wildcard[family]}:${port}`);
    return [`${host ?? (families.includes('ipv4') ? '127.0.0.1' : '::1')}:${port}`];
  };
  return vnc.flatMap(({ addresses, websockets }) => [...addresses, ...websockets].flatMap(print)).sort();
}

const rfbNames: Readonly<Record<number, string>> = { 1: 'none', 2: 'vnc', 19: 'vencrypt', 20: 'sasl' };
const vencryptNames: Readonly<Record<number, string>> = {
  257: 'tls-none',
  258: 'tls-vnc',
  260: 'x509-none',
  261: 'x509-vnc',
  263: 'x509-sasl',
  264: 'tls-sasl',
};

/** QEMU prints the option before its words in these stages. */
const located = new Set(['arguments', 'displays', 'character-devices']);

function expected(vector: readonly string[]): { readonly parsed: QemuCommandLine; readonly outcome: Outcome } {
  const argv = [program, '-machine', 'none', '-display', 'none', '-nodefaults', '-qmp', 'x', ...vector];
  const parsed = parseQemuCommandLine(argv, { version });
  const { refusal } = parsed;
  if (refusal !== undefined) {
    const [option, value] = [argv[refusal.argument], argv[refusal.argument + 1]];
    const alone = refusal.text === 'requires an argument' || refusal.text === 'invalid option';
    const place = located.has(refusal.stage) ? `${option}${alone ? '' : ` ${value}`}: ` : '';
    return { parsed, outcome: { errors: [place + refusal.text] } };
  }
  const displays = parsed.vnc.map(({ id, securityType = 0, vencryptSubtype }) => ({
    id,
    auth: rfbNames[securityType] ?? '',
    ...(vencryptSubtype === undefined ? {} : { vencrypt: vencryptNames[vencryptSubtype] ?? '' }),
  }));
  return { parsed, outcome: { errors: [], listening: expectedListeners(parsed), displays } };
}

/** QEMU's outcome in the words of the expected one: the JSON parser's complaint goes on with a piece of the argument, which we withhold. */
function comparable({ errors, listening, displays }: Outcome): Outcome {
  if (listening === undefined)
    return { errors: errors.slice(0, 1).map((line) => line.replace(/(: JSON parse error).*$/, '$1')) };
  const shown = (displays ?? []).map(({ id, auth, vencrypt }) => ({
    id,
    auth,
    ...(vencrypt === undefined ? {} : { vencrypt }),
  }));
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
  return { errors, listening, displays: shown.sort(byId) };
}

const anonymous = (): readonly string[] => ['-object', `tls-creds-anon,id=tls0,endpoint=server,dir=${scratch}`];
const json = (members: Readonly<Record<string, unknown>>): string => JSON.stringify(members);

/** `N` stands for a display number of the slot, `M` for a second one. */
const corners: readonly (readonly string[])[] = [
  ['-vnc', '127.0.0.1:N'],
  ['--vnc', '127.0.0.1:N'],
  ['-vnc', 'localhost:N,ipv4=on'],
  ['-vnc', '[::1]:N'],
  ['-vnc', '::1:N'],
  ['-vnc', 'none'],
  ['-vnc', 'none,websocket=on'],
  ['-vnc', 'none,vnc=127.0.0.1:N'],
  ['-vnc', '127.0.0.1:N,vnc=none'],
  ['-vnc', ''],
  ['-vnc', ',password=on'],
  ['-vnc', '127.0.0.1: N'],
  ['-vnc', '127.0.0.1:+N'],
  ['-vnc', '127.0.0.1:-1'],
  ['-vnc', '127.0.0.1:0xN'],
  ['-vnc', '127.0.0.1:99999'],
  ['-vnc', '127.0.0.1:'],
  ['-vnc', '127.0.0.1'],
  ['-vnc', 'unix:SCRATCH/vnc-N'],
  ['-vnc', 'unix:SCRATCH/a,,b-N,password=on'],
  ['-vnc', 'unix:SCRATCH/vnc-N,to=3'],
  ['-vnc', 'unix:SCRATCH/vnc-N,websocket=127.0.0.1:61N'],
  ['-vnc', 'unix:SCRATCH/vnc-N,websocket=unix:SCRATCH/ws-N'],
  ['-vnc', `unix:/tmp/${'x'.repeat(120)}`],
  ['-vnc', '127.0.0.1:N,websocket=on'],
  ['-vnc', '127.0.0.1:N,websocket='],
  ['-vnc', '127.0.0.1:N,websocket'],
  ['-vnc', '127.0.0.1:N,websocket=61N,websocket=62N'],
  ['-vnc', '127.0.0.1:N,websocket=[::1]:61N'],
  ['-vnc', 'vnc=127.0.0.1:N,vnc=127.0.0.1:M'],
  ['-vnc', 'vnc=127.0.0.1:N,vnc=127.0.0.1:M,websocket=on'],
  ['-vnc', 'vnc=127.0.0.1:N,vnc=127.0.0.1:M,websocket=127.0.0.1:61N'],
  ['-vnc', 'vnc=127.0.0.1:N,vnc=[::1]:N'],
  ['-vnc', '127.0.0.1:N,to=1'],
  ['-vnc', '127.0.0.1:N,to=nine'],
  ['-vnc', '127.0.0.1:N,to=99999999999999999999999'],
  ['-vnc', '127.0.0.1:N,to=9999999'],
  ['-vnc', '127.0.0.1:N,reverse=on,websocket=on'],
  ['-vnc', 'vnc=127.0.0.1:1,vnc=127.0.0.1:2,reverse=on'],
  ['-vnc', '127.0.0.1:N,ipv6=on'],
  ['-vnc', '127.0.0.1:N,ipv4=off,ipv6=off'],
  ['-vnc', '[::1]:N,ipv4=on,ipv6=on'],
  ['-vnc', '127.0.0.1:N,password,share=ignore'],
  ['-vnc', '127.0.0.1:N,nopassword'],
  ['-vnc', '127.0.0.1:N,password=maybe'],
  ['-vnc', '127.0.0.1:N,share=all'],
  ['-vnc', '127.0.0.1:N,tls,x509verify=/etc/pki/qemu'],
  ['-vnc', '127.0.0.1:N,tls=on'],
  ['-vnc', '127.0.0.1:N,acl'],
  ['-vnc', '127.0.0.1:N,id=1st'],
  ['-vnc', '127.0.0.1:N,id=first', '-vnc', '127.0.0.1:M'],
  ['-vnc', '127.0.0.1:N,id=first', '-vnc', '127.0.0.1:M,id=first'],
  ['-vnc', '127.0.0.1:N', '-vnc', '127.0.0.1:M'],
  ['-vnc', '127.0.0.1:N', '-vnc', '127.0.0.1:M,id=default'],
  ['-display', 'vnc=127.0.0.1:N,power-control=on'],
  ['-display', 'vnc'],
  ['-vnc', '127.0.0.1:N,audiodev=none0'],
  ['-audiodev', 'none,id=none0', '-vnc', '127.0.0.1:N,audiodev=none0'],
  ['-vnc', '127.0.0.1:N,sasl-authz=a'],
  ['-vnc', '127.0.0.1:N,tls-authz=a'],
  ['-vnc', '127.0.0.1:N,tls-creds=tls0'],
  ['ANONYMOUS', '-vnc', '127.0.0.1:N,tls-creds=tls0,tls-authz=nobody'],
  ['ANONYMOUS', '-vnc', '127.0.0.1:N,tls-creds=tls0,password=on,websocket=on'],
  ['ANONYMOUS', '-vnc', '127.0.0.1:N,tls-creds=tls0,audiodev=x'],
  ['-object', 'tls-creds-anon,id=tls0,dir=SCRATCH', '-vnc', '127.0.0.1:N,tls-creds=tls0'],
  ['-object', 'tls-creds-x509,id=tls0,endpoint=server', '-vnc', '127.0.0.1:N,tls-creds=tls0'],
  ['-object', 'tls-creds-psk,id=tls0,endpoint=server'],
  ['-object', 'tls-creds-psk,id=tls0,endpoint=server,username=u,dir=SCRATCH'],
  ['-object', json({ 'qom-type': 'tls-creds-psk', id: 'tls0', endpoint: 'server', dir: 'SCRATCH' }), '-vnc', '127.0.0.1:N,tls-creds=tls0'],
  ['-object', json({ 'qom-type': 'tls-creds-anon', id: 'tls0', endpoint: 'server', dir: 'SCRATCH', 'verify-peer': false }), '-vnc', '127.0.0.1:N,tls-creds=tls0'],
  ['-object', "{'qom-type': 'tls-creds-anon', 'id': 'tls0', 'dir': 'SCRATCH', 'endpoint': 'server'}", '-vnc', '127.0.0.1:N,tls-creds=tls0'],
  ['-object', json({ 'qom-type': 'tls-creds-anon', id: 'tls0', 'verify-peer': 'on' })],
  ['-object', json({ 'qom-type': 'tls-creds-anon', id: 'tls0', colour: 1 })],
  ['-object', json({ 'qom-type': 'tls-creds-anon', id: 1 })],
  ['-object', json({ 'qom-type': 'tls-creds-anon' })],
  ['-object', json({ id: 'tls0' })],
  ['-object', json({ 'qom-type': 'tls-creds-anon', id: '1st' })],
  ['-object', '{"qom-type": "tls-creds-anon"'],
  ['-object', '{"qom-type": "secret", "id": "s", "id": "s"}'],
  ['-object', 'tls-creds-anon,endpoint=server'],
  ['-object', 'id=tls0,endpoint=server'],
  ['-object', 'tls-creds-anon,id=tls0,endpoint=both'],
  ['-object', 'tls-creds-anon,id=tls0,verify-peer=maybe'],
  ['-object', 'tls-creds-anon,id=tls0,colour=blue'],
  ['-object', 'tls-creds-none,id=tls0'],
  ['-object', 'authz-simple,id=a'],
  ['-object', 'authz-list,id=a,policy=deny,rules.0.match=x'],
  ['-object', json({ 'qom-type': 'authz-list', id: 'a', rules: [{ match: 'CN=x', policy: 'allow' }] })],
  ['-object', json({ 'qom-type': 'authz-list', id: 'a', rules: [{ match: 'CN=x' }] })],
  ['-object', json({ 'qom-type': 'authz-list', id: 'a', rules: [{ match: 'CN=x', policy: 'perhaps' }] })],
  ['-object', 'authz-listfile,id=a,filename=/etc/qemu/acl.json'],
  ['-object', 'authz-listfile,id=a'],
  ['-object', 'authz-listfile,id=a,filename=/x', '-object', 'tls-creds-x509,id=b,endpoint=server'],
  ['-object', 'secret,id=s'],
  ['-object', 'secret,id=s,data=x,file=/y'],
  ['-object', 'secret,id=s,data=abcdefgh,keyid=k'],
  ['-object', 'secret,id=s,data=abcdefgh', '-vnc', '127.0.0.1:N,password-secret=s'],
  ['-object', 'secret,id=s,data=abcdefgh', '-vnc', '127.0.0.1:N,password-secret=s,password=on'],
  ['-vnc', '127.0.0.1:N,password-secret=s'],
  ['ANONYMOUS', '-vnc', '127.0.0.1:N,password-secret=tls0'],
  ['-object', 'secret,id=s,data=abcdefgh', '-vnc', '127.0.0.1:N,tls-creds=s'],
  ['-object', 'secret,id=s,data=abcdefgh', '-object', 'secret,id=s,data=abcdefgh'],
  ['-object', 'secret,id=s,data=abcdefgh', '-object', json({ 'qom-type': 'secret', id: 's', data: 'x' })],
  ['-chardev', 'socket,id=c,host=127.0.0.1,port=61N,server=on,wait=off,tls-creds=tls0'],
  ['-uuid', '4ce376a6-db4a-9382-4f06-03ea4d2f6d0b', '-name', 'guest=a,,b,debug-threads=on'],
  ['-uuid', '4ce376a6'],
  ['-name', 'a,colour=blue'],
  ['-colour', 'blue'],
  ['-vnc', '127.0.0.1:N,tls', '-colour'],
  ['-vnc'],
  ['disk', '-vnc', '127.0.0.1:N,colour=blue'],
]; // prettier-ignore

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);

/** `-vnc` arguments of loopback addresses and unix sockets, right and wrong. */
const address = pick(
  '127.0.0.1:N',
  '127.0.0.1:N',
  '[::1]:N',
  'unix:SCRATCH/vnc-N',
  'unix:SCRATCH/a,,b-N',
  'none',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:N,,0',
  '127.0.0.1:1e3',
);
const parameter = pick(
  'websocket=on', 'websocket=127.0.0.1:61N', 'websocket', 'websocket=unix:SCRATCH/ws-N', 'websocket=127.0.0.1:', 'password=on', 'password', 'password=off', 'nopassword', 'password=yes',
  'password-secret=sec0', 'password-secret=tls0', 'tls-creds=tls0', 'tls-creds=tls0', 'tls-creds=client0', 'tls-creds=nosuch', 'tls-creds=sec0', 'tls-authz=a', 'sasl-authz=a', 'sasl=off',
  'share=ignore', 'share=force-shared', 'share=none', 'ipv4=on', 'ipv6=off', 'ipv6', 'noipv4', 'to=0', 'to=2', 'to=x', 'power-control=on', 'lossy=n', 'connections=3', 'connections=0x10', 'id=one',
  'id=o,,ne', 'tls', 'x509=/etc', 'colour', 'vnc=127.0.0.1:M', 'reverse=off', 'non-adaptive', '', 'help=1', 'head=one', 'key-delay-ms=1',
); // prettier-ignore
const vncArgument = fc
  .tuple(address, fc.array(parameter, { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest].join(','));
const generated = fc
  .tuple(fc.subarray([0, 1, 2]), vncArgument, fc.option(vncArgument.map((text) => text.replaceAll('N', 'M')), { freq: 4 }))
  .map(([objects, first, second]) => [
    ...objects.flatMap((index) => (index === 0 ? ['ANONYMOUS'] : index === 1 ? ['-object', 'tls-creds-anon,id=client0,dir=SCRATCH'] : ['-object', 'secret,id=sec0,data=abcdefgh'])),
    ...['-vnc', first],
    ...(second === null ? [] : ['-vnc', second]),
  ]); // prettier-ignore

/** Puts display numbers of a slot, the directory and the object into a vector. */
function concrete(vector: readonly string[], numbersOfSlot: readonly [string, string]): readonly string[] {
  return vector.flatMap((word) =>
    word === 'ANONYMOUS'
      ? anonymous()
      : [
          word
            .replace(/(?<![A-Z])N(?![A-Z])/g, numbersOfSlot[0])
            .replace(/(?<![A-Z])M(?![A-Z])/g, numbersOfSlot[1])
            .replaceAll('SCRATCH', scratch),
        ],
  );
}

const listenersMeant = (vector: readonly string[]): readonly string[] =>
  expectedListeners(expected(concrete(vector, ['11', '12'])).parsed).filter((one) => !one.startsWith('/'));

/** Would all of it stay on this machine: a websocket beside a unix socket, for one, is for all interfaces. */
const staysLocal = (vector: readonly string[]): boolean =>
  listenersMeant(vector).every((one) => /^(127\.0\.0\.1|::1):\d+$/.test(one));

/** Does it ask for no port twice: what the kernel says to that is no matter of arguments. */
function asksOnce(vector: readonly string[]): boolean {
  const ports = listenersMeant(vector).map((one) => one.slice(one.lastIndexOf(':')));
  return new Set(ports).size === ports.length;
}

/** Is a TCP port free on all loopback addresses. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });

/** Two display numbers of two digits, with their websockets and the ports of `61N` and `62N`, all free. */
async function freeNumbers(taken: Set<number>): Promise<readonly [string, string]> {
  const found: string[] = [];
  for (let step = 0; step < 88 && found.length < 2; step += 1) {
    const number = 11 + ((process.pid + step) % 88);
    if (taken.has(number)) continue;
    const ports = [5900 + number, 5700 + number, 6100 + number, 6200 + number];
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) {
      taken.add(number);
      found.push(String(number));
    }
  }
  const [first, second] = found;
  if (first === undefined || second === undefined) throw new Error('no free ports for displays');
  return [first, second];
}

const title = installed
  ? `${program} does what we predict of its arguments (SEED=${seed})`
  : `${program} is not installed`;

describe.skipIf(!installed)(title, () => {
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'qa-'));
    writeFileSync(join(scratch, 'dh-params.pem'), dhParameters);
    writeFileSync(join(scratch, 'keys.psk'), 'qemu:00\n');
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it(`on ${corners.length} chosen and ${generatedRuns} generated vectors`, { timeout: 240_000 }, async () => {
    const vectors = [...corners, ...fc.sample(generated, { seed, numRuns: generatedRuns }).filter(asksOnce)].filter(
      staysLocal,
    );
    expect(vectors.length).toBeGreaterThan(corners.length);
    expect(corners.filter(staysLocal)).toEqual(corners);
    const disagreements: unknown[] = [];
    const counts = { refused: 0, running: 0 };
    const taken = new Set<number>();
    const queue = vectors.entries();
    const slots: (readonly [string, string])[] = [];
    for (let slot = 0; slot < parallel; slot += 1) slots.push(await freeNumbers(taken));
    const work = async (slot: number): Promise<void> => {
      for (const [index, pattern] of queue) {
        let vector = concrete(pattern, slots[slot] ?? ['', '']);
        let theirs = comparable(await run(vector, slot));
        // Somebody else on this machine was faster: that is not what this is about.
        for (let attempt = 0; attempt < 3 && /Address already in use/.test(theirs.errors[0] ?? ''); attempt += 1) {
          slots[slot] = await freeNumbers(taken);
          vector = concrete(pattern, slots[slot] ?? ['', '']);
          theirs = comparable(await run(vector, slot));
        }
        const ours = comparable(expected(vector).outcome);
        counts[theirs.listening === undefined ? 'refused' : 'running'] += 1;
        // QEMU adds the reason of the last attempt where it has one.
        const same =
          ours.errors[0]?.endsWith(': Failed to create a socket') === true &&
          theirs.errors[0]?.startsWith(ours.errors[0]) === true;
        if (!same && JSON.stringify(theirs) !== JSON.stringify(ours))
          disagreements.push({ index, vector, theirs, ours });
      }
    };
    await Promise.all(slots.map((_, slot) => work(slot)));
    expect(disagreements).toEqual([]);
    expect(counts.refused).toBeGreaterThan(30);
    expect(counts.running).toBeGreaterThan(30);
  });
});
