import { known, type Fact } from '../../src/facts/fact.ts';
import type { Keytab, KeytabEntry } from '../../src/facts/keytab.ts';
import type { SaslConfiguration } from '../../src/facts/sasl.ts';
import { aServer, aVncServer, file, having, settings, type Change } from './facts.ts';

export const libvirtConf = '/etc/libvirt/libvirtd.conf';
export const qemuConf = '/etc/libvirt/qemu.conf';
/** The service files of libvirt and QEMU, their databases and keytabs. */
export const libvirtSasl = '/etc/sasl2/libvirt.conf';
export const qemuSasl = '/etc/sasl2/qemu.conf';
export const libvirtDatabase = '/etc/libvirt/passwd.db';
export const qemuDatabase = '/etc/qemu/passwd.db';
export const libvirtKeytab = '/etc/libvirt/krb5.tab';
export const qemuKeytab = '/etc/qemu/krb5.tab';

/** Several changes as one. */
export const all =
  (...changes: readonly Change[]): Change =>
  (built) =>
    changes.reduce((result, change) => change(result), built);

/** A SASL service file with these settings, one a line from line 1, or any content, and its entry in the file system. */
export const serviceFile =
  (path: string, content: Readonly<Record<string, string>> | Fact<SaslConfiguration>): Change =>
  (built) => {
    const fact: Fact<SaslConfiguration> =
      'known' in content
        ? (content as Fact<SaslConfiguration>)
        : known({ settings: Object.entries(content).map(([key, value], index) => ({ key, value, line: index + 1 })) });
    return {
      ...(built.files[path] === undefined ? file(path)(built) : built),
      saslConfigurations: { ...built.saslConfigurations, [path]: fact },
    };
  };

/** Without a service file that another change put there. */
export const noServiceFile =
  (path: string): Change =>
  (built) => ({
    ...built,
    files: { ...built.files, [path]: known({ type: 'absent' }) },
    saslConfigurations: Object.fromEntries(Object.entries(built.saslConfigurations).filter(([at]) => at !== path)),
  });

/** A key of a principal such as `libvirt/kvm1.example.com`, of AES unless told otherwise. */
export const key = (principal: string, values: Partial<KeytabEntry> = {}): KeytabEntry => ({
  principal: `${principal}@EXAMPLE.COM`,
  components: principal.split('/'),
  realm: 'EXAMPLE.COM',
  nameType: 1,
  keyVersion: 2,
  encryptionType: 18,
  ...values,
});

/** A keytab of root's alone with these keys, or any content. */
export const keytab =
  (path: string, content: readonly KeytabEntry[] | Keytab | Fact<Keytab>): Change =>
  (built) => {
    const fact: Fact<Keytab> =
      'known' in content ? content : known('deleted' in content ? content : { entries: content, deleted: 0 });
    return {
      ...(built.files[path] === undefined ? file(path, { mode: 0o600 })(built) : built),
      keytabs: { ...built.keytabs, [path]: fact },
    };
  };

/** Plug-ins of Debian's directory: those of these base names. */
export const plugins = (...names: readonly string[]): Change =>
  having({ saslPlugins: { '/usr/lib/x86_64-linux-gnu/sasl2': known(names.map((name) => `lib${name}.so`)) } });

/** What Debian installs by default, with Kerberos. */
const debianPlugins = plugins(
  ...['anonymous', 'crammd5', 'digestmd5', 'gssapiv2', 'login', 'ntlm', 'plain', 'sasldb', 'scram'],
);

/** A libvirt server that asks for SCRAM within TLS, done right. */
export const aSaslServer: Change = all(
  aServer,
  settings(libvirtConf, { auth_tls: 'sasl' }),
  serviceFile(libvirtSasl, { mech_list: 'scram-sha-256', sasldb_path: libvirtDatabase }),
  file(libvirtDatabase, { mode: 0o600 }),
  debianPlugins,
);

/** A libvirt server with Kerberos logins within TLS. */
export const aKerberosServer: Change = all(
  aServer,
  settings(libvirtConf, { auth_tls: 'sasl' }),
  serviceFile(libvirtSasl, { mech_list: 'gssapi', keytab: libvirtKeytab }),
  keytab(libvirtKeytab, [key('libvirt/kvm1.example.com')]),
  debianPlugins,
);

/** VNC displays that ask for SCRAM within TLS. */
export const aSaslConsole: Change = all(
  aVncServer,
  settings(qemuConf, { vnc_tls: 1, vnc_tls_x509_verify: 1, vnc_sasl: 1 }),
  serviceFile(qemuSasl, { mech_list: 'scram-sha-256', sasldb_path: qemuDatabase }),
  file(qemuDatabase, { gid: 64055, mode: 0o640 }),
  debianPlugins,
);

/** VNC displays with Kerberos logins within TLS. */
export const aKerberosConsole: Change = all(
  aVncServer,
  settings(qemuConf, { vnc_tls: 1, vnc_tls_x509_verify: 1, vnc_sasl: 1 }),
  serviceFile(qemuSasl, { mech_list: 'gssapi', keytab: qemuKeytab }),
  keytab(qemuKeytab, [key('vnc/kvm1.example.com')]),
  file(qemuKeytab, { gid: 64055, mode: 0o640 }),
  debianPlugins,
);

/** A host of a distribution made from Red Hat's packages, with their account for QEMU. */
export const redHat =
  (id: 'rhel' | 'centos', versionId: string): Change =>
  (built) => ({
    ...built,
    operatingSystem: { id, versionId, prettyName: `${id} ${versionId}`, family: 'rhel' },
    accounts: {
      ...built.accounts,
      users: [...built.accounts.users, { name: 'qemu', uid: 107, gid: 107, home: '/', shell: '/sbin/nologin' }],
      groups: [...built.accounts.groups, { name: 'qemu', gid: 107, members: [] }],
    },
  });
