import type { PackageVersion, Software } from '../facts/host.ts';
import type { HostView } from '../host/host-view.ts';
import { installedVersions } from '../parse/dpkg-status.ts';
import { daemons } from '../reference/configuration-files.ts';
import { vncClients } from '../reference/vnc-clients.ts';
import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'software',
  after: [],
  collect: async (view): Promise<Software> => {
    const dpkg = await fromDpkg(view);
    // A machine of the RPM world may have dpkg as a tool, with nothing in its database.
    const versions = Object.keys(dpkg).length > 0 ? dpkg : await fromRpm(view);
    const libvirt = versions.libvirt ?? (await fromLibraryName(view));
    return { ...versions, ...(libvirt === undefined ? {} : { libvirt }), installed: await findPrograms(view) };
  },
});

type Versions = Pick<Software, 'libvirt' | 'qemu' | 'gnutls'>;

/** Packages of each program, the most telling first, by their names in Debian and Ubuntu, Fedora and RHEL, SUSE. */
const packages: Readonly<Record<keyof Versions, readonly string[]>> = {
  libvirt: ['libvirt-daemon', 'libvirt0', 'libvirt-libs', 'libvirt-clients', 'libvirt-client', 'libvirt-daemon-common'],
  qemu: [
    ...['x86', 'arm', 'ppc', 's390x', 'riscv', 'misc', 'mips', 'sparc'].map((machine) => `qemu-system-${machine}`),
    'qemu-kvm-core',
    'qemu-kvm',
    ...['x86', 'aarch64', 'ppc', 's390x', 'riscv'].map((machine) => `qemu-system-${machine}-core`),
    ...['x86', 'arm', 'ppc', 's390x', 's390'].map((machine) => `qemu-${machine}`),
    'qemu-system-common',
    'qemu-common',
    'qemu',
  ],
  gnutls: ['libgnutls30t64', 'libgnutls30', 'gnutls'],
};

const packageNames = Object.values(packages).flat();

const choose = (installed: ReadonlyMap<string, string>, source: PackageVersion['source']): Versions => {
  const versions: { -readonly [P in keyof Versions]: Versions[P] } = {};
  for (const [program, names] of Object.entries(packages) as [keyof Versions, readonly string[]][]) {
    const version = names.map((name) => installed.get(name)).find((found) => found !== undefined);
    if (version !== undefined) versions[program] = { version, source };
  }
  return versions;
};

/** Several times what the status file of a well-filled machine has. */
const maximumStatus = 32 << 20;

const fromDpkg = async (view: HostView): Promise<Versions> => {
  const status = await view.read('/var/lib/dpkg/status', maximumStatus);
  if (status === undefined) return {};
  return choose(
    installedVersions(paragraphs(Buffer.from(status.buffer, status.byteOffset, status.length)), packageNames),
    'dpkg',
  );
};

/** The few paragraphs that may matter, found in the bytes: to decode megabytes takes longer than all the rest. */
const paragraphs = (status: Buffer): string => {
  const found: string[] = [];
  for (const prefix of new Set(packageNames.map((name) => /^[a-z]+/.exec(name)?.[0] ?? name))) {
    const header = `Package: ${prefix}`;
    for (let at = status.indexOf(header); at !== -1; at = status.indexOf(header, at + 1)) {
      const end = status.indexOf('\n\n', at);
      found.push(status.toString('latin1', at === 0 ? 0 : at - 1, end === -1 ? status.length : end + 2));
    }
  }
  return found.join('\n');
};

const fromRpm = async (view: HostView): Promise<Versions> => {
  if (!(await view.exists('/usr/lib/sysimage/rpm')) && !(await view.exists('/var/lib/rpm'))) return {};
  const format = '%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n';
  const output = await view.host.run('rpm', [
    '-qa',
    '--queryformat',
    format,
    'libvirt*',
    'qemu*',
    'gnutls',
    'libgnutls30',
  ]);
  if (output === undefined) return {};
  return choose(new Map(output.split('\n').map((line) => line.split(' ', 2) as [string, string])), 'rpm');
};

/** libvirt's release from its library's name: `libvirt.so.0.11003.0` is 11.3.0 (meson.build: major * 1000 + minor, then micro). */
const fromLibraryName = async (view: HostView): Promise<PackageVersion | undefined> => {
  for (const directory of await libraryDirectories(view)) {
    for (const name of await view.list(directory)) {
      const match = /^libvirt\.so\.0\.(\d{4,6})\.(\d{1,3})$/.exec(name);
      if (match === null) continue;
      const number = Number(match[1]);
      return { version: `${Math.floor(number / 1000)}.${number % 1000}.${Number(match[2])}`, source: 'library' };
    }
  }
  return undefined;
};

/** Among them Debian's multiarch directories, named after a triplet. */
const libraryDirectories = async (view: HostView): Promise<readonly string[]> => {
  const multiarch = (await view.list('/usr/lib')).filter((name) => /^[a-z0-9_]+-linux-gnu[a-z0-9]*$/.test(name));
  return [
    '/usr/lib64',
    ...multiarch.map((name) => `/usr/lib/${name}`),
    '/usr/lib',
    '/usr/local/lib64',
    '/usr/local/lib',
  ];
};

const findPrograms = async (view: HostView): Promise<readonly string[]> => {
  const installed: string[] = [];
  for (const program of [...daemons, 'virsh', ...vncClients.flatMap(({ programs }) => programs)]) {
    for (const directory of ['/usr/sbin', '/usr/bin']) {
      if (!(await view.exists(`${directory}/${program}`))) continue;
      installed.push(program);
      break;
    }
  }
  if (await hasEmulator(view)) installed.push('qemu');
  return installed;
};

const hasEmulator = async (view: HostView): Promise<boolean> => {
  if ((await view.exists('/usr/libexec/qemu-kvm')) || (await view.exists('/usr/bin/qemu-kvm'))) return true;
  return (await view.list('/usr/bin')).some((name) => name.startsWith('qemu-system-'));
};
