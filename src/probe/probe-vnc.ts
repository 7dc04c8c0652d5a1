import { randomBytes } from 'node:crypto';
import type { SecureVersion } from 'node:tls';
import type { Seen, TlsHandshake, Unseen, VncAnswer, VncAuthentication, VncSession } from '../facts/observation.ts';
import {
  decodeByte,
  decodeChallenge,
  decodeSaslMechanisms,
  decodeSecurityResult,
  decodeSecurityType33,
  decodeSecurityTypes,
  decodeSubTypes,
  decodeVeNCryptVersion,
  decodeVersion,
  encodeSubType,
  encodeVersion,
} from '../parse/rfb.ts';
import { decodeFrame, decodeUpgradeReply, encodeFrame, encodeUpgrade } from '../parse/websocket.ts';
import { veNCryptSubTypes, vncSecurityName, vncSecurityTypes } from '../reference/vnc-security.ts';
import type { Decoder } from '../parse/decoded.ts';
import type { Connection, Credentials } from './connection.ts';
import { lowestVersion } from './lowest-version.ts';
import { probeTarget, type Connect, type Probed, type ProbeTarget, type ReadCredentials } from './probe-target.ts';
import { look, unseenOf, WireError } from './wire-error.ts';

/** A VNC display, or its WebSocket. */
export interface VncProbe extends ProbeTarget {
  /** Asks for a WebSocket: inside TLS first, and in the clear where there is none. */
  readonly websocket?: boolean;
  readonly credentials?: ReadCredentials;
}

/**
 * Asks a VNC server how it lets clients in, up to where authentication starts: no password or name is sent, and no session begins, so
 * that nobody is disconnected. Over TLS once without a certificate, once with the client's own, and last for the oldest version.
 */
export const probeVnc = (probe: VncProbe): Promise<Probed<VncAnswer>> =>
  probeTarget(probe, async (connect, address): Promise<VncAnswer> => {
    const host = `${address.includes(':') ? `[${address}]` : address}:${probe.port}`;
    let transport: VncAnswer['transport'] = probe.websocket === true ? 'ws' : 'tcp';
    let withoutCertificate = await askSession(await connect(), transport, host);
    const { version, authentication } = withoutCertificate;
    // QEMU waits in silence for the rest of a request when TLS is tried on a plain WebSocket, and hangs up in the opposite case.
    if (transport === 'ws' && version === undefined && !authentication.seen && mayBeTls(authentication)) {
      const inside = await secondSession(connect, 'wss', host);
      if (inside.handshake?.version !== undefined) {
        transport = 'wss';
        withoutCertificate = inside;
      }
    }
    const verifyPeer = verifies(withoutCertificate);
    const asked = withoutCertificate.handshake;
    const credentials =
      asked?.requestedAuthorities === undefined || asked.requestedAuthorities === null
        ? undefined
        : await probe.credentials?.(asked);
    const withCertificate =
      credentials === undefined ? undefined : await secondSession(connect, transport, host, credentials);
    const lowest =
      asked === undefined || isAnonymous(withoutCertificate.followed)
        ? undefined
        : await lowestVersion(
            asked,
            async (only) => (await askSession(await connect(), transport, host, undefined, only)).handshake,
          );
    return {
      transport,
      withoutCertificate,
      ...(withCertificate === undefined ? {} : { withCertificate }),
      ...(lowest === undefined ? {} : { lowestVersion: lowest }),
      ...(verifyPeer === undefined ? {} : { verifyPeer }),
    };
  });

async function secondSession(
  connect: Connect,
  transport: VncAnswer['transport'],
  host: string,
  credentials?: Credentials,
): Promise<VncSession> {
  try {
    return await askSession(await connect(), transport, host, credentials);
  } catch (error) {
    return { authentication: unseenOf(error) };
  } finally {
    credentials?.key.fill(0);
  }
}

/** Whether a server that was spoken to in the clear may want TLS. */
const mayBeTls = ({ reason, spoken }: Unseen): boolean =>
  reason === 'closed' || reason === 'reset' || (reason === 'garbage' && (spoken === undefined || spoken === 'tls'));

/** qcrypto_tls_session_check_credentials runs after the handshake: only what follows, or does not, shows it. */
function verifies({ handshake, authentication }: VncSession): 'on' | 'off' | undefined {
  if (handshake === undefined || !handshake.outcome.seen) return undefined;
  if (authentication.seen) return authentication.value.kind === 'plain' ? undefined : 'off';
  return authentication.reason === 'closed' || authentication.reason === 'reset' || authentication.reason === 'alert'
    ? 'on'
    : undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type TlsKind = 'certificates' | 'anonymous';
type StartTls = (kind: TlsKind) => Promise<void>;
type Progress = Writable<Omit<VncSession, 'authentication'>>;

async function askSession(
  connection: Connection,
  transport: VncAnswer['transport'],
  host: string,
  credentials?: Credentials,
  only?: SecureVersion,
): Promise<VncSession> {
  const progress: Progress = {};
  const startTls: StartTls = async (kind) => {
    const handshake: TlsHandshake = await connection.startTls(credentials, kind, only);
    progress.handshake = handshake;
    if (!handshake.outcome.seen) {
      const { reason, detail, seen: _seen, ...extra } = handshake.outcome;
      throw new WireError(reason, detail, extra);
    }
  };
  const authentication: Seen<VncAuthentication> = await look(async () => {
    if (transport === 'wss') await startTls('certificates');
    if (transport !== 'tcp') await startWebSocket(connection, host);
    return askAuthentication(connection, progress, startTls);
  });
  return { ...progress, authentication };
}

const frame: Decoder<Uint8Array | 'end'> = (bytes) => {
  const decoded = decodeFrame(bytes);
  if (decoded.state !== 'complete') return decoded;
  const { kind, payload } = decoded.value;
  return { ...decoded, value: kind === 'close' ? 'end' : kind === 'data' ? payload : Buffer.alloc(0) };
};

async function startWebSocket(connection: Connection, host: string): Promise<void> {
  connection.send(encodeUpgrade(host, randomBytes(16).toString('base64')));
  const { status } = await connection.receive('the answer of a WebSocket', decodeUpgradeReply);
  if (status !== 101)
    throw new WireError('garbage', `a WebSocket should open, and HTTP answers with status ${status}`, {
      spoken: 'http',
    });
  connection.reframe(frame, (bytes) => encodeFrame(bytes, randomBytes(4)));
}

/** What we can follow, best first: a server that offers several is asked about the one that protects most. */
const preferred: readonly number[] = [
  vncSecurityTypes.veNCrypt,
  vncSecurityTypes.sasl,
  vncSecurityTypes.vnc,
  vncSecurityTypes.none,
];

const { x509None, x509Vnc, x509Plain, x509Sasl, tlsNone, tlsVnc, tlsPlain, tlsSasl, plain } = veNCryptSubTypes;
const isAnonymous = (followed: number | undefined): boolean =>
  followed === tlsSasl || followed === tlsNone || followed === tlsVnc || followed === tlsPlain;
const preferredSubTypes: readonly number[] = [
  x509Sasl,
  x509Vnc,
  x509None,
  x509Plain,
  tlsSasl,
  tlsVnc,
  tlsNone,
  tlsPlain,
  plain,
];

async function askAuthentication(
  connection: Connection,
  progress: Progress,
  startTls: StartTls,
): Promise<VncAuthentication> {
  const { major, minor } = await connection.receive('the greeting of VNC', decodeVersion);
  progress.version = `${major}.${minor}`;
  // RFC 6143, 7.1.1: any version that is none of the three counts as 3.3, later ones as 3.8.
  const spoken = major > 3 || minor >= 8 ? 8 : minor === 7 ? 7 : 3;
  connection.send(encodeVersion(3, spoken));
  const offer = await connection.receive(
    'the security types',
    spoken === 3 ? decodeSecurityType33 : decodeSecurityTypes,
  );
  progress.securityTypes = offer.offered;
  if ('reason' in offer) throw new WireError('unsupported', `the server offers no security type: ${offer.reason}`);
  const type = preferred.find((one) => offer.offered.includes(one));
  if (type === undefined)
    throw new WireError('unsupported', `security types ${offer.offered.map(vncSecurityName).join(', ')}`);
  progress.followed = type;
  if (spoken !== 3) connection.send(Buffer.from([type]));

  if (type === vncSecurityTypes.none) {
    if (spoken === 8) await expectSuccess(connection);
    return { kind: 'none' };
  }
  if (type === vncSecurityTypes.vnc) return askPassword(connection);
  if (type === vncSecurityTypes.sasl) return askSasl(connection);
  return askVeNCrypt(connection, progress, startTls);
}

async function askVeNCrypt(connection: Connection, progress: Progress, startTls: StartTls): Promise<VncAuthentication> {
  const { major, minor } = await connection.receive('the version of VeNCrypt', decodeVeNCryptVersion);
  progress.veNCryptVersion = `${major}.${minor}`;
  if (major === 0 && minor < 2) throw new WireError('unsupported', `VeNCrypt ${major}.${minor}`);
  connection.send(Buffer.from([0, 2]));
  if ((await connection.receive('VeNCrypt’s answer to the version', decodeByte)) !== 0)
    throw new WireError('unsupported', 'the server refuses VeNCrypt 0.2');
  const subTypes = await connection.receive('the sub-types of VeNCrypt', decodeSubTypes);
  progress.subTypes = subTypes;
  const subType = preferredSubTypes.find((one) => subTypes.includes(one));
  if (subType === undefined)
    throw new WireError('unsupported', `sub-types of VeNCrypt ${subTypes.map(vncSecurityName).join(', ') || '(none)'}`);
  progress.followed = subType;
  connection.send(encodeSubType(subType));
  if (subType === plain) return { kind: 'plain' };
  if ((await connection.receive('VeNCrypt’s answer to the sub-type', decodeByte)) !== 1)
    throw new WireError('unsupported', `the server takes back ${vncSecurityName(subType)}`);
  await startTls(isAnonymous(subType) ? 'anonymous' : 'certificates');
  if (subType === x509Plain || subType === tlsPlain) return { kind: 'plain' };
  if (subType === x509Vnc || subType === tlsVnc) return askPassword(connection);
  if (subType === x509Sasl || subType === tlsSasl) return askSasl(connection);
  await expectSuccess(connection);
  return { kind: 'none' };
}

async function expectSuccess(connection: Connection): Promise<void> {
  const result = await connection.receive('the end of authentication', decodeSecurityResult);
  if (!result.ok) throw new WireError('closed', `the server refuses: ${result.reason}`);
}

async function askPassword(connection: Connection): Promise<VncAuthentication> {
  await connection.receive('the challenge of the VNC password', decodeChallenge);
  return { kind: 'password' };
}

async function askSasl(connection: Connection): Promise<VncAuthentication> {
  return { kind: 'sasl', mechanisms: await connection.receive('the list of SASL mechanisms', decodeSaslMechanisms) };
}
