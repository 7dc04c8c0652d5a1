import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import type { Daemon } from '../facts/services.ts';
import { configurationsInUse, configurationsInUseFacts } from './configurations-in-use.ts';
import { credentialFacts } from './credentials.ts';
import { tlsWanted } from './listening.ts';
import { remoteDaemon } from './remote-daemon.ts';
import { stringSetting } from './setting-value.ts';
import { tlsPriority, type TlsPriority } from './tls-priority.ts';

export const tlsPriorityFacts = [...new Set([...credentialFacts, ...configurationsInUseFacts])] as const;

/** A priority string that a daemon or client hands to GnuTLS, or a file that could not be asked for one. */
export type PriorityInUse =
  | {
      readonly state: 'set';
      readonly path: string;
      readonly line: number;
      /** For people: `libvirtd`, `clients of root`. */
      readonly reader: string;
      readonly daemon?: Daemon;
      readonly text: string;
      readonly priority: TlsPriority;
    }
  | { readonly state: 'unknown'; readonly path: string; readonly because: Unknown };

/** The key of the setting, in libvirtd.conf and libvirt.conf alike. */
export const tlsPriorityKey = 'tls_priority';

/** The strings that are set explicitly: of the daemon for remote clients where TLS is wanted, and of clients. */
export function tlsPrioritiesInUse(
  facts: Known<(typeof tlsPriorityFacts)[number]>,
  roles: readonly Role[],
): readonly PriorityInUse[] {
  const remote = remoteDaemon(facts);
  return configurationsInUse(facts, roles).flatMap(
    ({ name, path, reader, daemon, content }): readonly PriorityInUse[] => {
      if (name !== 'libvirt' && name !== remote) return [];
      if (!content.known) return [{ state: 'unknown', path, because: content }];
      if (name !== 'libvirt' && !tlsWanted(facts)) return [];
      if (content.value.error !== undefined) return [];
      const read = stringSetting(content.value, tlsPriorityKey);
      if (!read.ok || read.value === undefined || read.setting === undefined) return [];
      const { line } = read.setting;
      const priority = tlsPriority(read.value, facts.software.gnutls?.version);
      return [
        { state: 'set', path, line, reader, ...(daemon === undefined ? {} : { daemon }), text: read.value, priority },
      ];
    },
  );
}
