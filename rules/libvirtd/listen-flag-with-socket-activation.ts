import { daemonProcess, listening, socketsInUse } from '../../src/domain/listening.ts';
import { configurationFacts } from '../../src/domain/remote-configuration.ts';
import { openSocket } from '../../src/domain/service-commands.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'listen-flag-with-socket-activation',
  title: 'libvirtd is started with --listen beside sockets of systemd',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...configurationFacts],
  rationale:
    'libvirtd opens its network sockets itself (--listen) or takes those that systemd opened; told to do both it refuses to start, and every service of the host that needs it is gone with it.',
  remedy: 'Take --listen out and enable the socket unit for TLS, or mask all of libvirtd’s socket units.',
  references: [
    {
      title: 'libvirt: libvirtd, system socket activation',
      url: 'https://libvirt.org/manpages/libvirtd.html#system-socket-activation',
    },
    { title: 'libvirt: remote support', url: 'https://libvirt.org/remote.html' },
  ],
  sources: ['libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking', 'observed with 9.0 and 11.3'],
  messages: {
    both: (d: { sockets: readonly string[]; place: string }) => ({
      message: 'libvirtd is told to listen itself while systemd opens its sockets',
      seen: `--listen in ${d.place}, and ${d.sockets.join(', ')}`,
      needed: 'one of the two',
      effect:
        "libvirtd does not start: --listen parameter not permitted with systemd activation sockets, see 'man libvirtd' for further guidance",
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = listening(facts);
    if (answer.daemon !== 'libvirtd') return notApplicable(`${answer.daemon} has no --listen`);
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    if (answer.activation !== 'conflict') return [];
    const { path, line } = facts.services.daemonArguments.libvirtd;
    const process = daemonProcess(facts, 'libvirtd');
    const place = path ?? 'the command line of the running libvirtd';
    const sockets = socketsInUse(facts, 'libvirtd').map(({ name }) => name);
    const subject =
      path !== undefined
        ? file(path, line)
        : process === undefined
          ? ({ kind: 'host' } as const)
          : ({ kind: 'process', pid: process.pid, program: process.program } as const);
    return [
      violation(
        'both',
        subject,
        { sockets: sockets.length === 0 ? ['libvirtd.socket, which libvirtd.service wants'] : sockets, place },
        {
          fix: {
            title: 'Let systemd open the socket for TLS',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `take --listen out of ${place === path ? `line ${line ?? 1} of ${path}` : place}`,
              },
              ...openSocket(facts, 'libvirtd', 'tls'),
            ],
          },
        },
      ),
    ];
  },
});
