const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean);

/**
 * Options of qemu-system without an argument, of 7.2 and 10.0 together; `h` stands before the table in C.
 *
 * Source: QEMU 7.2 and 10.0 qemu-options.hx, softmmu/vl.c: qemu_options.
 */
export const optionsWithoutArgument: ReadonlySet<string> = new Set(
  words(`h help version mem-prealloc audio-help snapshot usb nographic portrait full-screen win2k-hack no-fd-bootchk no-acpi no-hpet
    singlestep preconfig S s enable-kvm xen-attach xen-domid-restrict no-reboot no-shutdown daemonize only-migratable nodefaults
    semihosting old-param no-user-config async-teardown enable-sync-profile perfmap jitdump`),
);

/** Options with an argument; source as above. */
export const optionsWithArgument: ReadonlySet<string> = new Set(
  words(`machine M cpu accel smp numa add-fd set global boot m mem-path k audio audiodev device name uuid fda fdb hda hdb hdc hdd cdrom
    blockdev drive mtdblock sd fsdev virtfs iscsi usbdevice display spice rotate vga g vnc acpitable smbios netdev nic net chardev tpmdev
    bios pflash kernel shim append initrd dtb compat fw_cfg serial parallel monitor qmp qmp-pretty mon debugcon pidfile overcommit gdb d D
    dfilter seed L xen-domid action loadvm option-rom rtc icount watchdog-action echr incoming chroot runas prom-env semihosting-config
    sandbox readconfig trace plugin qtest qtest-log run-with msg dump-vmstate object`),
);

/** Options of 7.2 that 10.0 no longer has. */
export const optionsRemovedBy10: ReadonlySet<string> = new Set(
  words('no-acpi no-hpet singlestep portrait rotate audio-help async-teardown chroot runas'),
);

/** Options of 10.0 that 7.2 does not have yet. */
export const optionsAddedAfter72: ReadonlySet<string> = new Set(words('perfmap jitdump shim run-with'));

/**
 * QOM types that `-object` takes, of 7.2 and 10.0 together; which of them a build has is another question.
 *
 * Source: QEMU 7.2 and 10.0 qapi/qom.json: ObjectType.
 */
export const objectTypes: ReadonlySet<string> = new Set(
  words(`acpi-generic-initiator acpi-generic-port authz-list authz-listfile authz-pam authz-simple can-bus can-host-socketcan colo-compare
    cryptodev-backend cryptodev-backend-builtin cryptodev-backend-lkcf cryptodev-vhost-user dbus-vmstate filter-buffer filter-dump
    filter-mirror filter-redirector filter-replay filter-rewriter input-barrier input-linux iommufd iothread main-loop memory-backend-epc
    memory-backend-file memory-backend-memfd memory-backend-ram memory-backend-shm pef-guest pr-manager-helper qtest rng-builtin rng-egd
    rng-random secret secret_keyring sev-guest sev-snp-guest thread-context s390-pv-guest throttle-group tls-creds-anon tls-creds-psk
    tls-creds-x509 tls-cipher-suites x-remote-object x-vfio-user-server`),
);

/** The removed VNC options and the version that no longer has them: TLS of its own 3.1, access control lists 6.0. */
export const legacyVncOptions: Readonly<Record<string, readonly [number, number]>> = {
  tls: [3, 1],
  x509: [3, 1],
  x509verify: [3, 1],
  acl: [6, 0],
};

type OptionType = 'string' | 'number' | 'bool';

/**
 * Parameters of `-vnc`.
 *
 * Source: QEMU 7.2 and 10.0 ui/vnc.c: qemu_vnc_opts.
 */
export const vncOptions: Readonly<Record<string, OptionType>> = {
  vnc: 'string',
  websocket: 'string',
  'tls-creds': 'string',
  share: 'string',
  display: 'string',
  head: 'number',
  connections: 'number',
  to: 'number',
  ipv4: 'bool',
  ipv6: 'bool',
  password: 'bool',
  'password-secret': 'string',
  reverse: 'bool',
  'lock-key-sync': 'bool',
  'key-delay-ms': 'number',
  sasl: 'bool',
  'tls-authz': 'string',
  'sasl-authz': 'string',
  lossy: 'bool',
  'non-adaptive': 'bool',
  audiodev: 'string',
  'power-control': 'bool',
};

/**
 * Parameters of `-spice`; `password` is gone since 8.0.
 *
 * Source: QEMU 7.2 and 10.0 ui/spice-core.c: qemu_spice_opts.
 */
export const spiceOptions: Readonly<Record<string, OptionType>> = {
  port: 'number',
  'tls-port': 'number',
  addr: 'string',
  ipv4: 'bool',
  ipv6: 'bool',
  unix: 'bool',
  password: 'string',
  'password-secret': 'string',
  'disable-ticketing': 'bool',
  'disable-copy-paste': 'bool',
  'disable-agent-file-xfer': 'bool',
  sasl: 'bool',
  'x509-dir': 'string',
  'x509-key-file': 'string',
  'x509-key-password': 'string',
  'x509-cert-file': 'string',
  'x509-cacert-file': 'string',
  'x509-dh-key-file': 'string',
  'tls-ciphers': 'string',
  'tls-channel': 'string',
  'plaintext-channel': 'string',
  'image-compression': 'string',
  'jpeg-wan-compression': 'string',
  'zlib-glz-wan-compression': 'string',
  'streaming-video': 'string',
  'agent-mouse': 'bool',
  'playback-compression': 'bool',
  'seamless-migration': 'bool',
  display: 'string',
  head: 'number',
  gl: 'bool',
  rendernode: 'string',
};

/** Parameters of `-name` (softmmu/vl.c: qemu_name_opts). */
export const nameOptions: Readonly<Record<string, OptionType>> = {
  guest: 'string',
  process: 'string',
  'debug-threads': 'bool',
};
