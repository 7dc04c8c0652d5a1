import { existsSync } from 'node:fs';
import { AccessError } from './access-error.ts';

/** Where programs are looked for; the caller's PATH may be anybody's. */
const programDirectories = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'];

/** Absolute path of a program of this machine; undefined where it is not installed. */
export const findProgram = (name: string): string | undefined =>
  programDirectories.map((directory) => `${directory}/${name}`).find((path) => existsSync(path));

/**
 * Standard output of a program, whatever its exit status; it gets no input, an environment of `LC_ALL=C` alone, and is killed
 * when it outstays `milliseconds` or says more than `limit` bytes.
 * @throws AccessError `timed-out`, `too-large`, or `unsupported` when it cannot be started or is killed by a signal.
 */
export const runProgram = async (
  path: string,
  args: readonly string[],
  { milliseconds = 5_000, limit = 1 << 20 }: { milliseconds?: number; limit?: number } = {},
): Promise<Buffer> => {
  // Loading this costs two milliseconds, and many a scan runs nothing.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd: '/', env: { LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    let size = 0;
    const abandon = (error: AccessError) => {
      clearTimeout(timer);
      // A grandchild may hold the pipe open, so the end of output is not waited for.
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
      reject(error);
    };
    const timer = setTimeout(
      () => abandon(new AccessError('timed-out', `${path} did not finish within ${milliseconds / 1000} s`)),
      milliseconds,
    );
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) abandon(new AccessError('too-large', `${path} printed more than ${limit} bytes`));
      else chunks.push(chunk);
    });
    child.on('error', (cause) => abandon(new AccessError('unsupported', `${path} cannot be run`, { cause })));
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      if (signal === null) resolve(Buffer.concat(chunks));
      else reject(new AccessError('unsupported', `${path} was ended by ${signal}`));
    });
  });
};
