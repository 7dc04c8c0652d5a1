import { onClient, onServer, worded, type KnownMessage } from './message.ts';

/**
 * Remmina, and libvncclient through which it opens VNC consoles; what libvncclient says shows with `G_MESSAGES_DEBUG=all`. What it says
 * of a server's certificate is worded as gtk-vnc words it (viewers.ts).
 *
 * Sources: libvncclient 0.9.14 libvncclient/tls_gnutls.c, rfbproto.c; Remmina 1.4.29 plugins/vnc/vnc_plugin.c, src/remmina_protocol_widget.c.
 */

const loading = 'libvncclient libvncclient/tls_gnutls.c: CreateX509CertCredential';
const profile = 'the profile: below ~/.local/share/remmina, or ~/.remmina where that is there';
const statements = ['grep -nE "^(cacert|cacrl|clientcert|clientkey)=" ~/.local/share/remmina/*.remmina'];

export const remminaMessages: readonly KnownMessage[] = [
  {
    id: 'remmina-could-not-authenticate',
    wordings: worded('Could not authenticate, attempting reconnection…'),
    example: 'Could not authenticate, attempting reconnection…',
    printedBy: ['viewer'],
    kind: 'symptom',
    causes: [
      onClient('client-credentials', {
        why: 'A file that the profile names does not load, or a server’s certificate is not trusted: Remmina calls every failure so',
        look: profile,
        rules: [
          'ca-certificate-missing',
          'client-certificate-missing',
          'client-key-missing',
          'certificate-unreadable',
          'private-key-unreadable',
          'certificate-malformed',
          'private-key-mismatch',
        ],
        fix: 'Look at the reason, which Remmina writes for those who ask',
        commands: ['G_MESSAGES_DEBUG=all remmina 2>&1 | grep "VNC returned"', ...statements],
      }),
      onServer('auth', {
        why: 'The password is wrong, or was never set',
        look: 'passwd of <graphics>, vnc_password in qemu.conf',
        rules: ['vnc-password-only', 'vnc-password-too-long'],
        fix: 'Set a password of at most 8 characters',
        commands: ['virsh dumpxml --security-info DOMAIN | grep passwd'],
      }),
    ],
    source: 'Remmina src/remmina_protocol_widget.c: remmina_protocol_widget_panel_show_retry',
  },
  {
    id: 'remmina-no-ca',
    wordings: worded('No CA certificate provided'),
    example: 'No CA certificate provided.',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'Neither the profile nor the answer to its question names a CA certificate: the system’s are not used',
        look: profile,
        rules: [],
        fix: 'Choose the CA certificate when Remmina asks, or with Remmina closed put it into the profile as cacert=FILE',
        commands: statements,
      }),
    ],
    source: loading,
  },
  {
    id: 'remmina-ca-not-loaded',
    wordings: worded('Cannot load CA credentials: <reason>'),
    example: 'Cannot load CA credentials: Error while reading file..',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The CA file of the profile is not there, cannot be read, or is damaged: <reason>',
        look: `cacert in ${profile}`,
        rules: ['ca-certificate-missing', 'certificate-unreadable', 'certificate-malformed', 'dangling-symlink'],
        fix: 'Name the certificate of the CA that issued the console’s',
        commands: statements,
      }),
    ],
    source: loading,
  },
  {
    id: 'remmina-pair-not-loaded',
    wordings: worded('Cannot load client certificate or key: <reason>'),
    example: 'Cannot load client certificate or key: The certificate and the given key do not match..',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'Certificate and key of the profile do not load together: <reason>',
        look: `clientcert and clientkey in ${profile}`,
        rules: [
          'private-key-mismatch',
          'client-certificate-missing',
          'client-key-missing',
          'private-key-unreadable',
          'certificate-unreadable',
          'private-key-encrypted',
          'private-key-malformed',
          'certificate-malformed',
          'dangling-symlink',
        ],
        fix: 'Name a certificate and its key, in PEM and without a pass phrase',
        commands: statements,
      }),
    ],
    source: loading,
  },
  {
    id: 'remmina-crl-not-loaded',
    wordings: worded('Cannot load CRL: <reason>'),
    example: 'Cannot load CRL: Base64 decoding error..',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The revocation list of the profile is not there, cannot be read, is damaged or empty: <reason>',
        look: `cacrl in ${profile}`,
        rules: ['crl-malformed', 'certificate-unreadable', 'dangling-symlink'],
        fix: 'Name the list of the CA in PEM, or none',
        commands: statements,
      }),
    ],
    source: loading,
  },
  {
    id: 'remmina-no-client-certificate',
    wordings: worded('No client certificate or key provided'),
    example: 'No client certificate or key provided.',
    printedBy: ['viewer'],
    kind: 'symptom',
    causes: [
      onClient('client-identity', {
        why: 'The profile does not name both certificate and key, and a console that verifies its clients closes the connection',
        look: `clientcert and clientkey in ${profile}`,
        rules: ['client-key-missing', 'client-certificate-missing'],
        fix: 'Name both; a console that does not verify its clients needs neither',
        commands: statements,
      }),
    ],
    source: loading,
  },
  {
    id: 'remmina-encryption-off',
    wordings: worded('Unknown authentication scheme from VNC server: <types>'),
    example: 'Unknown authentication scheme from VNC server: 19',
    printedBy: ['viewer'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'Encryption is turned off in the profile, and the console opens over TLS alone (19 is VeNCrypt)',
        look: `disableencryption in ${profile}`,
        rules: [],
        fix: 'Take the tick from “Turn off encryption” in the profile',
        commands: ['grep -n "^disableencryption=" ~/.local/share/remmina/*.remmina'],
      }),
      onServer('auth', {
        why: 'The console wants to be opened in a way that the viewer does not know: <types>',
        look: 'vnc_tls and vnc_sasl in qemu.conf',
        rules: [],
        fix: 'Use virt-viewer or virt-manager',
      }),
    ],
    source: 'libvncclient libvncclient/rfbproto.c: ReadSupportedSecurityType',
  },
];
