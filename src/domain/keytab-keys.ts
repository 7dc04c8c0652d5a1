import type { Known } from '../facts/facts.ts';
import type { KeytabEntry } from '../facts/keytab.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Role } from '../facts/role.ts';
import { access } from './access.ts';
import { kerberosServices, saslServices, type RestrictedService, type SaslFacts } from './sasl.ts';
import { walk } from './walk.ts';

/** The keys for one Kerberos service name in the keytab of a service. */
export interface ServiceKeys {
  readonly service: RestrictedService;
  readonly path: string;
  /** `libvirt` or `vnc`: what stands before the slash. */
  readonly name: string;
  readonly entries: readonly KeytabEntry[];
  /** Keys of that name for this host, or for any where the host's name is not known. */
  readonly own: readonly KeytabEntry[];
}

/** The keytabs that services can read, by the names that they must hold, and those that are closed to us. */
export function serviceKeys(
  facts: SaslFacts & Known<'keytabs' | 'identity'>,
  roles: readonly Role[],
): {
  readonly keys: readonly ServiceKeys[];
  readonly gaps: readonly { readonly path: string; readonly because: Unknown }[];
} {
  const keys: ServiceKeys[] = [];
  const gaps: { path: string; because: Unknown }[] = [];
  const host = facts.identity.fqdn?.toLowerCase();
  for (const service of kerberosServices(saslServices(facts, roles))) {
    const { path } = service.keytab;
    const content = facts.keytabs[path];
    const way = walk(facts.files, path);
    if (content === undefined || way.outcome !== 'found' || service.reader === undefined) continue;
    if (access(way, service.reader, 'read').may !== true) continue;
    if (!content.known) {
      gaps.push({ path, because: content });
      continue;
    }
    const { entries } = content.value;
    for (const name of service.principals) {
      const named = entries.filter(({ components }) => components.length === 2 && components[0] === name);
      const own = host === undefined ? named : named.filter(({ components }) => components[1] === host);
      // A keytab with a fault and without these keys is keytab-unreadable.
      if (content.value.fault !== undefined && named.length === 0) continue;
      keys.push({ service, path, name, entries, own });
    }
  }
  return { keys, gaps };
}
