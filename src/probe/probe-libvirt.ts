import type { LibvirtAnswer, LibvirtAuthentication, LibvirtTlsAnswer, Seen } from '../facts/observation.ts';
import { decodeWhole, type Decoder } from '../parse/decoded.ts';
import {
  decodeAuthList,
  decodeError,
  decodeMechanisms,
  decodeMessage,
  encodeCall,
  procedures,
} from '../parse/libvirt-rpc.ts';
import { decodeByte } from '../parse/rfb.ts';
import type { Connection, Credentials } from './connection.ts';
import { lowestVersion } from './lowest-version.ts';
import { probeTarget, type Probed, type ProbeTarget, type ReadCredentials } from './probe-target.ts';
import { look, unseenOf, WireError } from './wire-error.ts';

/** A libvirt daemon's TLS or plain TCP port. */
export interface LibvirtProbe extends ProbeTarget {
  readonly transport: 'tls' | 'tcp';
  readonly credentials?: ReadCredentials;
}

/**
 * Asks a libvirt daemon how it lets clients in: over TLS once without a certificate and once with the client's own, if it has one
 * and the daemon asks for it; then which authentication follows, and last the oldest version of TLS. No connection to a hypervisor is opened, and none is logged in.
 *
 * Source: libvirt src/rpc/virnetserverclient.c, src/remote/remote_daemon_dispatch.c.
 */
export const probeLibvirt = (probe: LibvirtProbe): Promise<Probed<LibvirtAnswer>> =>
  probeTarget(probe, async (connect): Promise<LibvirtAnswer> => {
    if (probe.transport === 'tcp') {
      const connection = await connect();
      return { transport: 'tcp', authentication: await look(() => askAuthentication(connection)) };
    }
    const withoutCertificate = await askOverTls(await connect());
    const { requestedAuthorities } = withoutCertificate.handshake;
    const credentials =
      requestedAuthorities === undefined || requestedAuthorities === null
        ? undefined
        : await probe.credentials?.(withoutCertificate.handshake);
    const withCertificate = credentials === undefined ? undefined : await secondConnection(connect, credentials);
    const lowest = await lowestVersion(withoutCertificate.handshake, async (version) =>
      (await connect()).startTls(undefined, 'certificates', version),
    );
    return {
      transport: 'tls',
      withoutCertificate,
      ...(withCertificate === undefined ? {} : { withCertificate }),
      ...(lowest === undefined ? {} : { lowestVersion: lowest }),
    };
  });

async function secondConnection(
  connect: () => Promise<Connection>,
  credentials: Credentials,
): Promise<LibvirtTlsAnswer> {
  try {
    return await askOverTls(await connect(), credentials);
  } catch (error) {
    const outcome = unseenOf(error);
    return { handshake: { ownCertificate: true, outcome, chain: [], malformedCertificates: 0 }, verdict: outcome };
  } finally {
    credentials.key.fill(0);
  }
}

async function askOverTls(connection: Connection, credentials?: Credentials): Promise<LibvirtTlsAnswer> {
  const handshake = await connection.startTls(credentials);
  if (!handshake.outcome.seen) return { handshake, verdict: handshake.outcome };
  const verdict = await askVerdict(connection);
  if (!verdict.seen || verdict.value === 'refused') return { handshake, verdict };
  return { handshake, verdict, authentication: await look(() => askAuthentication(connection)) };
}

/** A daemon that refuses closes without a word, or with an alert; another byte than 1 is none of libvirt's. */
async function askVerdict(connection: Connection): Promise<Seen<'accepted' | 'refused'>> {
  const byte = await look(() => connection.receive('libvirt’s verdict on the client', decodeByte));
  if (byte.seen) {
    if (byte.value === 1) return { seen: true, value: 'accepted' };
    return new WireError('garbage', `libvirt’s verdict on the client should come, and byte ${byte.value} did`).unseen;
  }
  if (byte.reason === 'closed' || byte.reason === 'reset' || byte.reason === 'alert')
    return { seen: true, value: 'refused' };
  return byte;
}

const authenticationTypes = ['none', 'sasl', 'polkit'] as const;

async function askAuthentication(connection: Connection): Promise<LibvirtAuthentication> {
  const codes = await call(connection, procedures.authList, 1, 'the list of authentication types', decodeAuthList);
  const types = codes.map((code) => authenticationTypes[code] ?? 'unknown');
  if (!types.includes('sasl')) return { types };
  const mechanisms = await look(() =>
    call(connection, procedures.authSaslInit, 2, 'the list of SASL mechanisms', decodeMechanisms),
  );
  return { types, mechanisms };
}

async function call<T>(
  connection: Connection,
  procedure: number,
  serial: number,
  awaited: string,
  decode: Decoder<T>,
): Promise<T> {
  connection.send(encodeCall(procedure, serial));
  const reply = await connection.receive(awaited, decodeMessage);
  if (reply.type !== 'reply' || reply.procedure !== procedure || reply.serial !== serial)
    throw new WireError('garbage', `${awaited} should come, and another message did`, { spoken: 'libvirt' });
  if (reply.status !== 'ok') {
    const error = decodeWhole(decodeError, reply.body);
    if (error.state === 'malformed') throw new WireError('garbage', `an error that does not decode: ${error.detail}`);
    throw new WireError('rpc-error', `libvirt answers: ${error.value.message}`, { error: error.value });
  }
  const decoded = decodeWhole(decode, reply.body);
  if (decoded.state === 'malformed')
    throw new WireError('garbage', `${awaited}: ${decoded.detail}`, { spoken: 'libvirt' });
  return decoded.value;
}
