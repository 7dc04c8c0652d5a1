import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt } from '../support/built-program.ts';
import { pemOf } from '../support/certificates.ts';
import { directoryTree, type TreeEntry } from '../support/directory-tree.ts';
import { isRoot } from '../support/mending.ts';
import { run } from '../support/run-program.ts';
import { wholeHost } from '../support/whole-host.ts';

beforeAll(ensureBuilt, 120_000);
// Each test starts the program several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** A password that nothing else can contain; each place has its own, so that a leak tells where it came from. */
const planted: string[] = [];
const secret = (place: string): string => {
  const text = `Hx7-${place}-q9Zt`;
  planted.push(text);
  return text;
};

/** Every line of a key's base64 is a secret, and so is the key in other encodings. */
const keyOf = (key: KeyObject, passphrase?: string): string => {
  const pem = key
    .export({
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
    })
    .toString();
  // The first line of an Ed25519 or EC key is mostly algorithm, which certificates share; 24 characters from the end are key alone.
  planted.push(
    ...pem
      .split('\n')
      .filter((line) => !line.startsWith('-') && line.length > 24)
      .map((line) => line.slice(-24)),
  );
  return pem;
};

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const passphrase = secret('passphrase');
const privateNumbers = rsa.export({ format: 'jwk' });
for (const part of [privateNumbers.d, privateNumbers.p, privateNumbers.q, ec.export({ format: 'jwk' }).d]) {
  if (part === undefined) continue;
  planted.push(part, Buffer.from(part, 'base64url').toString('hex'), Buffer.from(part, 'base64url').toString('base64'));
}

const damaged = (pem: string): string => pem.replace(/\n([A-Za-z0-9+/]{10})/, '\n!!!$1');

const commandLine = [
  '/usr/bin/qemu-system-x86_64',
  '-object',
  `secret,id=s0,data=${secret('object')}`,
  '-vnc',
  `:1,password=on,x=${secret('vncarg')}`,
];

const tree = (): Record<string, TreeEntry> => ({
  ...wholeHost(),
  '/etc/pki/libvirt/private/serverkey.pem': keyOf(rsa),
  '/etc/pki/libvirt/private/clientkey.pem': keyOf(rsa, passphrase),
  '/etc/pki/libvirt-vnc/server-key.pem': damaged(keyOf(ec)),
  '/etc/pki/CA/private/cakey.pem': `${pemOf('root')}${keyOf(ec)}`,
  // A key where a certificate belongs, before one, and in a file of another kind.
  '/etc/pki/libvirt/servercert.pem': `${keyOf(rsa)}${pemOf('server')}`,
  '/etc/pki/libvirt/clientcert.pem': keyOf(rsa),
  '/etc/pki/CA/cacert.pem': `${damaged(keyOf(rsa))}${pemOf('root')}`,
  '/etc/pki/CA/cacrl.pem': keyOf(ec),
  '/etc/libvirt/qemu.conf': [
    `vnc_password = "${secret('vncpassword')}"`,
    `spice_password = "${secret('spice')}"`,
    `vnc_pasword = "${secret('misspelt')}"`,
    `VNC_PASSWORD = '${secret('uppercase')}'`,
    `whatever = [ "${secret('inlist')}" ]`,
    `vnc_listen = """0.0.0.0`,
    `vnc_password = "${secret('swallowed')}"`,
    '"""',
    `vnc_password = ${secret('unquoted')}`,
    `${secret('asname')}`,
  ].join('\n'),
  '/etc/libvirt/libvirtd.conf': [
    'listen_tls = 1',
    `password = "${secret('daemon')}"`,
    `tls_priority = "NORMAL`,
    `${secret('brokenline')}`,
  ].join('\n'),
  '/etc/libvirt/libvirt.conf': `uri_default = "qemu:///system"\npassword = "${secret('client')}"\n`,
  '/etc/libvirt/auth.conf': `[credentials-x]\nusername=alice\npassword=${secret('auth')}\n passwort = ${secret('authmisspelt')}\n`,
  '/home/alice/.config/libvirt/auth.conf': {
    content: `[credentials-x]\npassword = ${secret('userauth')}\n`,
    mode: 0o644,
  },
  '/home/alice/.local/share/remmina/web1.remmina': [
    '[remmina]',
    'name=web1',
    'protocol=VNC',
    `password=${secret('remmina')}`,
    `ssh_tunnel_password=${secret('remminatunnel')}`,
    'cacert=/etc/pki/CA/cacert.pem',
    'clientkey=/etc/pki/libvirt/private/clientkey.pem',
    `passwort ${secret('remminabroken')}`,
  ].join('\n'),
  '/home/alice/.local/share/remmina/web2.remmina': `[remmina]\nname=web2\nprotocol=VNC\npassword=${secret('remminasecond')}\ncacert=/etc/pki/CA/cacert.pem\n`,
  '/home/alice/.config/remmina/remmina.pref': `[remmina_pref]\nsecret=${secret('remminapref')}\nsecret_key\n`,
  '/etc/libvirt/qemu/web1.xml': {
    content: [
      '<domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><devices>',
      `<graphics type='vnc' passwd='${secret('xml')}'/>`,
      `<graphics type="spice"\n  passwd = "${secret('xmltwo')}>&quot;" port='1'/>`,
      `<graphics passwd="${secret('xmlopen')}`,
      `</devices><qemu:commandline><qemu:arg value='secret,id=a,data=${secret('xmlarg')}'/></qemu:commandline></domain>`,
    ].join('\n'),
    mode: 0o644,
  },
  '/etc/sasl2/libvirt.conf': `mech_list: scram-sha-256\nsql_passwd: ${secret('sql')}\nldapdb_pw: ${secret('ldap')}\npassword = ${secret('saslbroken')}\n`,
  '/etc/default/libvirtd': `LIBVIRTD_ARGS="--listen"\nSECRET_TOKEN=${secret('argumentsfile')}\n`,
  '/etc/passwd': `root:x:0:0:root:/root:/bin/bash\nalice:${secret('hash')}:1000:1000:${secret('gecos')}:/home/alice:/bin/bash\n`,
  '/etc/group': `root:x:0:\nlibvirt:${secret('grouphash')}:118:alice\n`,
  '/etc/shadow': `root:${secret('shadow')}:1:::::::\n`,
  '/proc/812/environ': `LISTEN_FDS=1\0KRB5_PASSWORD=${secret('environment')}\0`,
  '/proc/900/comm': 'qemu-system-x86\n',
  '/proc/900/cmdline': `${commandLine.join('\0')}\0`,
  '/proc/900/environ': `PASS=${secret('qemuenvironment')}\0`,
  '/proc/900/status':
    'Name:\tqemu-system-x86\nUid:\t64055\t64055\t64055\t64055\nGid:\t64055\t64055\t64055\t64055\nGroups:\t64055\n',
  '/proc/900/stat': '900 (qemu-system-x86) S 1 900 900 0 -1 0 1 1 0 0 1 1 0 0 20 0 1 0 1000 1 1',
});

const roles = ['--role', 'libvirt-server', '--role', 'libvirt-client', '--role', 'vnc-server', '--role', 'migration'];

describe('secrets of a host', () => {
  it('are in no snapshot, no report and no message', async () => {
    const root = directoryTree(tree());
    const file = join(directoryTree({}), 'snapshot.json');
    const snapshot = await run(['collect', root]);
    expect(snapshot.status).toBe(0);
    writeFileSync(file, snapshot.out);
    const reports = await Promise.all(
      [
        [root, ...roles],
        [root, ...roles, '--verbose'],
        [root, ...roles, '--format', 'json'],
        [root],
        [file, ...roles, '--verbose'],
        [file, ...roles, '--format', 'json'],
      ].map((args) => run(args)),
    );
    const documents = [snapshot, ...reports];
    for (const { status, err } of documents) expect([0, 1, 3], err).toContain(status);

    // The files were read, or this would prove nothing.
    const everything = documents.map(({ out, err }) => `${out}\n${err}`);
    expect(snapshot.out).toContain('"vnc_pasword"');
    expect(snapshot.out).toContain('"graphics passwd"');
    expect(snapshot.out).toContain('"encrypted"');
    expect(everything[1]).toContain('private-key-exposed');

    for (const text of everything) {
      const flat = text.replace(/\\n|\s+/g, '');
      expect(planted.filter((one) => text.includes(one) || flat.includes(one))).toEqual([]);
    }
  });

  it('are in no debug output of a crash in reading them', async () => {
    // A parser that throws must not quote what it read: every file is one long secret.
    const whole = secret('wholefile').repeat(40);
    const root = directoryTree(
      Object.fromEntries(
        Object.keys(wholeHost())
          .filter((path) => !/fd|hostname|hosts|os-release|\/net\/|passwd|group|cmdline|dpkg/.test(path))
          .map((path) => [path, whole]),
      ),
    );
    const documents = await Promise.all([
      run(['collect', root]),
      run([root, '--verbose', ...roles]),
      run([root, '--format', 'json', ...roles]),
    ]);
    for (const { out, err } of documents) expect(`${out}${err}`).not.toContain('wholefile');
  });

  it.skipIf(!isRoot)('are in no plan, script, playbook or journal, and stay where they are (needs root)', async () => {
    const keep = secret('mended');
    const root = directoryTree({
      ...tree(),
      '/etc/pki/libvirt/private/serverkey.pem': { content: keyOf(rsa), mode: 0o644 },
      '/etc/pki/libvirt/servercert.pem': pemOf('server'),
      '/etc/pki/CA/cacert.pem': pemOf('root'),
      '/etc/pki/CA/cacrl.pem': pemOf('root'),
      '/etc/libvirt/libvirtd.conf': [
        `password = "${keep}"`,
        'tls_no_verify_certificate = 1',
        `tls_no_sanity_certificate = 1 # ${secret('comment')}`,
      ].join('\n'),
      '/etc/libvirt/qemu.conf': {
        content: [
          `vnc_password = "${secret('vnconly')}"`,
          `vnc_pasword = "${secret('vncmisspelt')}"`,
          'vnc_sasl = 1',
          'vnc_listen = "0.0.0.0"',
          'security_driver = "none"',
          `spice_password = "${secret('spiceonly')}"`,
        ].join('\n'),
        mode: 0o644,
      },
    });
    const outputs = [
      await run(['fix', root]),
      await run(['fix', root, '--format', 'json']),
      await run(['fix', root, '--script']),
      await run(['fix', root, '--playbook']),
      await run(['fix', root, '--apply', '--unsafe', '--yes']),
    ];
    const state = join(root, 'var/lib/virt-pki-check');
    const journal = execFileSync('find', [state, '-type', 'f', '-exec', 'cat', '{}', '+'], { encoding: 'utf8' });
    // Both files were changed and hold their passwords still, or this would prove nothing.
    expect(journal).toContain('"path":"/etc/libvirt/qemu.conf"');
    expect(readFileSync(join(root, 'etc/libvirt/libvirtd.conf'), 'utf8')).toContain(
      `password = "${keep}"\ntls_no_verify_certificate = 0\n`,
    );
    // What undo would have to keep is left to a person.
    expect(outputs[0]?.out).toContain('may be a secret');
    for (const text of [journal, ...outputs.flatMap(({ out, err }) => [out, err])])
      expect(planted.filter((one) => text.includes(one))).toEqual([]);
    const after = readFileSync(join(root, 'etc/libvirt/qemu.conf'), 'utf8');
    for (const name of ['vnconly', 'vncmisspelt', 'spiceonly']) expect(after).toContain(name);
    expect((await run(['fix', '--undo', root])).status).toBe(0);
  });

  it('are in no complaint about a snapshot that was edited', async () => {
    const file = join(directoryTree({}), 'snapshot.json');
    writeFileSync(file, `{"format": "virt-pki-check/snapshot", "version": 1, "password": "${secret('snapshot')}"`);
    const { err, status } = await run([file]);
    expect(status).toBe(2);
    expect(err).not.toContain('Hx7');
  });

  it('would be found: the same search sees them in the files themselves', () => {
    const root = directoryTree(tree());
    const content = execFileSync(
      'bash',
      ['-c', `grep -rhoa "Hx7-[a-z]*-q9Zt" ${JSON.stringify(root)} | sort -u | wc -l`],
      { encoding: 'utf8' },
    );
    expect(Number(content)).toBeGreaterThan(25);
    expect(createPrivateKey(keyOf(rsa)).type).toBe('private');
  });
});
