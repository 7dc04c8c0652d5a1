import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package's directory: the bundle lies in its `dist`, a source file below its `src`. */
export const packageDirectory = findPackageDirectory(import.meta.dirname);

function findPackageDirectory(from: string): string {
  for (let directory = from; directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: unknown };
      if (name === 'virt-pki-check') return directory;
    } catch {
      // Not here: look one directory up.
    }
  }
  throw new Error('the package.json of virt-pki-check is missing');
}

/** Name and version, as they stand in every document that we write. */
export const tool = {
  name: 'virt-pki-check',
  version: (JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8')) as { version: string }).version,
} as const;
