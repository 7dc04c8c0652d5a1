/** A value of libvirt's configuration grammar. */
export type ConfigurationValue =
  | { readonly type: 'string'; readonly value: string }
  /** An integer without a sign; libvirt keeps it as an unsigned number. */
  | { readonly type: 'unsigned'; readonly value: number }
  /** An integer written with a minus sign; libvirt keeps it as a signed number, which is another type. */
  | { readonly type: 'signed'; readonly value: number }
  | { readonly type: 'list'; readonly items: readonly ConfigurationValue[] }
  /** A value that is or may be secret (a password, or anything under a name that nobody knows): only its shape is kept. */
  | { readonly type: 'redacted'; readonly was: 'string' | 'unsigned' | 'signed' | 'list'; readonly length: number };

/** One `name = value` statement; line and column (of the name) count from 1. */
export interface Setting {
  readonly key: string;
  readonly value: ConfigurationValue;
  readonly line: number;
  readonly column: number;
}

/**
 * Text that stands in a file, and what to put in its place, both with a sign of what stays; line and column (in characters) count from 1.
 */
export interface TextEdit {
  readonly line: number;
  readonly column: number;
  readonly from: string;
  readonly to: string;
}

/** The one evident repair of a file that does not parse: a few signs, one edit after the other. */
export interface ConfigurationRepair {
  readonly edits: readonly TextEdit[];
  /** All statements of the file as it is then. */
  readonly settings: readonly Setting[];
}

/** The parser's first complaint; `expected` is libvirt's own wording, such as `expecting a value`. */
export interface ConfigurationSyntaxError {
  readonly expected: string;
  readonly line: number;
  readonly column: number;
  /** Where it is clear what was meant, and no secret can stand there. */
  readonly repair?: ConfigurationRepair;
}

/** A configuration file as libvirt's parser reads it: all statements in order (the first of a name counts), or where it stops. */
export interface ConfigurationFile {
  readonly settings: readonly Setting[];
  /** Present when the file would not load at all; `settings` then holds what stood before the error, for hints only. */
  readonly error?: ConfigurationSyntaxError;
}
