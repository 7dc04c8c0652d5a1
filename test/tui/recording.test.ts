import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, programFile } from '../support/built-program.ts';
import { hostOnDisk, isRoot, manifestOf } from '../support/mending.ts';
import { tmuxIsHere, tmuxTerminals, type TmuxTerminal, type TmuxTerminals } from './in-tmux.ts';

const missing = [tmuxIsHere ? '' : 'tmux is not installed', isRoot ? '' : 'only root can give files away'].filter(
  Boolean,
);

/** What differs from day to day, as it might have been on the day that is assumed. */
const asOnThatDay = (frame: string): string =>
  frame
    .replace(/applied \d{4}-\d\d-\d\d \d\d:\d\d/g, 'applied 2026-06-01 12:00')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-06-01T12:00:00.000Z');

/** A frame without what has nothing in it: of several blank lines in a panel the first stays. */
const condensed = (frame: string): string =>
  frame
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line, row, lines) => !/^│ +│(│ +│)?$/.test(line) || lines[row - 1] !== line)
    .join('\n');

/** A frame without the lines from one that begins so up to another. */
function shortened(frame: string, [from, to]: readonly [string, string]): string {
  const lines = frame.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(from));
  const end = lines.findIndex((line, row) => row > begin && line.startsWith(to));
  expect(begin).toBeGreaterThan(0);
  expect(end).toBeGreaterThan(begin);
  return [...lines.slice(0, begin), '│ ⋮', ...lines.slice(end)].join('\n');
}

describe.skipIf(missing.length > 0)(
  `a recording of the TUI${missing.length === 0 ? '' : ` (${missing.join(', ')})`}`,
  { timeout: 90_000 },
  () => {
    let terminals: TmuxTerminals;
    beforeAll(() => {
      ensureBuilt();
      terminals = tmuxTerminals();
    }, 180_000);
    afterAll(() => terminals.close());

    /** The screen once it shows this and is drawn to its end. */
    const settled = async (terminal: TmuxTerminal, wanted: string): Promise<string> => {
      for (;;) {
        const first = await terminal.screen(wanted);
        await sleep(150);
        if ((await terminal.screen(wanted)) === first) return first;
      }
    };

    it('goes from a finding to what mends it, and back; the README shows it (vitest --update, then npm run build)', async () => {
      const { directory } = hostOnDisk('example');
      const original = manifestOf(directory);
      renameSync(directory, join(terminals.directory, 'kvm1'));
      const terminal = terminals.open(`${programFile} kvm1 --at 2026-06-01`, {
        environment: `-C ${terminals.directory} NO_COLOR=1`,
      });
      const recording: string[] = [];
      const record = async (keys: string, wanted: string, cut?: readonly [string, string]): Promise<void> => {
        const whole = condensed(asOnThatDay(await settled(terminal, wanted)));
        const frame = cut === undefined ? whole : shortened(whole, cut);
        recording.push(`${keys}\n\n\`\`\`text\n${frame}\n\`\`\`\n`);
      };
      await terminal.screen('Findings');
      terminal.press('/', 'unreadable');
      await terminal.screen('(1 of ');
      terminal.press('Enter');
      await record('`virt-pki-check kvm1`, then `/` to search for `unreadable`, and `⏎`:', '⏎ open', [
        '│  network',
        '└ ⏎',
      ]);
      terminal.press('Enter');
      await record('`⏎` opens the finding, with its evidence:', '┌ private-key-unreadable', ['│ seen', '│ path']);
      terminal.press('f');
      await terminal.screen('▸[x]');
      terminal.press('Enter');
      await record('`f` leads to the ways out of it, and `⏎` shows what this one changes:', 'y or n');
      terminal.press('y');
      await record('`y` applies it, and looks again:', 'Gone: 1 error');
      terminal.press('u');
      await terminal.screen('Take this back?');
      terminal.press('y');
      await record('`u` and `y` take it back:', 'Taken back: ', ['│ Found now', '└──']);
      terminal.press('q');
      await terminal.screen('nothing has changed');
      terminal.press('q');
      await terminal.restored(1);
      expect(manifestOf(join(terminals.directory, 'kvm1'))).toEqual(original);
      await expect(recording.join('\n')).toMatchFileSnapshot('../../fixtures/recording.md');
    });
  },
);
