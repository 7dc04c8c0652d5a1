import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { AuthorityError, certificateAuthority, type CertificateAuthority } from '../fix/certificate-authority.ts';
import { printable } from '../report/printable.ts';
import type { Shell } from './shell.ts';
import { tool } from './tool.ts';
import { UsageError } from './usage-error.ts';

/** The files of a CA, as the options of `fix` name them. */
export interface AuthorityFiles {
  readonly caCert?: string | undefined;
  readonly caKey?: string | undefined;
}

/** Takes the CA whose files are given; undefined when none are. Says so where others may read its key. @throws UsageError */
export async function loadAuthority(
  { caCert, caKey }: AuthorityFiles,
  at: string,
  { streams }: Shell,
): Promise<CertificateAuthority | undefined> {
  if (caCert === undefined && caKey === undefined) return undefined;
  if (caCert === undefined || caKey === undefined)
    throw new UsageError('--ca-cert and --ca-key belong together: the CA’s certificate, and its key');
  const certificate = contentOf('--ca-cert', caCert).content;
  const { content: key, mode } = contentOf('--ca-key', caKey);
  if (mode !== undefined && (mode & 0o077) !== 0)
    await streams.err.write(
      `${tool.name}: ${printable(caKey)} can be read by others than its owner, and whoever reads it can issue certificates: chmod 0600 it\n`,
    );
  try {
    return await certificateAuthority({ certificate, key, at });
  } catch (error) {
    if (error instanceof AuthorityError)
      throw new UsageError(`--ca-cert and --ca-key: ${error.message}`, { cause: error });
    throw error;
  }
}

/** What a file or pipe holds, and the mode of a file. @throws UsageError */
function contentOf(option: string, path: string): { readonly content: Uint8Array; readonly mode?: number } {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const stats = fstatSync(descriptor);
      if (stats.size > largest) throw new UsageError(`${option} ${printable(path)}: is too large`);
      const content = readFileSync(descriptor);
      return stats.isFile() ? { content, mode: stats.mode } : { content };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it fails';
    throw new UsageError(`${option} ${printable(path)} cannot be read (${code})`, { cause: error });
  }
}

const largest = 1 << 20;
