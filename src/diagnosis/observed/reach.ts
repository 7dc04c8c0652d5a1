import type { AddressObservation, Observation, ObservationFailure, Unseen } from '../../facts/observation.ts';
import type { Failure } from '../diagnosis.ts';
import { cannotTell, pass, warning, type Take } from '../step.ts';
import { knownName } from '../unresolved-name.ts';

/** The words of one kind of client. */
export interface ClientWords {
  /** What it prints when it cannot connect, from the system's error. */
  readonly connect: (error: string) => string;
  /** What it prints when it cannot resolve the name, likewise. */
  readonly resolve: (error: string) => string;
  /** What should be listening. */
  readonly server: string;
  /** How that is started where it is not running. */
  readonly start: string;
  readonly rules: readonly string[];
}

export interface Reached<Answer> {
  /** Whether the name resolves. */
  readonly name: Take;
  /** Whether somebody answers there; absent without an address. */
  readonly reach?: Take;
  /** Of the address with which the client speaks: the first that takes its connection. */
  readonly peer?: { readonly address: string; readonly answer: Answer };
}

/** strerror(3) of what connecting ends with. */
const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENETDOWN: 'Network is down',
  ETIMEDOUT: 'Connection timed out',
  ECONNRESET: 'Connection reset by peer',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EINVAL: 'Invalid argument',
};

/** The system's error behind a connection that did not come about; one that is never answered times out, after minutes. */
const errorOf = ({ code, reason }: Unseen): string =>
  systemErrors[code ?? ''] ?? (reason === 'refused' ? 'Connection refused' : 'Connection timed out');

const addressAndPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/**
 * How far the client comes: it takes the addresses in order, and the first that answers; the error of the last where none does
 * (libvirt src/rpc/virnetsocket.c: virNetSocketNewConnectTCP; gtk-vnc src/vncconnection.c: vnc_connection_open_host_internal).
 * `expected` are the addresses that the hosts file has for the name, where that is known.
 */
export function reachOf<Answer>(
  { host, port, resolution, addresses }: Observation<Answer>,
  words: ClientWords,
  expected: readonly string[] | undefined,
): Reached<Answer> {
  if (!resolution.seen) return { name: unresolved(host, resolution, words) };
  const shown = resolution.value.join(', ');
  const elsewhere =
    expected !== undefined && expected.length > 0 && !expected.some((address) => resolution.value.includes(address));
  const name = elsewhere
    ? warning(
        `${host} is ${shown} here, and ${expected.join(', ')} in the hosts file: nsswitch.conf asks somebody else first, or the file has changed`,
      )
    : pass(`${host} is ${shown}`);
  const answering = addresses.find(({ connection }) => connection.seen);
  if (answering?.answer !== undefined) {
    const before = addresses.slice(0, addresses.indexOf(answering));
    return {
      name,
      reach: arrived(answering.address, port, before),
      peer: { address: answering.address, answer: answering.answer },
    };
  }
  const last = addresses.at(-1);
  if (last === undefined || last.connection.seen) return { name, reach: cannotTell('no address was asked') };
  return { name, reach: notReached(last.connection, addresses, port, words) };
}

function arrived(address: string, port: number, before: readonly AddressObservation<unknown>[]): Take {
  const place = `${addressAndPort(address, port)} takes the connection`;
  if (before.length === 0) return pass(place);
  const others = before.map(({ address: one, connection }) => `${one} ${stateOf(connection)}`).join(', ');
  const slow = before.some(({ connection }) => !connection.seen && connection.reason === 'filtered');
  return slow
    ? warning(`${place}, but only after ${others}: the client waits minutes for that before it goes on`)
    : pass(`${place}; before it ${others}`);
}

const states: Readonly<Partial<Record<ObservationFailure, string>>> = {
  refused: 'refuses',
  filtered: 'does not answer',
  'too-slow': 'does not answer',
  'not-permitted': 'is forbidden by this machine',
};

function stateOf(connection: AddressObservation<unknown>['connection']): string {
  if (connection.seen) return 'answers';
  return states[connection.reason] ?? 'is not reached';
}

function unresolved(host: string, { reason, detail }: Unseen, words: ClientWords): Take {
  if (reason === 'cancelled') return cannotTell(detail);
  const isUnknown = reason === 'name-not-found';
  return {
    outcome: 'fail',
    message: isUnknown ? `nobody whom the client asks knows ${host}` : detail,
    clientText: words.resolve(isUnknown ? 'Name or service not known' : 'Temporary failure in name resolution'),
    failure: {
      side: 'client',
      why: isUnknown
        ? 'neither the hosts file nor DNS, or whatever else nsswitch.conf names, has an address for the name'
        : 'whoever is to be asked for the name did not answer',
      rules: [],
      fix: knownName(host),
    },
  };
}

function notReached(
  unseen: Unseen,
  addresses: readonly AddressObservation<unknown>[],
  port: number,
  words: ClientWords,
): Take {
  if (unseen.reason === 'cancelled') return cannotTell(unseen.detail);
  const states = addresses.map(({ address, connection }) => `${addressAndPort(address, port)} ${stateOf(connection)}`);
  return {
    outcome: 'fail',
    message: states.join(', '),
    clientText: words.connect(errorOf(unseen)),
    failure: { rules: words.rules, ...mendingOf(unseen, port, words) },
  };
}

/** Who is to look where when nobody answers. */
function mendingOf({ reason, code }: Unseen, port: number, { server, start }: ClientWords): Omit<Failure, 'rules'> {
  const listening = {
    kind: 'manual',
    instruction: `On the server, ss -ltnp 'sport = :${port}' shows who listens there; ${start}`,
  } as const;
  const firewall = {
    kind: 'manual',
    instruction: `Open port ${port} in the firewall of the server, and in those on the way: firewall-cmd --list-all, nft list ruleset or ufw status there shows what lets nobody through`,
  } as const;
  if (reason === 'refused' || reason === 'reset')
    return {
      side: 'server',
      why: `nothing listens on port ${port} of that address, or a firewall answers in its place: ${server} does not run, does not listen on the network, or listens elsewhere`,
      fix: { title: `Let ${server} listen on port ${port}`, applicability: 'manual', steps: [listening, firewall] },
    };
  if (reason === 'not-permitted')
    return {
      side: 'client',
      why: 'the kernel of the client itself does not let the packet out: its own firewall, or a policy',
      fix: {
        title: `Let the client connect to port ${port}`,
        applicability: 'manual',
        steps: [{ kind: 'manual', instruction: 'nft list ruleset on the client shows what drops its packets' }],
      },
    };
  if (reason === 'unreachable')
    return {
      side: code === 'ENETUNREACH' ? 'client' : 'server',
      why:
        code === 'ENETUNREACH'
          ? 'the client has no route to that address'
          : 'no machine answers at that address, or a firewall rejects the connection with an ICMP message, as firewalld does',
      fix: {
        title: 'Find the way to the server',
        applicability: 'manual',
        steps: [
          { kind: 'manual', instruction: 'ip route get ADDRESS on the client shows the way that it takes' },
          firewall,
        ],
      },
    };
  return {
    side: 'server',
    why: 'not a word comes back: a firewall drops the packets, or the address belongs to no machine that runs',
    fix: {
      title: `Let connections to port ${port} through`,
      applicability: 'manual',
      steps: [firewall, listening],
    },
  };
}
