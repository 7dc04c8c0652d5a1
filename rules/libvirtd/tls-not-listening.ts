import {
  daemonProcess,
  defaultPorts,
  listening,
  socketUnit,
  tlsEvidence,
  tlsIntention,
} from '../../src/domain/listening.ts';
import { ownCredentialFacts } from '../../src/domain/own-credentials.ts';
import { isDaemonUsed } from '../../src/domain/configurations-in-use.ts';
import { effectiveBool } from '../../src/domain/remote-configuration.ts';
import { openSocket, restart } from '../../src/domain/service-commands.ts';
import { hasStartObstacle } from '../../src/domain/start-obstacle.ts';
import { conventionalArgumentsFile } from '../../src/reference/systemd-units.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'tls-not-listening',
  title: 'The daemon does not listen for TLS',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...ownCredentialFacts, 'saslConfigurations'],
  rationale:
    'Everything for TLS is there, but no socket is opened for it: clients of qemu+tls:// are refused before they see a certificate.',
  remedy:
    'Enable the socket unit for TLS while the service is stopped, or, without socket activation, start libvirtd with --listen.',
  references: [
    { title: 'libvirt: remote support', url: 'https://libvirt.org/remote.html' },
    {
      title: 'libvirt: libvirtd, system socket activation',
      url: 'https://libvirt.org/manpages/libvirtd.html#system-socket-activation',
    },
  ],
  sources: ['libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking', 'observed with 9.0 and 11.3'],
  messages: {
    socket: (d: { daemon: string; unit: string; evidence: string; state: string }) => ({
      message: `systemd opens the sockets of ${d.daemon}, and not the one for TLS`,
      seen: `${d.unit} is ${d.state}; ${d.evidence}`,
      needed: `${d.unit} enabled, and started while the service is stopped`,
      effect: `clients of qemu+tls:// see: unable to connect to server at 'HOST:${defaultPorts.tls}': Connection refused`,
    }),
    flag: (d: { evidence: string; where: string }) => ({
      message: 'libvirtd is not told to listen',
      seen: `no --listen in ${d.where}; ${d.evidence}`,
      needed: 'libvirtd-tls.socket enabled, or --listen',
      effect: `clients of qemu+tls:// see: unable to connect to server at 'HOST:${defaultPorts.tls}': Connection refused`,
    }),
    off: (d: { daemon: string; value: string; evidence: string }) => ({
      message: `${d.daemon} is told not to listen for TLS`,
      seen: `listen_tls is ${d.value}; ${d.evidence}`,
      needed: 'listen_tls = 1',
      effect: `clients of qemu+tls:// see: unable to connect to server at 'HOST:${defaultPorts.tls}': Connection refused`,
    }),
    stopped: (d: { daemon: string; evidence: string }) => ({
      message: `${d.daemon} does not run`,
      seen: `no process of ${d.daemon}, and no socket that would start it; ${d.evidence}`,
      needed: `a running ${d.daemon}`,
      effect: `clients of qemu+tls:// see: unable to connect to server at 'HOST:${defaultPorts.tls}': Connection refused`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = listening(facts);
    const { daemon } = answer;
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    // Credentials that lie about on a host that serves plain TCP instead say nothing of what is meant.
    const servesTcp = answer.state === 'determined' && answer.tcp !== undefined;
    const evidence = servesTcp ? tlsIntention(facts) : tlsEvidence(facts);
    if (evidence === undefined) return notApplicable('nothing shows that this host is to serve TLS');
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { activation, configuration, listenFlag, tls } = answer;
    const { path } = configuration;
    if (configuration.refusal !== undefined) return notApplicable(`${daemon} refuses a value of ${path}`);
    if (activation === 'conflict') return notApplicable('--listen beside sockets of systemd is reported');

    const unitName = `${daemon}-tls.socket`;
    const unit = socketUnit(facts, daemon, 'tls');
    const unitSubject = unit?.path === undefined ? ({ kind: 'host' } as const) : file(unit.path);
    const open = {
      title: `Let systemd open the socket for TLS`,
      applicability: 'unsafe',
      steps: openSocket(facts, daemon, 'tls'),
    } as const;
    if (tls === undefined && activation === 'sockets') {
      const state = unit === undefined ? 'not there' : unit.masked ? 'masked' : 'not enabled';
      return [violation('socket', unitSubject, { daemon, unit: unitName, evidence, state }, { fix: open })];
    }
    if (tls === undefined) {
      const wanted = effectiveBool(configuration, 'listen_tls');
      const line = wanted.setting?.line;
      const on = { kind: 'set', path, key: 'listen_tls', value: '1', ...(line === undefined ? {} : { line }) } as const;
      if (daemon === 'libvirtd' && !listenFlag) {
        const named = facts.services.daemonArguments.libvirtd.path;
        const where = named ?? conventionalArgumentsFile(facts.operatingSystem.family, 'libvirtd');
        const bySocket = unit?.path !== undefined;
        return [
          violation(
            'flag',
            file(where, facts.services.daemonArguments.libvirtd.line),
            { evidence, where },
            {
              fix: bySocket
                ? open
                : {
                    title: 'Start libvirtd with --listen',
                    applicability: 'manual',
                    steps: [
                      { kind: 'text', path: where, text: 'LIBVIRTD_ARGS="--listen"\n' },
                      ...(wanted.value ? [] : [on]),
                      ...restart(daemon),
                    ],
                  },
            },
          ),
        ];
      }
      return [
        violation(
          'off',
          setting(path, 'listen_tls', line),
          { daemon, value: line === undefined ? '0 by default' : '0', evidence },
          { fix: { title: 'Listen for TLS', applicability: 'unsafe', steps: [on, ...restart(daemon)] } },
        ),
      ];
    }

    // What is configured would listen: does it now.
    if (!facts.runtime.observed || hasStartObstacle(facts)) return [];
    const ports = tls.addresses.flatMap(({ port }) => (port === undefined ? [] : [port]));
    const { listening: sockets } = facts.runtime;
    if (sockets.known && sockets.value.some(({ port }) => ports.includes(port))) return [];
    const process = daemonProcess(facts, daemon);
    if (activation === 'sockets') {
      if (tls.unit?.active === true) return [];
      if (tls.unit?.active === false) {
        const state = 'enabled but not started';
        return [violation('socket', unitSubject, { daemon, unit: unitName, evidence, state }, { fix: open })];
      }
    }
    if (process !== undefined || !isDaemonUsed(facts, daemon)) return [];
    const steps =
      activation === 'sockets'
        ? openSocket(facts, daemon, 'tls')
        : [{ kind: 'run' as const, command: ['systemctl', 'enable', '--now', `${daemon}.service`] }];
    return [
      violation(
        'stopped',
        { kind: 'host' },
        { daemon, evidence },
        { fix: { title: `Start ${daemon}`, applicability: 'unsafe', steps } },
      ),
    ];
  },
});
