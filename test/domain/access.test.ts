import { describe, expect, it } from 'vitest';
import { access, audience, audienceText, permits, replaceable, trusting } from '../../src/domain/access.ts';
import type { Account } from '../../src/domain/account.ts';
import { walk } from '../../src/domain/walk.ts';
import type { AclEntry, FileMetadata } from '../../src/facts/files.ts';
import { bareFacts, type Change, dir, facts, file, link } from '../support/facts.ts';

const { accounts } = bareFacts;
const alice: Account = { name: 'alice', uid: 1000, gids: [1000, 118] };
const object = (mode: number, more: Partial<FileMetadata> = {}): FileMetadata => ({
  uid: 0,
  gid: 0,
  mode,
  modified: '',
  ...more,
});
const acl = (
  entries: Partial<Record<'owner' | 'group' | 'mask' | 'other', number>>,
  ...named: readonly AclEntry[]
): readonly AclEntry[] => [
  { tag: 'user-object', permissions: entries.owner ?? 6 },
  ...named,
  { tag: 'group-object', permissions: entries.group ?? 0 },
  { tag: 'mask', permissions: entries.mask ?? 7 },
  { tag: 'other', permissions: entries.other ?? 0 },
];

describe('permits', () => {
  it.each([
    ['others', object(0o604), 'read', true],
    ['others denied', object(0o640), 'read', false],
    ['the group', object(0o640, { gid: 118 }), 'read', true],
    ['a group that has less than others', object(0o604, { gid: 118 }), 'read', false],
    ['an owner who has less than others', object(0o066, { uid: 1000 }), 'read', false],
    ['an entry for the user', object(0o640, { acl: acl({}, { tag: 'user', id: 1000, permissions: 4 }) }), 'read', true],
    [
      'an entry for the user, and others may more',
      object(0o674, { acl: acl({ other: 4 }, { tag: 'user', id: 1000, permissions: 0 }) }),
      'read',
      false,
    ],
    ['the mask', object(0o610, { acl: acl({ mask: 1 }, { tag: 'user', id: 1000, permissions: 7 }) }), 'read', false],
    [
      'others under a mask of nothing',
      object(0o604, { acl: acl({ mask: 0, other: 4 }, { tag: 'user', id: 1000, permissions: 0 }) }),
      'read',
      true,
    ],
    [
      'any of the groups',
      object(0o640, {
        acl: acl({}, { tag: 'group', id: 1000, permissions: 0 }, { tag: 'group', id: 118, permissions: 4 }),
      }),
      'read',
      true,
    ],
    [
      'two entries that only together allow a change',
      object(0o730, {
        acl: acl({}, { tag: 'group', id: 1000, permissions: 2 }, { tag: 'group', id: 118, permissions: 1 }),
      }),
      'change',
      false,
    ],
    [
      'one entry that allows a change',
      object(0o730, { acl: acl({}, { tag: 'group', id: 118, permissions: 3 }) }),
      'change',
      true,
    ],
    ['an unread ACL that may decide', object(0o640, { acl: 'unread' }), 'read', undefined],
    ['an unread ACL under a mask of nothing', object(0o604, { acl: 'unread' }), 'read', true],
    ['an unread ACL that can give nothing', object(0o610, { acl: 'unread' }), 'read', false],
    ['an unread ACL and the owner', object(0o440, { uid: 1000, acl: 'unread' }), 'read', true],
  ] as const)('%s', (_name, metadata, permission, expected) => {
    expect(permits(metadata, alice, permission)).toBe(expected);
  });

  it('lets root do everything', () => {
    expect(permits(object(0, { uid: 1000 }), { name: 'root', uid: 0, gids: [0] }, 'write')).toBe(true);
  });
});

describe('access', () => {
  it('names the component that stops', () => {
    const { files } = facts(
      dir('/srv/closed', { mode: 0o700 }),
      file('/srv/closed/key'),
      link('/etc/key', '/srv/closed/key'),
    );
    expect(access(walk(files, '/etc/key'), alice, 'read')).toEqual({
      may: false,
      at: '/srv/closed',
      permission: 'search',
    });
  });
});

describe('audience', () => {
  const who = (...changes: readonly Change[]): string => {
    const { files } = facts(...changes);
    const found = audience(walk(files, '/srv/key'), accounts, 'read', trusting(accounts, []));
    return found.anyone || found.users.length + found.gids.length > 0 ? audienceText(accounts, found) : 'nobody';
  };
  it.each([
    ['every account', [file('/srv/key')]],
    ['nobody', [file('/srv/key', { mode: 0o600 })]],
    ['nobody', [file('/srv/key', { mode: 0o640 })]],
    ['group libvirt, alice', [file('/srv/key', { gid: 118, mode: 0o640 })]],
    ['bob', [file('/srv/key', { uid: 1001, mode: 0o400 })]],
    ['nobody', [file('/srv/key'), dir('/srv', { mode: 0o700 })]],
    ['group libvirt, alice', [file('/srv/key'), dir('/srv', { gid: 118, mode: 0o750 })]],
    ['every account', [file('/var/key'), dir('/srv', { mode: 0o700 }), link('/srv/key', '/var/key')]],
    ['nobody', [dir('/var/closed', { mode: 0o700 }), file('/var/closed/key'), link('/srv/key', '/var/closed/key')]],
  ] as const)('%s', (expected, changes) => {
    expect(who(...changes)).toBe(expected);
  });

  it('leaves out the trusted, and whom only their groups let in', () => {
    const { files } = facts(file('/srv/key', { gid: 118, mode: 0o640 }));
    expect(audience(walk(files, '/srv/key'), accounts, 'read', trusting(accounts, [], [118]))).toMatchObject({
      users: [],
      gids: [],
    });
    expect(audience(walk(files, '/srv/key'), accounts, 'read', trusting(accounts, [alice]))).toMatchObject({
      users: [],
      gids: [],
    });
  });
});

describe('replaceable', () => {
  const through = (...changes: readonly Change[]): readonly string[] =>
    replaceable(walk(facts(...changes).files, '/srv/pki/ca.pem'), accounts).map(
      ({ path, by }) => `${path}: ${audienceText(accounts, by)}`,
    );
  const ca = file('/srv/pki/ca.pem');
  it.each([
    [[ca], []],
    [[file('/srv/pki/ca.pem', { mode: 0o646 })], ['/srv/pki/ca.pem: every account']],
    [[ca, dir('/srv/pki', { mode: 0o777 })], ['/srv/pki: every account']],
    [[ca, dir('/srv/pki', { mode: 0o1777 })], []],
    [[ca, dir('/srv/pki', { mode: 0o772 })], []],
    [
      [file('/srv/pki/ca.pem', { uid: 1001 }), dir('/srv/pki', { mode: 0o1777 })],
      ['/srv/pki: bob', '/srv/pki/ca.pem: bob'],
    ],
    [[ca, dir('/srv', { uid: 1001 })], ['/srv: bob']],
    [[ca, dir('/srv/pki', { mode: 0o777 }), dir('/srv', { mode: 0o700 })], []],
    [
      [
        file('/var/x/ca'),
        dir('/var/x', { mode: 0o777 }),
        link('/srv/pki/ca.pem', '/var/x/ca'),
        dir('/srv', { mode: 0o700 }),
      ],
      ['/var/x: every account'],
    ],
  ] as const)('case %#', (changes, expected) => {
    expect(through(...changes)).toEqual(expected);
  });
});
