import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import accounts from '../../src/collect/accounts.ts';
import caller from '../../src/collect/caller.ts';
import clock from '../../src/collect/clock.ts';
import { localHost } from '../../src/host/file-system-host.ts';
import { HostView } from '../../src/host/host-view.ts';
import { memoryHost } from '../support/memory-host.ts';

describe('accounts', () => {
  const root = { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/sh' };
  const core = { name: 'core', uid: 1000, gid: 1000, home: '/home/core', shell: '/bin/bash' };
  const tree = {
    '/etc/passwd': 'core:x:1000:1000::/home/core:/bin/bash\n',
    '/usr/lib/passwd': 'root:x:0:0:Super User:/root:/bin/sh\n',
    '/etc/group': 'libvirt:x:118:core,root\n',
    '/usr/lib/group': 'root:x:0:\n',
  };

  it('are those of the files', async () => {
    expect(await accounts.collect(new HostView(memoryHost(tree)), {})).toEqual({
      users: [core],
      groups: [{ name: 'libvirt', gid: 118, members: ['core', 'root'] }],
      otherSources: [],
    });
  });

  it('and of those that nsswitch.conf adds, naming what cannot be read here', async () => {
    const nsswitch =
      'passwd: files altfiles sss systemd\ngroup: files [success=merge] altfiles ldap\nhosts: files dns\n';
    expect(
      await accounts.collect(new HostView(memoryHost({ ...tree, '/etc/nsswitch.conf': nsswitch })), {}),
    ).toMatchObject({
      users: [core, root],
      groups: [{ name: 'libvirt' }, { name: 'root' }],
      otherSources: ['sss', 'ldap'],
    });
  });
});

it('a memory host has the accounts that it was given', async () => {
  const host = memoryHost({ '/key': { content: '', owner: 'qemu', group: 'root' } }, { accounts: { qemu: 107 } });
  expect((await accounts.collect(new HostView(host), {})).users.map(({ name, uid }) => [name, uid])).toEqual([
    ['root', 0],
    ['qemu', 107],
  ]);
  expect(await host.lstat('/key')).toMatchObject({ uid: 107, gid: 0 });
});

it('the caller is who runs this, and nobody where a directory is read', async () => {
  const { uid, username } = userInfo();
  expect(await caller.collect(new HostView(localHost()), {})).toMatchObject({ uid, name: username });
  expect(await caller.collect(new HostView(memoryHost({})), {})).toBeNull();
});

it('the clock is the host access’', async () => {
  const host = memoryHost({}, { now: '2026-02-03T04:05:06.000Z' });
  expect(await clock.collect(new HostView(host), {})).toEqual({ now: '2026-02-03T04:05:06.000Z' });
});
