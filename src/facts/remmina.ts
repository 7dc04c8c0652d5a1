/** Remmina's names of the files with which it opens consoles over TLS. */
export type RemminaSetting = 'cacert' | 'cacrl' | 'clientcert' | 'clientkey';

/** A profile of Remmina for a VNC console, as far as TLS goes: who else is called, and with what password, is not kept. */
export interface RemminaProfile {
  /** Names of the users whose Remmina lists it. */
  readonly users: readonly string[];
  /** `disableencryption`: the files are not used. */
  readonly withoutEncryption: boolean;
  /** What is named, empty values left out. */
  readonly files: Readonly<Partial<Record<RemminaSetting, { readonly path: string; readonly line: number }>>>;
}
