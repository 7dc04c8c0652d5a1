import type { Known } from '../../facts/facts.ts';
import { listening, type Listener } from '../../domain/listening.ts';
import { connectionError, resolutionError, resolveName } from '../../domain/name-resolution.ts';
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
  server: Known<'identity'>['identity'],
): boolean {
  return addresses.some((one) => {
    if (one.port !== undefined && one.port !== port % 0x1_0000) return false;
    const at = one.address;
    if (at === undefined) return true;
    if (at === '0.0.0.0') return !address.includes(':');
    if (at === '::') return address.includes(':');
    if (at === address) return true;
    const named = resolveName(at, server);
    return named.state === 'resolved' && named.addresses.includes(address);
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
                  applicability: 'manual',
                  steps: [
                    {
                      kind: 'manual',
                      instruction:
                        answer.activation === 'sockets'
                          ? `systemctl enable --now ${answer.daemon}-tls.socket, after systemctl stop ${answer.daemon}.service`
                          : `Set listen_tls to 1 in ${answer.configuration.path}, or take listen_tls = 0 out, and restart ${answer.daemon}`,
                    },
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
        fix: {
          title: 'Let address and port of URI and daemon agree',
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
