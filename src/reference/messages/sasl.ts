import { onClient, onServer, worded, type KnownMessage } from './message.ts';

/**
 * SASL and Kerberos, as libvirt, QEMU, gtk-vnc, Cyrus SASL and MIT Kerberos put it.
 *
 * Sources: libvirt src/rpc/virnetsaslcontext.c, src/remote/remote_daemon_dispatch.c, remote_driver.c; QEMU ui/vnc-auth-sasl.c; gtk-vnc
 * src/vncconnection.c; Cyrus SASL 2.1.28 lib/server.c, plugins/gssapi.c, scram.c, digestmd5.c; MIT krb5 error tables.
 */

const serverLog = 'journalctl -u libvirtd -u virtproxyd --since -5min --no-pager';
const files = '/etc/sasl2/libvirt.conf (qemu.conf for VNC)';

export const saslMessages: readonly KnownMessage[] = [
  {
    id: 'sasl-library-not-initialized',
    wordings: worded('failed to initialize SASL library: <code> (<reason>)'),
    example: 'failed to initialize SASL library: -100 (error when parsing configuration file)',
    printedBy: ['daemon', 'client', 'viewer'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'SASL cannot read its service file: every line is `name: value`, and a line without colon ends it all',
        look: '/etc/sasl2/libvirt.conf',
        rules: ['sasl-configuration-malformed'],
        fix: 'Mend the file, then restart the daemon',
        commands: ['grep -nvE "^([a-z_]+:|#|$)" /etc/sasl2/libvirt.conf', 'systemctl restart libvirtd'],
        printedBy: ['daemon'],
      }),
      onClient('client-credentials', {
        why: 'SASL of the client cannot start: <reason>',
        look: 'SASL’s files of the client',
        rules: ['sasl-configuration-malformed'],
        fix: 'Mend them',
        printedBy: ['client', 'viewer'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsaslcontext.c: virNetSASLContextServerInitialize; Cyrus SASL lib/config.c',
  },
  {
    id: 'qemu-sasl-not-initialized',
    wordings: worded('Failed to initialize SASL auth: <reason>', 'Failed to initialize SASL auth <reason>'),
    example:
      'qemu-system-x86_64: -vnc 0.0.0.0:0,sasl=on: Failed to initialize SASL auth: error when parsing configuration file',
    printedBy: ['qemu'],
    kind: 'reason',
    part: 'frame',
    causes: [
      onServer('server-config', {
        why: 'SASL cannot read qemu.conf of its own directory (not libvirt’s qemu.conf): <reason>',
        look: '/etc/sasl2/qemu.conf',
        rules: ['sasl-configuration-malformed'],
        fix: 'Mend the file: every line is `name: value`',
        commands: ['grep -nvE "^([a-z_]+:|#|$)" /etc/sasl2/qemu.conf'],
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_sasl_server_init',
  },
  {
    id: 'sasl-not-built-in',
    wordings: worded('VNC SASL auth requires cyrus-sasl support'),
    example: 'VNC SASL auth requires cyrus-sasl support',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'This QEMU was built without SASL',
        look: 'vnc_sasl in qemu.conf; the build of QEMU',
        rules: [],
        fix: 'Use the distribution’s QEMU, or another way to authenticate',
      }),
    ],
    source: 'QEMU ui/vnc.c: vnc_display_open',
  },
  {
    id: 'sasl-no-mechanism',
    wordings: worded('no SASL mechanisms are available'),
    example: 'internal error: no SASL mechanisms are available',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'Nothing of mech_list may be used on this connection: without TLS only mechanisms that encrypt are allowed (GSSAPI), SCRAM and PLAIN are not',
        look: `mech_list in ${files}, and the transport`,
        rules: ['sasl-mechanism-unusable', 'sasl-mechanism-not-installed'],
        fix: 'Use qemu+tls with SCRAM-SHA-256, or GSSAPI',
        commands: ['grep -n mech_list /etc/sasl2/libvirt.conf', 'pluginviewer -s'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsaslcontext.c: virNetSASLSessionListMechanisms',
  },
  {
    id: 'sasl-mechanisms-not-listed',
    wordings: worded('cannot list SASL mechanisms <code> (<reason>)'),
    example:
      'internal error: cannot list SASL mechanisms -4 (SASL(-4): no mechanism available: Internal Error -4 in ../../lib/server.c near line 1765)',
    printedBy: ['daemon'],
    kind: 'reason',
    part: 'frame',
    causes: [
      onServer('auth', {
        why: 'No mechanism of mech_list is installed, or the keytab of GSSAPI cannot be read, so that its plug-in does not load',
        look: `mech_list in ${files}, and the packages of its mechanisms`,
        rules: ['sasl-mechanism-not-installed', 'sasl-mechanism-unusable', 'keytab-missing', 'keytab-unreadable'],
        fix: 'Install the plug-in (libsasl2-modules-gssapi-mit or cyrus-sasl-gssapi for Kerberos, cyrus-sasl-scram), or name another mechanism',
        commands: ['pluginviewer -s', 'ls -l /etc/libvirt/krb5.tab'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsaslcontext.c: virNetSASLSessionListMechanisms',
  },
  {
    id: 'sasl-wrong-password',
    wordings: worded(
      'Failed to start SASL negotiation: <code> (SASL(-13): authentication failure: StoredKey mismatch)',
      'Failed to step SASL negotiation: <code> (SASL(-13): authentication failure: StoredKey mismatch)',
      "SASL(-13): authentication failure: client response doesn't match what we generated",
      'SASL(-13): authentication failure: StoredKey mismatch',
      'Password verification failed',
    ),
    example: 'Failed to step SASL negotiation: -13 (SASL(-13): authentication failure: StoredKey mismatch)',
    printedBy: ['daemon', 'journal'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The password was wrong',
        look: 'the account in the password database',
        rules: [],
        fix: 'Try again, or set the password anew',
        commands: ['sasldblistusers2 -f /etc/libvirt/passwd.db', 'saslpasswd2 -a libvirt USER'],
      }),
      onClient('auth', {
        why: 'auth.conf of the client holds an old password',
        look: '/etc/libvirt/auth.conf and ~/.config/libvirt/auth.conf',
        rules: [],
        fix: 'Correct it there',
      }),
    ],
    source: 'Cyrus SASL plugins/scram.c, digestmd5.c; libvirt src/rpc/virnetsaslcontext.c',
  },
  {
    id: 'sasl-user-not-found',
    wordings: worded(
      'Failed to start SASL negotiation: <code> (SASL(-13): user not found: <detail>)',
      'Failed to step SASL negotiation: <code> (SASL(-13): user not found: <detail>)',
      'SASL(-13): user not found: <detail>',
      'no secret in database',
      'user not found: unable to canonify user and get auxprops',
    ),
    example:
      'Failed to start SASL negotiation: -20 (SASL(-13): user not found: unable to canonify user and get auxprops)',
    printedBy: ['daemon', 'journal', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The account does not exist in the database, or exists under another realm (the host name at the time when it was made)',
        look: 'accounts of the database that sasldb_path names',
        rules: ['sasl-database-missing'],
        fix: 'Create the account',
        commands: ['sasldblistusers2 -f /etc/libvirt/passwd.db', 'saslpasswd2 -a libvirt USER'],
      }),
      onServer('auth', {
        why: 'The program cannot read the database: QEMU runs as another user than root',
        look: 'sasldb_path, owner and mode of the database',
        rules: ['sasl-database-missing'],
        fix: 'Let QEMU’s group read the database of the consoles',
        commands: ['grep -n sasldb_path /etc/sasl2/*.conf', 'ls -l /etc/qemu/passwd.db'],
      }),
    ],
    source: 'Cyrus SASL plugins/scram.c, lib/server.c',
  },
  {
    id: 'sasl-gssapi-failure',
    wordings: worded(
      'SASL(-1): generic failure: GSSAPI Error: <detail>',
      'GSSAPI Error: <detail>',
      'GSSAPI Failure: <detail>',
    ),
    example:
      'Failed to start SASL negotiation: -1 (SASL(-1): generic failure: GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (some new trouble))',
    printedBy: ['client', 'daemon', 'viewer', 'qemu', 'journal'],
    kind: 'reason',
    part: 'frame',
    causes: [
      onClient('auth', {
        why: 'The client has no ticket, or gets none for this server: <detail>',
        look: 'tickets of the client, and the host name in the URI',
        rules: [],
        fix: 'Get a ticket, and use the host’s full name in the URI',
        commands: ['kinit', 'klist', 'kvno libvirt/HOST'],
        printedBy: ['client', 'viewer'],
      }),
      onServer('auth', {
        why: 'The server cannot use its keytab for this login: <detail>',
        look: 'the keytab that the SASL service file names',
        rules: ['keytab-missing', 'keytab-unreadable', 'keytab-principal-missing'],
        fix: 'Put a key for the service and host (libvirt/HOST, vnc/HOST) into the keytab',
        commands: ['klist -k /etc/libvirt/krb5.tab'],
        printedBy: ['daemon', 'qemu', 'journal'],
      }),
    ],
    source: 'Cyrus SASL plugins/gssapi.c: sasl_gss_seterror',
  },
  {
    id: 'sasl-negotiation-not-started',
    wordings: worded(
      'Failed to start SASL negotiation: <code> (<reason>)',
      'Failed to step SASL negotiation: <code> (<reason>)',
      'Failed SASL step: <code> (<reason>)',
      'Failed to create SASL client context: <code> (<reason>)',
    ),
    example: 'Failed to start SASL negotiation: -5 (SASL(-5): bad protocol / cancel: something)',
    printedBy: ['daemon', 'client', 'viewer'],
    kind: 'reason',
    part: 'frame',
    causes: [
      onServer('auth', {
        why: 'The login failed: <reason>',
        look: 'the account, the password, and the database or keytab that can be read',
        rules: ['sasl-database-missing', 'keytab-unreadable'],
        fix: 'Mend what the reason names',
        commands: [serverLog],
        printedBy: ['daemon'],
      }),
      onClient('auth', {
        why: 'The client cannot log in: <reason>',
        look: 'installed SASL mechanisms of the client, tickets for GSSAPI',
        rules: [],
        fix: 'Install the mechanism (cyrus-sasl-gssapi, cyrus-sasl-scram, libsasl2-modules), or get a ticket',
        commands: ['pluginviewer -c', 'klist'],
        printedBy: ['client', 'viewer'],
      }),
    ],
    source:
      'libvirt src/rpc/virnetsaslcontext.c: virNetSASLSessionServerStart, …ClientStart; gtk-vnc src/vncconnection.c',
  },
  {
    id: 'sasl-mechanism-not-supported',
    wordings: worded('SASL mechanism <mechanism> not supported by server'),
    example: 'SASL mechanism gssapi not supported by server',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'auth=sasl.<mechanism> in the URI is compared letter by letter with the server’s list, which is in capitals',
        look: 'auth= in the URI',
        rules: [],
        fix: 'Write it in capitals, such as ?auth=sasl.GSSAPI, or ?auth=sasl',
      }),
      onServer('auth', {
        why: 'The server does not offer it: it is not in mech_list, not installed, or not allowed on this connection',
        look: `mech_list in ${files}`,
        rules: ['sasl-mechanism-not-installed', 'sasl-mechanism-unusable'],
        fix: 'Add it to mech_list and install it',
        commands: ['grep -n mech_list /etc/sasl2/libvirt.conf'],
      }),
    ],
    source: 'libvirt src/remote/remote_driver.c: remoteAuthSASL',
  },
  {
    id: 'sasl-user-not-allowed',
    wordings: worded(
      "SASL client identity '<user>' not allowed by ACL",
      'SASL client <user> not allowed in whitelist',
      "Client's username is not on the list of allowed clients",
    ),
    example: "SASL client identity 'alice' not allowed by ACL",
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'sasl_allowed_username_list has no pattern that matches the whole name, as <user>: with Kerberos it is user@REALM, with SCRAM the bare name',
        look: 'sasl_allowed_username_list in libvirtd.conf or virtproxyd.conf',
        rules: ['allowed-names-unmatchable', 'allowed-names-empty'],
        fix: 'Add the name as the log has it, and restart the daemon',
        commands: ['grep -n sasl_allowed_username_list /etc/libvirt/*.conf'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsaslcontext.c: virNetSASLContextCheckIdentity',
  },
  {
    id: 'sasl-ssf-not-enough',
    wordings: worded(
      'negotiated SSF <ssf> was not strong enough',
      'negotiation SSF <ssf> was not strong enough',
      'negotiation SSF <ssf> lower than <needed> will be deprecated',
    ),
    example: 'negotiated SSF 56 was not strong enough',
    printedBy: ['daemon', 'client', 'viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'Without TLS the mechanism itself must encrypt, and what was agreed on (<ssf> bits) is too weak',
        look: 'tcp_min_ssf, the mechanism, and the encryption types of the keytab',
        rules: ['tcp-without-encryption', 'sasl-mechanism-without-encryption', 'keytab-encryption-weak'],
        fix: 'Use qemu+tls, or GSSAPI with AES keys',
      }),
    ],
    source: 'libvirt src/remote/remote_daemon_dispatch.c: remoteSASLFinish; remote_driver.c: remoteAuthSASL; gtk-vnc',
  },
  {
    id: 'sasl-properties-refused',
    wordings: worded(
      'cannot set security props <code> (<reason>)',
      'cannot set external SSF <code> (<reason>)',
      'cannot query SASL ssf on connection <code> (<reason>)',
      'cannot query SASL username on connection <code> (<reason>)',
      'no client username was found',
    ),
    example: 'cannot query SASL username on connection -1 (SASL(-1): generic failure: )',
    printedBy: ['daemon', 'client', 'viewer'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'SASL itself fails at a step that always succeeds in a whole installation: <reason>',
        look: 'the installed packages of SASL, and its service file',
        rules: ['sasl-configuration-malformed', 'sasl-mechanism-not-installed'],
        fix: 'Install the plug-ins of the library’s own version',
      }),
    ],
    source: 'libvirt src/rpc/virnetsaslcontext.c',
  },
  {
    id: 'sasl-auth-without-sasl',
    wordings: worded(
      'client tried invalid SASL init request',
      'client tried invalid SASL start request',
      'client tried invalid PolicyKit init request',
      'Client tried unsupported SASL auth',
    ),
    example: 'client tried invalid SASL init request',
    printedBy: ['daemon'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The client authenticates in a way that the daemon does not have on this socket',
        look: 'auth= in the URI; version of the client',
        rules: [],
        fix: 'Take auth= out of the URI',
      }),
    ],
    source: 'libvirt src/remote/remote_daemon_dispatch.c: remoteDispatchAuthSaslInit',
  },
  {
    id: 'keytab-not-found',
    wordings: worded('Could not find keytab file: <file>: <reason>'),
    example: 'Could not find keytab file: /etc/libvirt/krb5.tab: No such file or directory',
    printedBy: ['journal', 'daemon', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The keytab that the SASL service file names is not there, or the program may not read it (<reason>); GSSAPI is then not offered',
        look: '<file>, and keytab in the SASL service file',
        rules: ['keytab-missing', 'keytab-unreadable'],
        fix: 'Make the keytab for the service and host; that of VNC belongs to QEMU’s user',
        commands: ['ls -l <file>', 'grep -n keytab /etc/sasl2/*.conf'],
      }),
    ],
    source: 'Cyrus SASL plugins/gssapi.c: gssapiv2_server_plug_init',
  },
  {
    id: 'sasl-plugin-not-loaded',
    wordings: worded(
      '_sasl_plugin_load failed on <function> for plugin: <plugin>',
      'unable to dlopen <file>: <reason>',
    ),
    example: '_sasl_plugin_load failed on sasl_server_plug_init for plugin: gssapiv2',
    printedBy: ['journal'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'A SASL mechanism could not be loaded: a library is missing, or its keytab or database cannot be read',
        look: 'the lines before this one, and the package of the plug-in',
        rules: ['sasl-mechanism-not-installed', 'keytab-missing', 'keytab-unreadable'],
        fix: 'Harmless if it is not in mech_list; else install it whole, or mend its keytab',
        commands: ['pluginviewer -s'],
      }),
    ],
    source: 'Cyrus SASL lib/dlopen.c: _sasl_plugin_load',
  },
  {
    id: 'kerberos-no-credentials',
    wordings: worded(
      'No Kerberos credentials available',
      'No credentials cache found',
      'Credentials cache file <file> not found',
      "Credentials cache file '<file>' not found",
      'Matching credential not found',
    ),
    example:
      'SASL(-1): generic failure: GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_1000))',
    printedBy: ['client', 'viewer', 'daemon'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The user has no Kerberos ticket',
        look: 'tickets of the user who connects (with sudo it is root)',
        rules: [],
        fix: 'Get one',
        commands: ['kinit', 'klist'],
      }),
    ],
    source: 'MIT krb5 lib/krb5/error_tables; lib/gssapi/krb5/acquire_cred.c',
  },
  {
    id: 'kerberos-server-unknown',
    wordings: worded('Server not found in Kerberos database', 'Server <principal> not found in Kerberos database'),
    example:
      'GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (Server libvirt/192.0.2.10@EXAMPLE.COM not found in Kerberos database)',
    printedBy: ['client', 'viewer'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The client asks for a ticket for the name in the URI, and the KDC has no service of that name: an address or a short name in the URI, or a wrong reverse name',
        look: 'the host name in the URI',
        rules: [],
        fix: 'Use the full name of the host',
        commands: ['kvno libvirt/HOST', 'getent hosts HOST'],
      }),
      onServer('auth', {
        why: 'The service has no principal: libvirt/HOST for the daemon, vnc/HOST for consoles (not qemu/HOST)',
        look: 'principals of the KDC',
        rules: ['keytab-principal-missing'],
        fix: 'Create it and put its key into the keytab',
        commands: [
          'kadmin -q "addprinc -randkey libvirt/HOST"',
          'kadmin -q "ktadd -k /etc/libvirt/krb5.tab libvirt/HOST"',
        ],
      }),
    ],
    source: 'MIT krb5 lib/krb5/error_tables/krb5_err.et: KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN',
  },
  {
    id: 'kerberos-clock-skew',
    wordings: worded('Clock skew too great'),
    example: 'GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (Clock skew too great)',
    printedBy: ['client', 'daemon', 'qemu', 'viewer'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The clocks of client, server and KDC differ by more than five minutes',
        look: 'the clocks of all three',
        rules: [],
        fix: 'Keep them with NTP',
        commands: ['timedatectl'],
      }),
    ],
    source: 'MIT krb5 lib/krb5/error_tables/krb5_err.et: KRB5KRB_AP_ERR_SKEW',
  },
  {
    id: 'kerberos-ticket-expired',
    wordings: worded('Ticket expired', 'The referenced credential has expired', 'Credentials have expired'),
    example: 'GSSAPI Error: The referenced credential has expired (Success)',
    printedBy: ['client', 'viewer'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The user’s Kerberos ticket is over',
        look: 'tickets of the user',
        rules: [],
        fix: 'Get a new one',
        commands: ['kinit', 'klist'],
      }),
    ],
    source: 'MIT krb5 lib/krb5/error_tables/krb5_err.et: KRB5KRB_AP_ERR_TKT_EXPIRED',
  },
  {
    id: 'kerberos-key-missing',
    wordings: worded(
      'No key table entry found matching <principal>',
      'No key table entry found for <principal>',
      'Key table entry not found',
      'Request ticket server <principal> not found in keytab',
      'Request ticket server <principal> kvno <kvno> not found in keytab',
      'Wrong principal in request',
      'Cannot decrypt ticket for <principal> using keytab key for <key>',
    ),
    example:
      'GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (Request ticket server libvirt/kvm1.example.com@EXAMPLE.COM kvno 3 not found in keytab; keytab is likely out of date)',
    printedBy: ['daemon', 'qemu', 'journal', 'client'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The keytab has no key for the service, the host name or the key’s version that the client’s ticket was made for',
        look: 'entries of the keytab, against the host’s own full name',
        rules: ['keytab-principal-missing', 'keytab-missing'],
        fix: 'Fetch the key again; clients then get new tickets (kdestroy, kinit)',
        commands: ['klist -kte /etc/libvirt/krb5.tab', 'hostname -f', 'kvno libvirt/HOST'],
      }),
    ],
    source: 'MIT krb5 lib/krb5/krb/rd_req_dec.c: keytab_fetch_error',
  },
  {
    id: 'kerberos-kdc-unreachable',
    wordings: worded(
      "Cannot contact any KDC for realm '<realm>'",
      'Cannot find KDC for realm "<realm>"',
      'Cannot find KDC for requested realm',
      'Cannot resolve network address for KDC in realm "<realm>"',
    ),
    example: "kinit: Cannot contact any KDC for realm 'EXAMPLE.COM' while getting initial credentials",
    printedBy: ['client', 'viewer', 'daemon'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The client does not find or reach a Kerberos server for the realm',
        look: '/etc/krb5.conf, the name service, and port 88 of the KDC',
        rules: [],
        fix: 'Name the KDC in krb5.conf, or publish it in DNS',
        commands: ['grep -A3 -n realms /etc/krb5.conf'],
      }),
    ],
    source: 'MIT krb5 lib/krb5/error_tables/krb5_err.et: KRB5_KDC_UNREACH, KRB5_REALM_UNKNOWN',
  },
  {
    id: 'kerberos-encryption-type',
    wordings: worded(
      'KDC has no support for encryption type',
      'Encryption type not permitted',
      'Encryption type <type> not permitted',
      'No common encryption types',
    ),
    example:
      'GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (KDC has no support for encryption type)',
    printedBy: ['client', 'daemon', 'qemu', 'viewer'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The keys in the keytab or at the KDC are of types that are no longer allowed (DES, RC4)',
        look: 'encryption types of the keytab',
        rules: ['keytab-encryption-weak'],
        fix: 'Make new keys with AES',
        commands: ['klist -kte /etc/libvirt/krb5.tab'],
      }),
    ],
    source: 'MIT krb5 lib/krb5/error_tables/krb5_err.et: KRB5KDC_ERR_ETYPE_NOSUPP',
  },
];
