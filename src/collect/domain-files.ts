import { unknown, type Unknown } from '../facts/fact.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';
import { domainDirectories } from '../reference/configuration-files.ts';

/** Files of persistent and running guests, and the directories of them that may not be listed. */
export interface DomainFiles {
  readonly files: readonly string[];
  readonly closed: Readonly<Record<string, Unknown>>;
}

/** Looks into libvirt's directories of guests. */
export async function domainFiles(view: HostView): Promise<DomainFiles> {
  const files: string[] = [];
  const closed: Record<string, Unknown> = {};
  for (const directory of domainDirectories) {
    try {
      const names = await view.list(directory);
      files.push(...names.filter((name) => name.endsWith('.xml')).map((name) => `${directory}/${name}`));
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      closed[directory] = unknown(error.reason, error.message);
    }
  }
  return { files, closed };
}
