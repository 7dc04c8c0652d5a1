import columnsOf from 'fast-string-width';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrap } from '../../src/report/wrap.ts';

describe('wrap', () => {
  it.each([
    ['divides at spaces', 'one two three', 7, [], ['one two', 'three']],
    [
      'never breaks a path',
      'see /etc/pki/libvirt/private/serverkey.pem now',
      10,
      [],
      ['see', '/etc/pki/libvirt/private/serverkey.pem', 'now'],
    ],
    ['keeps backquotes whole', 'run `virsh list --all` now', 12, [], ['run', '`virsh list --all`', 'now']],
    [
      'keeps a path with spaces whole',
      'the key /my pki/key is open',
      10,
      ['/my pki/key'],
      ['the key', '/my pki/key', 'is open'],
    ],
    ['counts wide characters twice', '日本 語語', 5, [], ['日本', '語語']],
    ['has no line for no text', '', 10, [], []],
  ])('%s', (_name, text, width, keep, lines) => expect(wrap(text, width, keep)).toEqual(lines));

  it('loses no word and breaks none; only a line of one word is too wide', () => {
    const words = fc.array(fc.stringMatching(/^[a-z日é/.-]{1,20}$/), { maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 60 }), (given, width) => {
        const lines = wrap(given.join(' '), width);
        expect(lines.flatMap((line) => line.split(' '))).toEqual(given);
        for (const line of lines) expect(!line.includes(' ') || columnsOf(line) <= width).toBe(true);
      }),
    );
  });
});
