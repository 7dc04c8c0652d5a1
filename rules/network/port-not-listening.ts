import { credentialFacts } from '../../src/domain/credentials.ts';
import { daemonProcess, listening, type Transport } from '../../src/domain/listening.ts';
import { hasPendingRestart } from '../../src/domain/pending-restart.ts';
import { openSocket, restart } from '../../src/domain/service-commands.ts';
import { libvirtSightings } from '../../src/domain/own-ports.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { Known } from '../../src/facts/facts.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const names = { tls: 'TLS', tcp: 'plain TCP' } as const;

export default defineRule({
  id: 'port-not-listening',
  title: 'Nothing listens on the port that is configured',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...credentialFacts, 'observations'],
  rationale:
    'The daemon runs and should listen, but the port is closed: clients are refused although the configuration looks right.',
  remedy: 'Start the daemon or its socket unit again, and read its log for what stopped it from listening.',
  references: [{ title: 'libvirt: remote support', url: 'https://libvirt.org/remote.html' }],
  sources: [
    'libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking; src/rpc/virnetsocket.c: virNetSocketNewListenTCP',
  ],
  messages: {
    closed: (d: { daemon: string; transport: string; port: number; by: string }) => ({
      message: `Nothing listens on port ${d.port}, where ${d.daemon} is to serve ${d.transport}`,
      seen: `no listening socket on port ${d.port}, although ${d.by}`,
      needed: `${d.daemon} listening on port ${d.port}`,
      effect: `clients see: unable to connect to server at 'HOST:${d.port}': Connection refused`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const { runtime } = facts;
    if (!runtime.observed) return notApplicable('nothing runs here');
    const answer = listening(facts);
    const { daemon } = answer;
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { activation } = answer;
    const listeners = [answer.tls, answer.tcp].filter((one) => one !== undefined);
    if (listeners.length === 0) return notApplicable(`${daemon} is not to listen on the network`);
    const process = daemonProcess(facts, daemon);
    // A daemon that does not run, or runs with older files, is the fault itself, and has a rule of its own.
    if (hasPendingRestart(facts)) return notApplicable(`${daemon} has not read its files since they changed`);
    const { listening: sockets } = runtime;
    if (!sockets.known && facts.observations.length === 0) return [undetermined({ kind: 'host' }, sockets)];
    return listeners.flatMap(({ transport, addresses, unit }): readonly (Violation | Undetermined)[] =>
      addresses.flatMap(({ port, service, address }): readonly (Violation | Undetermined)[] => {
        const up =
          activation === 'sockets'
            ? unit?.active === true || (unit?.active === undefined && process !== undefined)
            : process !== undefined;
        if (!up) return [];
        if (port === undefined) {
          const detail = `which port ${service} names is in /etc/services, which is not looked at`;
          return [undetermined({ kind: 'host' }, unknown('not-collected', detail))];
        }
        // The kernel picks a port for 0.
        if (port === 0) return [];
        const open = isOpen(facts, transport, port);
        if (open === undefined && !sockets.known) return [undetermined({ kind: 'host' }, sockets)];
        if (open ?? (sockets.known && sockets.value.some((socket) => socket.port === port))) return [];
        const by =
          unit === undefined ? `${daemon} runs` : `${unit.name} is ${unit.active === true ? 'active' : 'enabled'}`;
        const steps = activation === 'sockets' ? openSocket(facts, daemon, transport) : restart(daemon);
        return [
          violation(
            'closed',
            { kind: 'endpoint', host: address ?? '0.0.0.0', port },
            { daemon, transport: names[transport], port, by },
            {
              fix: {
                title: `Open port ${port} again`,
                applicability: 'unsafe',
                steps: [...steps, { kind: 'run', command: ['journalctl', '-u', daemon, '-n', '30', '--no-pager'] }],
              },
            },
          ),
        ];
      }),
    );
  },
});

/** Whether some address of the host took a connection on the port; undefined where it was not asked, or did not say. */
function isOpen(facts: Known<'observations'>, transport: Transport, port: number): boolean | undefined {
  const seen = libvirtSightings(facts, transport, port).flatMap(({ addresses }) => addresses);
  if (seen.some(({ connection }) => connection.seen)) return true;
  const isClosed =
    seen.length > 0 && seen.every(({ connection }) => !connection.seen && connection.reason === 'refused');
  return isClosed ? false : undefined;
}
