import { describe, expect, it } from 'vitest';
import { copySequence } from '../../src/tui/clipboard.ts';

describe('copySequence', () => {
  it('is OSC 52 with the text in base64, so that no text can end it early', () =>
    expect(copySequence('chmod 0600 "\x07é"')).toBe(
      `\x1b]52;c;${Buffer.from('chmod 0600 "\x07é"').toString('base64')}\x07`,
    ));
  it('is nothing for a text that terminals would cut', () => expect(copySequence('x'.repeat(80_000))).toBe(''));
});
