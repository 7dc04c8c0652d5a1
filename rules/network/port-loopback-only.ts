import { listening } from '../../src/domain/listening.ts';
import { configurationFacts } from '../../src/domain/remote-configuration.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/i.test(address);

export default defineRule({
  id: 'port-loopback-only',
  title: 'The daemon listens for this host alone',
  severity: 'warning',
  roles: ['libvirt-server'],
  needs: [...configurationFacts],
  rationale:
    'A socket on a loopback address answers programs of the same host and nobody else: remote clients are refused, while a test on the host itself succeeds.',
  remedy: 'Let the daemon listen on the address by which clients know the host, or on all of them.',
  references: [{ title: 'libvirt: remote support', url: 'https://libvirt.org/remote.html' }],
  sources: ['libvirt 9.0 and 11.3 src/rpc/virnetsocket.c: virNetSocketNewListenTCP', 'observed with 9.0 and 11.3'],
  messages: {
    loopback: (d: { daemon: string; port: number; addresses: readonly string[]; from: string }) => ({
      message: `Port ${d.port} of ${d.daemon} answers on ${d.addresses.join(' and ')} only`,
      seen: `listening on ${d.addresses.join(' and ')}${d.from}`,
      needed: 'an address that clients reach',
      effect: `clients of other hosts see: unable to connect to server at 'HOST:${d.port}': Connection refused`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const { runtime } = facts;
    if (!runtime.observed) return notApplicable('nothing runs here');
    const answer = listening(facts);
    const { daemon } = answer;
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { configuration } = answer;
    const listeners = [answer.tls, answer.tcp].filter((one) => one !== undefined);
    if (listeners.length === 0) return notApplicable(`${daemon} is not to listen on the network`);
    const { listening: sockets } = runtime;
    if (!sockets.known) return [undetermined({ kind: 'host' }, sockets)];
    const ports = new Set(
      listeners.flatMap(({ addresses }) => addresses.flatMap(({ port }) => (port === undefined ? [] : [port]))),
    );
    return [...ports].flatMap((port) => {
      const open = [...new Set(sockets.value.filter((socket) => socket.port === port).map(({ address }) => address))];
      if (open.length === 0 || !open.every(isLoopback)) return [];
      const unit = listeners.find(({ addresses }) => addresses.some((one) => one.port === port))?.unit;
      const set = effectiveSetting(configuration.file, 'listen_addr');
      const from =
        unit !== undefined
          ? `, by ListenStream= of ${unit.name}`
          : set === undefined
            ? ''
            : `, by listen_addr on line ${set.line} of ${configuration.path}`;
      return violation(
        'loopback',
        { kind: 'endpoint', host: open[0] ?? '127.0.0.1', port },
        { daemon, port, addresses: open, from },
        {
          fix: {
            title: 'Listen on an address that clients reach',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction:
                  unit === undefined
                    ? `in ${configuration.path}, set listen_addr to an address of this host that clients reach, or take it out to listen on all`
                    : `systemctl edit ${unit.name}: an empty ListenStream=, then ListenStream=${port}, or ADDRESS:${port}`,
              },
              ...restart(daemon),
            ],
          },
        },
      );
    });
  },
});
