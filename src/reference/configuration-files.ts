import type { Daemon } from '../facts/services.ts';

/** libvirt's configuration files of the system, by the program that reads them (remote_daemon_config.c, virsh's libvirt.c, qemu_conf.c). */
export const configurationFiles = {
  libvirtd: '/etc/libvirt/libvirtd.conf',
  virtproxyd: '/etc/libvirt/virtproxyd.conf',
  virtqemud: '/etc/libvirt/virtqemud.conf',
  /** Read by root's clients only; other users have their own below ~/.config. */
  libvirt: '/etc/libvirt/libvirt.conf',
  qemu: '/etc/libvirt/qemu.conf',
} as const;

export type ConfigurationName = keyof typeof configurationFiles;

/** A user's client configuration, below the home directory (XDG_CONFIG_HOME at its default). */
export const userClientConfiguration = '.config/libvirt/libvirt.conf';

/** Where clients look for stored passwords: below the home directory, then for everybody. */
export const clientAuthenticationFiles = {
  user: '.config/libvirt/auth.conf',
  system: '/etc/libvirt/auth.conf',
} as const;

/** Directories with the XML of persistent and of running guests. */
export const domainDirectories: readonly string[] = ['/etc/libvirt/qemu', '/run/libvirt/qemu'];

/** Directories with the plug-ins of Cyrus SASL, by distribution and architecture (plugindir of the packages' builds). */
export const saslPluginDirectories: readonly string[] = [
  ...[
    'x86_64-linux-gnu',
    'aarch64-linux-gnu',
    'arm-linux-gnueabihf',
    'i386-linux-gnu',
    'powerpc64le-linux-gnu',
    'riscv64-linux-gnu',
    's390x-linux-gnu',
  ].map((triplet) => `/usr/lib/${triplet}/sasl2`),
  '/usr/lib64/sasl2',
  '/usr/lib/sasl2',
];

/** SASL service files: libvirt's daemons, and QEMU's under the names of the distributions (Cyrus searches the directories in order). */
export const saslDirectories: readonly string[] = ['/etc/sasl2', '/etc/sasl', ...saslPluginDirectories];
export const saslServices = { libvirt: ['libvirt.conf'], qemu: ['qemu.conf', 'qemu-kvm.conf', 'spice.conf'] } as const;

/** Database and keytab that the samples of libvirt (libvirtd.sasl) and QEMU (qemu.sasl) name. */
export const sampleSaslFiles = {
  libvirt: { database: '/etc/libvirt/passwd.db', keytab: '/etc/libvirt/krb5.tab' },
  qemu: { database: '/etc/qemu/passwd.db', keytab: '/etc/qemu/krb5.tab' },
} as const;

/** Cyrus' default password database, and the one that libvirt's shipped file suggests. */
export const defaultSaslDatabase = '/etc/sasldb2';
export const saslDatabases: readonly string[] = [defaultSaslDatabase, sampleSaslFiles.libvirt.database];

/** Keytabs by custom: libvirt's shipped sasl2/libvirt.conf, guides for QEMU, Kerberos' default. */
export const defaultKeytab = '/etc/krb5.keytab';
export const keytabs: readonly string[] = [sampleSaslFiles.libvirt.keytab, sampleSaslFiles.qemu.keytab, defaultKeytab];

export const daemons: readonly Daemon[] = ['libvirtd', 'virtproxyd', 'virtqemud'];
