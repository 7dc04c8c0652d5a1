import type { SecureVersion } from 'node:tls';
import type { ObservationFailure, Seen, TlsHandshake, TlsVersion } from '../facts/observation.ts';
import { unseenOf } from './wire-error.ts';

/** Before the newest: where a server takes nothing older, that is its oldest. */
const older: readonly (readonly [TlsVersion, SecureVersion])[] = [
  ['TLS1.0', 'TLSv1'],
  ['TLS1.1', 'TLSv1.1'],
  ['TLS1.2', 'TLSv1.2'],
];

/** How servers end a handshake whose only version they do not have. */
const refusals: readonly ObservationFailure[] = ['alert', 'closed', 'reset'];

/**
 * The oldest version of TLS that a server takes: each is offered alone, the oldest first, until one is taken. `shake` opens a connection
 * of its own for it and shakes hands. Undefined where there was no handshake before, which tells the newest.
 */
export async function lowestVersion(
  { outcome, version: newest }: TlsHandshake,
  shake: (version: SecureVersion) => Promise<TlsHandshake | undefined>,
): Promise<Seen<TlsVersion> | undefined> {
  if (!outcome.seen) return undefined;
  for (const [name, version] of older) {
    if (name === newest) return { seen: true, value: name };
    let answer: TlsHandshake | undefined;
    try {
      answer = await shake(version);
    } catch (error) {
      return unseenOf(error);
    }
    // A server that has the version says so in its hello, whatever comes after.
    if (answer?.version === name) return { seen: true, value: name };
    if (answer === undefined || answer.outcome.seen) return undefined;
    if (!refusals.includes(answer.outcome.reason)) return answer.outcome;
  }
  return newest === 'TLS1.3' ? { seen: true, value: newest } : undefined;
}
