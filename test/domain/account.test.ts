import { describe, expect, it } from 'vitest';
import { accountOf, groupName, membersOf, userName, usersInScope } from '../../src/domain/account.ts';
import { qemuAccount } from '../../src/domain/qemu-account.ts';
import type { OsFamily } from '../../src/facts/host.ts';
import { bareFacts, facts, having, settings } from '../support/facts.ts';

const { accounts } = bareFacts;
const alice = accounts.users.find(({ name }) => name === 'alice')!;

describe('accounts', () => {
  it('have their own group, the groups that list them, and the one they are started with first', () => {
    expect(accountOf(accounts, alice).gids).toEqual([1000, 118]);
    expect(accountOf(accounts, alice, 110).gids).toEqual([110, 1000, 118]);
  });
  it('are members of groups by either list', () => {
    expect(membersOf(accounts, 118).map(({ name }) => name)).toEqual(['alice']);
    expect(membersOf(accounts, 1001).map(({ name }) => name)).toEqual(['bob']);
  });
  it('go by numbers where the host has no name', () => {
    expect([
      userName(accounts, 0),
      userName(accounts, 4711),
      groupName({ users: [], groups: [], otherSources: [] }, 0),
      groupName(accounts, 5),
    ]).toEqual(['root', '4711', 'root', '5']);
  });
  it('are in scope for root and an image, and for a user only that user', () => {
    const scope = (uid: number | undefined) =>
      usersInScope({ accounts, caller: uid === undefined ? null : { uid, gid: uid, groups: [] } }).map(
        ({ name }) => name,
      );
    expect(scope(undefined)).toEqual(['root', 'libvirt-qemu', 'alice', 'bob']);
    expect(scope(0)).toEqual(scope(undefined));
    expect(scope(1001)).toEqual(['bob']);
  });
});

describe('qemuAccount', () => {
  const withNumericName = having({
    accounts: { ...accounts, users: [...accounts.users, { name: '1000', uid: 77, gid: 77, home: '/', shell: '' }] },
  });
  it.each([
    ['built in', {}, { uid: 64055, gids: [64055] }],
    ['another user', { user: 'alice' }, { uid: 1000, gids: [64055, 1000, 118] }],
    ['another group', { group: 'ssl-cert' }, { uid: 64055, gids: [110, 64055] }],
    ['numbers', { user: '1001', group: '118' }, { uid: 1001, gids: [118, 1001, 110] }],
    ['numbers with a plus sign', { user: '+1001', group: '+118' }, { uid: 1001, gids: [118, 1001, 110] }],
    ['a number that nobody has', { user: '4711', group: '+4712' }, { name: '4711', uid: 4711, gids: [4712] }],
    ['root', { user: 'root', group: 'root' }, { uid: 0 }],
    ['a name that nobody has', { user: 'nobody-here' }, undefined],
    ['a group that is not there', { group: 'no-group' }, undefined],
    ['a number beyond 32 bits', { user: '+4294967296' }, undefined],
  ])('%s', (_name, values, expected) => {
    const account = qemuAccount(facts(settings('/etc/libvirt/qemu.conf', values)));
    if (expected === undefined) expect(account).toBeUndefined();
    else expect(account).toMatchObject(expected);
  });
  it('looks names up before it takes them for numbers', () => {
    expect(qemuAccount(facts(withNumericName, settings('/etc/libvirt/qemu.conf', { user: '1000' })))).toMatchObject({
      uid: 77,
    });
    expect(qemuAccount(facts(withNumericName, settings('/etc/libvirt/qemu.conf', { user: '+1000' })))).toMatchObject({
      uid: 1000,
    });
  });
  it.each([
    ['fedora', 'qemu', 'qemu', 107],
    ['ubuntu', 'libvirt-qemu', 'kvm', 36],
    ['other', 'qemu', 'qemu', 107],
  ] as const)('is what %s builds in', (family: OsFamily, user, group, gid) => {
    const found = qemuAccount(
      facts(
        having({
          operatingSystem: { family },
          accounts: {
            users: [{ name: user, uid: 107, gid: 99, home: '/', shell: '' }],
            groups: [{ name: group, gid, members: [] }],
            otherSources: [],
          },
        }),
      ),
    );
    expect(found).toMatchObject({ uid: 107, gids: [gid, 99] });
  });
  it('is root where nothing tells', () => {
    expect(
      qemuAccount(
        facts(having({ operatingSystem: { family: 'other' }, accounts: { users: [], groups: [], otherSources: [] } })),
      ),
    ).toMatchObject({ uid: 0 });
  });
});
