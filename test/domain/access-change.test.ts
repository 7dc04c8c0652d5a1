import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confine, type AccessChange } from '../../src/domain/access-change.ts';
import { audience, isEmpty, permits, trusting } from '../../src/domain/access.ts';
import { accountOf, rootAccount } from '../../src/domain/account.ts';
import { walk } from '../../src/domain/walk.ts';
import type { AclEntry, FileMetadata } from '../../src/facts/files.ts';
import { bareFacts, facts, file } from '../support/facts.ts';

const { accounts } = bareFacts;
const qemu = accountOf(
  accounts,
  accounts.users.find(({ name }) => name === 'libvirt-qemu')!,
);

/** What the kernel and setfacl make of a change; a mode's group bits are the mask of an ACL. */
function applied(entry: FileMetadata, change: AccessChange): FileMetadata {
  const acl = entry.acl === 'unread' ? undefined : entry.acl;
  switch (change.kind) {
    case 'chown':
      return { ...entry, uid: accounts.users.find(({ name }) => name === change.to)?.uid ?? Number(change.to) };
    case 'chgrp':
      return { ...entry, gid: accounts.groups.find(({ name }) => name === change.to)?.gid ?? Number(change.to) };
    case 'chmod':
      return {
        ...entry,
        mode: change.to,
        ...(acl === undefined
          ? {}
          : {
              acl: acl.map((one) =>
                one.tag === 'mask'
                  ? { ...one, permissions: (change.to >> 3) & 7 }
                  : one.tag === 'other'
                    ? { ...one, permissions: change.to & 7 }
                    : one.tag === 'user-object'
                      ? { ...one, permissions: (change.to >> 6) & 7 }
                      : one,
              ),
            }),
      };
    case 'setfacl': {
      const [kind, name, letters = ''] = change.entry.split(':');
      const tag = kind === 'u' ? 'user' : 'group';
      const id =
        kind === 'u'
          ? accounts.users.find((one) => one.name === name)?.uid
          : accounts.groups.find((one) => one.name === name)?.gid;
      if (id === undefined) throw new Error(`nobody is called ${name}`);
      const next: readonly AclEntry[] = [
        ...(acl ?? []).filter((one) => one.tag !== tag || one.id !== id),
        { tag, id, permissions: letters === 'r' ? 4 : 0 },
      ];
      const mask = next.reduce(
        (all, one) => (['user', 'group', 'group-object'].includes(one.tag) ? all | one.permissions : all),
        0,
      );
      return {
        ...entry,
        mode: (entry.mode & ~0o070) | (mask << 3),
        acl: next.map((one) => (one.tag === 'mask' ? { ...one, permissions: mask } : one)),
      };
    }
  }
}

const ids = fc.constantFrom(0, 1000, 1001, 64055);
const gids = fc.constantFrom(0, 110, 118, 1000, 1001, 64055);
const permissions = fc.integer({ min: 0, max: 7 });
const named = fc.oneof(
  fc.record({ tag: fc.constant('user' as const), id: fc.constantFrom(1000, 1001, 64055), permissions }),
  fc.record({ tag: fc.constant('group' as const), id: fc.constantFrom(110, 118, 64055), permissions }),
);
const metadata = fc
  .record({
    uid: ids,
    gid: gids,
    mode: fc.integer({ min: 0, max: 0o777 }),
    extra: fc.array(named, { maxLength: 3 }),
    group: permissions,
  })
  .map(({ uid, gid, mode, extra, group }) => {
    const unique = extra.filter(
      (one, index) => extra.findIndex((other) => other.tag === one.tag && other.id === one.id) === index,
    );
    if (unique.length === 0) return { uid, gid, mode };
    const acl: readonly AclEntry[] = [
      { tag: 'user-object', permissions: (mode >> 6) & 7 },
      ...unique,
      { tag: 'group-object', permissions: group },
      { tag: 'mask', permissions: (mode >> 3) & 7 },
      { tag: 'other', permissions: mode & 7 },
    ];
    return { uid, gid, mode, acl };
  });

describe('confine', () => {
  it.each([
    ["root's key", undefined],
    ["QEMU's key", qemu],
  ])('leaves nobody who is not meant, and lets the reader in: %s', (_name, reader) => {
    fc.assert(
      fc.property(metadata, (attributes) => {
        const { files } = facts(file('/srv/key', attributes));
        const way = walk(files, '/srv/key');
        if (way.outcome !== 'found') throw new Error('not found');
        const trusted = trusting(accounts, reader === undefined ? [] : [reader], reader === undefined ? [] : [64055]);
        fc.pre(!isEmpty(audience(way, accounts, 'read', trusted)));
        const changes = confine('/srv/key', way.entry, accounts, {
          owner: rootAccount,
          trusted,
          ...(reader === undefined ? {} : { reader }),
        });
        const end = changes.reduce(applied, way.entry as FileMetadata);
        const after = walk(facts(file('/srv/key', { ...end })).files, '/srv/key');
        expect({ changes, end, after: audience(after, accounts, 'read', trusted) }).toMatchObject({
          after: { anyone: false, users: [], gids: [] },
        });
        if (reader !== undefined)
          expect({ changes, end, reads: permits(end, reader, 'read') }).toMatchObject({ reads: true });
      }),
      { numRuns: 1000 },
    );
  });
});
