/** One `key: value` line of a SASL service file, key in lower case; only keys without secrets are kept. */
export interface SaslSetting {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** A SASL service file as Cyrus reads it: the first of a key counts; one syntax error voids the whole file. */
export interface SaslConfiguration {
  readonly settings: readonly SaslSetting[];
  readonly error?: { readonly line: number; readonly cause: 'key' | 'colon' | 'value' };
}
