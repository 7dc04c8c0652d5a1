import type { ObservationFailure, Seen, Unseen } from '../facts/observation.ts';
import { peerText } from '../parse/decoded.ts';

type Extra = Omit<Unseen, 'seen' | 'reason' | 'detail'>;

/** What ended a conversation with a peer: an observation like any other, thrown so that it ends every question that was open. */
export class WireError extends Error {
  readonly unseen: Unseen;

  constructor(reason: ObservationFailure, detail: string, extra: Extra = {}) {
    super(detail);
    this.name = 'WireError';
    this.unseen = { seen: false, reason, detail: peerText(Buffer.from(detail), 400), ...extra };
  }
}

/** Makes an answer of what `ask` gives, or of the way in which the wire ended it. */
export async function look<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: true, value: await ask() };
  } catch (error) {
    return unseenOf(error);
  }
}

/** The observation in a WireError; anything else is a fault of ours and is thrown on. */
export function unseenOf(error: unknown): Unseen {
  if (error instanceof WireError) return error.unseen;
  throw error;
}

/** The system's name of an error, such as ECONNREFUSED; an empty text where it has none. */
export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
