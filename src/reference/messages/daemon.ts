import { onClient, onServer, worded, type KnownMessage } from './message.ts';

/**
 * What libvirtd, virtproxyd and the other daemons say on starting: configuration, listening, SASL and drivers.
 *
 * Sources: libvirt 9.0 and 11.3, src/remote/remote_daemon.c, remote_daemon_config.c, src/util/virconf.c, src/rpc/virnetserver.c,
 * virnetsocket.c, src/util/virsystemd.c, src/qemu/qemu_conf.c.
 */

const restart = 'systemctl restart libvirtd';
const grammar = 'libvirt src/util/virconf.c: virConfParse…';
const typed = 'libvirt src/util/virconf.c: virConfGetValue…';

/** A syntax error, by the words after the line's number. */
const syntaxError = (id: string, words: readonly string[], why: string, fix: string): KnownMessage => ({
  id,
  wordings: worded(
    `configuration file syntax error: <file>:<line>: ${words[0] ?? ''}`,
    ...words.slice(1).map((each) => `configuration file syntax error: <file>:<line>: ${each}`),
  ),
  example: `Can't load config file: configuration file syntax error: /etc/libvirt/libvirtd.conf:12: ${words[0] ?? ''}: /etc/libvirt/libvirtd.conf`,
  printedBy: ['daemon', 'client'],
  kind: 'reason',
  causes: [
    onServer('server-config', {
      why,
      look: 'line <line> of <file>, or the one before it',
      rules: ['configuration-syntax-error'],
      fix,
      commands: ['sed -n <line>p <file>', restart],
    }),
    onClient('client-credentials', {
      why: `${why}; the file is the client’s libvirt.conf`,
      look: 'line <line> of <file>',
      rules: ['configuration-syntax-error'],
      fix,
      printedBy: ['client'],
    }),
  ],
  source: grammar,
});

/** A value of the wrong kind. */
const wrongValue = (
  id: string,
  templates: readonly [string, ...string[]],
  example: string,
  why: string,
  fix: string,
): KnownMessage => ({
  id,
  wordings: worded(...templates),
  example,
  printedBy: ['daemon', 'client'],
  kind: 'reason',
  causes: [
    onServer('server-config', {
      why,
      look: '<setting> in <file>',
      rules: ['configuration-value-invalid'],
      fix,
      commands: ['grep -n <setting> <file>', restart],
    }),
  ],
  source: typed,
});

const directories = ['default', 'vnc', 'spice', 'chardev', 'migrate', 'backup', 'vxhs', 'nbd', 'rdp'] as const;

export const daemonMessages: readonly KnownMessage[] = [
  syntaxError(
    'configuration-expects-value',
    ['expecting a value'],
    'A setting has no value that libvirt’s grammar knows: values are numbers, quoted strings or lists in brackets',
    'Put quotation marks around the string',
  ),
  syntaxError(
    'configuration-expects-name',
    ['expecting a name'],
    'A line begins with no name of a setting',
    'Write `name = value`, or begin the line with #',
  ),
  syntaxError(
    'configuration-expects-assignment',
    ['expecting an assignment'],
    'The name of the setting is not followed by an equals sign (a colon is none)',
    'Write `name = value`',
  ),
  syntaxError(
    'configuration-expects-separator',
    ['expecting a separator in list', 'expecting a separator'],
    'After the value something stands that does not belong there, such as a second word or a semicolon',
    'Leave one value to a line, with commas between the elements of a list',
  ),
  syntaxError(
    'configuration-string-not-closed',
    ['unterminated string', 'unterminated number'],
    'A quotation mark is not closed on its line, or a sign stands without a number',
    'Close the quotation mark',
  ),
  syntaxError(
    'configuration-list-not-closed',
    ['list is not closed with ]'],
    'A list is not closed',
    'Write the closing bracket after the last element',
  ),
  {
    id: 'configuration-syntax-error',
    wordings: worded('configuration file syntax error: <reason>'),
    example: 'configuration file syntax error: memory conf:1: failed to save content',
    printedBy: ['daemon', 'client'],
    kind: 'reason',
    part: 'frame',
    causes: [
      onServer('server-config', {
        why: 'A configuration file does not follow libvirt’s grammar: <reason>',
        look: 'the file and line that the message names',
        rules: ['configuration-syntax-error'],
        fix: 'Mend the line',
      }),
    ],
    source: grammar,
  },
  wrongValue(
    'configuration-expects-bool',
    ["<file>: expected a bool for '<setting>' parameter", "<file>: value for '<setting>' parameter must be 0 or 1"],
    "internal error: /etc/libvirt/libvirtd.conf: expected a bool for 'listen_tls' parameter",
    '<setting> takes 0 or 1 without quotation marks, not yes, no, true or a string',
    'Write `<setting> = 1` or `<setting> = 0`',
  ),
  wrongValue(
    'configuration-expects-string',
    ["<file>: expected a string for '<setting>' parameter"],
    "internal error: /etc/libvirt/libvirtd.conf: expected a string for 'tls_port' parameter",
    '<setting> takes a string, and the value has no quotation marks',
    'Put quotation marks around the value',
  ),
  wrongValue(
    'configuration-expects-list',
    [
      "<file>: expected a string list for '<setting>' parameter",
      "<file>: expected a string or string list for '<setting>' parameter",
    ],
    "internal error: /etc/libvirt/libvirtd.conf: expected a string list for 'tls_allowed_dn_list' parameter",
    '<setting> takes a list of strings',
    'Write `<setting> = [ "…", "…" ]`',
  ),
  wrongValue(
    'configuration-expects-number',
    [
      "<file>: expected an unsigned integer for '<setting>' parameter",
      "<file>: expected a signed integer for '<setting>' parameter",
      "<file>: value for '<setting>' parameter must be in range <range>",
    ],
    "internal error: /etc/libvirt/libvirtd.conf: expected an unsigned integer for 'max_clients' parameter",
    '<setting> takes a number in its range, without quotation marks',
    'Write the number alone',
  ),
  {
    id: 'configuration-not-loaded',
    wordings: worded("Can't load config file: <reason>"),
    example: "Can't load config file: Failed to read it somehow: /etc/libvirt/libvirtd.conf",
    printedBy: ['daemon'],
    kind: 'symptom',
    part: 'frame',
    causes: [
      onServer('server-config', {
        why: 'The daemon ends because of its configuration file: <reason>',
        look: 'the file that the message names',
        rules: ['configuration-syntax-error', 'configuration-value-invalid'],
        fix: 'Mend what the message names, then restart the daemon',
        commands: [restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: main',
  },
  {
    id: 'authentication-unsupported',
    wordings: worded('<file>: <setting>: unsupported auth <value>'),
    example: 'unsupported configuration: /etc/libvirt/libvirtd.conf: auth_tls: unsupported auth password',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: '<setting> knows none, sasl and polkit only, in lower case',
        look: '<setting> in <file>',
        rules: ['configuration-value-invalid'],
        fix: 'Write `<setting> = "sasl"` or `<setting> = "none"`',
        commands: ['grep -n <setting> <file>', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon_config.c: remoteConfigGetAuth',
  },
  {
    id: 'ssf-too-low',
    wordings: worded('minimum SSF levels lower than <needed> are not supported'),
    example: 'minimum SSF levels lower than 112 are not supported',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'tcp_min_ssf is set below <needed>, which the daemon refuses',
        look: 'tcp_min_ssf in libvirtd.conf or virtproxyd.conf',
        rules: ['configuration-value-invalid'],
        fix: 'Set it to 112 or more, or take it out',
        commands: ['grep -n tcp_min_ssf /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon_config.c: daemonConfigLoadOptions',
  },
  {
    id: 'client-limits-contradict',
    wordings: worded(
      'The overall maximum number of clients must not be less than the number of clients waiting for authentication',
      'The overall maximum number of clients waiting for authentication must not be less than the overall maximum number of clients',
    ),
    example:
      'internal error: The overall maximum number of clients must not be less than the number of clients waiting for authentication',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'max_clients is smaller than max_anonymous_clients (20 where it is not set)',
        look: 'max_clients and max_anonymous_clients in libvirtd.conf or virtproxyd.conf',
        rules: ['configuration-value-invalid'],
        fix: 'Lower max_anonymous_clients, or raise max_clients',
        commands: ['grep -n max_.*clients /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/rpc/virnetserver.c: virNetServerNew',
  },
  {
    id: 'socket-mode-invalid',
    wordings: worded("Failed to parse mode '<mode>'"),
    example: "Failed to parse mode '0888'",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'unix_sock_rw_perms, unix_sock_ro_perms or unix_sock_admin_perms is no octal mode',
        look: 'unix_sock_*_perms in the daemon’s configuration',
        rules: ['configuration-value-invalid'],
        fix: 'Write an octal mode in quotation marks, such as "0770"',
        commands: ['grep -n unix_sock_ /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  },
  {
    id: 'group-unknown',
    wordings: worded("Failed to parse group '<group>'"),
    example: "invalid argument: Failed to parse group 'libvirt-admins'",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The group <group> of unix_sock_group (or of qemu.conf) does not exist on this host',
        look: 'unix_sock_group in the daemon’s configuration; group in qemu.conf',
        rules: ['socket-group-missing'],
        fix: 'Create the group, or name one that exists',
        commands: ['getent group <group>', 'groupadd --system <group>', restart],
      }),
    ],
    source: 'libvirt src/util/virutil.c: virGetGroupID',
  },
  {
    id: 'user-unknown',
    wordings: worded("Failed to parse user '<user>'"),
    example: "invalid argument: Failed to parse user 'qemu-vm'",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The user <user> of qemu.conf does not exist on this host',
        look: 'user in /etc/libvirt/qemu.conf',
        rules: ['configuration-value-invalid'],
        fix: 'Name one that exists (qemu, or libvirt-qemu on Debian)',
        commands: ['getent passwd <user>'],
      }),
    ],
    source: 'libvirt src/util/virutil.c: virGetUserID',
  },
  {
    id: 'logging-setting-invalid',
    wordings: worded(
      "Failed to set logging priority, argument '<value>' is invalid",
      'Failed to parse and define log outputs <value>',
      'Failed to parse and define log filters <value>',
      "Invalid priority '<value>' for output '<output>'",
    ),
    example: "libvirt:  error : invalid argument: Failed to set logging priority, argument '5' is invalid",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'log_level, log_filters or log_outputs has a value that libvirt refuses: levels are 1 (debug) to 4 (error)',
        look: 'log_level, log_filters and log_outputs in the daemon’s configuration',
        rules: ['configuration-value-invalid'],
        fix: 'Correct it or take it out',
        commands: ['grep -n ^log_ /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/util/virlog.c: virLogSetDefaultPriority',
  },
  {
    id: 'host-uuid-invalid',
    wordings: worded('invalid host UUID: <value>', 'invalid UUID source: <value>', "Can't setup host uuid"),
    example: 'invalid host UUID: 0000',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'host_uuid or host_uuid_source is set to something that libvirt refuses: all digits of a UUID must not be equal',
        look: 'host_uuid and host_uuid_source in the daemon’s configuration',
        rules: ['configuration-value-invalid'],
        fix: 'Set a UUID as uuidgen makes one, or take the setting out',
        commands: ['uuidgen', 'grep -n host_uuid /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupHostUUID',
  },
  {
    id: 'tls-paths-without-ca',
    wordings: worded('No CA certificate path set to match server key/cert'),
    example: 'unsupported configuration: No CA certificate path set to match server key/cert',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'cert_file or key_file is set and ca_file is not: once one is set all three must be',
        look: 'ca_file, cert_file and key_file in libvirtd.conf or virtproxyd.conf',
        rules: ['tls-paths-incomplete'],
        fix: 'Set all three, or none',
        commands: ['grep -nE "^(ca|cert|key|crl)_file" /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  },
  {
    id: 'tls-paths-without-certificate',
    wordings: worded('No server certificate path set to match server key'),
    example: 'unsupported configuration: No server certificate path set to match server key',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'ca_file or key_file is set and cert_file is not: once one is set all three must be',
        look: 'ca_file, cert_file and key_file in libvirtd.conf or virtproxyd.conf',
        rules: ['tls-paths-incomplete'],
        fix: 'Set all three, or none',
        commands: ['grep -nE "^(ca|cert|key|crl)_file" /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  },
  {
    id: 'tls-paths-without-key',
    wordings: worded('No server key path set to match server cert'),
    example: 'unsupported configuration: No server key path set to match server cert',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'ca_file or cert_file is set and key_file is not: once one is set all three must be',
        look: 'ca_file, cert_file and key_file in libvirtd.conf or virtproxyd.conf',
        rules: ['tls-paths-incomplete'],
        fix: 'Set all three, or none',
        commands: ['grep -nE "^(ca|cert|key|crl)_file" /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  },
  {
    id: 'tls-identities-uneven',
    wordings: [
      {
        template: 'Number of certificates (<certificates>) must match number of keys (<keys>)',
        since: 'libvirt 11.10',
      },
      { template: 'cert_file/key_file are mutually exclusive with cert_files/key_files', since: 'libvirt 11.10' },
    ],
    example: 'Number of certificates (2) must match number of keys (1)',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'cert_files and key_files are lists of pairs: as many of one as of the other, and not beside cert_file and key_file',
        look: 'cert_files and key_files in libvirtd.conf or virtproxyd.conf',
        rules: ['tls-paths-incomplete'],
        fix: 'Give each certificate its key, in the same order',
      }),
    ],
    source: 'libvirt 11.10 src/remote/remote_daemon.c: daemonSetupNetworking',
  },
  {
    id: 'listen-flag-refused',
    wordings: worded('--listen parameter not permitted with systemd activation sockets'),
    example:
      "--listen parameter not permitted with systemd activation sockets, see 'man libvirtd' for further guidance",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'libvirtd is started with --listen while systemd holds its sockets: one of the two listens, not both',
        look: 'LIBVIRTD_ARGS in /etc/sysconfig/libvirtd or /etc/default/libvirtd, and the socket units',
        rules: ['listen-flag-with-socket-activation'],
        fix: 'Take --listen out and enable libvirtd-tls.socket; or mask all of libvirtd’s sockets and keep --listen',
        commands: [
          'grep -n ARGS /etc/sysconfig/libvirtd /etc/default/libvirtd',
          'systemctl enable --now libvirtd-tls.socket',
        ],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  },
  {
    id: 'port-in-use',
    wordings: worded('Unable to bind to port: Address already in use'),
    example: 'Unable to bind to port: Address already in use',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'Another process has the port: libvirtd beside virtproxyd, systemd’s socket beside --listen, or something else',
        look: 'what listens on 16514 and 16509',
        rules: ['listen-flag-with-socket-activation', 'port-not-listening'],
        fix: 'Stop the other one, or give this one another port',
        commands: ['ss -ltnp', 'systemctl list-sockets'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewListenTCP',
  },
  {
    id: 'listen-address-unavailable',
    wordings: worded('Unable to bind to port: Cannot assign requested address'),
    example: 'Unable to bind to port: Cannot assign requested address',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'listen_addr is no address of this host, or not yet when the daemon starts',
        look: 'listen_addr in libvirtd.conf or virtproxyd.conf',
        rules: ['port-not-listening', 'tls-not-listening'],
        fix: 'Correct it or take it out; start the daemon after network-online.target',
        commands: ['grep -n listen_addr /etc/libvirt/*.conf', 'ip -brief address'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewListenTCP',
  },
  {
    id: 'port-privileged',
    wordings: worded('Unable to bind to port: Permission denied'),
    example: 'Unable to bind to port: Permission denied',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The daemon may not take the port: below 1024 without root rights, or SELinux does not let it have that one',
        look: 'tls_port and tcp_port',
        rules: ['port-not-listening'],
        fix: 'Use the stock port, or label the other one',
        commands: ['semanage port -l | grep virt'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewListenTCP',
  },
  {
    id: 'listen-address-unresolvable',
    wordings: worded("Unable to resolve address '<host>' service '<service>': Servname not supported for ai_socktype"),
    example: "Unable to resolve address '(null)' service 'abc!': Servname not supported for ai_socktype",
    printedBy: ['daemon', 'client'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'tls_port or tcp_port is neither a number nor a service of /etc/services: <service>',
        look: 'tls_port and tcp_port in libvirtd.conf or virtproxyd.conf',
        rules: ['configuration-value-invalid', 'tls-not-listening'],
        fix: 'Set a number in quotation marks',
        commands: ['grep -nE "^t(ls|cp)_port" /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewListenTCP',
  },
  {
    id: 'activation-sockets-unclaimed',
    wordings: worded('Some activation file descriptors are unclaimed', 'Expecting <expected> FD names but got <got>'),
    example: 'Some activation file descriptors are unclaimed',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'systemd hands the daemon a socket of a unit that it does not know, such as a copy under another name',
        look: 'the socket units of the daemon',
        rules: ['listen-setting-ignored'],
        fix: 'Change the stock unit with a drop-in instead (`systemctl edit libvirtd-tls.socket`)',
        commands: ['systemctl list-sockets', 'systemctl cat libvirtd-tls.socket'],
      }),
    ],
    source: 'libvirt src/util/virsystemd.c: virSystemdActivationComplete',
  },
  {
    id: 'activation-names-missing',
    wordings: worded('Missing LISTEN_FDNAMES env from systemd socket activation'),
    example: 'Missing LISTEN_FDNAMES env from systemd socket activation',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'Something other than systemd, or a very old systemd, starts the daemon with sockets',
        look: 'what starts the daemon',
        rules: [],
        fix: 'Start it by its own units',
      }),
    ],
    source: 'libvirt src/util/virsystemd.c: virSystemdActivationInitFromNames',
  },
  {
    id: 'access-manager-not-initialized',
    wordings: worded("Can't initialize access manager", "Cannot find security driver '<driver>'"),
    example: "Can't initialize access manager",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'access_drivers (or security_driver in qemu.conf) names a driver that this build does not have',
        look: 'access_drivers in the daemon’s configuration; security_driver in qemu.conf',
        rules: ['configuration-value-invalid'],
        fix: 'Write `access_drivers = [ "polkit" ]`, or take it out',
        commands: ['grep -nE "^(access_drivers|security_driver)" /etc/libvirt/*.conf', restart],
      }),
    ],
    source: 'libvirt src/remote/remote_daemon.c: daemonSetupAccessManager; src/access/viraccessmanager.c',
  },
  {
    id: 'qemu-driver-directory-missing',
    wordings: worded(
      `${directories[0]}_tls_x509_cert_dir directory '<directory>' does not exist`,
      ...directories.slice(1).map((each) => `${each}_tls_x509_cert_dir directory '<directory>' does not exist`),
    ),
    example:
      "Initialization of QEMU state driver failed: configuration file syntax error: vnc_tls_x509_cert_dir directory '/etc/pki/vnc' does not exist",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'qemu.conf names a directory for certificates that does not exist; the QEMU driver does not load, and no guest is there',
        look: '/etc/libvirt/qemu.conf',
        rules: ['configuration-value-invalid', 'vnc-tls-directory-incomplete'],
        fix: 'Make the directory and fill it, or take the setting out',
        commands: ['ls -ld <directory>', 'systemctl restart virtqemud libvirtd'],
      }),
    ],
    source: 'libvirt src/qemu/qemu_conf.c: virQEMUDriverConfigValidate',
  },
  {
    id: 'driver-not-initialized',
    wordings: worded(
      'Initialization of <driver> state driver failed: <reason>',
      'Driver state initialization failed',
      'Initialization of mandatory <driver> state driver skipped',
    ),
    example: 'Initialization of QEMU state driver failed: no such thing',
    printedBy: ['daemon'],
    kind: 'symptom',
    part: 'frame',
    causes: [
      onServer('server-config', {
        why: 'A driver did not load, most often QEMU’s because of qemu.conf; clients then hear that no connection driver is available',
        look: '/etc/libvirt/qemu.conf, and the line before this one',
        rules: ['configuration-syntax-error', 'configuration-value-invalid'],
        fix: 'Mend what the reason names, then restart the daemon',
        commands: ['journalctl -u virtqemud -u libvirtd -b --no-pager | tail -30'],
      }),
    ],
    source: 'libvirt src/libvirt.c: virStateInitialize; src/remote/remote_daemon.c: daemonRunStateInit',
  },
  {
    id: 'packet-too-large',
    wordings: worded('packet <size> bytes received from server too large, want <limit>'),
    example: 'packet 369295616 bytes received from server too large, want 33554432',
    printedBy: ['daemon', 'client'],
    kind: 'reason',
    causes: [
      onClient('reach', {
        why: 'A TLS client (or a browser) speaks to the plain TCP port: the first bytes of TLS or HTTP look like a very long packet',
        look: 'transport and port in the URI',
        rules: [],
        fix: 'Use qemu+tls with port 16514, qemu+tcp with port 16509',
        printedBy: ['daemon'],
      }),
      onServer('reach', {
        why: 'What answers on the port does not speak libvirt’s protocol (TLS on a plain connection, another service)',
        look: 'what listens on the port',
        rules: ['port-not-listening'],
        fix: 'Use the port of the transport that the URI names',
        commands: ['ss -ltnp'],
        printedBy: ['client'],
      }),
    ],
    source: 'libvirt src/rpc/virnetmessage.c: virNetMessageDecodeLength',
  },
  {
    id: 'tls-service-missing',
    wordings: worded('no tls service found, unable to update tls files'),
    example: 'no tls service found, unable to update tls files',
    printedBy: ['client', 'daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The daemon does not listen for TLS, so that it has no certificates to load again',
        look: 'libvirtd-tls.socket or virtproxyd-tls.socket, or --listen',
        rules: ['tls-not-listening'],
        fix: 'Let it listen for TLS first; with split daemons the TLS port belongs to virtproxyd',
        commands: [
          'systemctl enable --now virtproxyd-tls.socket',
          'virt-admin -c virtproxyd:///system server-update-tls virtproxyd',
        ],
      }),
    ],
    source: 'libvirt src/rpc/virnetserver.c: virNetServerUpdateTlsFiles',
  },
  {
    id: 'request-limit-hit',
    wordings: worded('Client hit max requests limit <limit>'),
    example:
      'Client hit max requests limit 1. This may result in keep-alive timeouts. Consider tuning the max_client_requests server parameter',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'One connection asks for more at a time than max_client_requests allows; it waits, and may be dropped by keepalive',
        look: 'max_client_requests in the daemon’s configuration',
        rules: [],
        fix: 'Raise max_client_requests (5 where it is not set)',
      }),
    ],
    source: 'libvirt src/rpc/virnetserverclient.c: virNetServerClientDispatchRead',
  },
];
