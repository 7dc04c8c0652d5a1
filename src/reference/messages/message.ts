import type { ConnectionStage } from '../connection-stages.ts';

/**
 * Who prints a message: `client` is virsh, virt-manager and whatever else opens a connection through libvirt, ssh included; `viewer` a
 * VNC or SPICE client; `journal` the system log, for what systemd, the kernel and SASL's plug-ins say.
 */
export type Printer = 'client' | 'daemon' | 'qemu' | 'viewer' | 'journal';

export type Side = 'client' | 'server';

/** The side of a connection that a printer stands on. */
export const sideOf: Readonly<Record<Printer, Side>> = {
  client: 'client',
  viewer: 'client',
  daemon: 'server',
  qemu: 'server',
  journal: 'server',
};

/** One thing that can be behind a message. Texts and commands may use the names of holes in angle brackets, as `<file>`. */
export interface Cause {
  readonly why: string;
  readonly stage: ConnectionStage;
  readonly look: { readonly side: Side; readonly what: string };
  /** Ids of the rules that see it, on the host of that side. */
  readonly rules: readonly string[];
  readonly fix: string;
  /** Shell commands; what stands in a hole is quoted when they are printed. */
  readonly commands?: readonly string[];
  /** The cause is one only where one of these prints the message. */
  readonly printedBy?: readonly Printer[];
  /** The cause is one only where the log calls the message a warning. */
  readonly level?: 'warning';
}

/** How a message is worded: literal text with holes in angle brackets, each some text within one line. */
export interface Wording {
  readonly template: string;
  /** The program and the first version that say it so, where that is known. */
  readonly since?: string;
  /** The program and the last version that say it so. */
  readonly until?: string;
}

/** A message that a program of the trade prints, and what it means. */
export interface KnownMessage {
  readonly id: string;
  readonly wordings: readonly [Wording, ...Wording[]];
  /** As it is printed: a line that this entry recognises, and no other does better. */
  readonly example: string;
  readonly printedBy: readonly [Printer, ...Printer[]];
  /** `reason` says what is wrong; `symptom` only that something is, which another line may explain. */
  readonly kind: 'reason' | 'symptom';
  /**
   * `frame`: it quotes another message, which is the better one where it is known; `fragment`: it stands inside other messages, and any
   * of these is the better one.
   */
  readonly part?: 'frame' | 'fragment';
  /** Most likely first. */
  readonly causes: readonly [Cause, ...Cause[]];
  /** File and function that print it. */
  readonly source: string;
}

type Told = Omit<Cause, 'stage' | 'look'> & { readonly look: string };

/** A cause to look for on the server. */
export const onServer = (stage: ConnectionStage, { look, ...rest }: Told): Cause => ({
  stage,
  look: { side: 'server', what: look },
  ...rest,
});

/** A cause to look for on the client. */
export const onClient = (stage: ConnectionStage, { look, ...rest }: Told): Cause => ({
  stage,
  look: { side: 'client', what: look },
  ...rest,
});

/** A fault of the printing program's own files: the same words come from clients, and from daemons and QEMU. */
export const onItsSide = (told: Told): readonly [Cause, Cause] => [
  onClient('client-credentials', { ...told, printedBy: ['client', 'viewer'] }),
  onServer('server-credentials', { ...told, printedBy: ['daemon', 'qemu'] }),
];

/** Wordings that did not change. */
export const worded = (first: string, ...others: readonly string[]): readonly [Wording, ...Wording[]] => [
  { template: first },
  ...others.map((template) => ({ template })),
];
