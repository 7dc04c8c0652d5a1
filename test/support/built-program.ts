import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

const top = dirname(dirname(import.meta.dirname));
const dist = join(top, 'dist');

/** The program as `npm ci` leaves it. */
export const programFile = join(top, 'bin', 'virt-pki-check.js');

/** What the bundles are made of. */
const sources = ['src', 'rules', 'bin', 'package.json', 'package-lock.json'];

/**
 * Builds dist/ unless it is younger than every source, so that tests never run a program of yesterday. Test files run side by side: the
 * first one builds, the others wait.
 */
export function ensureBuilt(): void {
  if (isBuilt()) return;
  const lock = join(tmpdir(), `virt-pki-check-build-${createHash('sha256').update(top).digest('hex').slice(0, 16)}`);
  for (let waited = 0; ; waited += 100) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (isBuilt()) return;
      // Whoever made it may have been killed.
      if (waited > 60_000) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    if (!isBuilt()) execFileSync(process.execPath, [join(top, 'bin', 'build.js')], { stdio: 'inherit' });
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The code cache is the last thing that a build writes. */
function isBuilt(): boolean {
  const built = statSync(join(dist, 'virt-pki-check.cjs.cache'), { throwIfNoEntry: false });
  return built !== undefined && sources.every((name) => newest(join(top, name)) <= built.mtimeMs);
}

function newest(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))), stats.mtimeMs);
}
