import { describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { Caller } from '../../src/facts/accounts.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const accounts = { alice: 1000, bob: 1001 };
const older = '/home/alice/.remmina';
const usual = '/home/alice/.local/share/remmina';
const preferences = '/home/alice/.config/remmina/remmina.pref';

const profile = (...lines: readonly string[]): string =>
  ['[remmina]', 'name=a', 'protocol=VNC', 'server=kvm1', ...lines, ''].join('\n');
const named = profile('cacert=/ca.pem');

const collect = async (tree: Readonly<Record<string, MemoryEntry>>, caller: Caller | null = null) => {
  const host = memoryHost(tree, { accounts, caller, live: true });
  const tool = { name: 'virt-pki-check', version: '0' };
  const { remminaProfiles, files } = (await collectSnapshot(host, { tool, needs: ['files'] })).facts;
  if (!remminaProfiles.known || !files.known) throw new Error('not collected');
  return { profiles: remminaProfiles.value, files: files.value };
};

const pathsOf = async (tree: Readonly<Record<string, MemoryEntry>>) => Object.keys((await collect(tree)).profiles);

describe('profiles of Remmina', () => {
  it('say which files are used, and nothing else', async () => {
    const path = `${usual}/kvm1.remmina`;
    const lines = ['password=hunter2', 'cacrl=', 'clientcert=/c.pem', 'clientkey=/k.pem', 'cacert=/ca.pem'];
    const { profiles, files } = await collect({ [path]: profile(...lines) });
    expect(profiles).toEqual({
      [path]: {
        known: true,
        value: {
          users: ['alice'],
          withoutEncryption: false,
          files: {
            cacert: { path: '/ca.pem', line: 9 },
            clientcert: { path: '/c.pem', line: 7 },
            clientkey: { path: '/k.pem', line: 8 },
          },
        },
      },
    });
    for (const at of ['/ca.pem', '/c.pem', '/k.pem']) expect(files).toHaveProperty([at]);
  });

  it.each<[string, string]>([
    ['another protocol', named.replace('VNC', 'RDP')],
    ['no protocol', named.replace('protocol=VNC\n', '')],
    ['no name, without which Remmina does not take it', named.replace('name=a\n', '')],
    ['what GLib does not read', `${named}nothing\n`],
    ['another group', named.replace('[remmina]', '[other]')],
  ])('none of %s', async (_, content) => {
    expect(await pathsOf({ [`${usual}/a.remmina`]: content })).toEqual([]);
  });

  it('are for connections that wait for the server as well', async () => {
    expect(await pathsOf({ [`${usual}/a.remmina`]: named.replace('VNC', 'VNCI') })).toHaveLength(1);
  });

  it.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['', false],
    ['x', false],
  ])('disableencryption=%s', async (value, expected) => {
    const { profiles } = await collect({ [`${usual}/a.remmina`]: profile(`disableencryption=${value}`) });
    expect(profiles).toMatchObject({ [`${usual}/a.remmina`]: { value: { withoutEncryption: expected } } });
  });

  it('are those of one directory: the one that is preferred, the older, the usual', async () => {
    const all = { [`${older}/b.remmina`]: named, [`${usual}/c.remmina`]: named, '/srv/profiles/a.remmina': named };
    const preferring = (directory: string) => ({
      ...all,
      [preferences]: `[remmina_pref]\ndatadir_path=${directory}\n`,
    });
    expect(await pathsOf({ [`${usual}/c.remmina`]: named })).toEqual([`${usual}/c.remmina`]);
    expect(await pathsOf(all)).toEqual([`${older}/b.remmina`]);
    expect(await pathsOf(preferring('/srv/profiles/'))).toEqual(['/srv/profiles/a.remmina']);
    expect(await pathsOf(preferring('/srv/gone'))).toEqual([`${older}/b.remmina`]);
    expect(await pathsOf(preferring(''))).toEqual([`${older}/b.remmina`]);
  });

  it('may be shared', async () => {
    const preferring = (user: string) => ({
      [`/home/${user}/.config/remmina/remmina.pref`]: '[remmina_pref]\ndatadir_path=/srv/profiles\n',
    });
    const { profiles } = await collect({
      ...preferring('alice'),
      ...preferring('bob'),
      '/srv/profiles/a.remmina': named,
    });
    expect(profiles).toMatchObject({ '/srv/profiles/a.remmina': { value: { users: ['alice', 'bob'] } } });
  });

  it.each<[string, MemoryEntry]>([
    ['a FIFO', { type: 'fifo' }],
    ['a directory', { type: 'directory' }],
    ['a link to nothing', { link: '/nowhere' }],
    ['a link in a circle', { link: 'a.remmina' }],
  ])('none of %s', async (_, entry) => {
    expect(await pathsOf({ [`${usual}/a.remmina`]: entry })).toEqual([]);
  });

  it('say why they could not be looked at', async () => {
    const { profiles } = await collect({
      [`${usual}/closed.remmina`]: { refused: 'permission-denied' },
      [`${usual}/large.remmina`]: `${named}#${'x'.repeat(65_536)}`,
      '/home/bob/.local/share/remmina': { refused: 'permission-denied' },
      '/home/bob/.config/remmina/remmina.pref': { refused: 'permission-denied' },
    });
    expect(profiles).toMatchObject({
      [`${usual}/closed.remmina`]: { known: false, reason: 'permission-denied' },
      [`${usual}/large.remmina`]: { known: false, reason: 'too-large' },
      '/home/bob/.local/share/remmina': { known: false, reason: 'permission-denied' },
      '/home/bob/.config/remmina/remmina.pref': { known: false, reason: 'permission-denied' },
    });
  });

  it('are bounded for each user, in number and in the files that they name', async () => {
    const many = (count: number, content: (index: number) => string) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `${usual}/${String(index).padStart(4, '0')}.remmina`,
          content(index),
        ]),
      );
    const { profiles } = await collect(many(300, () => named));
    expect(profiles).toMatchObject({ [usual]: { known: false, reason: 'too-large' } });
    expect(Object.keys(profiles)).toHaveLength(257);
    const { profiles: others, files } = await collect(many(40, (index) => profile(`cacert=/ca${index}.pem`)));
    expect(others).toMatchObject({ [`${usual}/0032.remmina`]: { known: false, reason: 'too-large' } });
    expect(Object.keys(files).filter((path) => path.startsWith('/ca'))).toHaveLength(32);
  });

  it("are the caller's own where it is not root", async () => {
    const tree = { [`${usual}/a.remmina`]: named, '/home/bob/.local/share/remmina/b.remmina': named };
    const { profiles } = await collect(tree, { uid: 1001, gid: 1001, groups: [1001] });
    expect(Object.keys(profiles)).toEqual(['/home/bob/.local/share/remmina/b.remmina']);
  });
});
