import type { HostView } from '../host/host-view.ts';
import { AccessError } from '../host/access-error.ts';
import { domainDirectories } from '../reference/configuration-files.ts';

/** Files of persistent and running guests. A directory that may not be listed holds none that we know of: walking it tells. */
export async function domainFiles(view: HostView): Promise<readonly string[]> {
  const found: string[] = [];
  for (const directory of domainDirectories) {
    try {
      const names = await view.list(directory);
      found.push(...names.filter((name) => name.endsWith('.xml')).map((name) => `${directory}/${name}`));
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
    }
  }
  return found;
}
