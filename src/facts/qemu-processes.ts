/** Which address families a TCP address of QEMU stands for, by `ipv4=`, `ipv6=` and the address itself. */
export type AddressFamily = 'ipv4' | 'ipv6';

/** Where QEMU listens or, in reverse mode, connects to. */
export type QemuAddress =
  | {
      readonly type: 'tcp';
      /** As written, without brackets; empty for all interfaces. */
      readonly host: string;
      /** A name without `ipv4=` or `ipv6=` may turn out to be of either. */
      readonly families: readonly AddressFamily[];
      /** Absent where a service name stands for it. */
      readonly port?: number;
      readonly service?: string;
      /** Last port of the range that is tried (`to=`); absent when the port must be free. */
      readonly lastPort?: number;
    }
  /** An empty path is a new one under TMPDIR. */
  | { readonly type: 'unix'; readonly path: string };

/** A `tls-creds-*` object: `verifyPeer` and `endpoint` after QEMU's defaults (on, client). */
export interface TlsCredentials {
  readonly type: 'tls-creds-x509' | 'tls-creds-anon' | 'tls-creds-psk';
  readonly id: string;
  readonly dir?: string;
  readonly endpoint: 'client' | 'server';
  readonly verifyPeer: boolean;
  readonly priority?: string;
  /** X.509 only. */
  readonly sanityCheck?: boolean;
  /** X.509 only: the `secret` object with the pass phrase of the key. */
  readonly passwordId?: string;
}

/** A `secret` or `secret_keyring` object; what it holds is never kept. */
export interface QemuSecret {
  readonly type: 'secret' | 'secret_keyring';
  readonly id: string;
  /** `inline`: `data=` on the command line, for all local users to see unless `keyId` encrypts it. */
  readonly source: 'inline' | 'file' | 'keyring' | 'none';
  readonly file?: string;
  readonly keyId?: string;
}

/** An `authz-*` object: who is let in. */
export type QemuAuthorization =
  | { readonly type: 'authz-simple'; readonly id: string; readonly identity: string }
  | {
      readonly type: 'authz-list';
      readonly id: string;
      readonly policy: 'deny' | 'allow';
      readonly rules: readonly {
        readonly match: string;
        readonly policy: 'deny' | 'allow';
        readonly format: 'exact' | 'glob';
      }[];
    }
  | { readonly type: 'authz-listfile'; readonly id: string; readonly filename: string; readonly refresh: boolean }
  | { readonly type: 'authz-pam'; readonly id: string; readonly service: string };

/** Any other object, by its QOM type alone. */
export interface OtherQemuObject {
  readonly type: 'other';
  readonly id: string;
  readonly qomType: string;
}

export type QemuObject = TlsCredentials | QemuSecret | QemuAuthorization | OtherQemuObject;

/** What encrypts a display; `unresolved`: `tls-creds=` names nothing that a VNC server could use. */
export type DisplayTls =
  | { readonly type: 'none' }
  | { readonly type: 'anonymous' | 'x509'; readonly credentials: TlsCredentials }
  | { readonly type: 'unresolved'; readonly id: string };

/** RFB security types that QEMU offers: None, VNC, VeNCrypt, SASL. */
export type RfbSecurityType = 1 | 2 | 19 | 20;

/** VeNCrypt sub-types that QEMU offers: TLSNone, TLSVnc, X509None, X509Vnc, X509SASL, TLSSASL. */
export type VencryptSubtype = 257 | 258 | 260 | 261 | 263 | 264;

/** One `-vnc` or `-display vnc=`. */
export interface VncDisplay {
  readonly id: string;
  /** Place of its option in the argument vector, the program being 0. */
  readonly argument: number;
  /** Empty with `none`, in reverse mode and where QEMU refuses the addresses. */
  readonly addresses: readonly QemuAddress[];
  readonly websockets: readonly QemuAddress[];
  /** `reverse=on`: QEMU connects there instead of listening. */
  readonly connectsTo?: QemuAddress;
  /** What is asked of a client; a password keeps SASL from ever being used. */
  readonly authentication: 'none' | 'vnc-password' | 'sasl';
  /** Where the password comes from: the monitor, later, or a `secret` object. */
  readonly passwordFrom?: { readonly type: 'monitor' } | { readonly type: 'secret'; readonly id: string };
  /** `sasl=on`, even when a password takes its place. */
  readonly sasl: boolean;
  readonly saslAuthz?: string;
  readonly tls: DisplayTls;
  readonly tlsAuthz?: string;
  /** Absent when TLS is unresolved. */
  readonly securityType?: RfbSecurityType;
  readonly vencryptSubtype?: VencryptSubtype;
  /** Inside the websocket, where TLS comes first and VeNCrypt is never offered. */
  readonly websocketSecurityType: Exclude<RfbSecurityType, 19>;
  readonly share: 'allow-exclusive' | 'force-shared' | 'ignore';
  readonly connections: number;
  readonly powerControl: boolean;
  /** Removed options of the old TLS support that stand there: tls, x509, x509verify, acl. */
  readonly legacy: readonly string[];
  /** Options of a yes and no that stand there without `=on`, which is deprecated since 6.0. */
  readonly shortForms: readonly string[];
}

/** `-spice`, all of them merged. */
export interface SpiceServer {
  readonly argument: number;
  readonly port?: number;
  readonly tlsPort?: number;
  /** Empty for all interfaces; a path with `unix=on`. */
  readonly address: string;
  readonly families: readonly AddressFamily[];
  readonly unix: boolean;
  /** `disable-ticketing=on` makes it false: no password is asked for. */
  readonly ticketing: boolean;
  readonly sasl: boolean;
  /** `inline`: `password=`, which QEMU before 8.0 takes and every local user can read. */
  readonly passwordFrom?: { readonly type: 'inline' } | { readonly type: 'secret'; readonly id: string };
  /** The files of the TLS port, as QEMU puts them together; absent without one. */
  readonly tls?: {
    readonly caCertificate: string;
    readonly certificate: string;
    readonly key: string;
    readonly ciphers?: string;
  };
  readonly channels: readonly { readonly name: string; readonly security: 'tls' | 'plaintext' }[];
}

/** `-chardev socket`. */
export interface SocketCharacterDevice {
  readonly id: string;
  readonly argument: number;
  readonly host?: string;
  readonly port?: string;
  readonly path?: string;
  readonly server: boolean;
  readonly websocket: boolean;
  readonly tlsCredentials?: string;
  readonly tlsAuthz?: string;
}

/** `-incoming`; what an `exec:` runs is not kept. */
export interface IncomingMigration {
  readonly protocol: 'tcp' | 'rdma' | 'unix' | 'vsock' | 'fd' | 'file' | 'exec' | 'defer' | 'other';
  /** What follows the protocol, of those that carry an address. */
  readonly address?: string;
}

/** The first thing for which QEMU would not start with these arguments. */
export interface QemuRefusal {
  /** Place of the option in the argument vector. */
  readonly argument: number;
  readonly stage: 'arguments' | 'objects' | 'spice' | 'character-devices' | 'displays';
  /** QEMU's words, without the program and the option that it prints before them. */
  readonly text: string;
  /** Of stage `objects`: how many of the objects were made before that one. */
  readonly made?: number;
}

/** The arguments of a QEMU as QEMU understands them. Passwords and keys are not among them. */
export interface QemuCommandLine {
  /** The program's name as it was called. */
  readonly program: string;
  readonly guest?: string;
  readonly uuid?: string;
  readonly machine?: string;
  /** Type of the local display (`-display`), `none` for `-nographic`; absent when the build decides. */
  readonly display?: string;
  /** False with `-nodefaults`. */
  readonly defaultDevices: boolean;
  readonly vnc: readonly VncDisplay[];
  /** Without any display QEMU opens a local one or, where it has none, VNC at localhost:0 and up. */
  readonly defaultVnc: boolean;
  readonly spice?: SpiceServer;
  readonly objects: readonly QemuObject[];
  readonly characterDevices: readonly SocketCharacterDevice[];
  readonly incoming?: IncomingMigration;
  /** The account that QEMU itself changes to (`-runas`, `-run-with user=`). */
  readonly runsAs?: string;
  /**
   * Options that may change all of this and were not followed: `-readconfig` with its path, `-set`, and those that a listing of processes
   * shows so that their argument cannot be told from its neighbours.
   */
  readonly unread: readonly (
    | { readonly option: 'readconfig'; readonly path: string }
    | { readonly option: 'set' }
    | { readonly option: 'ambiguous'; readonly name: string }
  )[];
  readonly refusal?: QemuRefusal;
}

/** A running QEMU. */
export interface QemuProcess {
  readonly pid: number;
  /** Effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** Start, ISO 8601 in UTC; absent when it could not be worked out. */
  readonly started?: string;
  /** Its argument vector, the program first; what may hold a secret, or says nothing of consoles, is an ellipsis. */
  readonly arguments: readonly string[];
  /** Names of options whose arguments are not among them, for a listing of processes does not say where they end. */
  readonly ambiguous?: readonly string[];
  /** The arguments as the QEMU of the facts on software reads them. */
  readonly commandLine: QemuCommandLine;
}

/** The QEMU guests that run; `observed` is false for an image, where nothing does. */
export type QemuProcesses =
  { readonly observed: false } | { readonly observed: true; readonly processes: readonly QemuProcess[] };
