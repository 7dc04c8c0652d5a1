import type { Certificate, PublicKeyInfo } from '../facts/certificates.ts';
import type { TextEdit } from '../facts/configurations.ts';

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
  /** Mend the text of a libvirt configuration file that does not parse: one edit after the other, each in the text that those before it left. */
  | { readonly kind: 'repair'; readonly path: string; readonly edits: readonly TextEdit[] }
  /** Put certificates, which are public, into a file in place of what it holds, or into one that is not there: `pem` is all of it afterwards. */
  | { readonly kind: 'write'; readonly path: string; readonly pem: string }
  /** Trust the CA that is at hand: its certificate in place of what the file holds, or added to it. Only ever in `withCa`. */
  | { readonly kind: 'trust'; readonly path: string; readonly how: 'replace' | 'add' }
  /** Have the CA that is at hand issue a certificate, for the key that is there or for a new one. Only ever in `withCa`. */
  | {
      readonly kind: 'issue';
      readonly path: string;
      readonly key: string;
      /** Make a key even where a sound one is there. */
      readonly newKey: boolean;
      readonly order: CertificateOrder;
    }
  /** A command to run as root, one argument an item; `where` says in words on which other machine, if not on this one. */
  | { readonly kind: 'run'; readonly command: readonly string[]; readonly where?: string }
  /** Text to put into a file that is to be written by hand, and where. */
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  /** What only a person can do. */
  | { readonly kind: 'manual'; readonly instruction: string };

/** What a plan has in place of steps that only say what is wanted: each change by itself, and what is written known. */
export type PlannerStep =
  | { readonly kind: 'make-directory'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly pem: string;
      /** What `pem` holds. */
      readonly certificates: readonly Certificate[];
    }
  /** Put the private key to a public one in the place of what is there; whoever made the key holds it, and no document does. */
  | { readonly kind: 'write-key'; readonly path: string; readonly publicKey: PublicKeyInfo };

/** What a certificate is asked for. */
export interface CertificateOrder {
  readonly endpoint: 'server' | 'client';
  /** The common name, or the whole subject of the certificate that is replaced: its DER in base64, so that lists of allowed names go on to hold. */
  readonly subject: { readonly commonName: string } | { readonly der: string };
  /** Subject alternative names; none for a client. */
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly days: number;
}

/** A way out: safe (changes nothing that works), unsafe (interrupts or replaces something: ask first), manual (only ever printed). */
export interface Fix {
  readonly title: string;
  readonly applicability: 'safe' | 'unsafe' | 'manual';
  readonly steps: readonly FixStep[];
  /** The same where the CA's certificate and key are at hand: what a program then does in place of `steps`. */
  readonly withCa?: readonly FixStep[];
}
