import type { NbdAnswer, Seen, SpiceAnswer, SpiceLink, SshAnswer, TcpAnswer } from '../facts/observation.ts';
import {
  decodeGreeting,
  decodeOptionReply,
  encodeClientFlags,
  encodeOption,
  nbdOptions,
  nbdReplies,
  type OptionReply,
} from '../parse/nbd-negotiation.ts';
import { decodeLinkReply, encodeLink } from '../parse/spice-link.ts';
import { decodeBanner } from '../parse/ssh-banner.ts';
import type { Connection } from './connection.ts';
import { probeTarget, type Probed, type ProbeTarget } from './probe-target.ts';
import { look, unseenOf } from './wire-error.ts';

/** Connects and says nothing. */
export const probeTcp = (target: ProbeTarget): Promise<Probed<TcpAnswer>> =>
  probeTarget(target, async (connect): Promise<TcpAnswer> => {
    await connect();
    return {};
  });

/** Reads an ssh server's identification, and sends none. */
export const probeSsh = (target: ProbeTarget): Promise<Probed<SshAnswer>> =>
  probeTarget(target, async (connect): Promise<SshAnswer> => {
    const connection = await connect();
    return { banner: await look(() => connection.receive('the identification of ssh', decodeBanner)) };
  });

/** SpiceLinkErr (spice-protocol spice/error_codes.h). */
const linkErrors: Readonly<Record<number, SpiceLink>> = { 0: 'ok', 5: 'tls-needed', 6: 'plain-needed' };

const askLink = (connection: Connection): Promise<Seen<SpiceLink>> =>
  look(async () => {
    connection.send(encodeLink());
    const { error } = await connection.receive('the link reply of SPICE', decodeLinkReply);
    return linkErrors[error] ?? 'error';
  });

async function askLinkInTls(connection: Connection): Promise<NonNullable<SpiceAnswer['tls']>> {
  const handshake = await connection.startTls();
  return { handshake, link: handshake.outcome.seen ? await askLink(connection) : handshake.outcome };
}

/** A SPICE server's port: its `tls-port`, or by default its `port`. */
export interface SpiceProbe extends ProbeTarget {
  readonly transport?: 'tls' | 'tcp';
}

/**
 * Sends SPICE's link message in the clear and, where that has no answer, inside TLS; on a port for TLS inside TLS alone. No ticket
 * follows.
 */
export const probeSpice = (probe: SpiceProbe): Promise<Probed<SpiceAnswer>> =>
  probeTarget(probe, async (connect): Promise<SpiceAnswer> => {
    if (probe.transport === 'tls') return { tls: await askLinkInTls(await connect()) };
    const plain = await askLink(await connect());
    if (plain.seen || plain.reason === 'silent' || plain.reason === 'too-slow' || plain.reason === 'cancelled')
      return { plain };
    try {
      return { plain, tls: await askLinkInTls(await connect()) };
    } catch (error) {
      const outcome = unseenOf(error);
      const handshake = { ownCertificate: false, outcome, chain: [], malformedCertificates: 0 };
      return { plain, tls: { handshake, link: outcome } };
    }
  });

/** Asks an NBD server whether it goes on without TLS, then for TLS, and takes leave (NBD_OPT_ABORT); no export is opened. */
export const probeNbd = (target: ProbeTarget): Promise<Probed<NbdAnswer>> =>
  probeTarget(target, async (connect): Promise<NbdAnswer> => {
    const connection = await connect();
    const greeted = await look(() => connection.receive('the greeting of NBD', decodeGreeting));
    if (!greeted.seen) return { greeting: greeted };
    const greeting = { seen: true, value: greeted.value.style } as const;
    if (greeted.value.style === 'oldstyle') return { greeting };

    connection.send(encodeClientFlags());
    // Servers that are not “fixed” hang up on what they do not know.
    const plain = greeted.value.fixed ? await askPlain(connection) : undefined;
    const begun = { greeting, ...(plain === undefined ? {} : { plain }) };
    if (plain?.seen === false) return begun;
    const startTls = await look(() => askOption(connection, nbdOptions.startTls));
    if (!startTls.seen) return { ...begun, startTls };
    if (startTls.value.type !== nbdReplies.ack) {
      await look(() => askOption(connection, nbdOptions.abort));
      return { ...begun, startTls: { seen: true, value: 'refused' } };
    }
    const accepted = { ...begun, startTls: { seen: true, value: 'accepted' } } as const;
    const handshake = await connection.startTls();
    if (!handshake.outcome.seen) return { ...accepted, handshake };
    const after = await look(() => askOption(connection, nbdOptions.abort));
    if (after.seen) return { ...accepted, handshake, verifyPeer: 'off' };
    const hungUp = after.reason === 'closed' || after.reason === 'reset' || after.reason === 'alert';
    return { ...accepted, handshake, ...(hungUp ? { verifyPeer: 'on' } : {}) };
  });

/** Structured replies are asked for because that has no effect: TLS starts negotiation anew. */
const askPlain = (connection: Connection): Promise<Seen<'ok' | 'tls-needed'>> =>
  look(async () => {
    const { type } = await askOption(connection, nbdOptions.structuredReply);
    return type === nbdReplies.tlsNeeded ? 'tls-needed' : 'ok';
  });

function askOption(connection: Connection, option: number): Promise<OptionReply> {
  connection.send(encodeOption(option));
  return connection.receive('the reply of NBD', decodeOptionReply);
}
