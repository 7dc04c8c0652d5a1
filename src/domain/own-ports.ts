import type { Known } from '../facts/facts.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import type { CredentialFacts } from './credentials.ts';
import { listening } from './listening.ts';

/** A port of this host, as its own programs can be asked on it. */
export interface OwnPort {
  readonly asks: 'libvirt' | 'vnc';
  readonly transport: 'tls' | 'tcp';
  readonly host: string;
  readonly port: number;
}

/** What a host is asked at most, however many guests and addresses it has. */
const maximumPorts = 256;

const everywhere = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';

/**
 * The ports that this host's configuration and its running guests open, at the addresses of this host: where all are listened on, each of
 * them. Link-local addresses are left out, for they need a zone.
 */
export function ownPorts(facts: CredentialFacts & Known<'qemuProcesses' | 'identity'>): readonly OwnPort[] {
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
    ...guestDisplays(facts).flatMap(({ host: address, port }) =>
      places(address).map((host): OwnPort => ({ asks: 'vnc', transport: 'tcp', host, port })),
    ),
  ];
  const distinct = new Map(found.map((one) => [JSON.stringify(one), one]));
  return [...distinct.values()].slice(0, maximumPorts);
}

function guestDisplays({ qemuProcesses }: Known<'qemuProcesses'>): readonly { host: string; port: number }[] {
  if (!qemuProcesses.observed) return [];
  return qemuProcesses.processes.flatMap(({ commandLine }) =>
    commandLine.vnc.flatMap(({ addresses }) =>
      addresses.flatMap((address) =>
        address.type === 'tcp' && address.port !== undefined && address.lastPort === undefined
          ? [{ host: address.host, port: address.port }]
          : [],
      ),
    ),
  );
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
