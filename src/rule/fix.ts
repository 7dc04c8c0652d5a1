/**
 * One step of a fix. Steps that change a file know what they expect to find (`from`), so that whoever performs them can refuse
 * when it no longer holds. Modes are numbers, owners and groups are names (or numbers where the host has no name for them).
 */
export type FixStep =
  | { readonly kind: 'chmod'; readonly path: string; readonly from: number; readonly to: number }
  | { readonly kind: 'chown'; readonly path: string; readonly from: string; readonly to: string }
  | { readonly kind: 'chgrp'; readonly path: string; readonly from: string; readonly to: string }
  /** Let an account or group in by ACL; `entry` in the syntax of setfacl -m, such as `u:libvirt-qemu:r`. */
  | { readonly kind: 'setfacl'; readonly path: string; readonly entry: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** Give `key` a value in a libvirt configuration file; `value` is the literal text after the equals sign, `line` where the key stands now. */
  | {
      readonly kind: 'set';
      readonly path: string;
      readonly key: string;
      readonly value: string;
      readonly line?: number;
    }
  /** Take the statement for `key` out of a libvirt configuration file. */
  | { readonly kind: 'unset'; readonly path: string; readonly key: string; readonly line: number }
  /** A command to run as root, one argument an item; `where` says in words on which other machine, if not on this one. */
  | { readonly kind: 'run'; readonly command: readonly string[]; readonly where?: string }
  /** Text to put into a file that is to be written by hand, and where. */
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  /** What only a person can do. */
  | { readonly kind: 'manual'; readonly instruction: string };

/** A way out: safe (changes nothing that works), unsafe (interrupts or replaces something: ask first), manual (only ever printed). */
export interface Fix {
  readonly title: string;
  readonly applicability: 'safe' | 'unsafe' | 'manual';
  readonly steps: readonly FixStep[];
}
