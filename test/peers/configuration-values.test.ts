import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstRefusal, loggedRefusal, qemuFirstRefusal } from '../../src/domain/daemon-configuration.ts';
import { refusalText } from '../../src/domain/setting-value.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { settingsOf, vocabularies } from '../../src/reference/settings.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

/**
 * Values that libvirt refuses, against libvirtd and the QEMU driver. Every file ends in a setting that is certainly refused and read
 * last, so that neither ever comes up: if that one is named, all others were accepted.
 */
const version = (program: string): string => {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '') : '';
};
const daemonVersion = version('libvirtd');
const clientVersion = version('virsh');
const isRoot = process.getuid?.() === 0;

const seed = runSeed();
const runs = 120;
const parallel = 3;

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'configuration-values-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: {
        PATH: process.env.PATH,
        LC_ALL: 'C',
        HOME: scratch,
        XDG_RUNTIME_DIR: scratch,
        XDG_CONFIG_HOME: scratch,
        XDG_CACHE_HOME: scratch,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const hanging = setTimeout(() => child.kill('SIGKILL'), 10_000);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(hanging);
      resolve(errors);
    });
  });
}

const strings = [
  '', 'x', 'none', 'sasl', 'polkit', 'SASL', '0700', '700', ' 7', '-7', '+07', '0o7', '0888', '37777777777', '17777777777', '20000000000', '7x',
  'unlimited', 'logd', 'file', 'vcpu', 'gzip', 'GZIP', 'zstd', 'all', 'localhost', 'localhost.example.com', '127.0.0.1', '127.1', '127.0.0.2',
  '2130706433', '0x7f000001', '0177.0.0.1', '::1', '[::1]', '[::2]', '[127.0.0.1]', '0:0:0:0:0:0:0:1', '1:qemu', '1:qemu 3:rpc', '5:x', '0:x', '1:', '1:+',
  '1:+a', ' 01:a', 'a', 'a:b', '1:stderr', '1:stderr:x', '1:nowhere', '1:file', '+3:stderr', 'smbios', 'machine-id', 'dmi',
  '4dea22b3-1d52-d8f3-2516-782e98ab3fa0', '4dea22b31d52d8f32516782e98ab3fa0', '4dea22b3-1d52', '00000000-0000-0000-0000-000000000000',
  ' 4d ea-22b3-1d52-d8f3-2516-782e98ab3fa0 ', '4-dea22b31d52d8f32516782e98ab3fa0',
]; // prettier-ignore
const numbers = ['0', '1', '2', '4', '5', '19', '20', '111', '112', '3000', '5699', '5700', '5899', '6000', '50000', '65535', '65536', '4294967295', '4294967296',
  '2147483648', '-1', '-2147483649', '+1', '9223372036854775807']; // prettier-ignore
const lists = ['[]', '["x"]', '["none"]', '["none", "polkit"]', '["none", "x"]', '["selinux", "selinux"]', '["a", "b", "b", "a"]', '[1]', '["x", 1]', '[["x"]]',
  '["cpu", "devices"]', '["cpu", "CPU"]', '["mount"]', '["mount", "pid"]']; // prettier-ignore

const quoted = fc.constantFrom(...strings).map((text) => `"${text}"`);
const anything = fc.oneof(quoted, fc.constantFrom(...numbers), fc.constantFrom(...lists));

/** Keys whose accepted values depend on the host, or would keep it busy: only what is refused by type, or certainly there. */
const tame: Readonly<Record<string, readonly string[]>> = {
  user: ['"root"', '"+0"', '0'],
  group: ['"root"', '"+0"', '[]'],
  swtpm_user: ['"root"', '1'],
  swtpm_group: ['"root"', '1'],
  unix_sock_group: ['"root"', '"+0"', '1'],
  unix_sock_dir: ['1'],
  hugetlbfs_mount: ['1', '[1]', '[]'],
  nvram: ['"x"', '1', '[1]'],
  sched_core: ['"none"', '"cores"', '1'],
  audit_level: ['0', '1', '"1"', '-1'],
  min_workers: ['1', '"x"', '-1', '4294967296'],
  max_workers: ['0', '20', '"x"', '-1', '4294967296'],
  prio_workers: ['1', '"x"', '-1'],
  admin_min_workers: ['1', '"x"', '-1'],
  admin_max_workers: ['20', '"x"', '-1'],
  log_outputs: ['"1:stderr"', '"1:stderr:x"', '"1:nowhere"', '"1:file"', '"x"', '"9:stderr"', '" "', '1'],
};

/** One to three statements; most values are of the right type, so that later checks are reached. */
function contents(program: 'libvirtd' | 'qemu', without: readonly string[], last: string): fc.Arbitrary<string> {
  const keys = Object.entries(settingsOf[program]).filter(([key]) => !without.includes(key));
  const statement = fc.constantFrom(...keys).chain(([key, { type }]) => {
    const fitting =
      type === 'string' ? quoted
      : type === 'bool' ? fc.constantFrom('0', '1')
      : type === 'unsigned' || type === 'signed' || type === 'core-size' ? fc.constantFrom(...numbers)
      : fc.constantFrom(...lists); // prettier-ignore
    const value =
      key in tame ? fc.constantFrom(...(tame[key] ?? [])) : fc.oneof({ arbitrary: fitting, weight: 4 }, anything);
    return value.map((written) => `${key} = ${written}\n`);
  });
  return fc.array(statement, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('') + last);
}

/** Each setting with checks of its own, once with each of our values. */
const thorough = (keys: readonly string[], last: string): string[] =>
  keys.flatMap((key) =>
    (key in tame ? (tame[key] ?? []) : [...strings.map((text) => `"${text}"`), ...numbers, ...lists]).map(
      (written) => `${key} = ${written}\n${last}`,
    ),
  );

async function compare(
  files: readonly string[],
  ours: (content: string, path: string) => readonly string[],
  theirs: (content: string, path: string) => Promise<string>,
  place: (slot: number) => string,
): Promise<unknown[]> {
  const disagreements: unknown[] = [];
  const queue = files.entries();
  const work = async (slot: number): Promise<void> => {
    const path = place(slot);
    for (const [, content] of queue) {
      const expected = ours(content, path);
      writeFileSync(path, content);
      const said = await theirs(content, path);
      if (
        expected.length === 0 ||
        !expected.every((text) => said.split('\n').some((line) => line === text || line.endsWith(` : ${text}`)))
      ) {
        disagreements.push({ content, expected, said: said.split('\n').filter((line) => line.includes('error')) });
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, slot) => work(slot)));
  return disagreements;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const daemonReady = daemonVersion !== '' && isRoot;
describe.skipIf(!daemonReady)(
  daemonReady ? 'libvirtd refuses what we refuse' : 'libvirtd is not installed, or we are not root',
  () => {
    const last = 'unix_sock_rw_perms = "last"\n';
    const ours = (content: string, path: string): readonly string[] => {
      const refusal = firstRefusal(
        parseConfiguration(encode(content), vocabularies.libvirtd),
        'libvirtd',
        daemonVersion,
      );
      return refusal === undefined ? [] : loggedRefusal(refusal, path);
    };

    it(`in the same words, ${runs} random files (SEED=${seed})`, { timeout: 60_000 }, async () => {
      const files = fc.sample(contents('libvirtd', ['unix_sock_rw_perms'], last), { seed, numRuns: runs });
      const checked = thorough(
        [
          'unix_sock_ro_perms',
          'host_uuid',
          'log_filters',
          'auth_tls',
          'listen_tls',
          'keepalive_interval',
          'tcp_min_ssf',
        ],
        last,
      );
      const disagreements = await compare(
        [...files, ...checked.filter((_, index) => index % 3 === seed % 3)],
        ours,
        (_, path) => run('libvirtd', ['--config', path, '--pid-file', `${path}.pid`, '--timeout', '1']),
        (slot) => join(scratch, `libvirtd-${slot}.conf`),
      );
      expect(disagreements).toEqual([]);
    });
  },
);

const driverReady = clientVersion !== '' && isRoot;
describe.skipIf(!driverReady)(
  driverReady ? 'the QEMU driver refuses what we refuse' : 'virsh is not installed, or we are not root',
  () => {
    const last = 'capability_filters = "last"\n';
    const ours = (content: string, path: string): readonly string[] => {
      const refusal = qemuFirstRefusal(parseConfiguration(encode(content), vocabularies.qemu), {
        version: clientVersion,
      });
      return refusal === undefined ? [] : [`error: ${refusalText(refusal, path)}`];
    };

    it(`in the same words, ${runs} random files (SEED=${seed})`, { timeout: 60_000 }, async () => {
      const files = fc.sample(contents('qemu', ['capability_filters'], last), { seed, numRuns: runs });
      const checked = thorough(
        [
          'migration_host',
          'remote_display_port_max',
          'max_core',
          'security_driver',
          'namespaces',
          'cgroup_controllers',
        ],
        last,
      );
      const root = (slot: number): string => join(scratch, `root-${slot}`);
      const disagreements = await compare(
        [...files, ...checked.filter((_, index) => index % 3 === seed % 3)],
        ours,
        (_, path) => run('virsh', ['-c', `qemu:///embed?root=${path.replace('/etc/qemu.conf', '')}`, 'uri']),
        (slot) => {
          mkdirSync(join(root(slot), 'etc'), { recursive: true });
          return join(root(slot), 'etc', 'qemu.conf');
        },
      );
      expect(disagreements).toEqual([]);
    });
  },
);
