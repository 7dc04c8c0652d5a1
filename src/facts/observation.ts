import type { Certificate, DistinguishedName } from './certificates.ts';

/** Why a question to a peer has no answer. Each of them is itself something that was seen. */
export type ObservationFailure =
  | 'name-not-found'
  | 'name-lookup-failed' // the resolver did not answer, or in time
  | 'refused' // nothing listens there, or a firewall says so
  | 'unreachable' // no route, no such host, or a firewall that rejects with ICMP
  | 'filtered' // not a word about the connection: packets are dropped
  | 'not-permitted' // this machine's own firewall or policy forbids it
  | 'reset'
  | 'closed' // before the answer was complete
  | 'silent' // accepts and says nothing
  | 'too-slow' // says something, and not enough of it in the time
  | 'garbage' // an answer of another protocol, or of none
  | 'alert' // TLS ended with an alert
  | 'tls-failed' // TLS ended on our side: no common version or cipher, a bad signature …
  | 'credentials-unusable' // our own certificate and key could not be loaded
  | 'rpc-error' // libvirt answered with an error
  | 'unsupported' // the peer asks for something that we do not speak
  | 'cancelled';

/** Protocols that are recognised by their first bytes. */
export type SpokenProtocol = 'tls' | 'ssh' | 'http' | 'rfb' | 'nbd' | 'spice' | 'libvirt' | 'smtp-or-ftp';

/** A question without an answer; `detail` is one clause for a person, without control characters. */
export interface Unseen {
  readonly seen: false;
  readonly reason: ObservationFailure;
  readonly detail: string;
  /** Of a connection that did not come about: the system's name of the error (`EHOSTUNREACH`). */
  readonly code?: string;
  /** Of an `alert`: its name as in RFC 8446 (`handshake_failure`). */
  readonly alert?: string;
  /** Of an `rpc-error`: virErrorNumber, virErrorDomain and libvirt's own words. */
  readonly error?: { readonly code: number; readonly domain: number; readonly message: string };
  /** Of `garbage`: what the peer speaks instead, if that shows. */
  readonly spoken?: SpokenProtocol;
}

/** What the peer answered, or why it did not. */
export type Seen<T> = { readonly seen: true; readonly value: T } | Unseen;

/** What a name and port lead to. Nothing in it depends on how fast the network was, save what ran into the deadline. */
export interface Observation<Answer> {
  readonly host: string;
  readonly port: number;
  /** Canonical addresses in the order in which getaddrinfo(3) gives them to the client, which tries them in that order. */
  readonly resolution: Seen<readonly string[]>;
  /** One for each of the first eight addresses. */
  readonly addresses: readonly AddressObservation<Answer>[];
}

/** `answer` is there when the connection came about. */
export interface AddressObservation<Answer> {
  readonly address: string;
  readonly connection: Seen<'connected'>;
  readonly answer?: Answer;
}

/** As GnuTLS names them. */
export type TlsVersion = 'TLS1.0' | 'TLS1.1' | 'TLS1.2' | 'TLS1.3';

/** A TLS handshake as far as it came; verification is off, so that the chain can be judged as GnuTLS would. */
export interface TlsHandshake {
  /** Whether we had a certificate to send; a peer that does not ask gets none. */
  readonly ownCertificate: boolean;
  readonly outcome: Seen<'completed'>;
  /** The highest that both have, a TlsVersion; absent when no hello came from the peer. */
  readonly version?: string;
  /** Name in IANA's registry; absent unless the handshake was completed. */
  readonly cipher?: string;
  /** The certificates in the order in which they were served; `line` is 0. Empty also for anonymous TLS. */
  readonly chain: readonly Certificate[];
  /** How many certificates of the chain could not be decoded. */
  readonly malformedCertificates: number;
  /**
   * The subjects of the CAs from which a client certificate is asked for, in the peer's order: none means any; `null` that no
   * certificate is asked for. Absent when the handshake did not get so far.
   */
  readonly requestedAuthorities?: readonly DistinguishedName[] | null;
}

/** What libvirt's daemon asks of a client before it may open a connection to a hypervisor. */
export interface LibvirtAuthentication {
  /** Types as libvirt has them; it offers exactly one. */
  readonly types: readonly ('none' | 'sasl' | 'polkit' | 'unknown')[];
  /** When SASL is among the types: the mechanisms, as written on the wire. */
  readonly mechanisms?: Seen<readonly string[]>;
}

/** One TLS connection to libvirt's daemon. */
export interface LibvirtTlsAnswer {
  readonly handshake: TlsHandshake;
  /** The byte after the handshake (virnetserverclient.c: virNetServerClientCheckAccess); `refused`: closed without it. */
  readonly verdict: Seen<'accepted' | 'refused'>;
  /** There when the verdict was `accepted`. */
  readonly authentication?: Seen<LibvirtAuthentication>;
}

/**
 * `withoutCertificate` accepted: the daemon lets in anyone. `withCertificate` is there when credentials were given and used.
 * `lowestVersion` is the oldest version of TLS that the daemon takes; absent where no handshake was completed.
 */
export type LibvirtAnswer =
  | { readonly transport: 'tcp'; readonly authentication: Seen<LibvirtAuthentication> }
  | {
      readonly transport: 'tls';
      readonly withoutCertificate: LibvirtTlsAnswer;
      readonly withCertificate?: LibvirtTlsAnswer;
      readonly lowestVersion?: Seen<TlsVersion>;
    };

/** Where a VNC server's authentication starts. */
export type VncAuthentication =
  { readonly kind: 'none' | 'password' | 'plain' } | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] };

/** One connection to a VNC server: what came before `authentication` is absent where the connection did not get so far. */
export interface VncSession {
  /** Of the server, such as `3.8`. */
  readonly version?: string;
  /** Codes, in the server's order; src/reference/vnc-security.ts has their names. */
  readonly securityTypes?: readonly number[];
  readonly veNCryptVersion?: string;
  readonly subTypes?: readonly number[];
  /** The sub-type, or else the security type, that we followed. */
  readonly followed?: number;
  /** TLS inside VeNCrypt, or around a WebSocket. */
  readonly handshake?: TlsHandshake;
  readonly authentication: Seen<VncAuthentication>;
}

/** A VNC display or its WebSocket. */
export interface VncAnswer {
  /** `wss`: a WebSocket inside TLS. */
  readonly transport: 'tcp' | 'ws' | 'wss';
  readonly withoutCertificate: VncSession;
  readonly withCertificate?: VncSession;
  /** The oldest version of TLS that the server takes; absent where no handshake with certificates was completed. */
  readonly lowestVersion?: Seen<TlsVersion>;
  /**
   * Whether the server verifies clients, as far as it shows: `on` when it hangs up on one without a certificate after the handshake,
   * `off` when it goes on. Absent without TLS and where it did not show.
   */
  readonly verifyPeer?: 'on' | 'off';
}

/** What a SPICE server says to a link message: `tls-needed` is SPICE_LINK_ERR_NEED_SECURED. */
export type SpiceLink = 'ok' | 'tls-needed' | 'plain-needed' | 'error';

/** One port of a SPICE server: asked in the clear, and inside TLS if it did not answer that; one that is known for TLS inside TLS alone. */
export interface SpiceAnswer {
  readonly plain?: Seen<SpiceLink>;
  readonly tls?: { readonly handshake: TlsHandshake; readonly link: Seen<SpiceLink> };
}

/** An NBD server: `tls` when it starts TLS; `verifyPeer` as for VNC. */
export interface NbdAnswer {
  /** `oldstyle` servers have neither options nor TLS. */
  readonly greeting: Seen<'newstyle' | 'oldstyle'>;
  /** Whether it goes on without TLS; absent where asking would end the connection of a server that never wants TLS. */
  readonly plain?: Seen<'ok' | 'tls-needed'>;
  readonly startTls?: Seen<'accepted' | 'refused'>;
  readonly handshake?: TlsHandshake;
  readonly verifyPeer?: 'on' | 'off';
}

/** The identification line of an ssh server, without its line end. */
export interface SshAnswer {
  readonly banner: Seen<string>;
}

/** A port that takes connections; nothing was asked of it. */
export type TcpAnswer = Readonly<Record<string, never>>;

/** What was seen of a peer, by what it was asked as. */
export type ObservedPeer =
  | {
      readonly asks: 'libvirt';
      readonly transport: 'tls' | 'tcp';
      readonly observation: Observation<LibvirtAnswer>;
    }
  | { readonly asks: 'vnc'; readonly observation: Observation<VncAnswer> }
  | { readonly asks: 'spice'; readonly transport: 'tls' | 'tcp'; readonly observation: Observation<SpiceAnswer> }
  | { readonly asks: 'nbd'; readonly observation: Observation<NbdAnswer> }
  | { readonly asks: 'ssh'; readonly observation: Observation<SshAnswer> };
