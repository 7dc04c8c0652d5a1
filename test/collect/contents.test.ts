import { describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { FactName } from '../../src/facts/facts.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const accounts = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n',
  '/etc/group': 'root:x:0:\nalice:x:1000:\n',
};

const collect = async (tree: Readonly<Record<string, MemoryEntry>>, ...needs: FactName[]) =>
  (
    await collectSnapshot(memoryHost({ ...accounts, ...tree }), {
      tool: { name: 'virt-pki-check', version: '0' },
      needs,
    })
  ).facts;

const ca = '/etc/pki/CA/cacert.pem';

describe('files', () => {
  it('has every component of every walk, links and what they lead to', async () => {
    const { files } = await collect(
      { '/etc/pki/CA': { link: '/srv/ca' }, '/srv/ca/cacert.pem': { content: 'x', mode: 0o600, owner: 1000 } },
      'files',
    );
    expect(files).toMatchObject({
      value: {
        '/etc/pki': { value: { type: 'directory' } },
        '/etc/pki/CA': { value: { type: 'symlink', target: '/srv/ca' } },
        '/srv/ca/cacert.pem': { value: { type: 'file', mode: 0o600, uid: 1000, size: 1 } },
        '/srv/ca/cacrl.pem': { value: { type: 'absent' } },
      },
    });
  });

  it('has access control lists and labels', async () => {
    const acl = [{ tag: 'user', id: 107, permissions: 4 }] as const;
    const { files } = await collect({ [ca]: { content: '', acl, label: 'system_u:object_r:cert_t:s0' } }, 'files');
    expect(files).toMatchObject({ value: { [ca]: { value: { acl, label: 'system_u:object_r:cert_t:s0' } } } });
  });

  it('says of each name why it could not be seen', async () => {
    const { files } = await collect({ '/etc/pki/libvirt/private': { refused: 'permission-denied' } }, 'files');
    expect(files).toMatchObject({
      value: { '/etc/pki/libvirt/private': { known: false, reason: 'permission-denied' } },
    });
  });
});

describe('contents', () => {
  it('has what TigerVNC trusts, of users who have its directory', async () => {
    const { certificates, revocationLists, files } = await collect(
      { '/root': { type: 'directory' }, '/home/alice/.vnc/x509_ca.pem': '', '/home/alice/.vnc/x509_crl.pem': '' },
      'certificates',
      'revocationLists',
      'files',
    );
    expect(certificates).toMatchObject({ value: { '/home/alice/.vnc/x509_ca.pem': { known: true } } });
    expect(revocationLists).toMatchObject({ value: { '/home/alice/.vnc/x509_crl.pem': { known: true } } });
    const paths = files.known ? Object.keys(files.value).filter((path) => path.includes('vnc')) : [];
    expect(paths.sort()).toEqual([
      '/home/alice/.vnc',
      '/home/alice/.vnc/x509_ca.pem',
      '/home/alice/.vnc/x509_crl.pem',
      '/root/.vnc',
    ]);
  });

  it.each<[string, MemoryEntry, object | undefined]>([
    ['a directory is no certificate', { type: 'directory' }, { value: { malformation: { cause: 'not-a-file' } } }],
    ['nor is a FIFO, which is not waited for', { type: 'fifo' }, { value: { malformation: { cause: 'not-a-file' } } }],
    [
      'what is far too large is not read',
      { content: Buffer.alloc(1024 * 1024 + 1) },
      { value: { malformation: { cause: 'too-large' } } },
    ],
    ['an empty file', '', { value: { malformation: { cause: 'empty' } } }],
    ['what may not be read', { refused: 'permission-denied' }, { known: false, reason: 'permission-denied' }],
    ['a link to nothing has no content', { link: 'gone.pem' }, undefined],
  ])('%s', async (_, entry, expected) => {
    const { certificates } = await collect({ [ca]: entry }, 'certificates');
    if (!certificates.known) throw new Error(certificates.detail);
    if (expected === undefined) expect(certificates.value).not.toHaveProperty([ca]);
    else expect(certificates.value[ca]).toMatchObject(expected);
  });

  it('looks for keys wherever they lie below the directories of credentials', async () => {
    const { privateKeys } = await collect(
      {
        '/etc/pki/CA/old/2019/my-Key.pem': 'x',
        '/etc/pki/libvirt/private/other.key': 'x',
        '/etc/pki/tls/private/localhost.key': 'x',
        '/etc/pki/libvirt-vnc/notes.txt': 'x',
      },
      'privateKeys',
    );
    if (!privateKeys.known) throw new Error(privateKeys.detail);
    expect(Object.keys(privateKeys.value)).toEqual([
      '/etc/pki/CA/old/2019/my-Key.pem',
      '/etc/pki/libvirt/private/other.key',
    ]);
  });

  it('tells where passwords stand and how long they are, and nothing else of them', async () => {
    const facts = await collect(
      {
        '/etc/libvirt/qemu.conf': 'user = "qemu"\nvnc_password = "hunter22"\n',
        '/etc/libvirt/qemu/web1.xml': "<domain>\n<graphics type='vnc' passwd='hunter2'/>\n</domain>",
        '/home/alice/.config/libvirt/auth.conf': '[credentials-x]\npassword=hunter\n',
      },
      'secretHolders',
      'configurations',
    );
    expect(facts.secretHolders).toMatchObject({
      value: {
        '/etc/libvirt/qemu.conf': { value: { secrets: [{ name: 'vnc_password', line: 2, length: 8 }] } },
        '/etc/libvirt/qemu/web1.xml': { value: { secrets: [{ line: 2, length: 7 }] } },
        '/home/alice/.config/libvirt/auth.conf': { value: { secrets: [{ line: 2, length: 6 }] } },
      },
    });
    expect(JSON.stringify(facts)).not.toContain('hunter');
  });
});

describe('mandatory access', () => {
  it.each<[string, Record<string, MemoryEntry>, object]>([
    ['none', {}, { selinux: 'disabled', apparmor: 'disabled' }],
    ['SELinux of an image', { '/etc/selinux/config': '# x\nSELINUX=enforcing\n' }, { selinux: 'enforcing' }],
    [
      'SELinux that runs',
      { '/sys/fs/selinux/enforce': '0', '/etc/selinux/config': 'SELINUX=enforcing\n' },
      { selinux: 'permissive' },
    ],
    [
      "AppArmor's abstraction with additions",
      {
        '/etc/apparmor.d/abstractions/libvirt-qemu':
          '  /etc/pki/libvirt{,-spice,-vnc}/** r,\n  /dev/kvm rw,\n  /tmp/x w,\n  # /etc/secret r,\n',
        '/etc/apparmor.d/abstractions/libvirt-qemu.d/local': 'owner "/srv/tls/*" rk,\n',
      },
      { apparmor: 'enabled', apparmorReadable: ['/etc/pki/libvirt{,-spice,-vnc}/**', '/dev/kvm', '/srv/tls/*'] },
    ],
  ])('%s', async (_, tree, expected) => {
    expect((await collect(tree, 'mandatoryAccess')).mandatoryAccess).toMatchObject({ value: expected });
  });
});

describe('a snapshot', () => {
  it('lacks what nobody asked for, and says so', async () => {
    const facts = await collect({}, 'clock');
    expect(facts.clock.known).toBe(true);
    expect(facts.files).toMatchObject({ known: false, reason: 'not-collected' });
  });

  it('passes the reason of a fact that is not known to those that build on it', async () => {
    const facts = await collect({ '/etc/passwd': { refused: 'permission-denied' } }, 'files');
    expect(facts.accounts).toMatchObject({ known: false, reason: 'permission-denied' });
    expect(facts.files).toEqual(facts.accounts);
  });
});
