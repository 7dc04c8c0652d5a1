import type { Tone } from './color.ts';

/** A piece of a line and what it is. */
export interface Segment {
  readonly text: string;
  readonly tone?: Tone;
}

/** One line before it is fitted and painted; a plain string has no tone. All text must be printable already. */
export type Line = string | readonly Segment[];
