import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { ensureBuilt, programFile } from './built-program.ts';

export interface RunOptions {
  /** Environment on top of PATH; the test runner's own is not handed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Arguments for node itself. */
  readonly node?: readonly string[];
  /** A program of bin/ instead of virt-pki-check.js. */
  readonly program?: string;
  /** Runs as this user and group; only root can. */
  readonly uid?: number;
  /** After this it is killed, and the run throws. Default 60 s. */
  readonly milliseconds?: number;
  /** Called with the child's process id when it has started. */
  readonly started?: (pid: number) => void;
}

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** Wall time in milliseconds. */
  readonly elapsed: number;
}

/** Runs the built program as a user does: a child with its own environment, output captured, killed when it outstays its time. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  ensureBuilt();
  const { env = {}, cwd, node = [], program = programFile, uid, milliseconds = 60_000, started } = options;
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, program, ...args], {
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${args.join(' ')}: still running after ${milliseconds} ms; ${Buffer.concat(err).toString()}`));
    }, milliseconds);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({
        status,
        signal,
        out: Buffer.concat(out).toString('utf8'),
        err: Buffer.concat(err).toString('utf8'),
        elapsed: performance.now() - begin,
      });
    });
    if (child.pid !== undefined) started?.(child.pid);
  });
}

/** Another file of bin/, such as `start.js`. */
export const programNamed = (name: string): string => `${dirname(programFile)}/${name}`;
