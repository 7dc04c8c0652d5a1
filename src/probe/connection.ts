import { constants } from 'node:crypto';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Certificate, DistinguishedName } from '../facts/certificates.ts';
import type { ObservationFailure, TlsHandshake } from '../facts/observation.ts';
import { peerText, type Decoded, type Decoder } from '../parse/decoded.ts';
import { spokenProtocol } from '../parse/spoken-protocol.ts';
import { readServerFlight, type ServerFlight } from '../parse/tls-handshake.ts';
import type { Deadline } from './deadline.ts';
import { errorCode, unseenOf, WireError } from './wire-error.ts';

/** PEM of one's own certificate (with its chain) and key; the key is overwritten with zeros once OpenSSL has it. */
export interface Credentials {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** What nobody sends whom we ask so little. */
const maximumBytes = 1 << 20;

/** More than any handshake has: OpenSSL takes chains of 100 KiB. */
const maximumRecorded = 1 << 18;

/** How long a peer may take to close its side before the connection is dropped. */
const farewellMilliseconds = 250;

const connectFailures: Readonly<Record<string, ObservationFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ETIMEDOUT: 'filtered',
  EPERM: 'not-permitted',
  EACCES: 'not-permitted',
};

/**
 * One connection to a peer, in the clear at first; messages are read with decoders and end with the deadline.
 * All methods throw WireError, and `close` must be called.
 */
export class Connection {
  readonly #socket: net.Socket;
  readonly #deadline: Deadline;
  #secure: tls.TLSSocket | undefined;
  /** What came from the peer and was not yet read. */
  #pending: Buffer = Buffer.alloc(0);
  #total = 0;
  /** Whether anything came since we last said something. */
  #heard = false;
  #end: WireError | undefined;
  #wake: () => void = () => undefined;
  #inbound: (chunk: Buffer) => void = (chunk) => this.#accept(chunk);
  #outbound: (bytes: Uint8Array) => void = (bytes) => void this.#socket.write(bytes);
  #finished: (end: WireError) => void = (end) => this.#finish(end);
  readonly #late = (): void => this.#wake();

  private constructor(socket: net.Socket, deadline: Deadline) {
    this.#socket = socket;
    this.#deadline = deadline;
    deadline.signal.addEventListener('abort', this.#late);
    socket.on('data', (chunk) => {
      this.#total += chunk.length;
      if (this.#total <= maximumBytes) return this.#inbound(chunk);
      this.#finish(new WireError('garbage', 'an answer without end'));
      socket.destroy();
    });
    const closed = (): void => this.#finished(new WireError('closed', 'the peer closed the connection'));
    socket.on('end', closed);
    socket.on('close', closed);
    socket.on('error', (error) =>
      this.#finished(
        errorCode(error) === 'ECONNRESET' || errorCode(error) === 'EPIPE'
          ? new WireError('reset', 'the peer reset the connection')
          : new WireError('closed', `the connection broke (${errorCode(error)})`),
      ),
    );
  }

  /** Connects to an address. Nothing is sent yet. */
  static open(address: string, port: number, deadline: Deadline): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (deadline.signal.aborted) {
        reject(deadline.late('too-slow', 'no time was left to connect'));
        return;
      }
      const socket = net.connect({ host: address, port, noDelay: true });
      const settle = (): void => {
        deadline.signal.removeEventListener('abort', late);
        socket.off('connect', connected).off('error', failed);
      };
      const late = (): void => {
        settle();
        socket.destroy();
        reject(deadline.late('filtered', `no answer at all from ${address} port ${port}`));
      };
      const failed = (error: Error): void => {
        settle();
        const code = errorCode(error);
        reject(
          new WireError(connectFailures[code] ?? 'unreachable', `cannot connect to ${address} port ${port} (${code})`, {
            code,
          }),
        );
      };
      const connected = (): void => {
        settle();
        resolve(new Connection(socket, deadline));
      };
      deadline.signal.addEventListener('abort', late);
      socket.on('connect', connected).on('error', failed);
    });
  }

  /** Sends bytes, and waits for nothing. */
  send(bytes: Uint8Array): void {
    this.#heard = this.#pending.length > 0;
    this.#outbound(bytes);
  }

  /** The next message; `awaited` names it for people. */
  async receive<T>(awaited: string, decode: Decoder<T>): Promise<T> {
    for (;;) {
      const decoded: Decoded<T> = this.#pending.length === 0 ? { state: 'incomplete' } : decode(this.#pending);
      if (decoded.state === 'complete') {
        this.#pending = this.#pending.subarray(decoded.size);
        return decoded.value;
      }
      if (decoded.state === 'malformed') throw this.#garbage(awaited, decoded.detail);
      if (this.#end !== undefined) throw this.#ended(awaited);
      if (this.#deadline.signal.aborted)
        throw this.#heard
          ? this.#deadline.late('too-slow', `${awaited} did not come in time`)
          : this.#deadline.late('silent', `the peer says nothing where ${awaited} should come`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Puts a framing between peer and messages: what `decode` makes of the stream is what `receive` sees, and `encode` what is sent. */
  reframe(decode: Decoder<Uint8Array | 'end'>, encode: (bytes: Uint8Array) => Uint8Array): void {
    const outbound = this.#outbound;
    let raw = this.#pending;
    this.#pending = Buffer.alloc(0);
    const accept = this.#accept;
    this.#accept = (chunk) => {
      raw = Buffer.concat([raw, chunk]);
      for (;;) {
        const frame = decode(raw);
        if (frame.state === 'incomplete') return;
        if (frame.state === 'malformed') return this.#finish(this.#garbage('a frame', frame.detail));
        raw = raw.subarray(frame.size);
        if (frame.value === 'end') return this.#finish(new WireError('closed', 'the peer closed the WebSocket'));
        accept(Buffer.from(frame.value));
      }
    };
    this.#outbound = (bytes) => outbound(encode(bytes));
    this.#accept(Buffer.alloc(0));
  }

  /**
   * Starts TLS as a client, with every version (or only the one that is given) and cipher suite that OpenSSL has, and verifies nothing. A handshake that fails is
   * an answer as well; the connection is then of no more use. No server name is sent, for libvirt, QEMU and gtk-vnc send none.
   */
  async startTls(
    credentials?: Credentials,
    kind: 'certificates' | 'anonymous' = 'certificates',
    version?: tls.SecureVersion,
  ): Promise<TlsHandshake> {
    if (this.#secure !== undefined) throw new WireError('unsupported', 'TLS inside TLS');
    const ownCertificate = credentials !== undefined;
    let context: tls.SecureContext;
    try {
      context = contextFor(kind, credentials, version);
    } catch (error) {
      const detail = `OpenSSL does not take the certificate and its key (${errorCode(error)})`;
      const outcome = new WireError('credentials-unusable', detail).unseen;
      return { ownCertificate, outcome, chain: [], malformedCertificates: 0 };
    }

    const recorded: Buffer[] = [];
    let secret: Buffer | undefined;
    let secure: tls.TLSSocket | undefined;
    let outcome: TlsHandshake['outcome'];
    try {
      secure = await this.#handshake(context, recorded, (found) => (secret = found));
      outcome = { seen: true, value: 'completed' };
    } catch (error) {
      outcome = unseenOf(error);
      this.#dropTls();
    }
    const flight = readServerFlight(Buffer.concat(recorded), secret);
    return {
      ownCertificate,
      outcome,
      ...(flight.version === undefined ? {} : { version: versionName(flight.version) }),
      ...(secure === undefined ? {} : { cipher: secure.getCipher().standardName }),
      ...(await decodeFlight(flight)),
    };
  }

  async #handshake(
    context: tls.SecureContext,
    recorded: Buffer[],
    keep: (secret: Buffer) => void,
  ): Promise<tls.TLSSocket> {
    const tunnel = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        this.#socket.write(chunk);
        done();
      },
      final: (done) => {
        this.#socket.end();
        done();
      },
    });
    const early = this.#pending;
    this.#pending = Buffer.alloc(0);
    this.#heard = false;
    let shaking = true;
    let size = 0;
    let lower: WireError | undefined = this.#end;
    this.#end = undefined;
    const record = (chunk: Buffer): void => {
      if (shaking && size < maximumRecorded) {
        size += chunk.length;
        recorded.push(chunk);
        this.#heard = true;
      }
      tunnel.push(chunk);
    };
    this.#inbound = record;
    // What came before the end must still go through TLS; its own end then follows.
    this.#finished = (end) => {
      if (lower !== undefined) return;
      lower = end;
      tunnel.push(null);
    };
    if (early.length > 0) record(early);
    if (lower !== undefined) tunnel.push(null);

    const secure = tls.connect({
      socket: tunnel,
      secureContext: context,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      minDHSize: 1,
    });
    this.#secure = secure;
    secure.on('keylog', (line: Buffer) => {
      const found = /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ ([0-9a-f]+)\s*$/.exec(line.toString('latin1'))?.[1];
      if (found !== undefined) keep(Buffer.from(found, 'hex'));
    });
    secure.on('data', (chunk: Buffer) => this.#accept(chunk));
    secure.on('error', (error) => this.#finish(tlsError(error, lower)));
    const ended = (): void => this.#finish(lower ?? new WireError('closed', 'the peer ended TLS'));
    secure.on('end', ended);
    secure.on('close', ended);
    this.#outbound = (bytes) => void secure.write(bytes);

    let completed = false;
    secure.on('secureConnect', () => {
      completed = true;
      this.#wake();
    });
    for (;;) {
      if (completed) {
        shaking = false;
        this.#heard = this.#pending.length > 0;
        return secure;
      }
      // The first record tells; afterwards there is no need to look at all of it for every byte that comes.
      const answer = Buffer.concat(size > 512 ? recorded.slice(0, 512) : recorded);
      if (!readServerFlight(answer).tls) throw this.#garbage('TLS', 'no record of TLS', answer);
      if (this.#ending() !== undefined) throw this.#ended('the end of the handshake');
      if (this.#deadline.signal.aborted)
        throw this.#heard
          ? this.#deadline.late('too-slow', 'the handshake was not done in time')
          : this.#deadline.late('silent', 'the peer says nothing where TLS should start');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Says goodbye as the protocol at hand does, and lets go of everything. Never throws. */
  async close(): Promise<void> {
    this.#deadline.signal.removeEventListener('abort', this.#late);
    const socket = this.#socket;
    if (!socket.destroyed) {
      const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      if (this.#secure === undefined || this.#secure.destroyed) socket.end();
      else this.#secure.end();
      const timer = setTimeout(() => socket.destroy(), farewellMilliseconds);
      await gone;
      clearTimeout(timer);
    }
    this.#dropTls();
  }

  #accept: (chunk: Buffer) => void = (chunk) => {
    this.#heard ||= chunk.length > 0;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#wake();
  };

  #finish(end: WireError): void {
    this.#end ??= end;
    this.#wake();
  }

  // Methods, for the compiler does not know that events change these meanwhile.
  #ending(): WireError | undefined {
    return this.#end;
  }

  #dropTls(): void {
    this.#secure?.destroy();
  }

  /** The end of the connection, with what was waited for; other ends than a plain close speak for themselves. */
  #ended(awaited: string): WireError {
    const end = this.#end ?? new WireError('closed', 'the connection has ended');
    const { reason, detail } = end.unseen;
    return reason === 'closed' || reason === 'reset'
      ? new WireError(reason, `${detail} where ${awaited} should come`)
      : end;
  }

  #garbage(awaited: string, detail: string, bytes: Buffer = this.#pending): WireError {
    const spoken = spokenProtocol(bytes);
    return spoken === undefined
      ? new WireError('garbage', `${awaited} should come, not ${begin(bytes)} (${detail})`)
      : new WireError('garbage', `${awaited} should come, and the peer speaks ${spokenNames[spoken]}`, { spoken });
  }
}

const spokenNames: Readonly<Record<NonNullable<ReturnType<typeof spokenProtocol>>, string>> = {
  tls: 'TLS',
  ssh: 'ssh',
  http: 'HTTP',
  rfb: 'VNC',
  nbd: 'NBD',
  spice: 'SPICE',
  libvirt: 'libvirt’s RPC without TLS',
  'smtp-or-ftp': 'SMTP or FTP',
};

/** The first bytes, as text where they are text. */
const begin = (bytes: Buffer): string => {
  const start = bytes.subarray(0, 16);
  return start.every((byte) => byte >= 0x20 && byte < 0x7f) ? `“${peerText(start)}”` : `bytes ${start.toString('hex')}`;
};

/**
 * Security level 0 and TLS 1.0 let OpenSSL see what GnuTLS may still offer; the suites of TLS 1.3 have to be named. Anonymous TLS ends
 * with TLS 1.2, and a server that has only that breaks off when 1.3 is offered.
 */
function contextFor(
  kind: 'certificates' | 'anonymous',
  credentials: Credentials | undefined,
  version: tls.SecureVersion | undefined,
): tls.SecureContext {
  try {
    return tls.createSecureContext({
      minVersion: version ?? 'TLSv1',
      maxVersion: version ?? (kind === 'anonymous' ? 'TLSv1.2' : 'TLSv1.3'),
      ciphers:
        kind === 'anonymous'
          ? 'aNULL:@SECLEVEL=0'
          : 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ALL:!aNULL:@SECLEVEL=0',
      ecdhCurve: 'auto',
      secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
      ...(credentials === undefined ? {} : { cert: credentials.certificate, key: credentials.key }),
    });
  } finally {
    credentials?.key.fill(0);
  }
}

/** An alert by the name that OpenSSL's code for it holds; else what OpenSSL objects to. */
function tlsError(error: Error, lower: WireError | undefined): WireError {
  const code = errorCode(error);
  // SSLV3_ALERT_ and TLSV1_ALERT_ in OpenSSL 3.0 (Node 20), SSL/TLS_ALERT_ in later ones.
  const alert = /^ERR_SSL_.*?_ALERT_(\w+)$/.exec(code)?.[1]?.toLowerCase();
  if (alert !== undefined) return new WireError('alert', `the peer ended TLS with the alert ${alert}`, { alert });
  if (lower !== undefined && !code.startsWith('ERR_SSL')) return lower;
  if (code === 'ECONNRESET') return new WireError('closed', 'the peer closed the connection');
  return new WireError('tls-failed', `TLS cannot go on here (${code})`);
}

const versionName = (version: number): string =>
  version > 0x0300 && version < 0x0305 ? `TLS1.${version - 0x0301}` : `version ${version.toString(16)}`;

async function decodeFlight(
  flight: ServerFlight,
): Promise<Pick<TlsHandshake, 'chain' | 'malformedCertificates' | 'requestedAuthorities'>> {
  const { certificates, requestedAuthorities: authorities } = flight;
  if (certificates.length === 0 && (authorities ?? []).length === 0)
    return {
      chain: [],
      malformedCertificates: 0,
      ...(authorities === undefined ? {} : { requestedAuthorities: authorities === null ? null : [] }),
    };
  // Costly to load, and of no use to probes that meet no certificate.
  const { parseCertificate, distinguishedNameOf } = await import('../parse/x509-files.ts');
  const chain: Certificate[] = [];
  certificates.forEach((der, position) => {
    const certificate = attempt(() => parseCertificate(der));
    if (certificate !== undefined) chain.push({ position, line: 0, ...certificate });
  });
  const names = authorities?.map((der) => attempt(() => distinguishedNameOf(der)) ?? unreadableName(der));
  return {
    chain,
    malformedCertificates: certificates.length - chain.length,
    ...(authorities === undefined ? {} : { requestedAuthorities: names ?? null }),
  };
}

const unreadableName = (der: Buffer): DistinguishedName => ({ text: '', der: der.toString('base64'), commonNames: [] });

/** Undefined where the peer's DER does not decode. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
