import type { Seen, TlsHandshake, TlsVersion } from '../../facts/observation.ts';

const spaced = (version: string): string => version.replace('TLS', 'TLS ');

/** What a completed handshake agreed on, and how far down the server would go. */
export const handshakeText = (
  { version = 'TLS', cipher }: Pick<TlsHandshake, 'version' | 'cipher'>,
  lowest?: Seen<TlsVersion>,
): string =>
  `${spaced(version)}${cipher === undefined ? '' : ` with ${cipher}`}${
    lowest?.seen !== true
      ? ''
      : lowest.value === version
        ? '; nothing older is taken'
        : `; ${spaced(lowest.value)} is taken as well`
  }`;
