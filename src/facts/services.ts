import type { Fact, Moment } from './fact.ts';

/** Daemons of libvirt that read a configuration of their own and may serve remote clients. */
export type Daemon = 'libvirtd' | 'virtproxyd' | 'virtqemud';

/** `LIBVIRTD_ARGS`, `VIRTPROXYD_ARGS` … as systemd would hand them over. */
export interface DaemonArguments {
  /** The file that sets them (`/etc/default/libvirtd`, `/etc/sysconfig/libvirtd` …), and the line; absent when nothing does. */
  readonly path?: string;
  readonly line?: number;
  readonly arguments: readonly string[];
}

export interface SystemdUnit {
  readonly name: string;
  /** Its unit file, if one was found. */
  readonly path?: string;
  /** A `.wants` or `.requires` link or an alias leads to it. */
  readonly enabled: boolean;
  readonly masked: boolean;
  /** Is it active now; absent where the target is not a running system or cannot be asked. */
  readonly active?: boolean;
  /** ListenStream= of a socket after drop-ins, in order. */
  readonly listenStreams: readonly string[];
  readonly socketMode?: string;
  readonly socketGroup?: string;
  /** Latest change of unit file and drop-ins, ISO 8601 in UTC. */
  readonly modified?: Moment;
}

export interface Services {
  readonly daemonArguments: Readonly<Record<Daemon, DaemonArguments>>;
  /** libvirt's units that exist, are enabled or are masked, by name. */
  readonly units: Readonly<Record<string, SystemdUnit>>;
}

export interface Process {
  readonly pid: number;
  /** Base name of the program, such as `libvirtd` or `qemu-system-x86_64`. */
  readonly program: string;
  /** Effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** Start, ISO 8601 in UTC; absent when it could not be worked out. */
  readonly started?: Moment;
  /** Arguments after the program's name, kept only for libvirt's daemons, whose arguments hold no secret. */
  readonly arguments?: readonly string[];
  /** systemd handed it sockets (LISTEN_FDS); absent when its environment could not be read. */
  readonly socketActivated?: boolean;
}

export interface ListeningSocket {
  readonly address: string;
  readonly port: number;
  /** The process that holds it, where that could be seen. */
  readonly pid?: number;
}

/** What runs; `observed` is false for an image, where nothing does. */
export type Runtime =
  | { readonly observed: false }
  | {
      readonly observed: true;
      readonly processes: readonly Process[];
      /** Listening TCP sockets; a report that kept its processes may have none of its network. */
      readonly listening: Fact<readonly ListeningSocket[]>;
    };
