import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt } from '../support/built-program.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { programNamed, run } from '../support/run-program.ts';

const top = join(import.meta.dirname, '../..');

beforeAll(ensureBuilt, 120_000);
// Each test starts the program several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** The first look with a directory in the place of this machine, whose programs are what they are. */
const lookAt = (here: string): { status: number; out: string } => {
  const script = `
    const { program, shell } = require(${JSON.stringify(join(top, 'bin/load.js'))});
    let out = '';
    const { streams, ...rest } = shell();
    const captured = { isTerminal: false, width: 100, write: async (text) => { out += text; } };
    program().firstLook({ ...rest, streams: { ...streams, out: captured } }, ${JSON.stringify(here)})
      .then((status) => console.log(JSON.stringify({ status, out })));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as {
    status: number;
    out: string;
  };
};

describe('npm start', () => {
  it('looks at this machine and ends with 0', async () => {
    const { status, out, err } = await run([], { program: programNamed('start.js') });
    expect(err).toBe('');
    expect(status).toBe(0);
    expect(out).not.toBe('');
  });

  it('passes arguments on to the program', async () => {
    const { status, out } = await run(['fixtures/hosts/example', '--format', 'json'], {
      program: programNamed('start.js'),
      cwd: top,
    });
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      format: 'virt-pki-check/report',
      hosts: [{ hostname: 'kvm1.example.com' }],
    });
    expect((await run(['--bogus'], { program: programNamed('start.js') })).status).toBe(2);
  });

  it('scans a machine with libvirt, whatever is wrong there', () => {
    const { status, out } = lookAt(join(top, 'fixtures/hosts/example'));
    expect(status).toBe(0);
    expect(out).toMatch(/^kvm1\.example\.com/);
    expect(out).toContain('✖');
  });

  it('says where there is none, and shows the example host', () => {
    const { status, out } = lookAt(directoryTree({ '/etc/hostname': 'desk7\n' }));
    expect(status).toBe(0);
    expect(out).toMatch(/^No libvirt or QEMU is installed on this machine/);
    expect(out).toContain('kvm1.example.com');
    expect(out).not.toContain('desk7');
  });
});
