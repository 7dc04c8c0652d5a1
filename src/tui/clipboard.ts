import { Buffer } from 'node:buffer';

/** What was copied, and the how many-eth copy it is, so that the same text can be copied twice. */
export interface Copied {
  readonly text: string;
  readonly count: number;
}

/** Bytes of base64 that every terminal takes: xterm's own limit is the least (its manual, "Operating System Commands"). */
const largest = 74_994;

/**
 * The sequence by which a terminal puts a text on the clipboard of whoever sits before it, also through ssh: xterm's OSC 52. Empty for a
 * text that terminals would cut. Whether a terminal obeys cannot be known.
 */
export function copySequence(text: string): string {
  const base64 = Buffer.from(text, 'utf8').toString('base64');
  return base64.length > largest ? '' : `\x1b]52;c;${base64}\x07`;
}
