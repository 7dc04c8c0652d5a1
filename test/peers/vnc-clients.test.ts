import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { accountOf, type Account } from '../../src/domain/account.ts';
import { gtkVncFiles, gtkVncRefusal, type GtkVncFile } from '../../src/domain/vnc-client-files.ts';
import { directoryHost } from '../../src/host/file-system-host.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { writeTree, type TreeEntry } from '../support/directory-tree.ts';

const missing = ['gvnccapture', 'strace', 'unshare', 'openssl'].filter((name) => findProgram(name) === undefined);
const because =
  process.getuid?.() !== 0
    ? ' (skipped: not root)'
    : missing.length > 0
      ? ` (skipped: ${missing.join(', ')} is not installed)`
      : '';

const alice = { owner: 61_000, group: 61_000 };
const passwd = 'root:x:0:0::/root:/bin/sh\nalice:x:61000:61000::/home/alice/:/bin/sh\n';
const group = 'root:x:0:\nalice:x:61000:\nviewers:x:61005:alice\n';

/** Certificates and keys: `ca` and `one` are pairs of one name, `two` is another. */
const pems: Record<string, { readonly certificate: string; readonly key: string }> = {};

const directory = because === '' ? mkdtempSync(join(tmpdir(), 'vnc-clients-')) : '';

function makePair(name: string): void {
  const [certificate, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-days', '30'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', certificate],
    {
      stdio: 'ignore',
    },
  );
  pems[name] = { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

type Tree = Readonly<Record<string, TreeEntry>>;
type Kind = 'ca' | 'certificate' | 'key';

const file =
  (name: string, kind: 'certificate' | 'key', attributes: object = {}) =>
  (): TreeEntry => ({ content: pems[name]?.[kind] ?? '', ...attributes });

const system = '/etc/pki';
const own = '/home/alice/.pki';
const names: Readonly<Record<Kind, string>> = {
  ca: 'CA/cacert.pem',
  certificate: 'gvnccapture/clientcert.pem',
  key: 'gvnccapture/private/clientkey.pem',
};

const systemFiles = {
  [`${system}/${names.ca}`]: file('ca', 'certificate'),
  [`${system}/${names.certificate}`]: file('one', 'certificate'),
  [`${system}/${names.key}`]: file('one', 'key'),
};
const userFiles = {
  [own]: (): TreeEntry => ({ type: 'directory', mode: 0o700, ...alice }),
  [`${own}/${names.ca}`]: file('ca', 'certificate', alice),
  [`${own}/${names.certificate}`]: file('two', 'certificate', alice),
  [`${own}/gvnccapture/private`]: (): TreeEntry => ({ type: 'directory', mode: 0o700, ...alice }),
  [`${own}/${names.key}`]: file('two', 'key', { ...alice, mode: 0o600 }),
};

type Layout = Readonly<Record<string, () => TreeEntry>>;

interface Case {
  readonly name: string;
  readonly layout: Layout;
  readonly user?: 'alice' | 'root';
  /** What is found: `system`, `user` or nothing, of CA, certificate, key and revocation list. */
  readonly found: readonly [string, string, string, string];
  /** gtk-vnc gives up before it says anything in TLS. */
  readonly refused?: boolean;
}

const closed = (): TreeEntry => ({ type: 'directory', mode: 0o700 });
const cases: readonly Case[] = [
  { name: 'nothing', layout: {}, found: ['-', '-', '-', '-'] },
  { name: "the system's files alone", layout: systemFiles, found: ['system', 'system', 'system', '-'] },
  { name: "the user's files alone", layout: userFiles, found: ['user', 'user', 'user', '-'] },
  { name: 'both', layout: { ...systemFiles, ...userFiles }, found: ['system', 'system', 'system', '-'] },
  {
    name: "the system's CA with the user's pair",
    layout: { ...userFiles, [`${system}/${names.ca}`]: file('ca', 'certificate') },
    found: ['system', 'user', 'user', '-'],
  },
  {
    name: "the system's certificate with the user's key",
    layout: { ...userFiles, [`${system}/${names.certificate}`]: file('one', 'certificate') },
    found: ['user', 'system', 'user', '-'],
    refused: true,
  },
  {
    name: "the system's key out of sight, and the user's",
    layout: { ...systemFiles, ...userFiles, [`${system}/gvnccapture/private`]: closed },
    found: ['system', 'system', 'user', '-'],
    refused: true,
  },
  {
    name: "the system's key out of sight, and no other",
    layout: { ...systemFiles, [`${system}/gvnccapture/private`]: closed },
    found: ['system', 'system', '-', '-'],
  },
  {
    name: "the system's key in sight, and closed",
    layout: { ...systemFiles, ...userFiles, [`${system}/${names.key}`]: file('one', 'key', { mode: 0o600 }) },
    found: ['system', 'system', 'system', '-'],
    refused: true,
  },
  {
    name: 'a closed key of the system without a certificate to it',
    layout: { [`${system}/${names.key}`]: file('one', 'key', { mode: 0o600 }) },
    found: ['-', '-', 'system', '-'],
  },
  {
    name: 'a key for a group that the user is in',
    layout: {
      ...systemFiles,
      [`${system}/gvnccapture/private`]: () => ({ type: 'directory', mode: 0o750, group: 61_005 }),
      [`${system}/${names.key}`]: file('one', 'key', { mode: 0o640, group: 61_005 }),
    },
    found: ['system', 'system', 'system', '-'],
  },
  {
    name: "the system's CA in sight, and closed",
    layout: { ...userFiles, [`${system}/${names.ca}`]: file('ca', 'certificate', { mode: 0o600 }) },
    found: ['system', 'user', 'user', '-'],
    refused: true,
  },
  {
    name: "the system's CA out of sight",
    layout: { ...userFiles, [`${system}/${names.ca}`]: file('ca', 'certificate'), [`${system}/CA`]: closed },
    found: ['user', 'user', 'user', '-'],
  },
  {
    name: 'all of /etc/pki out of sight',
    layout: { ...systemFiles, ...userFiles, [system]: closed },
    found: ['user', 'user', 'user', '-'],
  },
  {
    name: "a key of the user where libvirt's client has it",
    layout: {
      [`${own}/${names.certificate}`]: file('two', 'certificate', alice),
      [`${own}/gvnccapture/clientkey.pem`]: file('two', 'key', alice),
    },
    found: ['-', 'user', '-', '-'],
  },
  {
    name: 'a link of the system that leads nowhere',
    layout: { ...userFiles, [`${system}/${names.certificate}`]: () => ({ link: '/nowhere' }) },
    found: ['user', 'user', 'user', '-'],
  },
  {
    name: 'a link of the system to what the user may not see',
    layout: {
      ...userFiles,
      '/srv/closed': closed,
      '/srv/closed/cacert.pem': file('ca', 'certificate'),
      [`${system}/${names.ca}`]: () => ({ link: '/srv/closed/cacert.pem' }),
    },
    found: ['user', 'user', 'user', '-'],
  },
  {
    name: "a directory in the place of the system's CA",
    layout: { ...userFiles, [`${system}/${names.ca}`]: () => ({ type: 'directory' }) },
    found: ['system', 'user', 'user', '-'],
    refused: true,
  },
  {
    name: "the system's revocation list, which is none",
    layout: { ...systemFiles, [`${system}/CA/cacrl.pem`]: () => 'no list', [`${own}/CA/cacrl.pem`]: () => 'nor this' },
    found: ['system', 'system', 'system', 'system'],
    refused: true,
  },
  {
    name: 'a CA file without a certificate',
    layout: { [`${own}/${names.ca}`]: () => 'no certificate' },
    found: ['user', '-', '-', '-'],
  },
  {
    name: 'root has a home too',
    user: 'root',
    layout: {
      '/root/.pki/CA/cacert.pem': file('ca', 'certificate', { mode: 0 }),
      '/root/.pki/gvnccapture/clientcert.pem': file('one', 'certificate'),
      [`${system}/gvnccapture/private`]: closed,
      [`${system}/${names.key}`]: file('one', 'key', { mode: 0 }),
    },
    found: ['user', 'user', 'system', '-'],
  },
];

/** Speaks as much of RFB as leads a client to X.509 credentials: version, VeNCrypt 0.2, X509None, and then nothing but silence. */
function console_(): Promise<Server & { readonly hello: () => boolean }> {
  let spoken = false;
  const talk = (socket: Socket): void => {
    const steps: readonly (readonly [number, Uint8Array])[] = [
      [12, Uint8Array.of(1, 19)],
      [1, Uint8Array.of(0, 2)],
      [2, Uint8Array.of(0, 1, 0, 0, 1, 4)],
      [4, Uint8Array.of(1)],
    ];
    let at = 0;
    let pending = 0;
    spoken = false;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      pending += data.length;
      for (let step = steps[at]; step !== undefined && pending >= step[0]; step = steps[at]) {
        pending -= step[0];
        at += 1;
        socket.write(step[1]);
      }
      if (at === steps.length && pending > 0) {
        spoken = true;
        socket.destroy();
      }
    });
    socket.write('RFB 003.008\n');
  };
  const server = Object.assign(createServer(talk), { hello: () => spoken });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const script = String.raw`
root=$1 user=$2 groups=$3 display=$4 seconds=$5
mkdir -p "$root/usr" "$root/dev" "$root/proc" "$root/tmp"
chmod 1777 "$root/tmp"
mount --rbind /usr "$root/usr"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
for name in bin sbin lib lib64; do ln -sT "usr/$name" "$root/$name"; done
cd /
HOME=/elsewhere timeout -k 1 "$seconds" chroot --userspec="$user" --groups="$groups" "$root" \
  strace -f -qq -s 4096 -o /tmp/trace -e trace=stat,newfstatat,statx,open,openat gvnccapture --debug "$display" /tmp/screen.png 2>&1
`;

describe.skipIf(because !== '')(`VNC clients on gtk-vnc, against gvnccapture${because}`, () => {
  let server: Awaited<ReturnType<typeof console_>>;
  beforeAll(async () => {
    for (const name of ['ca', 'one', 'two']) makePair(name);
    server = await console_();
  }, 60_000);
  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs the real one in a root of its own, and gives the path of each kind that stat() found, in the order of `names`. */
  const run = async (
    root: string,
    account: Account,
    seconds = 20,
  ): Promise<{ readonly found: readonly string[]; readonly output: string }> => {
    const display = `127.0.0.1:${(server.address() as AddressInfo).port - 5900}`;
    const args = [
      '-m',
      '-p',
      '-f',
      'sh',
      '-c',
      script,
      'sh',
      root,
      `+${account.uid}:+${account.gids[0]}`,
      account.gids.join(','),
      display,
      String(seconds),
    ];
    const output = await new Promise<string>((resolve) => {
      const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      child.stdout.on('data', (data: Buffer) => (text += data.toString()));
      child.stderr.on('data', (data: Buffer) => (text += data.toString()));
      child.on('close', () => resolve(text));
    });
    const trace = join(root, 'tmp/trace');
    const lines = existsSync(trace) ? readFileSync(trace, 'utf8').split('\n') : [];
    const found = ['CA/cacert.pem', names.certificate, names.key, 'CA/cacrl.pem'].map((name) => {
      const seen = lines.find((line) => /stat/.test(line) && line.includes(`pki/${name}"`) && line.endsWith(' = 0'));
      return /"([^"]*)"/.exec(seen ?? '')?.[1]?.replaceAll('//', '/') ?? '-';
    });
    // What is opened is what was found.
    for (const line of lines.filter((one) => /open/.test(one) && /pki\/(CA|gvnc)/.test(one)))
      expect(found).toContain(/"([^"]*)"/.exec(line)?.[1]?.replaceAll('//', '/'));
    return { found, output };
  };

  const pathOf = (one: GtkVncFile): string => (one.state === 'found' ? one.path : one.state === 'absent' ? '-' : '?');

  it.each(cases)(
    '$name',
    async ({ layout, user = 'alice', found, refused = false }) => {
      const root = mkdtempSync(join(directory, 'root-'));
      const laid: Tree = Object.fromEntries(Object.entries(layout).map(([path, make]) => [path, make()]));
      writeTree(root, {
        '/': { type: 'directory' },
        '/etc/passwd': passwd,
        '/etc/group': group,
        '/etc/nsswitch.conf': 'passwd: files\ngroup: files\n',
        '/etc/ld.so.cache': { content: readFileSync('/etc/ld.so.cache') },
        '/home/alice': { type: 'directory', mode: 0o700, ...alice },
        ...laid,
      });
      const { facts } = await collectSnapshot(directoryHost(root), {
        tool: { name: 'virt-pki-check', version: '0.0.0' },
        needs: ['files', 'accounts'],
      });
      if (!facts.files.known || !facts.accounts.known) throw new Error('facts are not known');
      const who = facts.accounts.value.users.find(({ name }) => name === user);
      if (who === undefined) throw new Error(`no ${user}`);
      const account = accountOf(facts.accounts.value, who);
      const predicted = gtkVncFiles(facts.files.value, account, who.home, 'gvnccapture');
      const { ca, certificate, key, crl } = predicted;
      const paths = [ca, certificate, key, crl].map(pathOf);
      const places = paths.map((path) => (path === '-' ? '-' : path.startsWith(system) ? 'system' : 'user'));
      const real = await run(root, account);
      expect(paths, real.output).toEqual(real.found);
      expect(places).toEqual(found);
      expect(real.output.includes(gtkVncRefusal), real.output).toBe(refused);
      expect(server.hello(), real.output).toBe(!refused);
    },
    60_000,
  );

  it('looks for nothing and waits for ever, where passwd does not know the user', async () => {
    const root = mkdtempSync(join(directory, 'root-'));
    const laid = Object.fromEntries(Object.entries(systemFiles).map(([path, make]) => [path, make()]));
    const cache = { content: readFileSync('/etc/ld.so.cache') };
    writeTree(root, {
      '/': { type: 'directory' },
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
      '/etc/ld.so.cache': cache,
      ...laid,
    });
    const account: Account = { name: '61000', uid: 61_000, gids: [61_000] };
    const real = await run(root, account, 2);
    expect(real.output).toContain('Waiting for missing credentials');
    expect(real.output).not.toContain('Got all credentials');
    expect(real.found).toEqual(['-', '-', '-', '-']);
    expect(Object.values(gtkVncFiles({}, account, undefined, 'gvnccapture'))).toEqual(
      Array.from({ length: 4 }, () => ({ state: 'absent' })),
    );
  }, 60_000);
});
