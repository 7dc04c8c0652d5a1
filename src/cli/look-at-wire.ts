import { readFileSync } from 'node:fs';
import type { Peer } from '../diagnosis/diagnose.ts';
import type { OwnPort } from '../domain/own-ports.ts';
import type { ObservedPeer } from '../facts/observation.ts';
import { describeProbe, type Probe, type ProbeStep } from '../probe/describe-probe.ts';
import { probeLibvirt } from '../probe/probe-libvirt.ts';
import { probeNbd, probeSpice, probeSsh } from '../probe/probe-ports.ts';
import type { ReadCredentials } from '../probe/probe-target.ts';
import { probeVnc } from '../probe/probe-vnc.ts';

/** What was seen, and what was held back, as clauses for a person. */
export interface Look {
  readonly peer: ObservedPeer;
  readonly notes: readonly string[];
}

/** What a look would send, and to whom. */
export const describeLook = (peer: Peer, timeoutMs: number): readonly ProbeStep[] =>
  describeProbe(probeOf(peer, timeoutMs, mayShow(peer) ? () => Promise.resolve(undefined) : undefined));

/** Asks a peer what a client would be asked; the client's key is read when the peer asks for a certificate that the client would show. */
export async function lookAt(peer: Peer, timeoutMs: number): Promise<Look> {
  const notes: string[] = [];
  const withheld = `${peer.account.name} is not the account that runs this program: its certificate was not shown`;
  const credentials: ReadCredentials = (asked) => {
    const shown = peer.shows(asked);
    if (shown === undefined || shown === 'nothing') return Promise.resolve(undefined);
    if (!mayShow(peer)) {
      if (!notes.includes(withheld)) notes.push(withheld);
      return Promise.resolve(undefined);
    }
    // OpenSSL takes pairs only; GnuTLS would sign with the wrong key.
    if (shown.isNoPair === true) return Promise.resolve(undefined);
    const key = readKey(shown.keyPath, notes);
    if (key === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ certificate: Buffer.from(shown.chain.map(({ der }) => pemOf(der)).join('')), key });
  };
  return { peer: await ask(probeOf(peer, timeoutMs, credentials)), notes };
}

/** What looking at ports of this host would send. */
export const describePorts = (ports: readonly OwnPort[], timeoutMs: number): readonly ProbeStep[] =>
  ports.flatMap((port) => describeProbe(probeOf(port, timeoutMs, undefined)));

/** How many ports are asked side by side. */
const atOnce = 8;

/** Asks this host's own programs, without a certificate. */
export async function lookAtPorts(ports: readonly OwnPort[], timeoutMs: number): Promise<readonly ObservedPeer[]> {
  const seen: ObservedPeer[] = [];
  const left = [...ports.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      seen[next[0]] = await ask(probeOf(next[1], timeoutMs, undefined));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return seen;
}

/** A certificate is its owner's to show: that root can read it does not make it ours. */
const mayShow = ({ account }: Peer): boolean => account.uid === process.getuid?.();

function readKey(path: string, notes: string[]): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    notes.push(`${path} cannot be read: the client's certificate was not shown`);
    return undefined;
  }
}

const pemOf = (der: string): string =>
  `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

type PeerProbe = Probe & { readonly asks: ObservedPeer['asks'] };

function probeOf(
  {
    asks,
    host,
    port,
    transport,
    websocket,
  }: Pick<Peer, 'asks' | 'host' | 'port' | 'transport'> & Pick<OwnPort, 'websocket'>,
  timeoutMs: number,
  credentials: ReadCredentials | undefined,
): PeerProbe {
  const target = { host, port, timeoutMs };
  const own = credentials === undefined ? {} : { credentials };
  switch (asks) {
    case 'libvirt':
      return { asks, ...target, transport, ...own };
    case 'vnc':
      return { asks, ...target, ...(websocket === undefined ? {} : { websocket }), ...own };
    case 'spice':
      return { asks, ...target, transport };
    case 'nbd':
    case 'ssh':
      return { asks, ...target };
  }
}

async function ask(probe: PeerProbe): Promise<ObservedPeer> {
  const { asks } = probe;
  switch (asks) {
    case 'libvirt':
      return { asks, transport: probe.transport, observation: (await probeLibvirt(probe)).observation };
    case 'vnc':
      return { asks, observation: (await probeVnc(probe)).observation };
    case 'spice':
      return { asks, transport: probe.transport ?? 'tcp', observation: (await probeSpice(probe)).observation };
    case 'nbd':
      return { asks, observation: (await probeNbd(probe)).observation };
    case 'ssh':
      return { asks, observation: (await probeSsh(probe)).observation };
  }
}
