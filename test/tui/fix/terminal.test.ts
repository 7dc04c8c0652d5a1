import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { undoLatest } from '../../../src/fix/undo.ts';
import { WritableTree } from '../../../src/fix/writable-tree.ts';
import { ensureBuilt, programFile } from '../../support/built-program.ts';
import { bundleTui } from '../../support/bundle-tui.ts';
import { hostOnDisk, isRoot, manifestOf } from '../../support/mending.ts';
import { run } from '../../support/run-program.ts';
import { tmuxIsHere, tmuxTerminals, type TmuxTerminals } from '../in-tmux.ts';

const hosts = join(import.meta.dirname, '../../../fixtures/hosts');
const at = '2026-06-01';
const key = '/etc/pki/libvirt-vnc/server-key.pem';

const missing = [tmuxIsHere ? '' : 'tmux is not installed', isRoot ? '' : 'only root can give files away'].filter(
  Boolean,
);

describe.skipIf(missing.length > 0)(
  `fix in a real terminal${missing.length === 0 ? '' : ` (${missing.join(', ')})`}`,
  { timeout: 90_000 },
  () => {
    let terminals: TmuxTerminals;
    let harness = '';
    beforeAll(async () => {
      ensureBuilt();
      terminals = tmuxTerminals();
      harness = join(terminals.directory, 'fix-tui.mjs');
      // The program looks for its version beside itself.
      writeFileSync(join(terminals.directory, 'package.json'), '{ "name": "virt-pki-check", "version": "0.0.0" }');
      await bundleTui(harness, 'fix-tui-harness.ts');
    }, 180_000);
    afterAll(() => terminals.close());

    const journalOf = (directory: string): string => join(directory, 'var/lib/virt-pki-check/000001/journal.jsonl');

    it('moves, searches, chooses, applies, looks again, takes back, and quits', async () => {
      const { directory } = hostOnDisk('example');
      const original = manifestOf(directory);
      const terminal = terminals.open(`${programFile} fix ${directory} --at ${at}`);
      await terminal.screen('Ways out');
      terminal.press('End');
      await terminal.screen(/▸ {4}ℹ/);
      terminal.press('/', 'unreadable');
      await terminal.screen('(1 of ');
      terminal.press('Enter', 'Space');
      await terminal.screen(/▸\[x\] ✖ Let libvirt-qemu read/);
      terminal.press('Tab', 'Down', 'Tab', 'Enter');
      expect(await terminal.screen('Apply 2 steps? y or n')).toContain(`+ -rw-r----- root libvirt-qemu ${key}`);
      terminal.press('y');
      const result = await terminal.screen('Gone: 1 error');
      expect(result).toContain(`✔ chmod 0640 ${key}`);
      expect(result).toContain('/var/lib/virt-pki-check/000001');
      expect(existsSync(journalOf(directory))).toBe(true);
      terminal.press('Escape');
      await terminal.screen(/0 of \d chosen · applied/);
      terminal.press('r');
      await terminal.screen('The same is found as before');
      terminal.press('u');
      await terminal.screen('Take this back? y or n');
      terminal.press('y');
      await terminal.screen(`✔ restored ${key}`);
      await terminal.screen('New: 1 error');
      expect(manifestOf(directory)).toEqual(original);
      terminal.press('Escape', '?');
      await terminal.screen('┌ Keys ─');
      terminal.press('q');
      await terminal.restored(1);
      expect(terminal.errors()).toBe('');
    });

    it('opens from a finding of the scan, with its way out chosen, and comes back to what is left', async () => {
      const { directory } = hostOnDisk('example');
      const terminal = terminals.open(`${programFile} ${directory} --at ${at}`);
      await terminal.screen('Findings');
      terminal.press('/', 'unreadable');
      await terminal.screen('(1 of ');
      terminal.press('Enter', 'f');
      await terminal.screen(/▸\[x\] ✖ Let libvirt-qemu read/);
      terminal.press('Escape');
      await terminal.screen('Findings: “unreadable” (1 of ');
      terminal.press('f');
      await terminal.screen(/▸\[x\] ✖ Let libvirt-qemu read/);
      terminal.press('Enter');
      await terminal.screen('y or n');
      terminal.press('y');
      await terminal.screen('Gone: 1 error');
      terminal.press('Escape');
      await terminal.screen('u takes it back');
      terminal.press('q');
      expect(await terminal.screen('1 gone, 0 new')).toContain('private-key-unreadable (gone)');
      terminal.press('q');
      await terminal.restored(1);
      expect(terminal.errors()).toBe('');
    });

    it('shows the plan of a snapshot, changes nothing, and copies what to type', async () => {
      const snapshot = join(terminals.directory, 'kvm1.json');
      writeFileSync(snapshot, (await run(['collect', join(hosts, 'example')])).out);
      const terminal = terminals.open(`${programFile} fix ${snapshot} --at ${at}`, { environment: 'NO_COLOR=1' });
      await terminal.screen('This is a snapshot: there is a plan only');
      expect(await terminal.screen('Ways out', '-e')).not.toContain('\x1b[');
      terminals.takeClipboard();
      terminal.press('c');
      await terminal.screen('Copied 1 line to the clipboard');
      expect(terminals.clipboard()).toBe('chmod 0600 /etc/pki/libvirt/private/serverkey.pem');
      terminal.press('Enter');
      await terminal.screen('This is a snapshot: there is a plan only');
      terminal.resize(140, 30);
      await terminal.screen(/┐┌ .*┐\n/);
      terminal.resize(80, 24);
      await terminal.screen(/┘\n┌ /);
      terminal.press('q');
      await terminal.restored(1);
    });

    it('gives the terminal back after SIGINT while it applies, and leaves a journal by which all is taken back', async () => {
      const { directory } = hostOnDisk('example');
      const original = manifestOf(directory);
      const terminal = terminals.open(`${harness} slow ${directory} ${at}`);
      await terminal.screen('Ways out');
      terminal.press('a', 'Enter');
      await terminal.screen('y or n');
      terminal.press('y');
      await terminal.screen(/Applying [^]*▸ chgrp/);
      process.kill(terminal.pid(), 'SIGINT');
      await terminal.restored(130);
      expect(readFileSync(journalOf(directory), 'utf8')).not.toContain('"end"');
      expect(await undoLatest(new WritableTree(directory), { runs: false })).toMatchObject({
        left: [],
        of: { interrupted: true },
      });
      expect(manifestOf(directory)).toEqual(original);
    });

    it('gives it back after a crash while it applies, likewise', async () => {
      const { directory } = hostOnDisk('example');
      const original = manifestOf(directory);
      const terminal = terminals.open(`${harness} crash ${directory} ${at}`);
      await terminal.screen('Ways out');
      terminal.press('a', 'Enter');
      await terminal.screen('y or n');
      terminal.press('y');
      await terminal.restored(1);
      expect(terminal.errors()).toContain('crashed on purpose');
      expect(existsSync(journalOf(directory))).toBe(true);
      await undoLatest(new WritableTree(directory), { runs: false });
      expect(manifestOf(directory)).toEqual(original);
    });

    it('stops after its step when asked to, says what is left, and takes back what was done', async () => {
      const { directory } = hostOnDisk('example');
      const original = manifestOf(directory);
      const terminal = terminals.open(`${harness} slow ${directory} ${at}`);
      await terminal.screen('Ways out');
      terminal.press('a', 'Enter');
      await terminal.screen('y or n');
      terminal.press('y');
      await terminal.screen(/Applying [^]*▸ chmod 0600/);
      terminal.press('C-c');
      const stopped = await terminal.screen('┌ Stopped ─');
      expect(stopped).toContain('not done: stopped by the user');
      terminal.press('u');
      await terminal.screen('Take this back? y or n');
      terminal.press('y');
      await terminal.screen('✔ restored');
      expect(manifestOf(directory)).toEqual(original);
      terminal.press('q');
      expect(await terminal.restored(0)).toContain('the end: ');
    });

    it('refuses what was changed since it was looked at, and says so', async () => {
      const { directory } = hostOnDisk('example');
      const terminal = terminals.open(`${programFile} fix ${directory} --at ${at} --only private-key-unreadable`);
      await terminal.screen('Ways out');
      terminal.press('a', 'Enter');
      await terminal.screen('y or n');
      writeFileSync(join(directory, key), '');
      chmodSync(join(directory, key), 0o604);
      terminal.press('y');
      expect(await terminal.screen('Nothing was changed')).toContain('is not as it was when it was looked at');
      terminal.press('Escape', 'r');
      await terminal.screen('Looked again');
      terminal.press('C-c');
      await terminal.restored(1);
    });
  },
);

describe('fix without a terminal', { timeout: 60_000 }, () => {
  beforeAll(ensureBuilt, 180_000);

  it('refuses to draw on none', async () => {
    const { status, out, err } = await run(['fix', join(hosts, 'example'), '--format', 'tui']);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('--format tui needs a terminal');
  });

  it('writes text', async () => expect((await run(['fix', join(hosts, 'example')])).out).toContain('Steps'));
});
