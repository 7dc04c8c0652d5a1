import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUri, type Opening } from '../../src/domain/client-configuration.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { vocabularies } from '../../src/reference/settings.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

/**
 * URIs and client configurations against virsh, as an ordinary user in a network namespace without any network: what parses is dialled
 * in vain, and the error names host and port.
 */
const inNamespace = ['--user', '--map-user=1000', '--map-group=1000', '--net'];
const can = (program: string, args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
const installed = can('virsh', ['--version']) && can('openssl', ['version']);
const isolated = can('unshare', [...inNamespace, 'true']);

const seed = runSeed();
const parallel = 3;

let home = '';
let configuration = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'virsh-uri-'));
  mkdirSync(join(home, '.pki/libvirt'), { recursive: true });
  mkdirSync(join(home, '.config/libvirt'), { recursive: true });
  configuration = join(home, '.config/libvirt/libvirt.conf');
  if (!installed) return;
  // With a CA of their own, clients get as far as dialling.
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=URI', '-days', '30', '-keyout', '/dev/null'],
    ...['-addext', 'keyUsage=critical,keyCertSign', '-out', join(home, '.pki/libvirt/cacert.pem')],
  ]);
  expect(made.status, made.stderr.toString()).toBe(0);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The last line of virsh's errors without `error: `, or what it printed when it connected. */
function virsh(uri: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', [...inNamespace, 'virsh', ...(uri === undefined ? [] : ['-c', uri]), 'uri'], {
      env: {
        PATH: process.env.PATH,
        LC_ALL: 'C',
        HOME: home,
        XDG_CONFIG_HOME: join(home, '.config'),
        XDG_RUNTIME_DIR: home,
        XDG_CACHE_HOME: join(home, '.cache'),
        LIBVIRT_AUTOSTART: '0',
      },
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hanging = setTimeout(() => child.kill('SIGKILL'), 20_000);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(hanging);
      if (status === 0) resolve(`connected: ${output.trim()}`);
      else resolve((errors.split(/^error: /m).at(-1) ?? '').replace(/\n+$/, ''));
    });
  });
}

const opening = (content: string, uri: string | undefined): Opening => {
  const file = parseConfiguration(Buffer.from(content), vocabularies.libvirt);
  if (file.error !== undefined) {
    const { line, expected } = file.error;
    return { ok: false, error: `configuration file syntax error: ${configuration}:${line}: ${expected}` };
  }
  return openUri({ state: 'loaded', path: configuration, file }, uri);
};

/** What virsh is to print, as far as the URI decides it. */
function predicted(answer: Opening): { readonly exactly: string } | { readonly oneOf: readonly string[] } {
  if (!answer.ok) return { exactly: answer.error };
  const { uri } = answer;
  if (uri === undefined) return { oneOf: ["Failed to connect socket to '"] };
  const { host, port } = uri;
  if (uri.opener === 'client')
    return { oneOf: ['connected: ', 'XML error: ', `internal error: IP address lookup for host '${host}' failed`] };
  switch (uri.transport) {
    case 'tls':
    case 'tcp':
    case 'libssh2':
      return {
        oneOf: [
          ...(uri.parameters.pkipath === undefined
            ? []
            : [`Cannot read CA certificate '${uri.parameters.pkipath}/cacert.pem'`]),
          `unable to connect to server at '${host}:${port}': `,
          `Unable to resolve address '${host}' service '${port}': `,
        ],
      };
    case 'unix':
      return { oneOf: [`Failed to connect socket to '${uri.parameters.socket ?? ''}`] };
    case 'ssh':
    case 'libssh':
    case 'ext':
      // What other programs and libraries say.
      return { oneOf: [''] };
  }
}

async function compare(cases: readonly (string | undefined)[], content = ''): Promise<void> {
  writeFileSync(configuration, content);
  const disagreements: string[] = [];
  const queue = [...cases.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [, uri] = next;
      const answer = await virsh(uri);
      const expected = predicted(opening(content, uri));
      const agrees =
        'exactly' in expected ? answer === expected.exactly : expected.oneOf.some((text) => answer.startsWith(text));
      if (!agrees)
        disagreements.push(`${content}${uri}\n  virsh:     ${answer}\n  predicted: ${JSON.stringify(expected)}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  expect(disagreements, `seed ${seed}`).toEqual([]);
}

const uris = [
  'qemu+tls://kvm1/system', 'qemu+tls://kvm1.example.com:16600/system', 'qemu://kvm1/system', 'QEMU+TLS://kvm1/system', 'qemu+TLS://kvm1/system',
  'qemu+tcp://kvm1/system', 'qemu+tcp:///system', 'qemu+tls:///system', 'qemu+tls://:16600/system', 'qemu+tls://kvm1', 'qemu+tls://kvm1/',
  'qemu+tls://127.0.0.1/system', 'qemu+tls://127.1/system', 'qemu+tls://[::1]/system', 'qemu+tls://[::1]:99/system', 'qemu+tls://[2001:0db8:0:0:0:0:0:10]/system',
  'qemu+tls://[fe80::1%25lo]/system', 'qemu+tls://[fe80::1%lo]/system', 'qemu+tls://[fe80::1%251]/system', 'qemu+tls://[kvm1]/system', 'qemu+tls://[]/system',
  'qemu+tls://[::1/system', 'qemu+tls://::1/system', 'qemu+tls://[::1]x/system', 'qemu+tls://a[::1]/system', 'qemu+tls://[a b]/system', 'qemu+tls://[ü:]/system',
  'qemu+tls://tux@kvm1/system', 'qemu+tls://tux:word@kvm1:99/system', 'qemu+tls://@kvm1/system', 'qemu+tls://tux@a@kvm1/system', 'qemu+tls://tux@/system',
  'qemu+tls://kvm1:/system', 'qemu+tls://kvm1:x/system', 'qemu+tls://kvm1:99x/system', 'qemu+tls://kvm1:0/system', 'qemu+tls://kvm1:-1/system',
  'qemu+tls://kvm1:65535/system', 'qemu+tls://127.0.0.1:65536/system', 'qemu+tls://kvm1:99999/system', 'qemu+tls://kvm1:2147483647/system',
  'qemu+tls://kvm1:2147483648/system', 'qemu+tls://kvm1:099/system', 'qemu+tls://kvm_1/system', 'qemu+tls://KVM1/system', 'qemu+tls://kvm%31/system',
  'qemu+tls://kvm%2e1/system', 'qemu+tls://kvm%zz/system', 'qemu+tls://kvm1%/system', 'qemu+tls://kvm%001/system', 'qemu+tls://%00/system', 'qemu+tls://b%C3%BCcher/system',
  'qemu+tls://bücher/system', 'qemu+tls://a b/system', 'qemu+tls://*/system', 'qemu+tls://a!b/system', 'qemu+tls://kvm1/sys tem', 'qemu+tls://kvm1/system#x', 'qemu+tls://kvm1/system#',
  'qemu+tls://kvm1/system##', 'qemu+tls://kvm1/system?', 'qemu+tls://kvm1/system?#', 'qemu+tls://kvm1/system?a[]', 'qemu+tls://kvm1/s#a[]', 'qemu+tls://kvm1/"', 'qemu+tls://kvm1/^',
  'qemu://system', 'qemu://session', 'qemu:///system', 'qemu+tls://system', 'qemu+tls://system/system', 'vz://system', 'vbox://session/x', 'lxc://system/x', 'qemu://system:9', 'qemu://[system]',
  'qemu', 'kvm1', 'kvm1.example.com', '/system', '//kvm1/system', '?', '#', 'a/b:c', '1qemu://kvm1/', ':', '://kvm1', '-', 'qemu:', 'qemu:/', 'qemu:/system', 'qemu:system', 'qemu://',
  'xen', 'Xen', 'xen://', 'xen:///', 'xen+tls://kvm1', 'esx+tls://kvm1', 'esx:///', 'vpx:///', 'gsx:/x', 'esx://kvm1/?no_verify=1', 'ESX+tcp://kvm1',
  'test:///default', 'test:default', 'test://kvm1/default', 'test+tcp://kvm1/default', 'TEST://kvm1/', 'hyperv://kvm1/', 'Hyperv:///', 'hyperv+tls://kvm1/', 'parallels:///system',
  'qemu+tls+tcp://kvm1/system', 'qemu+://kvm1/system', 'qemu+unix:///system', 'qemu+unix://kvm1/system', 'qemu+UNIX://[::1]/system', 'qemu+rdma://kvm1/', 'qemu+tls ://kvm1/',
  'qemu+unix:///system?socket=/nowhere', '+tls://kvm1/', 'remote+tls://kvm1/', 'remote+tcp://kvm1', 'q.e-m+tcp://kvm1/', 'http://kvm1/', 'qemu+ext://kvm1/system', 'qemu+ext://kvm1/?command=/bin/false',
  'qemu+ssh://kvm1/system?command=/bin/false', 'qemu+libssh2://kvm1/system', 'qemu+libssh2://kvm1:2022/system', 'qemu+ssh://kvm1/?mode=direct', 'qemu+libssh://kvm1/?mode=direct', 'qemu+libssh2://kvm1/?mode=direct',
  'qemu+tls://kvm1/?mode=direct', 'qemu+tls://kvm1/?mode=Direct', 'qemu+tls://kvm1/?mode=', 'qemu+tls://kvm1/?mode=x&proxy=y', 'qemu+tls://kvm1/?proxy=netcat', 'qemu+tls://kvm1/?proxy=y', 'qemu+tcp://kvm1/?proxy',
  'qemu+tls://kvm1/system?no_verify=1', 'qemu+tls://kvm1/system?no_verify=0', 'qemu+tls://kvm1/system?no_verify=yes', 'qemu+tls://kvm1/system?no_verify', 'qemu+tls://kvm1/system?no_verify=',
  'qemu+tls://kvm1/system?NO_Verify=x', 'qemu+tls://kvm1/system?no_verify=%201', 'qemu+tls://kvm1/system?no_verify=1%20', 'qemu+tls://kvm1/system?no_verify=+1', 'qemu+tls://kvm1/system?no_verify=-1',
  'qemu+tls://kvm1/system?no_verify=2147483648', 'qemu+tls://kvm1/system?no_verify=-2147483648', 'qemu+tls://kvm1/system?no_verify=0x1', 'qemu+tls://kvm1/system?no_verify=01', 'qemu+tls://kvm1/system?no_verify=1.0',
  'qemu+tls://kvm1/system?no_sanity=x', 'qemu+tls://kvm1/system?no_tty=x', 'qemu+tls://kvm1/system?no_tty=1&no_sanity=1', 'qemu+tls://kvm1/system?no_tty=x&no_sanity=y', 'qemu+tls://kvm1/?no_verify=1;no_sanity=x',
  'qemu+tls://kvm1/?no_verify=1;no_sanity=1&x=1', 'qemu+tls://kvm1/?x=1&no_verify=1;no_sanity=y', 'qemu+tls://kvm1/?&&=x&no_verify=x', 'qemu+tls://kvm1/?no%5Fverify=x', 'qemu+tls://kvm1/?no_verify%3d1', 'qemu+tls://kvm1/?no_verify%00x=y',
  'qemu+tls://kvm1/?no_verify=1%00x', 'qemu+tls://kvm1/?%00=1', 'qemu+tls://kvm1/?=no_verify=x', 'qemu+tls://kvm1/?no_verify=1=1', 'qemu+tls://kvm1/?no_verify=x&mode=x', 'qemu+tls://kvm1/?pkipath=/nowhere', 'qemu+tls://kvm1/?pkipath=/a&PKIPATH=/b',
  'qemu+tls://kvm1/?pkipath=', 'qemu+tls://kvm1/?auth=x&authfile=/x&name=x&socket=x&netcat=x&keyfile=x&sshauth=x&known_hosts=x&known_hosts_verify=x&foo=bar', 'qemu+tls://kvm1/?no_verify=1?no_verify=x',
  'qemu:///embed', 'qemu+tls://kvm1/embed', 'qemu:///embed?root=x', 'qemu:///embed?x=/y',
]; // prettier-ignore

describe.skipIf(!installed || !isolated)('URIs, against virsh (needs virsh, openssl and user namespaces)', () => {
  it('are read, dialled or refused as by virsh', async () => {
    await compare(uris);
  }, 300_000);

  it('are read as by virsh, also the random ones', async () => {
    const piece = fc.constantFrom('qemu', 'test', '+', 'tls', 'tcp', ':', '/', '//', '@', '[', ']', '::1', 'kvm1', '%', '%41', '%00', '?', '#', '&', ';', '=', 'no_verify', '1', '99', ' ', 'ü', '"', '~', '{'); // prettier-ignore
    const start = fc.constantFrom('', 'qemu+tls://', 'qemu+tcp://kvm1', 'qemu+tls://kvm1/?', 'qemu://', 'x:');
    const uri = fc
      .tuple(start, fc.array(piece, { minLength: 1, maxLength: 8 }))
      .map(([first, pieces]) => first + pieces.join(''))
      // A word that begins with a dash is an option, and ssh would be waited for.
      .filter((text) => !/^-|^$/.test(text));
    await compare(fc.sample(uri, { numRuns: 150, seed }));
  }, 300_000);

  const asked = ['kvm', 'kvm1', 'a-b', 'A_1', 'nothere', 'qemu+tcp://kvm1/system', 'xen', '', undefined];
  it.each([
    'uri_aliases = ["kvm=qemu+tcp://kvm1/system", "a-b=qemu+tls://[::1]:99/", "A_1=kvm", "kvm=qemu+tcp://other/"]\n',
    'uri_aliases = ["xen:///system=x", "kvm=qemu+tcp://kvm1/system"]\n',
    'uri_aliases = ["kvm=qemu+tcp://kvm1/system", "b"]\n',
    'uri_aliases = ["kvm=qemu+tcp://kvm1/system", "a.b=x"]\n',
    'uri_aliases = ["=qemu+tcp://kvm1/system", "kvm=", "kvm1=xen", "nothere=qemu+tcp:/x y"]\n',
    'uri_aliases = "kvm=qemu+tcp://kvm1/system"\n',
    'uri_aliases = 1\n',
    'uri_aliases = ["kvm=qemu+tcp://kvm1/system", 1]\n',
    'uri_aliases = []\nuri_aliases = ["kvm=qemu+tcp://kvm1/system"]\n',
    'uri_default = "qemu+tcp://fallback/system"\n',
    'uri_default = "kvm"\nuri_aliases = ["kvm=qemu+tcp://kvm1/system"]\n',
    'uri_default = "kvm"\n',
    'uri_default = ""\n',
    'uri_default = 1\n',
    'remote_mode = "x"\n',
    'remote_mode = 1\nremote_proxy = "x"\n',
    'remote_proxy = "x"\nuri_default = "qemu+tcp://kvm1/?no_verify=x"\n',
    'remote_proxy = ["auto"]\nuri_default = "qemu+tcp://kvm1/?proxy=auto"\n',
    'tls_priority = 1\nuri_default = "qemu+tls://kvm1/"\n',
    'tls_priority = 1\nuri_default = "qemu+tls://kvm1/?tls_priority=NORMAL"\n',
    'unknown = 1\n',
    'uri_default = qemu\n',
    'uri_aliases = [\n  "kvm=qemu+tcp://kvm1/system"\n  "b=c"\n]\n',
    '# nothing\n\n=\n',
  ])(
    'with %j',
    async (content) => {
      await compare(asked, content);
    },
    60_000,
  );
});
