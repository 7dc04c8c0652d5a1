import type { Known } from '../facts/facts.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import type { QemuAddress, QemuProcess } from '../facts/qemu-processes.ts';
import type { CredentialFacts } from './credentials.ts';
import { listening } from './listening.ts';
import { migrationPorts, nbdPort } from './opened-ports.ts';

/** A port of this host, as its own programs can be asked on it. */
export interface OwnPort {
  readonly asks: 'libvirt' | 'vnc' | 'spice' | 'nbd';
  readonly transport: 'tls' | 'tcp';
  readonly host: string;
  readonly port: number;
  /** The WebSocket of a VNC display. */
  readonly websocket?: true;
}

type OwnPortFacts = CredentialFacts & Known<'qemuProcesses' | 'identity'>;

/** What a host is asked at most, however many guests and addresses it has. */
const maximumPorts = 256;

const everywhere = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';

/**
 * The ports that this host's configuration and its running guests open, at the addresses of this host: where all are listened on, each of
 * them. Link-local addresses are left out, for they need a zone. So is what a question would do harm to: a QEMU that waits for a guest
 * to arrive takes the first connection for it, and its character devices and debuggers have one client at a time.
 */
export function ownPorts(facts: OwnPortFacts): readonly OwnPort[] {
  const own = (facts.identity.addresses ?? ['127.0.0.1', '::1']).filter((address) => !/^fe[89ab]/.test(address));
  const places = (address: string): readonly string[] =>
    everywhere(address) ? own.filter((one) => address !== '0.0.0.0' || !one.includes(':')) : [address];
  const answer = listening(facts);
  const listeners = answer.state === 'determined' ? [answer.tls, answer.tcp].filter((one) => one !== undefined) : [];
  const found = [
    ...listeners.flatMap(({ transport, addresses }) =>
      addresses.flatMap(({ address = '', port }) =>
        port === undefined || port === 0
          ? []
          : places(address).map((host): OwnPort => ({ asks: 'libvirt', transport, host, port })),
      ),
    ),
    ...[...guestDisplays(facts), ...guestSpice(facts), ...nbdServers(facts)].flatMap(({ host: address, ...port }) =>
      places(address).map((host): OwnPort => ({ ...port, host })),
    ),
  ];
  const distinct = new Map(found.map((one) => [JSON.stringify(one), one]));
  return [...distinct.values()].slice(0, maximumPorts);
}

const guestsOf = ({ qemuProcesses }: Known<'qemuProcesses'>): readonly QemuProcess[] =>
  qemuProcesses.observed ? qemuProcesses.processes : [];

const guestDisplays = (facts: Known<'qemuProcesses'>): readonly OwnPort[] =>
  guestsOf(facts).flatMap(({ commandLine }) =>
    commandLine.vnc.flatMap(({ addresses, websockets }) => [
      ...addresses.flatMap(certainPort),
      ...websockets.flatMap(certainPort).map((one) => ({ ...one, websocket: true as const })),
    ]),
  );

/** Of a range nobody knows which port was free. */
const certainPort = (address: QemuAddress): readonly OwnPort[] =>
  address.type === 'tcp' && address.port !== undefined && address.lastPort === undefined
    ? [{ asks: 'vnc', transport: 'tcp', host: address.host, port: address.port }]
    : [];

const guestSpice = (facts: Known<'qemuProcesses'>): readonly OwnPort[] =>
  guestsOf(facts).flatMap(({ commandLine: { spice } }) =>
    spice === undefined || spice.unix
      ? []
      : [['tcp', spice.port] as const, ['tls', spice.tlsPort] as const].flatMap(([transport, port]) =>
          port === undefined || port === 0 ? [] : [{ asks: 'spice' as const, transport, host: spice.address, port }],
        ),
  );

/**
 * Arguments do not tell of the NBD servers in a guest, which libvirt starts later: for disks that are copied along on the ports of
 * migration, for a backup on NBD's own. What listens there does, where it is no QEMU that waits for a guest itself.
 */
function nbdServers(facts: OwnPortFacts): readonly OwnPort[] {
  const { runtime } = facts;
  if (!runtime.observed || !runtime.listening.known) return [];
  const guests = new Map(guestsOf(facts).map(({ pid, commandLine }) => [pid, commandLine]));
  const [first, last] = migrationPorts(facts);
  return runtime.listening.value.flatMap(({ address, port, pid }) => {
    const guest = pid === undefined ? undefined : guests.get(pid);
    const isCopying = guest !== undefined && guest.incoming === undefined && port >= first && port <= last;
    return port === nbdPort || isCopying
      ? [{ asks: 'nbd' as const, transport: 'tcp' as const, host: address, port }]
      : [];
  });
}

/** What was seen of a libvirt port over one transport, by address; empty where it was not looked at. */
export const libvirtSightings = (
  { observations }: Known<'observations'>,
  transport: 'tls' | 'tcp',
  port?: number,
): readonly Extract<ObservedPeer, { asks: 'libvirt' }>['observation'][] =>
  observations.flatMap((one) =>
    one.asks === 'libvirt' && one.transport === transport && (port === undefined || one.observation.port === port)
      ? [one.observation]
      : [],
  );
