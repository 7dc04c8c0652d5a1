import type { HostsEntry } from '../facts/host.ts';
import { canonicalAddress } from '../facts/address.ts';

/** The entries of a hosts(5) file in order, with addresses in canonical form; lines that do not begin with an address are passed over. */
export function parseHosts(text: string): readonly HostsEntry[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const [content = ''] = raw.split('#', 1);
    const [first = '', ...names] = content.split(/\s+/).filter((word) => word !== '');
    // A link-local address may carry its zone, which says nothing of the host.
    const [unzoned = ''] = first.split('%', 1);
    const address = canonicalAddress(unzoned);
    return address === undefined || names.length === 0 ? [] : [{ address, names, line: index + 1 }];
  });
}
