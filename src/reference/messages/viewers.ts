import { onClient, onServer, worded, type KnownMessage } from './message.ts';

/**
 * VNC and SPICE clients: gtk-vnc (virt-manager, virt-viewer, gvncviewer) and what virt-viewer and virt-manager make of it.
 *
 * Sources: gtk-vnc 1.3.1 src/vncconnection.c; virt-viewer 11.0 src/virt-viewer-app.c, virt-viewer.c; virt-manager 4.1
 * virtManager/details/console.py, viewers.py.
 */

const check = 'gtk-vnc src/vncconnection.c: vnc_connection_validate_certificate';
const clientCa = '/etc/pki/CA/cacert.pem, else ~/.pki/CA/cacert.pem, of the viewer’s host';
const clientFiles =
  'NAME/clientcert.pem and NAME/private/clientkey.pem below /etc/pki, then ~/.pki: NAME is libvirt-vnc for virt-manager, libvirt for virt-viewer';
const guestLog = 'tail /var/log/libvirt/qemu/*.log';

export const viewerMessages: readonly KnownMessage[] = [
  {
    id: 'vnc-connection-refused',
    wordings: worded(
      'Unable to connect to <host>:<port>: Connection refused',
      'Unable to connect to <host>:<port>: Could not connect to <address>: Connection refused',
      'Could not connect to <host>: Connection refused',
    ),
    example: 'Unable to connect to kvm1.example.com:5900: Connection refused',
    printedBy: ['viewer'],
    kind: 'symptom',
    causes: [
      onServer('server-credentials', {
        why: 'QEMU refused the certificates of its console and did not start; its own line has the reason',
        look: '/var/log/libvirt/qemu of the guest',
        rules: [
          'vnc-tls-directory-incomplete',
          'certificate-untrusted',
          'certificate-expired',
          'private-key-unreadable',
          'private-key-mismatch',
          'certificate-malformed',
          'ca-certificate-not-a-ca',
        ],
        fix: 'Mend the files that its log names, and start the guest',
        commands: ['virsh list --all', guestLog],
      }),
      onServer('server-config', {
        why: 'The guest does not run, has no VNC console, or QEMU refused an option',
        look: 'the guest’s state and its <graphics>',
        rules: [
          'qemu-argument-invalid',
          'vnc-argument-legacy',
          'vnc-credentials-undefined',
          'vnc-listen-address-unavailable',
        ],
        fix: 'Start it',
        commands: ['virsh list --all', 'virsh vncdisplay DOMAIN'],
      }),
      onServer('reach', {
        why: 'The console listens on 127.0.0.1 only, or on another port than <port>',
        look: 'vnc_listen in qemu.conf; <listen> of the guest',
        rules: ['port-loopback-only', 'display-differs-from-configuration'],
        fix: 'Look at virsh domdisplay for the real port; or view through ssh, which needs no open port',
        commands: ['virsh domdisplay DOMAIN', 'ss -ltnp'],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_open_host',
  },
  {
    id: 'vnc-connection-failed',
    wordings: worded('Unable to connect to <host>:<port>: <reason>', 'Unable to connect: <reason>'),
    example: 'Unable to connect to kvm1.example.com:5900: No route to host',
    printedBy: ['viewer'],
    kind: 'symptom',
    part: 'frame',
    causes: [
      onServer('reach', {
        why: 'A firewall does not let the viewer through to the console (<reason>); firewalld’s service vnc-server opens 5900 to 5903 only',
        look: 'the firewall of the server',
        rules: [],
        fix: 'Open the ports of the guests, or view through ssh',
        commands: ['firewall-cmd --permanent --add-port=5900-5999/tcp', 'firewall-cmd --reload'],
      }),
      onClient('reach', {
        why: 'The name leads nowhere from the viewer’s host',
        look: 'what the name resolves to',
        rules: [],
        fix: 'Correct the name service',
        commands: ['getent ahosts HOST'],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_open_host, vnc_connection_connect_timeout',
  },
  {
    id: 'vnc-server-closed',
    wordings: worded('Unable to read from server', 'Server closed the connection'),
    example: 'Unable to read from server',
    printedBy: ['viewer'],
    kind: 'symptom',
    causes: [
      onClient('client-identity', {
        why: 'QEMU wants a client certificate and the viewer sent none, or one of another CA, or an expired one: it hangs up without a word',
        look: clientFiles,
        rules: ['client-certificate-missing', 'client-key-missing', 'certificate-untrusted', 'certificate-expired'],
        fix: 'Give the viewer a certificate of a CA in ca-cert.pem of the console',
        commands: ['ls -lR /etc/pki/libvirt-vnc /etc/pki/libvirt ~/.pki'],
      }),
      onServer('client-identity', {
        why: 'tls-authz does not let the name in, or names an object that does not exist',
        look: 'the command line of the guest',
        rules: ['qemu-argument-invalid'],
        fix: 'Add the name',
      }),
      onServer('auth', {
        why: 'QEMU ended, or refused a viewer that asked for exclusive access',
        look: '/var/log/libvirt/qemu of the guest',
        rules: [],
        fix: 'Read the reason there',
        commands: [guestLog],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_read_wire',
  },
  {
    id: 'vnc-certificate-not-trusted',
    wordings: worded('The certificate is not trusted'),
    example: 'The certificate is not trusted',
    printedBy: ['viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onClient('server-identity', {
        why: 'The viewer’s CA file does not hold the CA of the console’s certificate; without such a file the system’s own CAs are asked. gtk-vnc says “not trusted” of every fault in the chain',
        look: clientCa,
        rules: ['certificate-untrusted', 'ca-certificate-missing'],
        fix: 'Install the CA certificate of the console there',
        commands: ['openssl x509 -in /etc/pki/CA/cacert.pem -noout -subject'],
      }),
      onServer('server-identity', {
        why: 'The console’s certificate has expired or is not yet valid: a running guest keeps the one that it was started with',
        look: 'server-cert.pem in QEMU’s directory, and what the guest serves',
        rules: ['certificate-expired', 'certificate-not-yet-valid', 'needs-restart'],
        fix: 'Renew it, then let the guest load it',
        commands: ['virsh domdisplay-reload DOMAIN'],
      }),
      onServer('server-identity', {
        why: 'The certificate is signed with a weak hash, or was revoked by the list beside the viewer’s CA',
        look: 'server-cert.pem; /etc/pki/CA/cacrl.pem of the viewer',
        rules: ['weak-signature', 'weak-key', 'certificate-revoked'],
        fix: 'Issue it anew',
      }),
    ],
    source: check,
  },
  {
    id: 'vnc-certificate-unknown-issuer',
    wordings: worded("The certificate hasn't got a known issuer"),
    example: "The certificate hasn't got a known issuer",
    printedBy: ['viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onClient('server-identity', {
        why: 'The CA of the console’s certificate is not in the viewer’s CA file',
        look: clientCa,
        rules: ['certificate-untrusted', 'ca-certificate-missing'],
        fix: 'Install it there',
      }),
    ],
    source: check,
  },
  {
    id: 'vnc-certificate-revoked',
    wordings: worded('The certificate has been revoked'),
    example: 'The certificate has been revoked',
    printedBy: ['viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-identity', {
        why: 'The console’s certificate stands in the viewer’s revocation list',
        look: 'server-cert.pem; /etc/pki/CA/cacrl.pem of the viewer',
        rules: ['certificate-revoked'],
        fix: 'Issue a new certificate with a new key for the console',
      }),
    ],
    source: check,
  },
  {
    id: 'vnc-certificate-insecure',
    wordings: worded('The certificate uses an insecure algorithm', 'The certificate is not valid'),
    example: 'The certificate uses an insecure algorithm',
    printedBy: ['viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-identity', {
        why: 'The console’s certificate is signed with SHA-1 or MD5, or its key is too short',
        look: 'server-cert.pem in QEMU’s directory',
        rules: ['weak-signature', 'weak-key'],
        fix: 'Issue it anew with SHA-256',
      }),
    ],
    source: check,
  },
  {
    id: 'vnc-certificate-dates',
    wordings: worded('The certificate has expired', 'The certificate is not yet activated'),
    example: 'The certificate has expired',
    printedBy: ['viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-identity', {
        why: 'The console’s certificate is outside its validity; a running guest keeps the one that it was started with',
        look: 'server-cert.pem in QEMU’s directory, and the clocks',
        rules: ['certificate-expired', 'certificate-not-yet-valid', 'needs-restart'],
        fix: 'Renew it, then let the guest load it',
        commands: ['virsh domdisplay-reload DOMAIN', 'date -u'],
      }),
    ],
    source: `${check}; QEMU crypto/tlssession.c: qcrypto_tls_session_check_certificate`,
  },
  {
    id: 'vnc-host-name-mismatch',
    wordings: worded(
      "The certificate's owner does not match hostname '<host>'",
      'No hostname provided for certificate verification',
    ),
    example: "The certificate's owner does not match hostname 'kvm1.example.com'",
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('server-identity', {
        why: 'The console’s certificate does not name <host>, as the viewer calls the host',
        look: 'subjectAltName of server-cert.pem in QEMU’s directory',
        rules: ['server-name-mismatch', 'server-name-address-without-san', 'server-name-without-san'],
        fix: 'Issue one with every name that viewers use, then let the guests load it',
        commands: [
          'openssl x509 -in /etc/pki/libvirt-vnc/server-cert.pem -noout -subject -ext subjectAltName',
          'virsh domdisplay-reload DOMAIN',
        ],
      }),
      onClient('server-identity', {
        why: 'The viewer knows the host by another name: the one in the libvirt URI, or that of the guest’s <listen>',
        look: 'the host in the URI',
        rules: [],
        fix: 'Connect by the name in the certificate',
      }),
    ],
    source: check,
  },
  {
    id: 'vnc-credentials-not-allocated',
    wordings: worded('Failed to allocate credentials', 'Failed to initialize credentials'),
    example: 'Failed to allocate credentials',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The viewer found files and could not use them: a key in /etc/pki that the user may not read hides the user’s own, a certificate and a key that are no pair, or a damaged CA, certificate or revocation list',
        look: clientFiles,
        rules: [
          'private-key-unreadable',
          'certificate-malformed',
          'private-key-mismatch',
          'crl-malformed',
          'private-key-encrypted',
          'private-key-malformed',
        ],
        fix: 'Make the files of /etc/pki readable for the user, or take them away: they come before ~/.pki',
        commands: ['ls -lR /etc/pki/CA /etc/pki/libvirt-vnc /etc/pki/libvirt ~/.pki'],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_start_tls, vnc_connection_tls_initialize',
  },
  {
    id: 'vnc-handshake-cut-off',
    wordings: worded(
      'Failed to complete handshake The TLS connection was non-properly terminated',
      'Failed to complete handshake Error in the pull function',
    ),
    example: 'Failed to complete handshake The TLS connection was non-properly terminated.',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('handshake', {
        why: 'QEMU broke off in the middle of the handshake: its tls priority is refused or leaves nothing in common, or the key of its certificate fits no suite',
        look: 'priority of the TLS object; key usage and key type of server-cert.pem',
        rules: ['tls-priority-invalid', 'tls-priority-weak', 'key-usage-insufficient'],
        fix: 'Take the priority out, issue the certificate with signing_key',
        commands: [guestLog],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_start_tls',
  },
  {
    id: 'vnc-handshake-failed',
    wordings: worded(
      'Failed to complete handshake <reason>',
      'Failed to verify peer <reason>',
      'Failed to set priority',
      'Failed to allocate client session',
      'Failed to init TLS',
    ),
    example: 'Failed to complete handshake Safe renegotiation failed.',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('handshake', {
        why: 'TLS with the console could not be set up: <reason>',
        look: 'priority of the TLS object; server-cert.pem',
        rules: ['tls-priority-invalid', 'tls-priority-weak', 'key-usage-insufficient', 'vnc-anonymous-tls'],
        fix: 'Use tls-creds-x509 without a priority of its own; anonymous TLS is refused by most crypto policies',
        commands: [guestLog],
      }),
      onClient('handshake', {
        why: 'The crypto policy of the viewer’s host refuses what the console offers',
        look: 'the crypto policy',
        rules: [],
        fix: 'Raise the console to TLS 1.2 or 1.3 with a strong key',
        commands: ['update-crypto-policies --show'],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_start_tls',
  },
  {
    id: 'vnc-authentication-type-unsupported',
    wordings: worded(
      'Auth type <type> is not supported',
      'Auth subtype <type> is not supported',
      'Unsupported auth type <type>',
      'Unsupported VeNCrypt auth subtype <type>',
      'Unknown VeNCrypt auth subtype <type>',
      'No supported auth types',
      'No matching security types',
      'Unsupported VeNCrypt version <version>',
      'Server refused VeNCrypt auth <value>',
    ),
    example: 'Unsupported VeNCrypt auth subtype 263',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'The viewer does not know how the console wants to be opened: VeNCrypt with X.509, client certificates or SASL. TightVNC and RealVNC know none of them, TigerVNC no client certificates and no SASL',
        look: 'the viewer',
        rules: [],
        fix: 'Use virt-viewer or virt-manager',
      }),
      onServer('auth', {
        why: 'The console offers anonymous TLS or SASL that was not meant',
        look: 'vnc_tls, vnc_tls_x509_verify and vnc_sasl in qemu.conf',
        rules: ['vnc-anonymous-tls'],
        fix: 'Change how it authenticates',
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_perform_auth, …_vencrypt; TigerVNC common/rfb/CConnection.cxx',
  },
  {
    id: 'vnc-version-unsupported',
    wordings: worded(
      'Server version is not supported (<version>)',
      'Error while parsing server version',
      'TLS auth requires protocol 3.8',
    ),
    example: 'Error while parsing server version',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('reach', {
        why: 'What answers on the port speaks no VNC: a websocket port (5700 and up), SPICE, or a TLS proxy',
        look: 'what listens on the port',
        rules: ['display-differs-from-configuration'],
        fix: 'Use the port that virsh domdisplay gives',
        commands: ['virsh domdisplay DOMAIN', 'ss -ltnp'],
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_before_version, vnc_connection_after_version',
  },
  {
    id: 'vnc-authentication-failed',
    wordings: worded(
      'Viewer authentication error: <reason>',
      'Unable to authenticate with remote desktop server at <host>: <reason>',
      'Unable to authenticate with remote desktop server: <reason>',
      'Unknown authentication failure: <reason>',
      'Unknown authentication failure',
      'Authentication failed',
      'Authentication failure',
      'Invalid password',
      'main channel: auth failure (wrong username/password?)',
    ),
    example: 'Unable to authenticate with remote desktop server at localhost:5900: Authentication failed',
    printedBy: ['viewer', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The password is wrong, was never set (then nobody gets in), or has run out (passwdValidTo)',
        look: 'passwd of <graphics>, vnc_password in qemu.conf',
        rules: ['vnc-password-only', 'vnc-password-too-long', 'vnc-sasl-shadowed-by-password'],
        fix: 'Set a password of at most 8 characters',
        commands: ['virsh dumpxml --security-info DOMAIN | grep passwd'],
      }),
      onServer('auth', {
        why: 'SASL refuses the account: not in the database, or QEMU’s account cannot read database or keytab',
        look: '/etc/sasl2/qemu.conf and what it names',
        rules: [
          'sasl-database-missing',
          'sasl-configuration-missing',
          'keytab-missing',
          'keytab-unreadable',
          'keytab-principal-missing',
        ],
        fix: 'Let QEMU’s group read them; Kerberos wants vnc/HOST in the keytab',
        commands: ['grep -nE "mech_list|sasldb_path|keytab" /etc/sasl2/qemu.conf'],
      }),
    ],
    source:
      'QEMU ui/vnc.c: authentication_failed; virt-viewer src/virt-viewer-app.c; virt-manager virtManager/details/console.py',
  },
  {
    id: 'viewer-credentials-not-provided',
    wordings: worded(
      'Unable to provide requested credentials to the VNC server',
      'Authentication was cancelled',
      'Unknown credential type <type>',
    ),
    example: 'Unable to provide requested credentials to the VNC server.',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'The console asks for something that the viewer cannot ask its user, such as a name for SASL in old versions',
        look: 'vnc_sasl and vnc_password in qemu.conf; version of the viewer',
        rules: [],
        fix: 'Upgrade the viewer, or use client certificates',
      }),
    ],
    source: 'virt-manager virtManager/details/viewers.py',
  },
  {
    id: 'viewer-disconnected',
    wordings: worded(
      'Viewer was disconnected',
      'Error: viewer connection to hypervisor host got refused or disconnected!',
      'Viewer connection to hypervisor host got refused or disconnected!',
      'Unable to connect to the graphic server <address>',
      'Failed to initiate connection',
      'Error connecting to graphical console',
    ),
    example: 'Unable to connect to the graphic server 192.0.2.10:5900',
    printedBy: ['viewer'],
    kind: 'symptom',
    part: 'frame',
    causes: [
      onServer('reach', {
        why: 'The console is not to be reached: it listens on 127.0.0.1, a firewall is between, or the guest has ended',
        look: 'virsh domdisplay; vnc_listen; the firewall',
        rules: ['port-loopback-only', 'vnc-listen-address-unavailable'],
        fix: 'Connect with qemu+ssh, which brings the console through ssh; or let it listen wider, with TLS',
        commands: ['virsh domdisplay DOMAIN', 'virt-viewer --debug -c URI DOMAIN'],
      }),
      onClient('server-identity', {
        why: 'TLS of the console failed; virt-viewer --debug (or the terminal of virt-manager --debug) has the reason',
        look: clientCa,
        rules: ['certificate-untrusted', 'ca-certificate-missing'],
        fix: 'Read the reason there',
      }),
    ],
    source: 'virt-viewer src/virt-viewer-app.c; virt-manager virtManager/details/console.py',
  },
  {
    id: 'viewer-listens-locally',
    wordings: worded(
      "Guest is on a remote host with transport '<transport>' but is only configured to listen locally",
      'Guest is on a remote host, but is only configured to allow local file descriptor connections',
      'Guest is configured for TLS only which does not work over SSH',
    ),
    example:
      "Guest is on a remote host with transport 'tls' but is only configured to listen locally. To connect remotely you will need to change the guest's listen address.",
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('reach', {
        why: 'The console listens on the loopback address of its host (the default), and the transport is not ssh, which would bring it here',
        look: 'vnc_listen in qemu.conf; <listen> of the guest',
        rules: ['port-loopback-only'],
        fix: 'Use qemu+ssh, or listen on an address of the host, with vnc_tls',
        commands: ['virsh edit DOMAIN'],
      }),
    ],
    source: 'virt-manager virtManager/details/viewers.py: ConnectionInfo.need_tunnel, bad_config',
  },
  {
    id: 'viewer-no-console',
    wordings: worded(
      'Graphical console not configured for guest',
      'Cannot determine the graphic type for the guest <guest>',
      'Cannot determine the host for the guest <guest>',
      "Cannot display graphical console type '<type>'",
      'No graphical console available',
    ),
    example: 'Cannot determine the graphic type for the guest web1',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'The guest has no VNC or SPICE console, does not run, or has one without port',
        look: '<graphics> of the guest',
        rules: [],
        fix: 'Add one and start the guest anew',
        commands: ['virsh domdisplay DOMAIN', 'virsh dumpxml DOMAIN | grep -A3 "<graphics"'],
      }),
    ],
    source:
      'virt-viewer src/virt-viewer.c: virt_viewer_extract_connect_info; virt-manager virtManager/details/console.py',
  },
  {
    id: 'viewer-ssh-failed',
    wordings: worded('Connect to SSH failed', 'SSH tunnel error output: <reason>'),
    example: 'Connect to SSH failed.',
    printedBy: ['viewer'],
    kind: 'symptom',
    part: 'frame',
    causes: [
      onClient('auth', {
        why: 'The viewer opens a second ssh connection for the console, and that one failed: it cannot ask for a password or a host key',
        look: 'ssh as that user, by hand',
        rules: [],
        fix: 'Use a key with ssh-agent',
        commands: ['ssh HOST true', 'ssh-add -l'],
      }),
    ],
    source: 'virt-viewer src/virt-viewer-app.c; virt-manager virtManager/details/sshtunnels.py',
  },
  {
    id: 'vnc-sasl-data-invalid',
    wordings: worded(
      'Failed to decode SASL data <reason>',
      'Failed to encode SASL data <reason>',
      'SASL negotiation data too long: <size> bytes',
      'mechlistlen <size> too long',
    ),
    example: 'mechlistlen 4096 too long',
    printedBy: ['viewer', 'client'],
    kind: 'reason',
    causes: [
      onServer('auth', {
        why: 'What the server sends for SASL makes no sense to the viewer: another protocol on the port, or versions that do not fit',
        look: 'mech_list in /etc/sasl2/qemu.conf',
        rules: ['sasl-configuration-missing', 'sasl-mechanisms-unrestricted'],
        fix: 'Name the mechanisms that are wanted in mech_list',
      }),
    ],
    source: 'gtk-vnc src/vncconnection.c: vnc_connection_perform_auth_sasl',
  },
];
