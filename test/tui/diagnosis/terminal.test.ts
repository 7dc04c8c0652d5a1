import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, programFile } from '../../support/built-program.ts';
import { run } from '../../support/run-program.ts';
import { tmuxIsHere, tmuxTerminals, type TmuxTerminals } from '../in-tmux.ts';

const hosts = join(import.meta.dirname, '../../../fixtures/hosts');
const uri = 'qemu+tls://kvm1.example.com/system';
const server = join(hosts, 'example');

beforeAll(ensureBuilt, 120_000);

/** A whole screen of 80×24 with the keys of the ladder below it: half a frame has another last line. */
const whole = (content: RegExp): RegExp =>
  new RegExp(`^(?=[^]*${content.source})(?:[^\\n]*\\n){22} ↑↓ move {2}⏎ open, close[^\\n]*q quit`);

describe.skipIf(!tmuxIsHere)(
  `diagnose in a real terminal${tmuxIsHere ? '' : ' (tmux is not installed)'}`,
  { timeout: 60_000 },
  () => {
    let terminals: TmuxTerminals;
    beforeAll(() => {
      terminals = tmuxTerminals();
    });
    afterAll(() => terminals.close());

    it('shows the ladder, opens a rung to its evidence, looks again, and leaves with the status of the diagnosis', async () => {
      const client = join(terminals.directory, 'desk');
      cpSync(join(hosts, 'desk'), client, { recursive: true });
      const terminal = terminals.open(
        `${programFile} diagnose ${uri} --client ${client} --server ${server} --user alice`,
      );
      expect(await terminal.screen(whole(/▸✖ client-credentials/))).toContain('✖ fails: client-credentials');
      terminal.press('Up');
      await terminal.screen(whole(/▸✔ server-credentials/));
      terminal.press('Enter');
      await terminal.screen(whole(/seen +\/etc\/pki\/CA\/cacert\.pem/));
      terminal.press('Enter');
      await terminal.screen(whole(/· auth +not reached/));

      // Without a certificate the client goes on, until the server asks for one.
      for (const name of ['clientcert.pem', 'clientkey.pem'])
        rmSync(join(client, 'root/home/alice/.pki/libvirt', name));
      terminal.press('r');
      await terminal.screen(whole(/✖ fails: client-identity[^]*▸✔ server-credentials[^]*✖ client-identity/));
      terminal.press('q');
      await terminal.restored(1);
      expect(terminal.errors()).toBe('');
    });

    it('draws without colour when told to, and ends with 3 when nobody can tell', async () => {
      const terminal = terminals.open(`${programFile} diagnose ${uri} --client ${join(hosts, 'desk')}`, {
        environment: 'NO_COLOR=1',
      });
      await terminal.screen(whole(/\? nobody can tell/));
      expect(await terminal.screen('Ladder', '-e')).not.toContain('\x1b[');
      terminal.press('q');
      await terminal.restored(3);
    });

    it('gives the terminal back before it complains of a URI that is none', async () => {
      const terminal = terminals.open(`${programFile} diagnose vnc:// --client ${join(hosts, 'desk')}`);
      await terminal.restored(2);
      expect(terminal.errors()).toMatch(/^virt-pki-check: vnc:\/\/ is no VNC address/);
    });
  },
);

describe('diagnose without a terminal', { timeout: 60_000 }, () => {
  const args = ['diagnose', uri, '--client', join(hosts, 'desk'), '--server', server];

  it('refuses to draw on none', async () => {
    const { status, out, err } = await run([...args, '--format', 'tui']);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('--format tui needs a terminal');
  });

  it('writes text', async () => expect((await run(args)).out).toContain('✔ server-config'));
});
