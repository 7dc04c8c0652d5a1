import { onClient, onItsSide, onServer, worded, type Cause, type KnownMessage } from './message.ts';

/**
 * What libvirt (daemon and client) and QEMU say of their own certificates, keys and lists before anything is sent. Their words are the
 * same up to a full stop, for QEMU's code came from libvirt's.
 *
 * Sources: libvirt 9.0 src/rpc/virnettlscontext.c, 11.3 src/rpc/virnettlscert.c and virnettlsconfig.c; QEMU 10.0 crypto/tlscredsx509.c.
 */

const sanity = 'libvirt src/rpc/virnettlscert.c (virnettlscontext.c before 10.x)';
const qemuSanity = 'QEMU crypto/tlscredsx509.c';

/** Where the CA of a client is the one of its server as well, the daemon has refused it too. */
const daemonRefusesItToo = (why: string, rules: readonly string[]): Cause =>
  onServer('server-credentials', {
    why: `${why}, and if the daemon has the same CA it did not start for TLS either`,
    look: 'the CA file of the server',
    rules,
    fix: 'Mend the CA file there as well, then restart the daemon',
    commands: ['journalctl -u libvirtd -u virtproxyd --no-pager | grep -i certificate'],
    printedBy: ['client'],
  });

const show = 'certtool -i --infile <file>';
const dates = 'openssl x509 -in <file> -noout -subject -dates';

/** Reasons that GnuTLS gives for refusing a pair of certificate and key. */
const pairReasons: readonly {
  readonly id: string;
  readonly reasons: readonly string[];
  readonly causes: readonly [Cause, ...Cause[]];
}[] = [
  {
    id: 'key-pair-unreadable',
    reasons: ['Error while reading file'],
    causes: [
      ...onItsSide({
        why: 'The private key (or the certificate) cannot be read by the account that the program runs as: owner, mode, or a directory above that does not let it pass',
        look: 'owner and mode of <key> and of every directory above; of a client, also ~/.pki/libvirt',
        rules: ['private-key-unreadable', 'certificate-unreadable', 'dangling-symlink'],
        fix: 'Let that account read the key through its group, never everybody; a user may keep a certificate of their own in ~/.pki/libvirt',
        commands: ['namei -l <key>', 'namei -l <certificate>'],
      }),
      onServer('server-credentials', {
        why: 'AppArmor or SELinux forbids it although the mode would allow it',
        look: 'the audit log, and the label of <key>',
        rules: ['mandatory-access-denies-path', 'selinux-label-unusual'],
        fix: 'Keep the files below /etc/pki or restore their labels',
        commands: ['restorecon -v <key>', 'journalctl -k --grep DENIED'],
        printedBy: ['daemon', 'qemu'],
      }),
    ],
  },
  {
    id: 'key-pair-mismatch',
    reasons: ['The certificate and the given key do not match'],
    causes: onItsSide({
      why: 'Certificate and private key are not a pair: one of them was renewed alone, or the file does not begin with the own certificate but with a CA',
      look: '<certificate> and <key>',
      rules: ['private-key-mismatch'],
      fix: 'Put back the key that the certificate was made from, or issue a certificate for this key; in a file with a chain the own certificate comes first',
      commands: [
        'openssl x509 -in <certificate> -noout -pubkey | sha256sum',
        'openssl pkey -in <key> -pubout | sha256sum',
      ],
    }),
  },
  {
    id: 'key-pair-encrypted',
    reasons: ['Decryption has failed'],
    causes: onItsSide({
      why: 'The private key is protected by a pass phrase, and nobody is there to give it',
      look: 'the first lines of <key>',
      rules: ['private-key-encrypted'],
      fix: 'Store the key without a pass phrase, readable by that account alone; for QEMU a secret (…_tls_x509_secret_uuid) can hold the pass phrase',
      commands: ['openssl pkey -in <key> -out <key>.plain'],
    }),
  },
  {
    id: 'key-pair-not-pem',
    reasons: ['Base64 unexpected header error', 'Base64 decoding error'],
    causes: onItsSide({
      why: 'The certificate or the key is not PEM (perhaps DER or PKCS #12), empty, or damaged',
      look: '<certificate> and <key>',
      rules: ['certificate-malformed', 'private-key-malformed'],
      fix: 'Convert the files to PEM, or copy them again',
      commands: ['head -1 <certificate> <key>', 'openssl x509 -inform DER -in <certificate> -out <certificate>.pem'],
    }),
  },
  {
    id: 'key-pair-without-data',
    reasons: ['The requested data were not available'],
    causes: onItsSide({
      why: 'The file of the key holds no private key (empty, a certificate instead, or damaged), or the file of the certificate none',
      look: '<key> and <certificate>',
      rules: ['private-key-malformed', 'certificate-malformed'],
      fix: 'Put the private key and the certificate where their names say',
      commands: ['grep -- ----- <key> <certificate>'],
    }),
  },
  {
    id: 'key-pair-damaged',
    reasons: ['ASN1 parser: <detail>'],
    causes: onItsSide({
      why: 'What stands between the PEM lines of the key or certificate is no key or certificate: damaged, or under the wrong label',
      look: '<key> and <certificate>',
      rules: ['private-key-malformed', 'certificate-malformed'],
      fix: 'Copy the file again, or make the key anew and have its certificate issued',
      commands: ['openssl pkey -in <key> -noout -check', 'openssl x509 -in <certificate> -noout -subject'],
    }),
  },
  {
    id: 'key-pair-weak',
    reasons: ['One of the involved algorithms has insufficient security level'],
    causes: onItsSide({
      why: 'The system-wide crypto policy refuses the key or the signature as too weak',
      look: '<certificate>',
      rules: ['weak-key', 'weak-signature'],
      fix: 'Issue the certificate anew with RSA 3072 or ECDSA P-256 and SHA-256',
      commands: ['certtool -i --infile <certificate>'],
    }),
  },
  {
    id: 'key-pair-refused',
    reasons: ['<reason>'],
    causes: onItsSide({
      why: 'GnuTLS refuses the pair of certificate and key: <reason>',
      look: '<certificate> and <key>',
      rules: ['private-key-malformed', 'private-key-mismatch', 'certificate-malformed', 'private-key-unreadable'],
      fix: 'Look at both files, and make them anew where they do not hold what they should',
      commands: ['certtool -i --infile <certificate>', 'certtool -k --infile <key>'],
    }),
  },
];

const pairs: readonly KnownMessage[] = pairReasons.map(({ id, reasons, causes }) => ({
  id,
  wordings: worded(
    `Unable to set x509 key and certificate: <key>, <certificate>: ${reasons[0] ?? ''}`,
    ...reasons.slice(1).map((reason) => `Unable to set x509 key and certificate: <key>, <certificate>: ${reason}`),
    ...reasons.flatMap((reason) => [
      `Cannot load certificate '<certificate>' & key '<key>': ${reason}`,
      `Cannot set certificate '<certificate>' & key '<key>': ${reason}`,
    ]),
  ),
  example: `Unable to set x509 key and certificate: /etc/pki/libvirt/private/serverkey.pem, /etc/pki/libvirt/servercert.pem: ${(
    reasons[0] ?? ''
  )
    .replace('<detail>', 'Error in TAG')
    .replace('<reason>', 'The private key is invalid')}.`,
  printedBy: ['daemon', 'client', 'qemu'],
  kind: 'reason',
  causes,
  source:
    'libvirt src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials; QEMU crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
}));

/** What fails the check of the own certificate against the own CA file. */
const verdicts: readonly {
  readonly id: string;
  readonly reason: string;
  readonly causes: readonly [Cause, ...Cause[]];
}[] = [
  {
    id: 'own-certificate-unknown-issuer',
    reason: "The certificate hasn't got a known issuer",
    causes: [
      ...onItsSide({
        why: 'The CA that issued <file> is not in <ca>: another CA, or an intermediate CA is missing there',
        look: 'issuer of <file> and subjects in <ca>',
        rules: ['certificate-untrusted', 'ca-bundle-too-long'],
        fix: 'Put the CA that issued the certificate, intermediate CAs included, into the CA file (at most 16 are read)',
        commands: ['openssl x509 -in <file> -noout -issuer', 'certtool -i --infile <ca> | grep Subject:'],
      }),
    ],
  },
  {
    id: 'own-certificate-not-trusted',
    reason: 'The certificate is not trusted',
    causes: [
      ...onItsSide({
        why: 'The chain from <file> to <ca> does not hold: the signature is not from that CA’s key (a CA of the same name was made anew), or the CA may not sign',
        look: 'key identifiers of <file> and of <ca>',
        rules: ['certificate-untrusted', 'ca-certificate-not-a-ca', 'ca-key-usage-insufficient', 'certificate-expired'],
        fix: 'Issue the certificate anew from the CA that is in the CA file',
        commands: ['certtool --verify --load-ca-certificate <ca> --infile <file>'],
      }),
    ],
  },
  {
    id: 'own-certificate-revoked',
    reason: 'The certificate has been revoked',
    causes: onItsSide({
      why: 'The own certificate <file> stands in the revocation list',
      look: 'the revocation list beside <ca>',
      rules: ['certificate-revoked'],
      fix: 'Issue a new certificate with a new key',
      commands: ['openssl x509 -in <file> -noout -serial'],
    }),
  },
  {
    id: 'own-certificate-insecure-algorithm',
    reason: 'The certificate uses an insecure algorithm',
    causes: onItsSide({
      why: 'The chain is signed with a hash that GnuTLS does not accept (SHA-1, MD5), or a key is shorter than the crypto policy wants',
      look: 'signature algorithm of <file> and of the CAs in <ca>',
      rules: ['weak-signature', 'weak-key'],
      fix: 'Issue the certificate anew with SHA-256, and the CA too if its key is short',
      commands: ['certtool -i --infile <file> | grep -i algorithm'],
    }),
  },
  {
    id: 'own-certificate-failed-validation',
    reason: '<reason>',
    causes: onItsSide({
      why: 'The own certificate does not pass GnuTLS’ check against the own CA file: <reason>',
      look: '<file> and <ca>',
      rules: ['certificate-untrusted', 'certificate-expired', 'certificate-not-yet-valid'],
      fix: 'Issue the certificate anew from a CA in the CA file',
      commands: ['certtool --verify --load-ca-certificate <ca> --infile <file>'],
    }),
  },
];

const validations: readonly KnownMessage[] = verdicts.map(({ id, reason, causes }) => ({
  id,
  wordings: worded(`Our own certificate <file> failed validation against <ca>: ${reason}`),
  example: `Our own certificate /etc/pki/libvirt/servercert.pem failed validation against /etc/pki/CA/cacert.pem: ${reason.replace('<reason>', 'The certificate is on the moon')}.`,
  printedBy: ['daemon', 'client', 'qemu'],
  kind: 'reason',
  causes,
  source: `${sanity}: virNetTLSCertCheckPair; ${qemuSanity}: qcrypto_tls_creds_check_cert_pair`,
}));

export const credentialMessages: readonly KnownMessage[] = [
  {
    id: 'ca-certificate-missing',
    wordings: [
      { template: "Cannot read CA certificate '<file>': No such file or directory" },
      { template: "Cannot access CA certificate '<file>': No such file or directory", until: 'libvirt 0.9' },
      { template: "CA certificate '<file>' does not exist", since: 'libvirt 11.10' },
    ],
    example: "Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file or directory",
    printedBy: ['client', 'daemon'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'There is no CA certificate at <file>, the place that was asked',
        look: '<file>; and which directory is asked: pkipath in the URI, ~/.pki/libvirt, /etc/pki/CA, or ca_file',
        rules: ['ca-certificate-missing', 'dangling-symlink'],
        fix: 'Copy the certificate (not the key) of the CA there; with pkipath in the URI all files come from that one directory',
        commands: ['ls -l <file>'],
      }),
    ],
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile',
  },
  {
    id: 'certificate-missing',
    wordings: [
      { template: "Cannot read certificate '<file>': No such file or directory" },
      { template: "Certificate '<file>' does not exist", since: 'libvirt 11.10' },
    ],
    example: "Cannot read certificate '/etc/pki/libvirt/servercert.pem': No such file or directory",
    printedBy: ['daemon', 'client'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The daemon is to listen for TLS and has no certificate at <file>',
        look: '<file>, and cert_file in libvirtd.conf or virtproxyd.conf',
        rules: ['server-certificate-missing', 'tls-paths-incomplete', 'dangling-symlink'],
        fix: 'Install the server certificate there, or set cert_file to where it is',
        commands: ['ls -l <file>'],
        printedBy: ['daemon'],
      }),
      onClient('client-credentials', {
        why: 'The client has no certificate at <file>',
        look: '<file>',
        rules: ['client-certificate-missing', 'dangling-symlink'],
        fix: 'Install the client certificate there',
        commands: ['ls -l <file>'],
        printedBy: ['client'],
      }),
    ],
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile',
  },
  {
    id: 'private-key-missing',
    wordings: worded("Cannot read private key '<file>': No such file or directory"),
    example: "Cannot read private key '/etc/pki/libvirt/private/serverkey.pem': No such file or directory",
    printedBy: ['daemon', 'client'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The certificate is there, its private key is not',
        look: '<file>, and key_file in libvirtd.conf or virtproxyd.conf',
        rules: ['server-key-missing', 'tls-paths-incomplete', 'dangling-symlink'],
        fix: 'Put the key that the certificate was made from there, mode 0600',
        commands: ['ls -l <file>'],
        printedBy: ['daemon'],
      }),
      onClient('client-credentials', {
        why: 'The client’s certificate is there, its private key is not',
        look: '<file>',
        rules: ['client-key-missing'],
        fix: 'Put the key there',
        commands: ['ls -l <file>'],
        printedBy: ['client'],
      }),
    ],
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile',
  },
  {
    id: 'credential-inaccessible',
    wordings: worded(
      "Cannot read <what> '<file>': Permission denied",
      "Failed to open file '<file>': Permission denied",
    ),
    example: "Cannot read CA certificate '/etc/pki/CA/cacert.pem': Permission denied",
    printedBy: ['client', 'daemon'],
    kind: 'reason',
    causes: onItsSide({
      why: 'The account that the program runs as may not read <file>, or not pass a directory above it',
      look: 'owner and mode of <file> and of every directory above',
      rules: ['certificate-unreadable', 'private-key-unreadable'],
      fix: 'Certificates may be read by all (0644, directories 0755); a key by its account alone',
      commands: ['namei -l <file>'],
    }),
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextCheckCertFile; src/util/virfile.c: virFileReadAll',
  },
  {
    id: 'certificate-without-key',
    wordings: [
      { template: "Key '<key>' does not exist, but certificate '<certificate>' does", since: 'libvirt 11.10' },
      { template: "Cert '<certificate>' without corresponding key '<key>'", since: 'QEMU 10.2' },
    ],
    example:
      "Key '/etc/pki/libvirt/private/clientkey.pem' does not exist, but certificate '/etc/pki/libvirt/clientcert.pem' does",
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'There is a certificate, and its key is missing or cannot be seen by this user',
      look: '<key>',
      rules: ['client-key-missing', 'server-key-missing', 'vnc-tls-directory-incomplete'],
      fix: 'Put the key there, or take the certificate away',
      commands: ['ls -l <key> <certificate>'],
    }),
    source: 'libvirt src/rpc/virnettlsconfig.c: virNetTLSConfigIdentities; QEMU crypto/tlscredsx509.c',
  },
  {
    id: 'key-without-certificate',
    wordings: [
      { template: "Certificate '<certificate>' does not exist, but key '<key>' does", since: 'libvirt 11.10' },
      { template: "Key '<key>' without corresponding cert '<certificate>'", since: 'QEMU 10.2' },
    ],
    example:
      "Certificate '/etc/pki/libvirt/clientcert.pem' does not exist, but key '/etc/pki/libvirt/private/clientkey.pem' does",
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'There is a private key, and its certificate is missing or cannot be seen by this user',
      look: '<certificate>',
      rules: ['client-certificate-missing', 'server-certificate-missing', 'vnc-tls-directory-incomplete'],
      fix: 'Install the certificate, or take the key away',
      commands: ['ls -l <key> <certificate>'],
    }),
    source: 'libvirt src/rpc/virnettlsconfig.c: virNetTLSConfigIdentities; QEMU crypto/tlscredsx509.c',
  },
  {
    id: 'qemu-credential-missing',
    wordings: [
      { template: 'Unable to access credentials <file>: No such file or directory' },
      { template: "Missing server cert '<certificate>' & key '<file>'", since: 'QEMU 10.2' },
    ],
    example: 'Unable to access credentials /etc/pki/libvirt-vnc/ca-cert.pem: No such file or directory',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'QEMU’s directory lacks the file, often because it is there under libvirt’s name: QEMU wants ca-cert.pem, server-cert.pem and server-key.pem, with hyphens',
        look: '<file>',
        rules: ['vnc-tls-directory-incomplete', 'migration-tls-incomplete', 'dangling-symlink'],
        fix: 'Put the file there under that name, or point vnc_tls_x509_cert_dir or default_tls_x509_cert_dir in qemu.conf to where it is',
        commands: ['ls -l <file>'],
      }),
    ],
    source: 'QEMU crypto/tlscreds.c: qcrypto_tls_creds_get_path',
  },
  {
    id: 'qemu-credential-inaccessible',
    wordings: worded('Unable to access credentials <file>: Permission denied'),
    example: 'Unable to access credentials /etc/pki/libvirt-vnc/server-key.pem: Permission denied',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The account that QEMU runs as may not pass a directory above <file> (from QEMU 10.2 on also: may not read the file)',
        look: 'modes along the path; user and group in qemu.conf',
        rules: ['private-key-unreadable', 'certificate-unreadable'],
        fix: 'Let QEMU’s group pass the directory and read the file',
        commands: ['namei -l <file>'],
      }),
      onServer('server-credentials', {
        why: 'AppArmor or SELinux forbids it',
        look: 'the audit log',
        rules: ['mandatory-access-denies-path', 'selinux-label-unusual'],
        fix: 'Keep the files where the profile allows them, or restore the labels',
        commands: ['journalctl -k --grep DENIED', 'restorecon -v <file>'],
      }),
    ],
    source: 'QEMU crypto/tlscreds.c: qcrypto_tls_creds_get_path',
  },
  {
    id: 'ca-certificate-unreadable',
    wordings: worded(
      'Unable to set x509 CA certificate: <file>: Error while reading file',
      "Cannot load CA certificate '<file>': Error while reading file",
    ),
    example: 'Unable to set x509 CA certificate: /etc/pki/CA/cacert.pem: Error while reading file.',
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'The CA certificate is there and the account that the program runs as cannot read it',
      look: 'owner and mode of <file> and of every directory above',
      rules: ['certificate-unreadable', 'mandatory-access-denies-path'],
      fix: 'Let everybody read it: it is public',
      commands: ['namei -l <file>', 'chmod 0644 <file>'],
    }),
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials; QEMU crypto/tlscredsx509.c',
  },
  {
    id: 'ca-certificate-not-loaded',
    wordings: worded(
      'Unable to set x509 CA certificate: <file>: <reason>',
      "Cannot load CA certificate '<file>': <reason>",
      'Cannot load CA cert list <file>: <reason>',
      "Cannot set CA certificate '<file>'",
    ),
    example: 'Unable to set x509 CA certificate: /etc/pki/CA/cacert.pem: Base64 unexpected header error.',
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'The file of the CA holds no certificate that GnuTLS can read: not PEM, empty, or damaged',
      look: '<file>',
      rules: ['certificate-malformed', 'certificate-unreadable'],
      fix: 'Copy the CA certificate again, as PEM',
      commands: [show],
    }),
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials; QEMU crypto/tlscredsx509.c',
  },
  ...pairs,
  {
    id: 'revocation-list-not-loaded',
    wordings: worded(
      'Unable to set x509 certificate revocation list: <file>: <reason>',
      "Cannot load CRL '<file>': <reason>",
    ),
    example: 'Unable to set x509 certificate revocation list: /etc/pki/CA/cacrl.pem: Base64 decoding error.',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'The revocation list cannot be read as one (<reason>)',
      look: '<file>',
      rules: ['crl-malformed', 'certificate-unreadable'],
      fix: 'Let the CA write the list anew, as PEM; without the file there is no revocation',
      commands: ['certtool -l --infile <file>', 'openssl crl -in <file> -noout -issuer -nextupdate'],
    }),
    source: 'libvirt src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials; QEMU crypto/tlscredsx509.c',
  },
  {
    id: 'server-certificate-not-imported',
    wordings: worded(
      'Unable to import server certificate <file>: <reason>',
      'Unable to import server certificate <file>',
    ),
    example: 'Unable to import server certificate /etc/pki/libvirt/servercert.pem',
    printedBy: ['daemon', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The file is no PEM certificate: DER, PKCS #12, empty, or with the label TRUSTED CERTIFICATE',
        look: '<file>',
        rules: ['certificate-malformed'],
        fix: 'Convert it to PEM with the label CERTIFICATE',
        commands: ['head -1 <file>', 'openssl x509 -inform DER -in <file> -out <file>.pem'],
      }),
    ],
    source: `${sanity}: virNetTLSCertLoadFromFile; ${qemuSanity}: qcrypto_tls_creds_load_cert`,
  },
  {
    id: 'client-certificate-not-imported',
    wordings: worded(
      'Unable to import client certificate <file>: <reason>',
      'Unable to import client certificate <file>',
    ),
    example: 'Unable to import client certificate /etc/pki/libvirt/clientcert.pem',
    printedBy: ['client', 'qemu'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The file is no PEM certificate: DER, PKCS #12, empty, or with the label TRUSTED CERTIFICATE',
        look: '<file>',
        rules: ['certificate-malformed'],
        fix: 'Convert it to PEM with the label CERTIFICATE',
        commands: ['head -1 <file>', 'openssl x509 -inform DER -in <file> -out <file>.pem'],
      }),
    ],
    source: `${sanity}: virNetTLSCertLoadFromFile; ${qemuSanity}: qcrypto_tls_creds_load_cert`,
  },
  {
    id: 'ca-list-not-imported',
    wordings: [
      { template: 'Unable to import CA certificate list <file>' },
      { template: 'Unable to import certificate list <file>', since: 'libvirt 11.10' },
      { template: 'Unable to import certificate <file>: <reason>', since: 'QEMU 10.2' },
    ],
    example: 'Unable to import CA certificate list /etc/pki/CA/cacert.pem',
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'The file of the CA is empty or holds no PEM certificate',
        look: '<file>',
        rules: ['certificate-malformed'],
        fix: 'Copy the CA certificate there, as PEM',
        commands: ['grep -c BEGIN <file>', show],
      }),
      daemonRefusesItToo('The file of the CA is empty or no PEM', ['certificate-malformed']),
    ],
    source: `${sanity}: virNetTLSCertLoadCAListFromFile; ${qemuSanity}: qcrypto_tls_creds_load_ca_cert_list`,
  },
  {
    id: 'credential-too-large',
    wordings: worded("Failed to read file '<file>': Value too large for defined data type"),
    example: "Failed to read file '/etc/pki/CA/cacert.pem': Value too large for defined data type",
    printedBy: ['client', 'daemon'],
    kind: 'reason',
    causes: onItsSide({
      why: 'The file is larger than the 64 KiB that libvirt reads, often a bundle of all CAs of the system or a certificate with its text beside it',
      look: 'size of <file>',
      rules: ['certificate-malformed', 'ca-bundle-too-long'],
      fix: 'Leave only the certificates that are needed in the file',
      commands: ['stat -c %s <file>', 'grep -c BEGIN <file>'],
    }),
    source: 'libvirt src/util/virfile.c: virFileReadAll; src/rpc/virnettlscert.c',
  },
  {
    id: 'credential-is-a-directory',
    wordings: worded("Failed to read file '<file>': Is a directory"),
    example: "Failed to read file '/etc/pki/libvirt/servercert.pem': Is a directory",
    printedBy: ['daemon', 'client'],
    kind: 'reason',
    causes: onItsSide({
      why: 'Where the file should be there is a directory, as a container makes one for a bind mount of a file that was not there',
      look: '<file>',
      rules: ['certificate-malformed', 'server-certificate-missing', 'client-certificate-missing'],
      fix: 'Take the directory away and put the file there',
      commands: ['ls -ld <file>'],
    }),
    source: 'libvirt src/util/virfile.c: virFileReadAll',
  },
  {
    id: 'server-certificate-expired',
    wordings: worded('The server certificate <file> has expired'),
    example: 'The server certificate /etc/pki/libvirt/servercert.pem has expired',
    printedBy: ['daemon', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The validity of <file> is over',
        look: 'dates of <file>, then the clock',
        rules: ['certificate-expired'],
        fix: 'Issue a new certificate from the same key or a new one, then let the service load it',
        commands: [dates, 'date -u', 'virt-admin server-update-tls libvirtd'],
      }),
      onServer('server-credentials', {
        why: 'The clock of the host is wrong',
        look: 'the clock',
        rules: [],
        fix: 'Set the clock, and keep it with NTP',
        commands: ['timedatectl'],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckTimes; ${qemuSanity}: qcrypto_tls_creds_check_cert_times`,
  },
  {
    id: 'client-certificate-expired',
    wordings: worded('The client certificate <file> has expired'),
    example: 'The client certificate /etc/pki/libvirt/clientcert.pem has expired',
    printedBy: ['client', 'qemu'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The validity of <file> is over',
        look: 'dates of <file>, then the clock',
        rules: ['certificate-expired'],
        fix: 'Issue a new client certificate',
        commands: [dates, 'date -u'],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckTimes; ${qemuSanity}: qcrypto_tls_creds_check_cert_times`,
  },
  {
    id: 'ca-certificate-expired',
    wordings: worded('The CA certificate <file> has expired'),
    example: 'The CA certificate /etc/pki/CA/cacert.pem has expired',
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'A certificate in <file> has expired: any one of a bundle is enough, even one that nobody needs',
        look: 'dates of every certificate in <file>',
        rules: ['certificate-expired'],
        fix: 'Renew the CA certificate from the same key, or take the expired one out of the bundle',
        commands: ['certtool -i --infile <file> | grep -E "Subject:|Not After"'],
      }),
      daemonRefusesItToo('The CA has expired', ['certificate-expired']),
    ],
    source: `${sanity}: virNetTLSCertCheckTimes; ${qemuSanity}: qcrypto_tls_creds_check_cert_times`,
  },
  {
    id: 'server-certificate-not-yet-active',
    wordings: worded('The server certificate <file> is not yet active'),
    example: 'The server certificate /etc/pki/libvirt/servercert.pem is not yet active',
    printedBy: ['daemon', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The clock of the host is behind, or the certificate was issued with a start in the future (often the clock of the machine that issued it)',
        look: 'the clock, then the dates of <file>',
        rules: ['certificate-not-yet-valid'],
        fix: 'Set the clock; if it is right, issue the certificate anew',
        commands: ['date -u', dates],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckTimes; ${qemuSanity}: qcrypto_tls_creds_check_cert_times`,
  },
  {
    id: 'client-certificate-not-yet-active',
    wordings: worded('The client certificate <file> is not yet active'),
    example: 'The client certificate /etc/pki/libvirt/clientcert.pem is not yet active',
    printedBy: ['client', 'qemu'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The clock of the client is behind, or the certificate was issued with a start in the future',
        look: 'the clock, then the dates of <file>',
        rules: ['certificate-not-yet-valid'],
        fix: 'Set the clock; if it is right, issue the certificate anew',
        commands: ['date -u', dates],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckTimes; ${qemuSanity}: qcrypto_tls_creds_check_cert_times`,
  },
  {
    id: 'ca-certificate-not-yet-active',
    wordings: worded('The CA certificate <file> is not yet active'),
    example: 'The CA certificate /etc/pki/CA/cacert.pem is not yet active',
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'A certificate in <file> begins in the future, or the clock is behind',
        look: 'the clock, then the dates of <file>',
        rules: ['certificate-not-yet-valid'],
        fix: 'Set the clock; if it is right, issue the CA certificate anew or take it out of the bundle',
        commands: ['date -u', 'certtool -i --infile <file> | grep -E "Subject:|Not Before"'],
      }),
      daemonRefusesItToo('The CA is not yet valid', ['certificate-not-yet-valid']),
    ],
    source: `${sanity}: virNetTLSCertCheckTimes; ${qemuSanity}: qcrypto_tls_creds_check_cert_times`,
  },
  {
    id: 'server-certificate-is-a-ca',
    wordings: worded('The certificate <file> basic constraints show a CA, but we need one for a server'),
    example:
      'The certificate /etc/pki/libvirt/servercert.pem basic constraints show a CA, but we need one for a server',
    printedBy: ['daemon', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The file holds a CA’s certificate, or a chain that begins with the CA instead of the server’s own certificate',
        look: '<file>',
        rules: ['certificate-is-a-ca'],
        fix: 'Put the server’s own certificate first, one without the CA flag',
        commands: [show],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckBasicConstraints; ${qemuSanity}: qcrypto_tls_creds_check_cert_basic_constraints`,
  },
  {
    id: 'client-certificate-is-a-ca',
    wordings: worded('The certificate <file> basic constraints show a CA, but we need one for a client'),
    example:
      'The certificate /etc/pki/libvirt/clientcert.pem basic constraints show a CA, but we need one for a client',
    printedBy: ['client', 'qemu'],
    kind: 'reason',
    causes: [
      onClient('client-credentials', {
        why: 'The file holds a CA’s certificate, or a chain that begins with the CA',
        look: '<file>',
        rules: ['certificate-is-a-ca'],
        fix: 'Put the client’s own certificate first, one without the CA flag',
        commands: [show],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckBasicConstraints; ${qemuSanity}: qcrypto_tls_creds_check_cert_basic_constraints`,
  },
  {
    id: 'ca-certificate-is-no-ca',
    wordings: worded('The certificate <file> basic constraints do not show a CA'),
    example: 'The certificate /etc/pki/CA/cacert.pem basic constraints do not show a CA',
    printedBy: ['client', 'daemon', 'qemu'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'The CA file holds a server’s or client’s certificate, alone or among the CAs',
        look: '<file>',
        rules: ['ca-certificate-not-a-ca', 'ca-bundle-holds-leaf'],
        fix: 'Leave only CAs in the CA file; a self-signed server certificate does not do',
        commands: ['certtool -i --infile <file> | grep -E "Subject:|Certificate Authority"'],
      }),
      daemonRefusesItToo('A certificate in the CA file is no CA', ['ca-certificate-not-a-ca', 'ca-bundle-holds-leaf']),
    ],
    source: `${sanity}: virNetTLSCertCheckBasicConstraints; ${qemuSanity}: qcrypto_tls_creds_check_cert_basic_constraints`,
  },
  {
    id: 'ca-without-basic-constraints',
    wordings: worded('The certificate <file> is missing basic constraints for a CA'),
    example: 'The certificate /etc/pki/CA/cacert.pem is missing basic constraints for a CA',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'The CA certificate does not say that it is one: an X.509 version 1 certificate, or one that was made without extensions',
        look: '<file>',
        rules: ['ca-certificate-not-a-ca'],
        fix: 'Issue the CA certificate anew from the same key, with basic constraints CA:TRUE',
        commands: [show],
      }),
      daemonRefusesItToo('The CA does not say that it is one', ['ca-certificate-not-a-ca']),
    ],
    source: `${sanity}: virNetTLSCertCheckBasicConstraints; ${qemuSanity}: qcrypto_tls_creds_check_cert_basic_constraints`,
  },
  {
    id: 'ca-may-not-sign',
    wordings: worded('Certificate <file> usage does not permit certificate signing'),
    example: 'Certificate /etc/pki/CA/cacert.pem usage does not permit certificate signing',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: [
      ...onItsSide({
        why: 'The key usage of the CA certificate does not hold certificate signing',
        look: '<file>',
        rules: ['ca-key-usage-insufficient'],
        fix: 'Issue the CA certificate anew from the same key, with cert_signing_key',
        commands: ['certtool -i --infile <file> | grep -A4 "Key Usage"'],
      }),
      daemonRefusesItToo('The CA may not sign', ['ca-key-usage-insufficient']),
    ],
    source: `${sanity}: virNetTLSCertCheckKeyUsage; ${qemuSanity}: qcrypto_tls_creds_check_cert_key_usage`,
  },
  {
    id: 'key-usage-without-signature',
    wordings: worded('Certificate <file> usage does not permit digital signature'),
    example: 'Certificate /etc/pki/libvirt/servercert.pem usage does not permit digital signature',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('handshake', {
        why: 'The key usage lacks digital signature and is not critical, so that libvirt only warns; but TLS 1.3 and every ECDHE handshake need it',
        look: '<file>',
        rules: ['key-usage-insufficient'],
        fix: 'Issue the certificate anew with signing_key',
        commands: ['certtool -i --infile <file> | grep -A4 "Key Usage"'],
        level: 'warning',
        printedBy: ['daemon'],
      }),
      ...onItsSide({
        why: 'The certificate has a critical key usage without digital signature',
        look: '<file>',
        rules: ['key-usage-insufficient'],
        fix: 'Issue the certificate anew with signing_key',
        commands: ['certtool -i --infile <file> | grep -A4 "Key Usage"'],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckKeyUsage; ${qemuSanity}: qcrypto_tls_creds_check_cert_key_usage`,
  },
  {
    id: 'key-usage-without-encipherment',
    wordings: [
      { template: 'Certificate <file> usage does not permit key encipherment', until: 'libvirt 11.5, QEMU 10.0.6' },
    ],
    example: 'Certificate /etc/pki/libvirt/servercert.pem usage does not permit key encipherment',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: [
      onServer('handshake', {
        why: 'The key usage lacks key encipherment and is not critical: libvirt only warns. It matters where the peers can agree on nothing but RSA key exchange',
        look: '<file>',
        rules: ['key-usage-insufficient'],
        fix: 'Issue the certificate anew with encryption_key',
        commands: ['certtool -i --infile <file> | grep -A4 "Key Usage"'],
        level: 'warning',
        printedBy: ['daemon'],
      }),
      ...onItsSide({
        why: 'The certificate has a critical key usage without key encipherment, which this version still demands although TLS 1.3 needs it no more (ECDSA certificates never have it)',
        look: '<file>, and the version of libvirt or QEMU',
        rules: ['key-usage-insufficient'],
        fix: 'Issue the certificate anew with encryption_key, or upgrade: libvirt 11.6, QEMU 7.2.22 and 10.0.7 ask for it no more',
        commands: ['certtool -i --infile <file> | grep -A4 "Key Usage"'],
      }),
    ],
    source: `${sanity}: virNetTLSCertCheckKeyUsage; ${qemuSanity}: qcrypto_tls_creds_check_cert_key_usage`,
  },
  ...(
    [
      [
        'server',
        'Certificate /etc/pki/libvirt/servercert.pem purpose does not allow use for with a TLS server',
        'daemon',
      ],
      [
        'client',
        'Certificate /etc/pki/libvirt/clientcert.pem purpose does not allow use for with a TLS client',
        'client',
      ],
    ] as const
  ).map(([role, example, printer]): KnownMessage => {
    const on = role === 'server' ? onServer : onClient;
    return {
      id: `key-purpose-not-${role}`,
      wordings: worded(
        `Certificate <file> purpose does not allow use for with a TLS ${role}`,
        `Certificate <file> purpose does not allow use with a TLS ${role}`,
      ),
      example,
      printedBy: [printer, 'qemu'],
      kind: 'reason',
      causes: [
        on(`${role}-credentials`, {
          why: `The extended key usage of the certificate names other purposes than TLS ${role}. Where it is critical the certificate is refused, else libvirt only warns`,
          look: '<file>',
          rules: ['key-purpose-mismatch'],
          fix: `Issue the certificate anew with tls_www_${role}`,
          commands: ['certtool -i --infile <file> | grep -A4 Purpose'],
        }),
        ...(role === 'server'
          ? [
              onClient('server-identity', {
                why: 'The daemon only warns, and a client that looks at the purpose refuses the certificate',
                look: 'what the client prints',
                rules: [],
                fix: 'Issue the certificate anew with tls_www_server',
                level: 'warning' as const,
                printedBy: ['daemon'] as const,
              }),
            ]
          : []),
      ],
      source: `${sanity}: virNetTLSCertCheckKeyPurpose; ${qemuSanity}: qcrypto_tls_creds_check_cert_key_purpose`,
    };
  }),
  ...validations,
  {
    id: 'certificate-extension-unreadable',
    wordings: worded(
      'Unable to query certificate <file> key usage',
      'Unable to query certificate <file> key purpose',
      'Unable to query certificate <file> basic constraints',
    ),
    example: 'Unable to query certificate /etc/pki/libvirt/servercert.pem key usage ASN1 parser: Error in DER parsing.',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'An extension of the certificate is damaged',
      look: '<file>',
      rules: ['certificate-malformed'],
      fix: 'Issue the certificate anew',
      commands: [show],
    }),
    source: `${sanity}: virNetTLSCertCheckKeyUsage, …KeyPurpose, …BasicConstraints`,
  },
  {
    id: 'own-certificate-not-verifiable',
    wordings: worded(
      'Unable to verify server certificate <file> against CA certificate <ca>',
      'Unable to verify client certificate <file> against CA certificate <ca>',
    ),
    example:
      'Unable to verify server certificate /etc/pki/libvirt/servercert.pem against CA certificate /etc/pki/CA/cacert.pem',
    printedBy: ['daemon', 'client', 'qemu'],
    kind: 'reason',
    causes: onItsSide({
      why: 'GnuTLS could not even compare the certificate with the CA: one of the two files holds something else',
      look: '<file> and <ca>',
      rules: ['certificate-malformed', 'certificate-untrusted'],
      fix: 'Look at both files, and copy them again',
      commands: ['certtool --verify --load-ca-certificate <ca> --infile <file>'],
    }),
    source: `${sanity}: virNetTLSCertCheckPair; ${qemuSanity}: qcrypto_tls_creds_check_cert_pair`,
  },
  {
    id: 'qemu-chain-broken',
    wordings: [
      { template: "Cert '<issuer>' does not match issuer of cert '<certificate>'", since: 'QEMU 10.2' },
      { template: "Cert '<certificate>' has no issuer in CA chain", since: 'QEMU 10.2' },
    ],
    example: "Cert 'CN=Example CA' does not match issuer of cert 'CN=kvm1.example.com'",
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'The certificates in server-cert.pem (or client-cert.pem) are no chain: each must be followed by its issuer, and the last one’s issuer must be in ca-cert.pem',
        look: 'order and issuers of the certificates',
        rules: ['certificate-untrusted'],
        fix: 'Order the file from the own certificate upwards, and put the root into ca-cert.pem',
      }),
    ],
    source: 'QEMU 10.2 crypto/tlscredsx509.c',
  },
  {
    id: 'dh-parameters-not-loaded',
    wordings: worded(
      'Unable to load DH parameters from <file>: <reason>',
      'Unable to initialize DH parameters: <reason>',
    ),
    example: 'Unable to load DH parameters from /etc/pki/qemu/dh-params.pem: Base64 decoding error.',
    printedBy: ['qemu'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'dh-params.pem is there and is no PKCS #3 file, or QEMU may not read it',
        look: 'dh-params.pem beside the certificates',
        rules: [],
        fix: 'Take the file away: QEMU makes its own parameters, and from 10.2 on needs none',
        commands: ['ls -l <file>'],
      }),
    ],
    source: 'QEMU crypto/tlscreds.c: qcrypto_tls_creds_get_dh_params_file',
  },
];
