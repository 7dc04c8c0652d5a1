import { describe, expect, it } from 'vitest';
import { findProgram, runProgram } from '../../src/host/run-program.ts';

const run = async (name: string, args: readonly string[] = [], bounds = {}) =>
  (await runProgram(findProgram(name)!, args, bounds)).toString();

describe('a program is run', () => {
  it('with an environment of one variable, at the root, without input', async () => {
    expect(await run('env')).toBe('LC_ALL=C\n');
    expect(await run('pwd')).toBe('/\n');
    expect(await run('cat')).toBe('');
  });

  it('for its output, whatever its exit status', async () => {
    expect(await run('sh', ['-c', 'echo seen; exit 3'])).toBe('seen\n');
  });

  it('within bounds of time, also when a grandchild keeps the pipe open', async () => {
    const start = performance.now();
    await expect(run('sh', ['-c', 'sleep 30 & exec sleep 30'], { milliseconds: 200 })).rejects.toMatchObject({
      reason: 'timed-out',
    });
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('within bounds of output', async () => {
    await expect(run('yes')).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('or refused when it cannot be, or dies', async () => {
    await expect(runProgram('/nonexistent/program', [])).rejects.toMatchObject({ reason: 'unsupported' });
    await expect(run('sh', ['-c', 'kill -9 $$'])).rejects.toMatchObject({ reason: 'unsupported' });
  });

  it('from the usual directories alone', () => {
    expect(findProgram('sh')).toMatch(/^\/(usr\/)?bin\/sh$/);
    expect(findProgram('no-such-program')).toBeUndefined();
  });
});
