import { AccessError } from '../host/access-error.ts';
import { glob } from '../host/glob.ts';
import type { HostView } from '../host/host-view.ts';
import { isCredentialDirectory, pkiDirectory } from '../reference/pki-files.ts';

const found = new WeakMap<HostView, Promise<readonly string[]>>();

/**
 * Files that by their name may be private keys, anywhere below the directories of credentials of libvirt and QEMU; a name is asked
 * for once per view.
 */
export function keyFiles(view: HostView): Promise<readonly string[]> {
  let files = found.get(view);
  if (files === undefined) {
    files = findKeyFiles(view);
    found.set(view, files);
  }
  return files;
}

async function findKeyFiles(view: HostView): Promise<readonly string[]> {
  const { files, directories } = await namesIn(view, pkiDirectory, isCredentialDirectory);
  const own = await Promise.all(directories.map((directory) => namesIn(view, directory)));
  files.push(...own.flatMap((one) => one.files));
  const deeper = own.flatMap((one) => one.directories);
  const flat = await Promise.all(deeper.filter(isUsual).map((directory) => namesIn(view, directory)));
  files.push(...flat.flatMap((one) => one.files));
  // Most hosts have no more than that: the library for looking through trees is for those that do.
  const trees = [...deeper.filter((directory) => !isUsual(directory)), ...flat.flatMap((one) => one.directories)];
  files.push(
    ...(await glob(
      view,
      trees.map((directory) => `${directory}/**`),
    )),
  );
  return files.filter((path) => /key[^/]*$/i.test(path)).sort();
}

/** `private`, where libvirt itself keeps keys. */
const isUsual = (directory: string): boolean => directory.endsWith('/private');

/** What a directory holds, by paths; what may not be listed is left out, for who asks for certain paths learns of refusals. */
async function namesIn(
  view: HostView,
  directory: string,
  wanted: (name: string) => boolean = () => true,
): Promise<{ readonly files: string[]; readonly directories: string[] }> {
  const files: string[] = [];
  const directories: string[] = [];
  const names = await view.list(directory).catch((error: unknown): readonly string[] => {
    if (error instanceof AccessError) return [];
    throw error;
  });
  for (const name of names.filter(wanted)) {
    const path = `${directory}/${name}`;
    const walked = await view.walk(path, undefined, { followLast: false });
    if (walked.outcome === 'found' && walked.entry.type === 'directory') directories.push(path);
    else files.push(path);
  }
  return { files, directories };
}
