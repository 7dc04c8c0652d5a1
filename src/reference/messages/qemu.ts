import { onClient, onServer, worded, type KnownMessage } from './message.ts';

/**
 * QEMU's own words on consoles, TLS objects and secrets; what it says of certificate files stands with libvirt's in `credentials.ts`.
 *
 * Sources: QEMU 7.2 and 10.0, ui/vnc.c, crypto/tlscreds.c, tlssession.c, secret_common.c, util/qemu-sockets.c, qemu-option.c, authz/*.c,
 * ui/spice-core.c, nbd/client.c.
 */

const arguments_ = 'the command line of the guest: `ps`, or /var/log/libvirt/qemu';

export const qemuMessages: readonly KnownMessage[] = [
  {
    id: 'qemu-endpoint-wrong',
    wordings: worded('Expected TLS credentials for a server endpoint', 'Expected TLS credentials for server endpoint'),
    example: 'qemu-system-x86_64: -vnc :0,tls-creds=tls0: Expected TLS credentials for a server endpoint',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The object of the certificates has endpoint=client, which is what it is where nothing is said',
        look: arguments_,
        rules: ['vnc-credentials-wrong-endpoint'],
        fix: 'Write -object tls-creds-x509,id=…,endpoint=server,dir=…',
      }),
    ],
    source: 'QEMU crypto/tlscreds.c: qcrypto_tls_creds_check_endpoint',
  },
  {
    id: 'qemu-endpoint-not-client',
    wordings: worded('Expected TLS credentials for a client endpoint', 'Expected TLS credentials for client endpoint'),
    example: 'Expected TLS credentials for a client endpoint',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'A disk, migration source or character device connects out and was given certificates of a server',
        look: arguments_,
        rules: ['vnc-credentials-wrong-endpoint'],
        fix: 'Give it an object with endpoint=client',
      }),
    ],
    source: 'QEMU crypto/tlscreds.c: qcrypto_tls_creds_check_endpoint',
  },
  {
    id: 'qemu-credentials-undefined',
    wordings: worded("No TLS credentials with id '<id>'"),
    example: "qemu-system-x86_64: -vnc 0.0.0.0:0,tls-creds=nosuch: No TLS credentials with id 'nosuch'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'tls-creds=<id> names an object that is not on the command line',
        look: arguments_,
        rules: ['vnc-credentials-undefined'],
        fix: 'Add -object tls-creds-x509,id=<id>,endpoint=server,dir=…, or correct the name',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_open; migration/tls.c; blockdev-nbd.c',
  },
  {
    id: 'qemu-object-no-credentials',
    wordings: worded(
      "Object with id '<id>' is not TLS credentials",
      'Unsupported TLS cred type <type>',
      'Unsupported TLS credentials type <type>',
    ),
    example: "Object with id 'secret0' is not TLS credentials",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'tls-creds names an object of another kind; consoles take tls-creds-x509 (and, without any protection against a man in the middle, tls-creds-anon)',
        look: arguments_,
        rules: ['vnc-credentials-undefined', 'qemu-argument-invalid'],
        fix: 'Name a tls-creds-x509 object',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_open, vnc_display_setup_auth',
  },
  {
    id: 'qemu-directory-not-set',
    wordings: worded("Missing 'dir' property value"),
    example: "Missing 'dir' property value",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The object tls-creds-x509 was given no directory',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Add dir=/etc/pki/libvirt-vnc',
      }),
    ],
    source: 'QEMU crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  },
  {
    id: 'qemu-parameter-expects',
    wordings: worded(
      "Parameter '<parameter>' expects 'on' or 'off'",
      "Parameter '<parameter>' expects <what>",
      "Invalid parameter type for '<parameter>', expected: <what>",
      "Parameter '<parameter>' does not accept value '<value>'",
      "Parameter '<parameter>' is missing",
    ),
    example: "Parameter 'verify-peer' expects 'on' or 'off'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: '<parameter> has a value that QEMU does not take',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Write on or off for switches, numbers for numbers',
      }),
    ],
    source: 'QEMU qapi/qapi-visit-core.c, include/qapi/qmp/qerror.h',
  },
  {
    id: 'qemu-legacy-console-option',
    wordings: [
      { template: "Invalid parameter 'tls'", since: 'QEMU 3.1' },
      { template: "Invalid parameter 'x509'", since: 'QEMU 3.1' },
      { template: "Invalid parameter 'x509verify'", since: 'QEMU 3.1' },
      { template: "Invalid parameter 'acl'", since: 'QEMU 6.0' },
    ],
    example: "qemu-system-x86_64: -vnc 0.0.0.0:0,tls: Invalid parameter 'tls'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The options tls, x509, x509verify and acl of -vnc are gone; old guides still have them',
        look: arguments_,
        rules: ['vnc-argument-legacy'],
        fix: 'Write -object tls-creds-x509,id=tls0,endpoint=server,dir=DIR,verify-peer=on -vnc …,tls-creds=tls0',
      }),
    ],
    source: 'QEMU qapi/opts-visitor.c; ui/vnc.c: qemu_vnc_opts',
  },
  {
    id: 'qemu-parameter-unknown',
    wordings: worded(
      "Invalid parameter '<parameter>'",
      "Parameter '<parameter>' is unexpected",
      'invalid accelerator <value>',
    ),
    example: "qemu-system-x86_64: -vnc 0.0.0.0:0,colour=blue: Invalid parameter 'colour'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'This version of QEMU does not know <parameter>: misspelt, removed, or newer',
        look: arguments_,
        rules: ['qemu-argument-invalid', 'vnc-argument-legacy'],
        fix: 'Correct it; a comma inside a value is written twice',
      }),
    ],
    source: 'QEMU util/qemu-option.c: opt_validate; include/qapi/qmp/qerror.h',
  },
  {
    id: 'qemu-short-form-password',
    wordings: worded(
      "warning: short-form boolean option 'password' deprecated",
      'Please use password=on instead',
      "If you want use passwords please enable password auth using '-vnc <display>,password'",
    ),
    example: "qemu-system-x86_64: -vnc 0.0.0.0:0,password: warning: short-form boolean option 'password' deprecated",
    printedBy: ['qemu'],
    kind: 'symptom',
    causes: [
      onServer('auth', {
        why: 'password (or password=on) lets nobody in until a password is set through the monitor, and it shadows sasl=on',
        look: arguments_,
        rules: ['vnc-sasl-shadowed-by-password', 'vnc-password-only'],
        fix: 'Set one, or use password-secret',
      }),
      onServer('server-config', {
        why: 'An old way of writing a switch; it still works',
        look: arguments_,
        rules: ['vnc-argument-legacy'],
        fix: 'Write password=on',
      }),
    ],
    source: 'QEMU util/qemu-option.c: get_opt_name_value; ui/vnc.c: vnc_display_password',
  },
  {
    id: 'qemu-short-form-boolean',
    wordings: worded("warning: short-form boolean option '<option>' deprecated", 'Please use <option>=on instead'),
    example: "qemu-system-x86_64: -vnc 0.0.0.0:0,sasl: warning: short-form boolean option 'sasl' deprecated",
    printedBy: ['qemu'],
    kind: 'symptom',
    causes: [
      onServer('server-config', {
        why: 'An old way of writing a switch; it still works. Where the option is tls or x509 the next line tells that it is gone',
        look: arguments_,
        rules: ['vnc-argument-legacy'],
        fix: 'Write <option>=on',
      }),
    ],
    source: 'QEMU util/qemu-option.c: get_opt_name_value',
  },
  {
    id: 'qemu-authorization-without-base',
    wordings: worded(
      "'tls-authz' provided but TLS is not enabled",
      "'sasl-authz' provided but SASL auth is not enabled",
      "'tls_authz' option requires 'tls_creds' option",
      '--tls-authz is not permitted without --tls-creds',
    ),
    example: "'tls-authz' provided but TLS is not enabled",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'A list of allowed names is given for something that is not switched on',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Add tls-creds=… (or sasl=on), or take the list out',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_open; chardev/char-socket.c; qemu-nbd.c',
  },
  {
    id: 'qemu-password-redundant',
    wordings: worded("'password' flag is redundant with 'password-secret'"),
    example: "'password' flag is redundant with 'password-secret'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'Both ways of giving a VNC password are used',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Keep password-secret',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_open',
  },
  {
    id: 'qemu-secret-missing',
    wordings: worded(
      "No secret with id '<id>'",
      "Object with id '<id>' is not a secret",
      "Secret with id '<id>' has no data",
      "Either 'file' or 'data' must be provided",
    ),
    example: "No secret with id 'vnc-pass'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'password-secret or passwordid names a secret that is not on the command line, or an empty one',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Add -object secret,id=<id>,file=…',
      }),
    ],
    source: 'QEMU crypto/secret_common.c: qcrypto_secret_lookup',
  },
  {
    id: 'qemu-authorization-object-missing',
    wordings: worded(
      'Cannot find QAuthZ object ID <id>',
      "Object '<id>' is not a QAuthZ subclass",
      "The 'identity' property must be set",
      "File '<file>' must contain a JSON object",
    ),
    example: 'Cannot find QAuthZ object ID authz0',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('client-identity', {
        why: 'tls-authz or sasl-authz names an object that does not exist or is not complete: QEMU starts, and every client is refused',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Add -object authz-simple or authz-list with that id',
      }),
    ],
    source: 'QEMU authz/base.c: qauthz_is_allowed_by_id',
  },
  {
    id: 'qemu-name-denied',
    wordings: worded('TLS x509 authz check for <name> is denied'),
    example: 'TLS x509 authz check for C=GB,O=Example,CN=alice is denied',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('client-identity', {
        why: 'The object that tls-authz names does not let this name in. Names are compared whole, in GnuTLS’ own spelling',
        look: arguments_,
        rules: [],
        fix: 'Add the name exactly as it stands in this line; commas are doubled on the command line',
      }),
    ],
    source: 'QEMU crypto/tlssession.c: qcrypto_tls_session_check_certificate (trace point)',
  },
  {
    id: 'qemu-no-client-certificate',
    wordings: worded('Verify failed: No certificate was found', 'Verify failed: <reason>'),
    example: 'Verify failed: No certificate was found.',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onClient('client-identity', {
        why: 'The console asks for a client certificate (verify-peer=on), and the viewer sent none that QEMU’s CA issued',
        look: 'the viewer’s clientcert.pem and clientkey.pem',
        rules: ['client-certificate-missing', 'certificate-untrusted'],
        fix: 'Install a client certificate where the viewer looks: /etc/pki/libvirt-vnc for virt-manager, /etc/pki/libvirt for virt-viewer',
      }),
      onServer('client-identity', {
        why: 'ca-cert.pem of the console does not hold the CA of the clients',
        look: 'ca-cert.pem in QEMU’s directory',
        rules: ['certificate-untrusted'],
        fix: 'Add the CA',
      }),
    ],
    source: 'QEMU crypto/tlssession.c: qcrypto_tls_session_check_certificate',
  },
  {
    id: 'qemu-host-name-mismatch',
    wordings: worded('Certificate does not match the hostname <host>', 'No hostname for certificate validation'),
    example: 'Certificate does not match the hostname kvm2.example.com',
    printedBy: ['qemu', 'client'],
    kind: 'reason',
    causes: [
      onServer('server-identity', {
        why: 'In a migration or on a network disk, the certificate of the other host does not name <host>, the host of the URI',
        look: 'subjectAltName of server-cert.pem on the destination',
        rules: ['server-name-mismatch', 'server-name-address-without-san'],
        fix: 'Use the name that the certificate has, give it with `virsh migrate --tls-destination`, or issue one with that name',
        commands: ['openssl x509 -in /etc/pki/qemu/server-cert.pem -noout -ext subjectAltName'],
      }),
    ],
    source: 'QEMU crypto/tlssession.c: qcrypto_tls_session_check_certificate',
  },
  {
    id: 'qemu-tls-broken',
    wordings: worded(
      'Cannot read from TLS channel: <reason>',
      'Cannot write to TLS channel: <reason>',
      'TLS termination failed: <reason>',
    ),
    example: 'Cannot read from TLS channel: Input/output error',
    printedBy: ['qemu'],
    kind: 'symptom',
    causes: [
      onClient('client-identity', {
        why: 'The other side hung up on an encrypted connection, often because it refused this side’s certificate',
        look: 'what the other side says',
        rules: ['certificate-untrusted'],
        fix: 'Read the reason there',
      }),
    ],
    source: 'QEMU io/channel-tls.c, crypto/tlssession.c',
  },
  {
    id: 'qemu-port-missing',
    wordings: worded('no vnc port specified', 'vnc port cannot be empty', 'host and/or port not specified'),
    example: 'qemu-system-x86_64: -vnc 0.0.0.0: no vnc port specified',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: '-vnc wants an address and a display, with a colon between',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Write -vnc 127.0.0.1:0 (port 5900)',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_get_address',
  },
  {
    id: 'qemu-port-invalid',
    wordings: worded(
      "can't convert to a number: <value>",
      'port <value> out of range',
      'spice port is out of range',
      'spice tls-port is out of range',
      'vnc port must be in range [5900,65535]',
    ),
    example: "qemu-system-x86_64: -vnc 0.0.0.0:abc: can't convert to a number: abc",
    printedBy: ['qemu', 'daemon'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The display or port is no number that can be',
        look: `${arguments_}; port of <graphics>`,
        rules: ['qemu-argument-invalid'],
        fix: 'Displays count from 0 (port 5900)',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_get_address; ui/spice-core.c; libvirt src/qemu/qemu_command.c',
  },
  {
    id: 'qemu-address-unavailable',
    wordings: worded(
      'Failed to bind socket: Cannot assign requested address',
      'Failed to find an available port: Cannot assign requested address',
    ),
    example: 'qemu-system-x86_64: -vnc 192.0.2.99:0: Failed to bind socket: Cannot assign requested address',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The console is to listen on an address that this host does not have, as after moving a guest to another host',
        look: 'vnc_listen in qemu.conf; <listen> of the guest',
        rules: ['vnc-listen-address-unavailable'],
        fix: 'Set 0.0.0.0, or an address of this host',
        commands: ['ip -brief address', 'grep -n _listen /etc/libvirt/qemu.conf'],
      }),
    ],
    source: 'QEMU util/qemu-sockets.c: inet_listen_saddr',
  },
  {
    id: 'qemu-port-in-use',
    wordings: worded(
      'Failed to find an available port: Address already in use',
      'Failed to bind socket: Address already in use',
      'Failed to listen on socket: Address already in use',
      'Failed to bind socket to <file>: Address already in use',
    ),
    example: 'qemu-system-x86_64: -vnc :0: Failed to find an available port: Address already in use',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'Another guest or program has the port',
        look: 'what listens on it',
        rules: ['port-not-listening'],
        fix: 'Let libvirt choose (autoport), or take another display',
        commands: ['ss -ltnp'],
      }),
    ],
    source: 'QEMU util/qemu-sockets.c: inet_listen_saddr',
  },
  {
    id: 'qemu-address-unresolvable',
    wordings: worded('address resolution failed for <host>:<port>: <reason>'),
    example: 'address resolution failed for kvm1.example.com:5900: Name or service not known',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The name that the console is to listen on has no address here',
        look: 'vnc_listen in qemu.conf; <listen> of the guest',
        rules: ['vnc-listen-address-unavailable'],
        fix: 'Set an address',
        commands: ['getent ahosts <host>'],
      }),
    ],
    source: 'QEMU util/qemu-sockets.c: inet_parse_connect_saddr, inet_listen_saddr',
  },
  {
    id: 'qemu-websocket-invalid',
    wordings: worded(
      'explicit websocket port is required',
      'Cannot use websockets in reverse mode',
      'Expected a single address in reverse mode',
      'Port range not support with UNIX socket',
    ),
    example: 'explicit websocket port is required',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The options of -vnc contradict each other: websocket=on needs a port where there are several addresses, reverse=on knows neither websockets nor several addresses, and a Unix socket no range',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Name the port: websocket=127.0.0.1:5700',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_get_addresses, vnc_display_connect',
  },
  {
    id: 'qemu-share-unknown',
    wordings: worded('unknown vnc share= option'),
    example: 'unknown vnc share= option',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'share takes allow-exclusive, force-shared or ignore',
        look: arguments_,
        rules: ['qemu-argument-invalid'],
        fix: 'Correct it or leave it out',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_open',
  },
  {
    id: 'qemu-console-where',
    wordings: worded('VNC server running on <address>'),
    example: 'VNC server running on 127.0.0.1:5900',
    printedBy: ['qemu'],
    kind: 'symptom',
    causes: [
      onServer('reach', {
        why: 'No fault: the console listens on <address>, which may be another port than clients knock at, and 127.0.0.1 is for this host alone',
        look: 'the address, against what the client uses',
        rules: ['display-differs-from-configuration'],
        fix: 'Connect there, or set the address with -vnc or in the guest',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_print_local_addr',
  },
  {
    id: 'qemu-console-without-tls',
    wordings: worded('vnc tls is not enabled', 'VNC display not active', 'Can not find vnc display'),
    example: 'vnc tls is not enabled',
    printedBy: ['qemu', 'client'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The guest’s console has no TLS, so that there is nothing to load again; a guest keeps what it was started with',
        look: 'vnc_tls in qemu.conf; the command line of the guest',
        rules: ['display-differs-from-configuration', 'needs-restart'],
        fix: 'Set vnc_tls, restart the daemon, then stop and start the guest',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_reload_certs',
  },
  {
    id: 'qemu-tls-not-built-in',
    wordings: worded('TLS credentials support requires GNUTLS', 'TLS requires GNUTLS support'),
    example: 'TLS credentials support requires GNUTLS',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'This QEMU was built without TLS',
        look: 'the build of QEMU',
        rules: [],
        fix: 'Use the distribution’s QEMU',
      }),
    ],
    source: 'QEMU crypto/tlscredsx509.c',
  },
  {
    id: 'spice-not-started',
    wordings: worded(
      'failed to initialize spice server',
      'spice: failed to enable sasl',
      'spice: tried to setup tls-channel without specifying a TLS port',
      'spice: failed to set channel security for <channel>',
      'Could not load certificates from <file>',
      'Could not use private key file',
      'Could not use CA file <file>',
    ),
    example: 'qemu-system-x86_64: warning: failed to initialize spice server',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The SPICE server cannot use its certificates (ca-cert.pem, server-cert.pem, server-key.pem in its directory) or its ports',
        look: 'spice_tls_x509_cert_dir in qemu.conf; owner and mode of the files',
        rules: ['private-key-unreadable', 'certificate-unreadable', 'private-key-mismatch', 'spice-without-encryption'],
        fix: 'Let QEMU’s account read the files there, or switch spice_tls off',
        commands: ['ls -l /etc/pki/libvirt-spice'],
      }),
      onServer('server-config', {
        why: 'SASL for SPICE is on without its service file',
        look: '/etc/sasl2/qemu.conf or spice.conf',
        rules: ['sasl-spice-configuration-missing'],
        fix: 'Write it',
      }),
    ],
    source: 'QEMU ui/spice-core.c: qemu_spice_init; spice-server server/reds.cpp: reds_init_ssl',
  },
  {
    id: 'nbd-tls-required',
    wordings: worded(
      'TLS negotiation required before option <option>',
      'Did you forget a valid tls-creds?',
      'Option <option> not permitted before TLS',
    ),
    example: 'TLS negotiation required before option 7 (go)',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The NBD server wants TLS, and the client connects without',
        look: 'tls of the disk’s <source>; nbd_tls in qemu.conf of the client',
        rules: ['nbd-without-tls'],
        fix: 'Write tls="yes" at the source, with certificates in nbd_tls_x509_cert_dir',
      }),
    ],
    source: 'QEMU nbd/client.c: nbd_handle_reply_err; nbd/server.c',
  },
  {
    id: 'nbd-tls-not-offered',
    wordings: worded(
      "Server don't support STARTTLS option",
      'Server does not support STARTTLS',
      'Denied by server for option <option> (starttls)',
    ),
    example: 'Server does not support STARTTLS',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The NBD server was started without certificates, and the client wants TLS',
        look: '--tls-creds of qemu-nbd, tls-creds of nbd-server-start',
        rules: ['nbd-without-tls'],
        fix: 'Give the server an object tls-creds-x509 with endpoint=server',
      }),
    ],
    source: 'QEMU nbd/client.c: nbd_receive_starttls',
  },
];
