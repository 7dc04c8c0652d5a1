import { describe, expect, it } from 'vitest';
import software from '../../src/collect/software.ts';
import { directoryHost, localHost } from '../../src/host/file-system-host.ts';
import { HostView } from '../../src/host/host-view.ts';
import { findProgram, runProgram } from '../../src/host/run-program.ts';
import { memoryHost, type MemoryEntry, type MemoryHostOptions } from '../support/memory-host.ts';

const collect = (tree: Record<string, MemoryEntry>, options?: MemoryHostOptions) =>
  software.collect(new HostView(memoryHost(tree, options)), {});

const paragraph = (name: string, version: string, status = 'install ok installed') =>
  `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: ${version}\n\n`;

describe('versions', () => {
  it('are those of dpkg, of the emulator before what is common to all', async () => {
    const status =
      paragraph('libvirt0', '9.0.0-4+deb12u2') +
      paragraph('libvirt-daemon', '9.0.0-4+deb12u2') +
      paragraph('qemu-system-common', '1:7.2+dfsg-7+deb12u1') +
      paragraph('qemu-system-arm', '1:7.2+dfsg-7+deb12u12') +
      paragraph('libgnutls30', '3.7.9-2+deb12u4') +
      paragraph('qemu-system-x86', '1:1.0', 'deinstall ok config-files');
    expect(await collect({ '/var/lib/dpkg/status': status })).toEqual({
      libvirt: { version: '9.0.0-4+deb12u2', source: 'dpkg' },
      qemu: { version: '1:7.2+dfsg-7+deb12u12', source: 'dpkg' },
      gnutls: { version: '3.7.9-2+deb12u4', source: 'dpkg' },
      installed: [],
    });
  });

  const query =
    'rpm -qa --queryformat %{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n libvirt* qemu* gnutls libgnutls30';
  const answer =
    'qemu-kvm-core 17:9.1.0-15.el9\nlibvirt-libs 10.10.0-7.el9\ngnutls 3.8.3-4.el9\nlibvirt-daemon 10.10.0-7.el9\n';

  it('are those of rpm where it has a database, also beside an empty one of dpkg', async () => {
    expect(
      await collect(
        {
          '/var/lib/rpm': { link: '../../usr/lib/sysimage/rpm' },
          '/usr/lib/sysimage/rpm/rpmdb.sqlite': '',
          '/var/lib/dpkg/status': '',
        },
        { outputs: { [query]: answer } },
      ),
    ).toMatchObject({
      libvirt: { version: '10.10.0-7.el9', source: 'rpm' },
      qemu: { version: '17:9.1.0-15.el9', source: 'rpm' },
      gnutls: { version: '3.8.3-4.el9', source: 'rpm' },
    });
    expect(await collect({}, { outputs: { [query]: answer } })).toEqual({ installed: [] });
  });

  it.each([
    ['/usr/lib64/libvirt.so.0.11003.0', '11.3.0'],
    ['/usr/lib/aarch64-linux-gnu/libvirt.so.0.9000.0', '9.0.0'],
    ['/usr/lib/arm-linux-gnueabihf/libvirt.so.0.10010.5', '10.10.5'],
    ['/usr/lib/libvirt.so.0.6001.0', '6.1.0'],
  ])('are told by %s, where no package database tells', async (path, version) => {
    expect(await collect({ [path]: '' })).toEqual({ libvirt: { version, source: 'library' }, installed: [] });
  });
});

describe('programs', () => {
  it('are there when their executables are, also behind a link', async () => {
    const tree = {
      '/usr/sbin/libvirtd': '',
      '/usr/bin/virsh': { link: '/opt/virsh' },
      '/opt/virsh': '',
      '/usr/sbin/virtproxyd': { link: '/opt/gone' },
      '/usr/bin/qemu-img': '',
    };
    expect((await collect(tree)).installed).toEqual(['libvirtd', 'virsh']);
  });

  it('are VNC clients too', async () => {
    const tree = { '/usr/bin/virt-viewer': '', '/usr/bin/remote-viewer': '', '/usr/bin/xtigervncviewer': '' };
    expect((await collect(tree)).installed).toEqual(['virt-viewer', 'remote-viewer', 'xtigervncviewer']);
  });

  it.each(['/usr/bin/qemu-system-riscv64', '/usr/libexec/qemu-kvm', '/usr/bin/qemu-kvm'])(
    'count as QEMU: %s',
    async (path) => {
      expect((await collect({ [path]: '' })).installed).toEqual(['qemu']);
    },
  );
});

const query = findProgram('dpkg-query');

describe.skipIf(query === undefined)('this machine (dpkg-query)', () => {
  it('has the versions that its own package manager says, seen live or as a directory', async () => {
    const expected: Record<string, string | undefined> = {};
    for (const line of (await runProgram(query!, ['-W', '-f', '${db:Status-Status} ${Package} ${Version}\n']))
      .toString()
      .split('\n')) {
      const [status, name, version] = line.split(' ');
      if (status === 'installed' && name !== undefined) expected[name] = version;
    }
    const seen = await software.collect(new HostView(localHost()), {});
    expect(seen.gnutls?.version).toBe(expected['libgnutls30'] ?? expected['libgnutls30t64']);
    expect(seen.libvirt?.version).toBe(expected['libvirt-daemon'] ?? expected['libvirt0']);
    expect(await software.collect(new HostView(directoryHost('/')), {})).toEqual(seen);
  });
});
