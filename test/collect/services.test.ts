import { describe, expect, it } from 'vitest';
import services from '../../src/collect/services.ts';
import { directoryHost, localHost } from '../../src/host/file-system-host.ts';
import { HostView } from '../../src/host/host-view.ts';
import { findProgram, runProgram } from '../../src/host/run-program.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { memoryHost, type MemoryEntry, type MemoryHostOptions } from '../support/memory-host.ts';

const collect = (tree: Record<string, MemoryEntry>, options?: MemoryHostOptions) =>
  services.collect(new HostView(memoryHost(tree, options)), {});

const service = (...lines: string[]) =>
  ['[Unit]', 'Description=Virtualization daemon', '[Service]', ...lines, ''].join('\n');
const usual = [
  'Environment=LIBVIRTD_ARGS="--timeout 120"',
  'EnvironmentFile=-/etc/sysconfig/libvirtd',
  'ExecStart=/usr/sbin/libvirtd $LIBVIRTD_ARGS',
];
const unit = '/usr/lib/systemd/system/libvirtd.service';

describe('arguments of a daemon', () => {
  it.each<[string, Record<string, MemoryEntry>, object]>([
    ['none', {}, { arguments: [] }],
    [
      'of the unit’s Environment=',
      { [unit]: service(...usual) },
      { path: unit, line: 4, arguments: ['--timeout', '120'] },
    ],
    [
      'of the unit’s EnvironmentFile=, whose last assignment counts',
      {
        [unit]: service(...usual),
        '/etc/sysconfig/libvirtd': '# LIBVIRTD_ARGS=x\nLIBVIRTD_ARGS=\nLIBVIRTD_ARGS="--listen"\n',
        '/etc/default/libvirtd': 'LIBVIRTD_ARGS=-v\n',
      },
      { path: '/etc/sysconfig/libvirtd', line: 3, arguments: ['--listen'] },
    ],
    [
      'emptied by the file',
      { [unit]: service(...usual), '/etc/sysconfig/libvirtd': 'LIBVIRTD_ARGS=\n' },
      { path: '/etc/sysconfig/libvirtd', line: 1, arguments: [] },
    ],
    [
      'of a drop-in that replaces the command',
      {
        [unit]: service(...usual),
        '/etc/systemd/system/libvirtd.service.d/10.conf':
          '[Service]\nExecStart=\nExecStart=/usr/sbin/libvirtd --listen --config "/etc/my conf"\n',
      },
      {
        path: '/etc/systemd/system/libvirtd.service.d/10.conf',
        line: 3,
        arguments: ['--listen', '--config', '/etc/my conf'],
      },
    ],
    [
      'of a variable inside a word',
      {
        [unit]: service(
          'Environment=D=/etc/x "E=a b" F=',
          'ExecStart=/usr/sbin/libvirtd --config=${D}/l.conf ${E} $F $G',
        ),
      },
      { path: unit, line: 4, arguments: ['--config=/etc/x/l.conf', 'a b'] },
    ],
    [
      'of Debian’s file without a unit',
      { '/etc/default/libvirtd': "LIBVIRTD_ARGS='-l'\n" },
      { path: '/etc/default/libvirtd', line: 1, arguments: ['-l'] },
    ],
    [
      'of the first file alone',
      { '/etc/default/libvirtd': '#\n', '/etc/sysconfig/libvirtd': 'LIBVIRTD_ARGS=-l\n' },
      { arguments: [] },
    ],
    [
      'of OpenRC',
      { '/etc/conf.d/libvirtd': 'LIBVIRTD_OPTS="--listen"\n' },
      { path: '/etc/conf.d/libvirtd', line: 1, arguments: ['--listen'] },
    ],
    [
      'of a masked unit’s file',
      {
        '/etc/systemd/system/libvirtd.service': { link: '/dev/null' },
        [unit]: service(...usual),
        '/etc/default/libvirtd': 'LIBVIRTD_ARGS=-l\n',
      },
      { path: '/etc/default/libvirtd', line: 1, arguments: ['-l'] },
    ],
  ])('%s', async (_, tree, expected) => {
    expect((await collect(tree)).daemonArguments.libvirtd).toEqual(expected);
  });

  it('are unknown when their file may not be read', async () => {
    await expect(collect({ '/etc/default/virtproxyd': { refused: 'permission-denied' } })).rejects.toMatchObject({
      reason: 'permission-denied',
    });
  });
});

const socket = (stream: string) =>
  `[Unit]\nDescription=socket\n[Socket]\nListenStream=${stream}\nService=libvirtd.service\nSocketMode=0666\n`;
const tls = '/usr/lib/systemd/system/libvirtd-tls.socket';
const modified = '2026-01-01T00:00:00.000Z';

describe('units', () => {
  it.each<[string, Record<string, MemoryEntry>, object]>([
    [
      'there',
      { [tls]: socket('16514') },
      { path: tls, enabled: false, masked: false, listenStreams: ['16514'], socketMode: '0666', modified },
    ],
    [
      'of the administrator before the distribution’s',
      {
        [tls]: socket('16514'),
        '/etc/systemd/system/libvirtd-tls.socket': { content: socket('%t/x'), modified: '2026-02-02T00:00:00.000Z' },
      },
      {
        path: '/etc/systemd/system/libvirtd-tls.socket',
        enabled: false,
        masked: false,
        listenStreams: ['/run/x'],
        socketMode: '0666',
        modified: '2026-02-02T00:00:00.000Z',
      },
    ],
    [
      'where /lib is a link',
      { '/lib': { link: 'usr/lib' }, [tls]: socket('16514') },
      { path: tls, enabled: false, masked: false, listenStreams: ['16514'], socketMode: '0666', modified },
    ],
    [
      'where /lib is a directory',
      { '/lib/systemd/system/libvirtd-tls.socket': socket('16514') },
      {
        path: '/lib/systemd/system/libvirtd-tls.socket',
        enabled: false,
        masked: false,
        listenStreams: ['16514'],
        socketMode: '0666',
        modified,
      },
    ],
    [
      'enabled',
      { [tls]: socket('16514'), '/etc/systemd/system/sockets.target.wants/libvirtd-tls.socket': { link: tls } },
      { path: tls, enabled: true, masked: false, listenStreams: ['16514'], socketMode: '0666', modified },
    ],
    [
      'enabled, its file not in the image',
      { '/etc/systemd/system/libvirtd.service.requires/libvirtd-tls.socket': { link: tls } },
      { enabled: true, masked: false, listenStreams: [] },
    ],
    [
      'enabled by an alias',
      { '/etc/systemd/system/virt.socket': { link: tls } },
      { enabled: true, masked: false, listenStreams: [] },
    ],
    [
      'masked by a link',
      { [tls]: socket('16514'), '/etc/systemd/system/libvirtd-tls.socket': { link: '/dev/null' } },
      { enabled: false, masked: true, listenStreams: [] },
    ],
    [
      'masked by a relative link',
      { '/etc/systemd/system/libvirtd-tls.socket': { link: '../../../dev/null' } },
      { enabled: false, masked: true, listenStreams: [] },
    ],
    [
      'masked by emptiness, for now',
      { [tls]: socket('16514'), '/run/systemd/system/libvirtd-tls.socket': '' },
      { enabled: false, masked: true, listenStreams: [] },
    ],
    [
      'with drop-ins, in the order of their names, the first directory winning',
      {
        [tls]: socket('16514'),
        '/usr/lib/systemd/system/libvirtd-tls.socket.d/20-vendor.conf': '[Socket]\nListenStream=1\n',
        '/etc/systemd/system/libvirtd-tls.socket.d/20-vendor.conf': { link: '/dev/null' },
        '/etc/systemd/system/libvirtd-tls.socket.d/10-port.conf': {
          content: '[Socket]\nListenStream=\nListenStream=192.0.2.1:16515\nSocketGroup=libvirt\n',
          modified: '2026-03-03T00:00:00.000Z',
        },
        '/run/systemd/system/libvirtd-.socket.d/30-more.conf': '[Socket]\nListenStream=[::1]:16516\nSocketMode=0600\n',
        '/etc/systemd/system/socket.d/40-all.conf': '[Socket]\nSocketGroup=\n',
        '/etc/systemd/system/libvirtd-tls.socket.d/readme': 'ListenStream=2\n',
      },
      {
        path: tls,
        enabled: false,
        masked: false,
        listenStreams: ['192.0.2.1:16515', '[::1]:16516'],
        socketMode: '0600',
        modified: '2026-03-03T00:00:00.000Z',
      },
    ],
  ])('%s', async (_, tree, expected) => {
    expect((await collect(tree)).units).toEqual({
      'libvirtd-tls.socket': { name: 'libvirtd-tls.socket', ...expected },
    });
  });

  it('of other programs are not kept', async () => {
    expect(
      (await collect({ '/usr/lib/systemd/system/sshd.service': service('ExecStart=/usr/sbin/sshd') })).units,
    ).toEqual({});
  });

  describe('are active', () => {
    const tree = { [tls]: socket('16514'), [unit]: service(...usual) };
    const show = 'systemctl show --property=Names,ActiveState -- libvirtd.service libvirtd-tls.socket';
    const answer =
      'Names=libvirtd.service\nActiveState=active\n\nNames=libvirtd-tls.socket other.socket\nActiveState=inactive\n';
    const activity = async (more: Record<string, MemoryEntry>, options: MemoryHostOptions) =>
      Object.values((await collect({ ...tree, ...more }, options)).units).map(({ active }) => active);
    const running = { '/run/systemd/system': { type: 'directory' } } as const;

    it('as systemd says, where it runs', async () => {
      expect(await activity(running, { live: true, outputs: { [show]: answer } })).toEqual([true, false]);
    });

    it('or not known, where it does not, has no answer, or is not ours to ask', async () => {
      expect(await activity({}, { live: true, outputs: { [show]: answer } })).toEqual([undefined, undefined]);
      expect(await activity(running, { live: true })).toEqual([undefined, undefined]);
      expect(await activity(running, { outputs: { [show]: answer } })).toEqual([undefined, undefined]);
    });
  });
});

const systemctl = findProgram('systemctl');

describe.skipIf(systemctl === undefined)('systemctl agrees', () => {
  it('on which units of a directory are enabled or masked', async () => {
    const root = directoryTree({
      '/usr/lib/systemd/system/libvirtd.service': `${service(...usual)}[Install]\nWantedBy=multi-user.target\nAlso=libvirtd.socket\n`,
      '/usr/lib/systemd/system/libvirtd.socket': `${socket('/run/x')}[Install]\nWantedBy=sockets.target\n`,
      [tls]: `${socket('16514')}[Install]\nWantedBy=sockets.target\n`,
      '/usr/lib/systemd/system/libvirtd-tcp.socket': `${socket('16509')}[Install]\nWantedBy=sockets.target\n`,
    });
    await runProgram(systemctl!, ['--root', root, 'enable', 'libvirtd.service']);
    await runProgram(systemctl!, ['--root', root, 'mask', 'libvirtd-tcp.socket']);
    const { units } = await services.collect(new HostView(directoryHost(root)), {});
    const seen = Object.values(units).map(({ name, enabled, masked }) => [
      name,
      masked ? 'masked' : enabled ? 'enabled' : 'disabled',
    ]);
    const said = await Promise.all(
      seen.map(async ([name]) => [
        name,
        (await runProgram(systemctl!, ['--root', root, 'is-enabled', name!])).toString().trim(),
      ]),
    );
    expect(seen).toEqual(said);
    expect(seen).toEqual([
      ['libvirtd.service', 'enabled'],
      ['libvirtd.socket', 'enabled'],
      ['libvirtd-tcp.socket', 'masked'],
      ['libvirtd-tls.socket', 'disabled'],
    ]);
  });
});

it('this machine can be read', async () => {
  const { units } = await services.collect(new HostView(localHost()), {});
  for (const one of Object.values(units)) expect(one.path !== undefined || one.enabled || one.masked).toBe(true);
});
