import type { ConfigurationName } from './configuration-files.ts';

/**
 * The settings that libvirt's programs read, and those that they no longer do.
 *
 * Names and types are those of the getters that read them, in libvirt 9.0.0 and 11.3.0; every entry names the function.
 */

/** How a value is read; the getters of setting-value.ts go by the same names. `core-size` is a number or `"unlimited"`. */
export type SettingType = 'bool' | 'string' | 'string-list' | 'string-or-list' | 'unsigned' | 'signed' | 'core-size';

export interface SettingDefinition {
  readonly type: SettingType;
  /** What holds when it is not set; absent where that is nothing, or is not the same everywhere. */
  readonly default?: boolean | number | string;
  /** Another setting that is asked before the default. */
  readonly fallback?: string;
  /** First upstream version that reads it, or the first in which it was seen; absent for 9.0 and before. */
  readonly since?: string;
  /** First upstream version that no longer reads it. */
  readonly until?: string;
  /** Without effect when systemd hands the daemon its sockets (daemonSetupNetworking). */
  readonly ignoredUnderActivation?: true;
  /** Its value is a password. */
  readonly secret?: true;
  /** Upstream file and function. */
  readonly source: string;
}

/** A name that is found in the field and that no supported version reads. */
export interface DeadSetting {
  /** What became of it, as a clause. */
  readonly reason: string;
  /** The setting that does what it seems to do, where there is one. */
  readonly insteadOf?: string;
  readonly source: string;
}

type Details = Omit<SettingDefinition, 'type' | 'source'>;

const from =
  (source: string) =>
  (type: SettingType, details: Details = {}): SettingDefinition => ({ type, ...details, source });

const daemon = from('src/remote/remote_daemon_config.c daemonConfigNew, daemonConfigLoadOptions');
const ignored = { ignoredUnderActivation: true } as const;

/**
 * A daemon's settings in the order in which it reads them. Defaults are those of a privileged daemon built with polkit, as
 * distributions have it.
 */
const daemonSettings = (listensByDefault: boolean): Readonly<Record<string, SettingDefinition>> => ({
  listen_tcp: daemon('bool', { default: false, ...ignored }),
  listen_tls: daemon('bool', { default: listensByDefault, ...ignored }),
  tls_port: daemon('string', { default: '16514', ...ignored }),
  tcp_port: daemon('string', { default: '16509', ...ignored }),
  listen_addr: daemon('string', ignored),
  auth_unix_rw: daemon('string', { default: 'polkit' }),
  auth_unix_ro: daemon('string', { default: 'polkit' }),
  auth_tcp: daemon('string', { default: 'sasl' }),
  auth_tls: daemon('string', { default: 'none' }),
  access_drivers: daemon('string-list'),
  // The modes and the group are ignored under activation, but the group's name must resolve even then.
  unix_sock_group: daemon('string', ignored),
  unix_sock_admin_perms: daemon('string', { default: '0700', ...ignored }),
  unix_sock_ro_perms: daemon('string', { default: '0777', ...ignored }),
  // Stays 0777 when auth_unix_rw is set to something else than polkit: the default is taken before the file is read.
  unix_sock_rw_perms: daemon('string', { default: '0777', ...ignored }),
  unix_sock_dir: daemon('string', { default: '/run/libvirt' }),
  tls_no_sanity_certificate: daemon('bool', { default: false }),
  tls_no_verify_certificate: daemon('bool', { default: false }),
  key_file: daemon('string'),
  cert_file: daemon('string'),
  // NEWS of 11.10.0: several identities, exclusive with the singular names.
  key_files: daemon('string-list', { since: '11.10' }),
  cert_files: daemon('string-list', { since: '11.10' }),
  ca_file: daemon('string'),
  crl_file: daemon('string'),
  tls_allowed_dn_list: daemon('string-list'),
  tls_priority: daemon('string'),
  tcp_min_ssf: daemon('unsigned', { default: 56 }),
  sasl_allowed_username_list: daemon('string-list'),
  min_workers: daemon('unsigned', { default: 5 }),
  max_workers: daemon('unsigned', { default: 20 }),
  max_clients: daemon('unsigned', { default: 5000 }),
  max_queued_clients: daemon('unsigned', { default: 1000 }),
  max_anonymous_clients: daemon('unsigned', { default: 20 }),
  prio_workers: daemon('unsigned', { default: 5 }),
  max_client_requests: daemon('unsigned', { default: 5 }),
  admin_min_workers: daemon('unsigned', { default: 5 }),
  admin_max_workers: daemon('unsigned', { default: 20 }),
  admin_max_clients: daemon('unsigned', { default: 5000 }),
  admin_max_queued_clients: daemon('unsigned', { default: 20 }),
  admin_max_client_requests: daemon('unsigned', { default: 5 }),
  audit_level: daemon('unsigned', { default: 1 }),
  audit_logging: daemon('bool', { default: false }),
  host_uuid: daemon('string'),
  host_uuid_source: daemon('string', { default: 'smbios' }),
  // 0 leaves the compiled priority, which is 3 (warnings): virlog.c.
  log_level: daemon('unsigned', { default: 3 }),
  log_filters: daemon('string'),
  log_outputs: daemon('string'),
  keepalive_interval: daemon('signed', { default: 5 }),
  keepalive_count: daemon('unsigned', { default: 5 }),
  admin_keepalive_interval: daemon('signed', { default: 5 }),
  admin_keepalive_count: daemon('unsigned', { default: 5 }),
  ovs_timeout: daemon('unsigned', { default: 5 }),
});

/** Read only by the daemons that are built to listen on the network (-DWITH_IP in src/remote/meson.build): not by virtqemud. */
export const networkSettings: ReadonlySet<string> = new Set([
  'listen_tcp',
  'listen_tls',
  'tls_port',
  'tcp_port',
  'listen_addr',
  'auth_tcp',
  'auth_tls',
  'tls_no_sanity_certificate',
  'tls_no_verify_certificate',
  'key_file',
  'cert_file',
  'ca_file',
  'crl_file',
  'key_files',
  'cert_files',
  'tls_allowed_dn_list',
  'tls_priority',
  'tcp_min_ssf',
]);

const remote = from('src/remote/remote_driver.c remoteConnectOpen, doRemoteOpen');

const client = {
  uri_default: from('src/libvirt.c virConnectGetDefaultURI; src/admin/libvirt-admin.c getSocketPath')('string'),
  uri_aliases: from('src/util/viruri.c virURIResolveAlias')('string-list'),
  remote_mode: remote('string', { default: 'auto' }),
  remote_proxy: remote('string', { default: 'auto' }),
  tls_priority: remote('string'),
} as const satisfies Record<string, SettingDefinition>;

const q = (name: string) => from(`src/qemu/qemu_conf.c virQEMUDriverConfigLoad${name}`);
const defaultTls = q('DefaultTLSEntry');
const vnc = q('VNCEntry');
const spice = q('SPICEEntry');
const rdp = q('RDPEntry');
const tls = q('SpecificTLSEntry');
const display = q('RemoteDisplayEntry');
const save = q('SaveEntry');
const processEntry = q('ProcessEntry');
const device = q('DeviceEntry');
const rpc = q('RPCEntry');
const network = q('NetworkEntry');
const debug = q('DebugEntry');
const security = q('SecurityEntry');
const swtpm = q('SWTPMEntry');

/** virQEMUDriverConfigSetDefaults: default_tls_x509_verify is asked before the default of the use. */
const verify = (byDefault: boolean): Details => ({ default: byDefault, fallback: 'default_tls_x509_verify' });
/** Seen in 11.3.0 and not in 9.0.0; the release between them is not recorded in NEWS. */
const by11_3: Details = { since: '11.3' };
/** Upstream after 11.3; reported for 11.6. */
const priority: Details = { since: '11.6' };

const qemu = {
  default_tls_x509_cert_dir: defaultTls('string', { default: '/etc/pki/qemu' }),
  default_tls_x509_verify: defaultTls('bool'),
  default_tls_x509_secret_uuid: defaultTls('string'),
  default_tls_priority: defaultTls('string', priority),
  vnc_auto_unix_socket: vnc('bool', { default: false }),
  vnc_tls: vnc('bool', { default: false }),
  vnc_tls_x509_verify: vnc('bool', verify(false)),
  vnc_tls_x509_cert_dir: vnc('string'),
  vnc_tls_x509_secret_uuid: vnc('string'),
  vnc_tls_priority: vnc('string', { fallback: 'default_tls_priority', ...priority }),
  vnc_listen: vnc('string', { default: '127.0.0.1' }),
  vnc_password: vnc('string', { secret: true }),
  vnc_sasl: vnc('bool', { default: false }),
  vnc_sasl_dir: vnc('string'),
  vnc_allow_host_audio: vnc('bool', { default: false }),
  nographics_allow_host_audio: q('NographicsEntry')('bool', { default: false }),
  spice_tls: spice('bool', { default: false }),
  spice_tls_x509_cert_dir: spice('string'),
  spice_sasl: spice('bool', { default: false }),
  spice_sasl_dir: spice('string'),
  spice_listen: spice('string', { default: '127.0.0.1' }),
  spice_password: spice('string', { secret: true }),
  spice_auto_unix_socket: spice('bool', { default: false }),
  rdp_tls_x509_cert_dir: rdp('string', by11_3),
  rdp_listen: rdp('string', { default: '127.0.0.1', ...by11_3 }),
  rdp_username: rdp('string', by11_3),
  rdp_password: rdp('string', { secret: true, ...by11_3 }),
  vxhs_tls: tls('bool', { default: false }),
  nbd_tls: tls('bool', { default: false }),
  chardev_tls: tls('bool', { default: false }),
  migrate_tls_force: tls('bool', { default: false }),
  chardev_tls_x509_cert_dir: tls('string'),
  chardev_tls_x509_secret_uuid: tls('string'),
  chardev_tls_x509_verify: tls('bool', verify(true)),
  chardev_tls_priority: tls('string', { fallback: 'default_tls_priority', ...priority }),
  migrate_tls_x509_cert_dir: tls('string'),
  migrate_tls_x509_secret_uuid: tls('string'),
  migrate_tls_x509_verify: tls('bool', verify(true)),
  migrate_tls_priority: tls('string', { fallback: 'default_tls_priority', ...priority }),
  backup_tls_x509_cert_dir: tls('string'),
  backup_tls_x509_secret_uuid: tls('string'),
  backup_tls_x509_verify: tls('bool', verify(true)),
  backup_tls_priority: tls('string', { fallback: 'default_tls_priority', ...priority }),
  vxhs_tls_x509_cert_dir: tls('string'),
  vxhs_tls_x509_secret_uuid: tls('string'),
  nbd_tls_x509_cert_dir: tls('string'),
  nbd_tls_x509_secret_uuid: tls('string'),
  nbd_tls_priority: tls('string', { fallback: 'default_tls_priority', ...priority }),
  remote_websocket_port_min: display('unsigned', { default: 5700 }),
  remote_websocket_port_max: display('unsigned', { default: 65535 }),
  remote_display_port_min: display('unsigned', { default: 5900 }),
  remote_display_port_max: display('unsigned', { default: 65535 }),
  save_image_format: save('string', { default: 'raw' }),
  dump_image_format: save('string', { default: 'raw' }),
  snapshot_image_format: save('string', { default: 'raw' }),
  auto_dump_path: save('string'),
  auto_dump_bypass_cache: save('bool', { default: false }),
  auto_start_bypass_cache: save('bool', { default: false }),
  auto_start_delay: save('unsigned', { default: 0, ...by11_3 }),
  auto_shutdown_try_save: save('string', { default: 'none', ...by11_3 }),
  auto_shutdown_try_shutdown: save('string', { default: 'none', ...by11_3 }),
  auto_shutdown_poweroff: save('string', { default: 'none', ...by11_3 }),
  auto_shutdown_wait: save('unsigned', by11_3),
  auto_shutdown_restore: save('bool', { default: true, ...by11_3 }),
  auto_save_bypass_cache: save('bool', { default: false, ...by11_3 }),
  hugetlbfs_mount: processEntry('string-or-list'),
  bridge_helper: processEntry('string'),
  pr_helper: processEntry('string'),
  slirp_helper: processEntry('string'),
  qemu_rdp: processEntry('string', { default: 'qemu-rdp', ...by11_3 }),
  dbus_daemon: processEntry('string'),
  set_process_name: processEntry('bool'),
  max_processes: processEntry('unsigned', { default: 0 }),
  max_files: processEntry('unsigned', { default: 0 }),
  max_threads_per_process: processEntry('unsigned', { default: 0 }),
  max_core: processEntry('core-size'),
  dump_guest_core: processEntry('bool'),
  stdio_handler: processEntry('string', { default: 'logd' }),
  sched_core: processEntry('string', { default: 'none' }),
  mac_filter: device('bool', { default: false }),
  relaxed_acs_check: device('bool', { default: false }),
  lock_manager: device('string'),
  // Still read, so that 1 can be refused.
  allow_disk_format_probing: device('bool', { default: false }),
  max_queued: rpc('unsigned', { default: 0 }),
  keepalive_interval: rpc('signed', { default: 5 }),
  keepalive_count: rpc('unsigned', { default: 5 }),
  migration_port_min: network('unsigned', { default: 49152 }),
  migration_port_max: network('unsigned', { default: 49215 }),
  migration_host: network('string'),
  migration_address: network('string'),
  log_timestamp: q('LogEntry')('bool', { default: true }),
  nvram: q('NVRAMEntry')('string-list'),
  gluster_debug_level: debug('unsigned', { default: 4 }),
  virtiofsd_debug: debug('bool', { default: false }),
  deprecation_behavior: debug('string', { default: 'none' }),
  security_driver: security('string-or-list'),
  security_default_confined: security('bool', { default: true }),
  security_require_confined: security('bool', { default: false }),
  user: security('string'),
  group: security('string'),
  dynamic_ownership: security('bool', { default: true }),
  remember_owner: security('bool'),
  cgroup_controllers: security('string-list'),
  cgroup_device_acl: security('string-list'),
  seccomp_sandbox: security('signed', { default: -1 }),
  namespaces: security('string-list'),
  memory_backing_dir: q('MemoryEntry')('string', { default: '/var/lib/libvirt/qemu/ram' }),
  swtpm_user: swtpm('string'),
  swtpm_group: swtpm('string'),
  capability_filters: q('CapsFiltersEntry')('string-list'),
  // NEWS of 10.0.0.
  storage_use_nbdkit: q('StorageEntry')('bool', { since: '10.0' }),
  shared_filesystems: q('FilesystemEntry')('string-list', by11_3),
} as const satisfies Record<string, SettingDefinition>;

/** All settings by the file that holds them, in the order in which their program reads them. */
export const settingsOf: Readonly<Record<ConfigurationName, Readonly<Record<string, SettingDefinition>>>> = {
  libvirtd: daemonSettings(true),
  virtproxyd: daemonSettings(false),
  virtqemud: Object.fromEntries(Object.entries(daemonSettings(false)).filter(([key]) => !networkSettings.has(key))),
  libvirt: client,
  qemu,
};

const notRead = 'in no getter of src/remote/remote_daemon_config.c, 9.0.0 and 11.3.0';

const deadInDaemons: Readonly<Record<string, DeadSetting>> = {
  mdns_adv: { reason: 'libvirt no longer advertises itself by mDNS', source: notRead },
  mdns_name: { reason: 'libvirt no longer advertises itself by mDNS', source: notRead },
  tls_no_verify_address: {
    reason: 'no daemon checks the address of a client; only old documentation names it',
    source: `docs/remote.rst; ${notRead}`,
  },
  tls_allowed_ip_list: {
    reason: 'no daemon checks the address of a client; only old documentation names it',
    insteadOf: 'tls_allowed_dn_list',
    source: notRead,
  },
  keepalive_required: {
    reason: 'the shipped file still shows it, but nothing reads it',
    source: `libvirtd.conf.in; ${notRead}`,
  },
  admin_keepalive_required: {
    reason: 'the shipped file still shows it, but nothing reads it',
    source: `libvirtd.conf.in; ${notRead}`,
  },
  unix_sock_user: {
    reason: 'the sockets belong to the user that runs the daemon',
    insteadOf: 'unix_sock_group',
    source: notRead,
  },
  log_buffer_size: { reason: 'the daemon keeps no log buffer any more', source: notRead },
};

/** Dead settings by the file in which they are found. */
export const deadSettings: Readonly<Record<ConfigurationName, Readonly<Record<string, DeadSetting>>>> = {
  libvirtd: deadInDaemons,
  virtproxyd: deadInDaemons,
  virtqemud: deadInDaemons,
  libvirt: {},
  qemu: {
    secure_driver: {
      reason: 'it never was a setting; guides write it for security_driver',
      insteadOf: 'security_driver',
      source: 'in no getter of src/qemu/qemu_conf.c, 9.0.0 and 11.3.0',
    },
    clear_emulator_capabilities: {
      reason: 'it was removed; emulators always lose their capabilities',
      source: 'src/qemu/libvirtd_qemu.aug obsolete_entry',
    },
    sasldb_path: {
      reason: 'it belongs into a service file of Cyrus SASL, not into qemu.conf',
      source: 'in no getter of src/qemu/qemu_conf.c, 9.0.0 and 11.3.0',
    },
  },
};

const vocabularyOf = (name: ConfigurationName) => ({
  known: new Set([...Object.keys(settingsOf[name]), ...Object.keys(deadSettings[name])]),
  secret: new Set(Object.entries(settingsOf[name]).flatMap(([key, { secret }]) => (secret ? [key] : []))),
});

/** What the parser needs to tell harmless values from those that it must not keep. */
export const vocabularies: Readonly<
  Record<ConfigurationName, { readonly known: ReadonlySet<string>; readonly secret: ReadonlySet<string> }>
> = {
  libvirtd: vocabularyOf('libvirtd'),
  virtproxyd: vocabularyOf('virtproxyd'),
  virtqemud: vocabularyOf('virtqemud'),
  libvirt: vocabularyOf('libvirt'),
  qemu: vocabularyOf('qemu'),
};
