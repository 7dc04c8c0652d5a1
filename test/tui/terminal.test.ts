import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameChange } from '../../src/tui/terminal.ts';
import { bundleTui } from '../support/bundle-tui.ts';
import { tmuxIsHere, tmuxTerminals, type TmuxTerminal, type TmuxTerminals } from './in-tmux.ts';

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

describe.skipIf(!tmuxIsHere)(
  `the TUI in a real terminal${tmuxIsHere ? '' : ' (tmux is not installed)'}`,
  { timeout: 30_000 },
  () => {
    let terminals: TmuxTerminals;
    let program = '';

    beforeAll(async () => {
      terminals = tmuxTerminals();
      program = join(terminals.directory, 'tui.mjs');
      await bundleTui(program);
    }, 60_000);
    afterAll(() => terminals.close());

    const open = async (manner: string, { until = 'Findings', environment = '' } = {}): Promise<TmuxTerminal> => {
      const terminal = terminals.open(`${program} ${manner}`, { environment });
      if (until !== '') await terminal.screen(until);
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

    it('looks again, and says what is gone', async () => {
      const terminal = await open('report');
      terminal.press('r');
      await terminal.screen('looking again: ');
      expect(await terminal.screen('looked again: 1 gone, 0 new')).toContain('▸✔ - private-key-unreadable (gone)');
      terminal.press('Home');
      await terminal.screen('▸✖ certificate-untrusted');
      terminal.press('q');
      expect(await terminal.restored(0)).toContain('the end: 2 errors');
    });

    it('goes on with what it has seen when another look fails', async () => {
      const terminal = await open('later');
      terminal.press('r');
      expect(await terminal.screen('could not look again: the host went away')).toContain('▸✖ private-key-unreadable');
      terminal.press('q');
      expect(await terminal.restored(0)).toContain('the end: 3 errors');
    });

    it('moves through time, answers once the keys rest, and goes back', async () => {
      const terminal = await open('report');
      terminal.press('t', 'Right', 'Right');
      const shown = await terminal.screen('Findings as of 2026-05-01, beside now: 0 new, 0 gone');
      expect(shown).toContain('as of 2026-05-01');
      terminal.press('Down', 'Enter');
      await terminal.screen('┌ certificate-untrusted ─');
      terminal.press('Escape');
      await terminal.screen('┌ Time line ─');
      terminal.press('Escape');
      await terminal.screen('┌ Families ─');
      terminal.press('q');
      await terminal.restored(0);
    });

    it("copies a command to the terminal's clipboard", async () => {
      const terminal = await open('report');
      terminals.takeClipboard();
      terminal.press('c');
      await terminal.screen('copied 1 of 2: chgrp');
      await expect.poll(() => terminals.clipboard()).toBe('chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem');
      terminal.press('c');
      await terminal.screen('copied 2 of 2: chmod');
      await expect.poll(() => terminals.clipboard()).toBe('chmod 0640 /etc/pki/libvirt-vnc/server-key.pem');
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
      const small = (await terminal.screen(/^(?:[^\n]*\n){14}[^\n]*\? keys  q quit/)).trimEnd().split('\n');
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
