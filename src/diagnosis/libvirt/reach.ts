import type { Known } from '../../facts/facts.ts';
import { dialledPort } from '../../domain/libvirt-uri.ts';
import { listening, type Listener, type Listening } from '../../domain/listening.ts';
import { openSocket, restart } from '../../domain/service-commands.ts';
import { effectiveSetting } from '../../domain/setting-value.ts';
import { connectionError, resolutionError, resolveName } from '../../domain/name-resolution.ts';
import type { Fix, FixStep } from '../../rule/fix.ts';
import { cannotTell, pass } from '../step.ts';
import { knownName, onlyHostsFile } from '../unresolved-name.ts';
import { serverCredentialFacts, step, type LibvirtQuestion, type ServerCredentialFacts } from './question.ts';

/** The daemon's listener for the transport of the URI. */
function listenerFor({ uri }: LibvirtQuestion, facts: ServerCredentialFacts): Listener | undefined {
  const answer = listening(facts);
  if (answer.state !== 'determined') return undefined;
  return uri.transport === 'tcp' ? answer.tcp : answer.tls;
}

/** What the client prints when it dials and nobody answers; undefined where its own part is not known. */
export function unansweredText({ uri }: LibvirtQuestion, identity: Known<'identity'>['identity']): string {
  const port = uri.port ?? 0;
  const resolution = resolveName(uri.host, identity);
  return resolution.state === 'resolved'
    ? connectionError(uri.host, port, 'Connection refused')
    : resolutionError(uri.host, port, resolution.error);
}

/** Does a connection to an address arrive at one of the places that are listened on. */
function arrives(
  address: string,
  { addresses }: Listener,
  port: number,
  server?: Known<'identity'>['identity'],
): boolean {
  return addresses.some((one) => {
    if (one.port !== undefined && one.port !== dialledPort(port)) return false;
    const at = one.address;
    if (at === undefined) return true;
    if (at === '0.0.0.0') return !address.includes(':');
    if (at === '::') return address.includes(':');
    if (at === address) return true;
    const named = server === undefined ? undefined : resolveName(at, server);
    return named?.state === 'resolved' && named.addresses.includes(address);
  });
}

export const nameResolves = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the client know the address of the host?',
  source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewConnectTCP; glibc getaddrinfo(3)',
  needs: { client: ['identity'] },
  take({ uri: { host, port = 0 } }, { client }) {
    const resolution = resolveName(host, client.identity);
    if (resolution.state === 'resolved') return pass(`${host} is ${resolution.addresses.join(', ')}`);
    return {
      outcome: 'fail',
      message: `${host} is not in the client's hosts file`,
      clientText: resolutionError(host, port, resolution.error),
      failure: {
        side: 'client',
        why: onlyHostsFile,
        rules: [],
        fix: knownName(host),
      },
    };
  },
});

const agreeTitle = 'Let address and port of URI and daemon agree';

/** A setting in its place, where it has one. */
function lineOf({ configuration }: Listening, key: string): { readonly line?: number } {
  const setting = effectiveSetting(configuration.file, key);
  return setting === undefined ? {} : { line: setting.line };
}

/**
 * The daemon's own settings made to fit what the client dials, and no more than that: whoever reached it where it listens until now does so no
 * longer. Undefined where systemd opens the socket, and for plain TCP, which nobody should open further.
 */
function agreeing(answer: Listening, listener: Listener, dialled: readonly string[], port: number): Fix | undefined {
  if (listener.unit !== undefined || listener.transport !== 'tls') return undefined;
  const { daemon, configuration } = answer;
  const { path } = configuration;
  const isThere = (address: string): boolean =>
    dialled.some((one) => arrives(one, { ...listener, addresses: [{ address, service: '' }] }, port));
  const fits = {
    port: listener.addresses.every((one) => one.port === port),
    address: listener.addresses.some(({ address }) => address === undefined || isThere(address)),
  };
  const key = `${listener.transport}_port`;
  const [address] = dialled;
  const set = (name: string, value: string): FixStep => ({
    kind: 'set',
    path,
    key: name,
    value,
    ...lineOf(answer, name),
  });
  const steps = [
    ...(fits.port ? [] : [set(key, `"${port}"`)]),
    ...(fits.address || address === undefined ? [] : [set('listen_addr', `"${address}"`)]),
  ];
  return steps.length === 0
    ? undefined
    : { title: agreeTitle, applicability: 'unsafe', steps: [...steps, ...restart(daemon)] };
}

export const isReached = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the client knock where the daemon listens?',
  source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewConnectTCP, virNetSocketNewListenTCP',
  needs: { client: ['identity'], server: [...serverCredentialFacts, 'identity'] },
  take(question, { client, server }) {
    const { uri } = question;
    const { host, port = 0 } = uri;
    const resolution = resolveName(host, client.identity);
    if (resolution.state !== 'resolved') return cannotTell(`the address of ${host} is not known`);
    const shown = resolution.addresses.join(', ');
    const listener = listenerFor(question, server);
    const answer = listening(server);
    if (answer.state !== 'determined') return cannotTell('where the daemon listens is not known');
    const clientText = connectionError(host, port, 'Connection refused');
    if (listener === undefined) {
      const other = answer.tls ?? answer.tcp;
      const wanted = uri.transport === 'tcp' ? 'plain TCP' : 'TLS';
      return {
        outcome: 'fail',
        message: `the URI asks for ${wanted}, and ${answer.daemon} listens for ${other?.transport === 'tcp' ? 'plain TCP' : 'TLS'} alone`,
        clientText,
        failure: {
          side: uri.transport === 'tcp' ? 'client' : 'server',
          why: `nothing listens on port ${port}`,
          rules: uri.transport === 'tcp' ? [] : ['tls-not-listening'],
          ...(uri.transport === 'tcp'
            ? {
                fix: {
                  title: 'Connect over TLS',
                  applicability: 'manual',
                  steps: [{ kind: 'run', command: ['virsh', '-c', uri.text.replace(/\+tcp:/i, '+tls:'), 'uri'] }],
                },
              }
            : {
                fix: {
                  title: 'Let the daemon listen for TLS',
                  applicability: 'unsafe',
                  steps:
                    answer.activation === 'sockets'
                      ? openSocket(server, answer.daemon, 'tls')
                      : [
                          {
                            kind: 'set',
                            path: answer.configuration.path,
                            key: 'listen_tls',
                            value: '1',
                            ...lineOf(answer, 'listen_tls'),
                          },
                          ...restart(answer.daemon),
                        ],
                },
              }),
        },
      };
    }
    if (resolution.addresses.some((address) => arrives(address, listener, port, server.identity)))
      return pass(`${host} is ${shown}, and ${answer.daemon} listens there on port ${port}`);
    const places = listener.addresses
      .map(({ address, service }) => `${address ?? 'all addresses'}, port ${service}`)
      .join('; ');
    return {
      outcome: 'fail',
      message: `the client dials ${shown}, port ${port}, and ${answer.daemon} listens on ${places}`,
      clientText,
      failure: {
        side: 'server',
        why: 'an address or port that nobody listens on refuses the connection',
        rules: ['port-loopback-only', 'port-not-listening'],
        fix: agreeing(answer, listener, resolution.addresses, port) ?? {
          title: agreeTitle,
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `Open a URI with host and port where the daemon listens (${places}), or let the daemon listen where the URI points: ${listener.unit === undefined ? `listen_addr and ${listener.transport}_port in ${answer.configuration.path}` : `ListenStream= of ${listener.unit.name}`}`,
            },
          ],
        },
      },
    };
  },
});
