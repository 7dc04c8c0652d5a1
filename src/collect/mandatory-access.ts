import type { MandatoryAccess } from '../facts/facts.ts';
import type { HostView } from '../host/host-view.ts';
import { parentOf } from '../domain/walk.ts';
import { apparmorAbstraction, apparmorAdditions } from '../reference/mandatory-access.ts';
import { defineCollector } from './collector.ts';

const limit = 256 * 1024;

/** A file, and a directory of which every file counts. */
const additions = [apparmorAdditions.local, parentOf(apparmorAdditions.directory.path)];

export default defineCollector({
  fact: 'mandatoryAccess',
  after: [],
  collect: async (view): Promise<MandatoryAccess> => {
    const readable = await apparmorReadable(view);
    return {
      selinux: await selinux(view),
      apparmor: await apparmor(view, readable !== undefined),
      ...(readable === undefined ? {} : { apparmorReadable: readable }),
    };
  },
});

/** What the kernel enforces now, or, of an image, what its configuration would. */
async function selinux(view: HostView): Promise<MandatoryAccess['selinux']> {
  const enforce = (await view.readText('/sys/fs/selinux/enforce', limit))?.trim();
  if (enforce !== undefined) return enforce === '1' ? 'enforcing' : 'permissive';
  if (view.host.live) return 'disabled';
  const configured = /^\s*SELINUX\s*=\s*(\w+)/m.exec((await view.readText('/etc/selinux/config', limit)) ?? '')?.[1];
  return configured === 'enforcing' || configured === 'permissive' ? configured : 'disabled';
}

async function apparmor(view: HostView, installed: boolean): Promise<MandatoryAccess['apparmor']> {
  const enabled = (await view.readText('/sys/module/apparmor/parameters/enabled', limit))?.trim();
  if (enabled !== undefined) return enabled === 'Y' ? 'enabled' : 'disabled';
  return !view.host.live && installed ? 'enabled' : 'disabled';
}

/** Path patterns of the rules that allow reading; undefined when libvirt's abstraction is not installed. */
async function apparmorReadable(view: HostView): Promise<readonly string[] | undefined> {
  const main = await view.readText(apparmorAbstraction, limit);
  if (main === undefined) return undefined;
  const texts = [main];
  for (const path of additions) {
    const walked = await view.walk(path);
    if (walked.outcome !== 'found') continue;
    const files = walked.entry.type === 'directory' ? (await view.list(path)).map((name) => `${path}/${name}`) : [path];
    for (const one of files) {
      const found = await view.walk(one);
      // AppArmor passes over what is no file (parser_include.c).
      if (found.outcome === 'found' && found.entry.type === 'file') texts.push((await view.readText(one, limit)) ?? '');
    }
  }
  return texts.flatMap((text) =>
    text.split('\n').flatMap((line) => {
      const rule = /^\s*(?:owner\s+)?"?(\/[^\s"]+)"?\s+([a-zA-Z]+)\s*,/.exec(line);
      return rule?.[1] !== undefined && rule[2]?.includes('r') ? [rule[1]] : [];
    }),
  );
}
