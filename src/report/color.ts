import type { Severity } from '../rule/severity.ts';

/** What a piece of text is, for its colour; the words and signs say the same without. */
export type Tone = Severity | 'pass' | 'unknown' | 'strong' | 'faint' | 'selected';

/** Select Graphic Rendition: the number that begins a tone and the one that ends it (ECMA-48 8.3.117). */
const graphics: Readonly<Record<Tone, readonly [number, number]>> = {
  error: [31, 39],
  warning: [33, 39],
  note: [36, 39],
  pass: [32, 39],
  unknown: [35, 39],
  strong: [1, 22],
  faint: [2, 22],
  selected: [7, 27],
};

/** Gives text its tone. */
export type Paint = (tone: Tone, text: string) => string;

/** A painter that colours, or one that changes nothing. */
export const painter = (color: boolean): Paint =>
  color ? (tone, text) => `\x1b[${graphics[tone][0]}m${text}\x1b[${graphics[tone][1]}m` : (_tone, text) => text;

/** One sign for each severity and outcome; each is one column wide. */
export const signs: Readonly<Record<Severity | 'pass' | 'unknown', string>> = {
  error: '✖',
  warning: '⚠',
  note: 'ℹ',
  pass: '✔',
  unknown: '?',
};
