import { usersInScope } from '../domain/account.ts';
import { lookedUpPaths, type LookedUpPaths } from '../domain/looked-up-paths.ts';
import { tigerVncDirectoriesOf } from '../domain/tiger-vnc-sets.ts';
import { gtkVncDirectory } from '../domain/vnc-client-files.ts';
import { spiceDirectory } from '../reference/spice-clients.ts';
import type { HostView } from '../host/host-view.ts';

/** `lookedUpPaths`, without the files of users who have no directory for them. */
export async function lookedUpPathsOn(
  view: HostView,
  facts: Parameters<typeof lookedUpPaths>[0],
): Promise<LookedUpPaths> {
  const empty = new Set<string>();
  for (const { home } of usersInScope(facts)) {
    for (const directory of [gtkVncDirectory(home), ...tigerVncDirectoriesOf(home), spiceDirectory(home)])
      if ((await view.walk(directory)).outcome === 'absent') empty.add(directory);
  }
  return lookedUpPaths(facts, (directory) => !empty.has(directory));
}
