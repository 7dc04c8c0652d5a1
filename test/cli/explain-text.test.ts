import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../support/built-program.ts';
import { run } from '../support/run-program.ts';

beforeAll(ensureBuilt, 120_000);

const program = join(import.meta.dirname, '../../bin/virt-pki-check.js');

describe('explain of a text', () => {
  it('exits with 0 where it is known, with 1 where not', async () => {
    expect(await run(['explain', 'Unable to read TLS confirmation: Input/output error'])).toMatchObject({
      status: 0,
      err: '',
    });
    expect(await run(['explain', 'something else entirely'])).toMatchObject({ status: 1, err: '' });
  });

  it('takes it as several words as well', async () => {
    const { status, out } = await run([
      'explain',
      'Unable',
      'to',
      'read',
      'TLS',
      'confirmation:',
      'Input/output',
      'error',
    ]);
    expect(status).toBe(0);
    expect(out).toContain('client-identity');
  });

  it('takes a message that begins like a flag', async () => {
    const text = '--listen parameter not permitted with systemd activation sockets';
    expect((await run(['explain', text])).out).toContain('listen-flag-with-socket-activation');
    expect((await run(['explain', '--', text])).out).toContain('listen-flag-with-socket-activation');
  });

  it('reads a page from standard input', () => {
    const input = 'error: failed to connect to the hypervisor\nerror: Host key verification failed.\n';
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'explain', '-', '--format', 'json'], {
      input,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      stages: ['server-identity'],
      messages: [{ message: 'ssh-host-key-unknown', line: 2 }, { line: 1 }],
    });
  });

  it('reads no more of it than it needs', () => {
    const { status, stdout } = spawnSync(process.execPath, [program, 'explain', '-'], {
      input: 'x '.repeat(5e6),
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(status).toBe(1);
    expect(stdout).toContain('only its beginning was');
  });

  it('says which cause it is on the hosts that it is shown', async () => {
    const server = join(import.meta.dirname, '../../fixtures/hosts/example');
    const text =
      "Cannot load certificate '/etc/pki/libvirt-vnc/server-cert.pem' & key '/etc/pki/libvirt-vnc/server-key.pem': Error while reading file.";
    const { status, out } = await run(['explain', text, '--server', server, '--format', 'json']);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      messages: [
        {
          causes: [
            {
              standing: 'confirmed',
              findings: [{ rule: 'private-key-unreadable' }],
            },
            { standing: 'ruled-out' },
          ],
        },
      ],
    });
  });

  it.each([
    ['the page of a rule with a host', ['explain', 'private-key-exposed', '--client', 'local'], /has only its page/],
    ['a host that is not there', ['explain', 'Broken pipe', '--client', '/nowhere'], /cannot look at \/nowhere/],
    ['the page of a rule as JSON', ['explain', 'private-key-exposed', '--format', 'json'], /rules --format json/],
    ['a misspelt rule', ['explain', 'private-key-exposd'], /perhaps private-key-exposed/],
  ])('refuses %s', async (_, args, message) => {
    const { status, err, out } = await run(args);
    expect(status).toBe(2);
    expect(err).toMatch(message);
    expect(out).toBe('');
  });
});
