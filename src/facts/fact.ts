/**
 * A point in time, ISO 8601 in UTC.
 * @format date-time
 */
export type Moment = string;

/** Why something could not be learnt. "It does not exist" is knowledge, not ignorance, and is never one of these. */
export type UnknownReason =
  | 'permission-denied'
  | 'unreachable'
  | 'timed-out'
  | 'too-large'
  | 'unreadable'
  | 'unsupported'
  | 'not-collected'
  | 'collector-failed';

/** Ignorance with its reason; `detail` is one clause for a person, naming the path or peer that stood in the way. */
export interface Unknown {
  readonly known: false;
  readonly reason: UnknownReason;
  readonly detail: string;
}

/** What we know of a host, or why we do not know it. */
export type Fact<T> = { readonly known: true; readonly value: T } | Unknown;

export const known = <T>(value: T): Fact<T> => ({ known: true, value });

export const unknown = (reason: UnknownReason, detail: string): Unknown => ({ known: false, reason, detail });
