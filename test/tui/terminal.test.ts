import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameChange } from '../../src/tui/terminal.ts';
import { bundleTui } from '../support/bundle-tui.ts';

describe('frameChange', () => {
  it.each([
    ['draws all at first', undefined, ['a', 'b'], ['\x1b[1;1Ha', '\x1b[2;1Hb', '\x1b[3;1H\x1b[J']],
    ['draws only what differs', ['a', 'b', 'c'], ['a', 'x', 'c'], ['\x1b[2;1Hx']],
    ['clears what is no longer there', ['a', 'b'], ['a'], ['\x1b[2;1H\x1b[J']],
  ])('%s', (_name, before, after, drawn) => {
    const change = frameChange(before, after);
    for (const part of drawn) expect(change).toContain(part);
    expect(change.match(/;1H/g)).toHaveLength(drawn.length);
  });

  it('writes nothing when nothing changed, and never a line feed', () => {
    expect(frameChange(['a', 'b'], ['a', 'b'])).toBe('');
    expect(frameChange(undefined, ['a', 'b'])).not.toContain('\n');
  });
});

const tmuxIsHere = spawnSync('tmux', ['-V']).status === 0;

describe.skipIf(!tmuxIsHere)(
  `the TUI in a real terminal${tmuxIsHere ? '' : ' (tmux is not installed)'}`,
  { timeout: 30_000 },
  () => {
    let directory = '';
    let program = '';
    let sessions = 0;
    const socket = `virt-pki-check-${process.pid}`;
    const tmux = (...args: readonly string[]): string =>
      execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'virt-pki-check-tui-'));
      program = join(directory, 'tui.mjs');
      await bundleTui(program);
    }, 60_000);

    afterAll(() => {
      spawnSync('tmux', ['-L', socket, 'kill-server']);
      rmSync(directory, { recursive: true, force: true });
    });

    /** A shell in a terminal of its own that runs the TUI, tells its status and `stty`, and then waits. */
    const open = async (manner: string, { columns = 80, rows = 24, environment = '', until = 'Findings' } = {}) => {
      sessions += 1;
      const session = `s${sessions}`;
      const stem = join(directory, session);
      // The program replaces the inner shell, so that it is in the foreground and its process id is known.
      const command = `echo before; sh -c 'echo $$ >${stem}.pid; exec env ${environment} ${process.execPath} ${program} ${manner} 2>${stem}.err'; echo "status $?"; stty -a >${stem}.stty; sleep 600`;
      tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-s', session, command);
      const shown = (...options: readonly string[]): string => tmux('capture-pane', '-p', ...options, '-t', session);
      const screen = async (wanted: string | RegExp, ...options: readonly string[]): Promise<string> => {
        const end = Date.now() + 10_000;
        let last = '';
        while (Date.now() < end) {
          last = shown(...options);
          if (typeof wanted === 'string' ? last.includes(wanted) : wanted.test(last)) return last;
          await sleep(30);
        }
        throw new Error(`${String(wanted)} did not appear in:\n${last}`);
      };
      const terminal = {
        screen,
        press: (...keys: readonly string[]) => tmux('send-keys', '-t', session, ...keys),
        /** Records the bytes that the program writes from now on. */
        record: () => {
          tmux('pipe-pane', '-t', session, `cat >${stem}.raw`);
          return () => readFileSync(`${stem}.raw`, 'utf8');
        },
        resize: (width: number, height: number) =>
          tmux('resize-window', '-t', session, '-x', String(width), '-y', String(height)),
        pid: () => Number(readFileSync(`${stem}.pid`, 'utf8')),
        errors: () => readFileSync(`${stem}.err`, 'utf8'),
        /** Waits for the end, and holds the terminal against what it was before. */
        restored: async (status: number): Promise<string> => {
          const after = await screen(`status ${status}`);
          expect(after).toMatch(/^before\n/);
          expect(tmux('display-message', '-p', '-t', session, '#{alternate_on} #{cursor_flag}').trim()).toBe('0 1');
          for (
            let wait = 0;
            wait < 50 && !readFileSync(`${stem}.stty`, { encoding: 'utf8', flag: 'a+' }).includes('echo');
            wait += 1
          )
            await sleep(20);
          const settings = readFileSync(`${stem}.stty`, 'utf8');
          expect(settings).toMatch(/(?<!-)\bicanon\b/);
          expect(settings).toMatch(/(?<!-)\becho\b/);
          return after;
        },
      };
      if (until !== '') await screen(until);
      return terminal;
    };

    it('shows what it looks at, then the report', async () => {
      const terminal = await open('report', { until: 'Looking at the host' });
      await terminal.screen('/etc/pki/CA/\\x1b[31mcacert.pem');
      const shown = await terminal.screen('▸✖ private-key-unreadable');
      expect(shown).toContain('3 ✖  2 ⚠  1 ℹ');
      expect(shown.trimEnd().split('\n')).toHaveLength(23);
      terminal.press('q');
      expect(await terminal.restored(0)).toContain('the end: 3 errors');
    });

    it('moves, filters, searches, opens, helps and quits by keyboard', async () => {
      const terminal = await open('report');
      terminal.press('Down', 'j');
      await terminal.screen('▸✖ tls-not-listening');
      terminal.press('PageDown', 'End');
      await terminal.screen('▸ℹ crl-not-configured');
      terminal.press('Home');
      await terminal.screen('▸✖ private-key-unreadable');
      terminal.press('w');
      await terminal.screen('Findings: warnings (2 of 6)');
      terminal.press('a', 'Tab', 'Tab');
      await terminal.screen('Findings: libvirtd (1 of 6)');
      terminal.press('Left', 'Left');
      await terminal.screen('┌ Findings ─');
      terminal.press('/', 'loopback');
      await terminal.screen('/ loopback▏');
      terminal.press('Enter', 'Enter');
      expect(await terminal.screen('┌ port-loopback-only ─')).toContain(
        'clients on other hosts see "Connection refused"',
      );
      terminal.press('?');
      await terminal.screen('┌ Keys ─');
      terminal.press('Escape');
      await terminal.screen('┌ port-loopback-only ─');
      terminal.press('Escape');
      await terminal.screen('Findings: “loopback”');
      terminal.press('u');
      await terminal.screen('permission denied on /etc/pki/libvirt/private');
      terminal.press('q');
      await terminal.restored(0);
    });

    it('follows the size of the terminal', async () => {
      const terminal = await open('report');
      // A frame may be caught half drawn: what is waited for is its last line, where it belongs.
      terminal.resize(120, 40);
      const large = (await terminal.screen(/^(?:[^\n]*\n){37}└─.{117}┘\n [^\n]*q quit/)).trimEnd().split('\n');
      expect(large).toHaveLength(39);
      terminal.resize(60, 16);
      const small = (await terminal.screen(/^(?:[^\n]*\n){14}[^\n]*Tab family  \? keys  q quit/)).trimEnd().split('\n');
      expect(small).toHaveLength(15);
      expect(small[0]).toMatch(/^ virt-pki-check/);
      terminal.resize(50, 10);
      expect((await terminal.screen('Please enlarge')).trim()).toBe('Please enlarge: 50×10, needed 60×16. q quits');
      terminal.resize(80, 24);
      await terminal.screen('▸✖ private-key-unreadable');
      terminal.press('C-c');
      await terminal.restored(0);
    });

    it('colours unless told not to', async () => {
      const coloured = await open('report');
      expect(await coloured.screen('Findings', '-e')).toContain('\x1b[31m  3 ✖');
      coloured.press('q');
      const plain = await open('report', { environment: 'NO_COLOR=1' });
      expect(await plain.screen('Findings', '-e')).not.toContain('\x1b[');
      plain.press('q');
      await plain.restored(0);
    });

    it('draws in an environment that looks like continuous integration', async () => {
      const terminal = await open('report', { environment: 'CI=true' });
      terminal.press('q');
      await terminal.restored(0);
    });

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
      ['SIGQUIT', 131],
    ] as const)('gives the terminal back after %s, which takes its usual effect', async (signal, status) => {
      const terminal = await open('report');
      process.kill(terminal.pid(), signal);
      await terminal.restored(status);
    });

    it.each(['q', 'C-c'])('is interrupted by %s while it still looks', async (key) => {
      const terminal = await open('collecting', { until: 'Looking at the host' });
      terminal.press(key);
      await terminal.restored(130);
    });

    it.each([
      ['crash', 'crashed on purpose'],
      ['failure', 'the work failed'],
    ])('gives the terminal back after a %s, and does not swallow it', async (manner, message) => {
      const terminal = await open(manner, { until: '' });
      await terminal.restored(1);
      expect(terminal.errors()).toContain(message);
    });
  },
);
