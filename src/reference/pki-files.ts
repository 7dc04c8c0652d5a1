/**
 * Where libvirt and QEMU look for TLS credentials when no setting says otherwise.
 *
 * Source: libvirt src/rpc/virnettlsconfig.h (11.3), virnettlscontext.c (9.0), src/qemu/qemu_conf.c; QEMU include/crypto/tlscredsx509.h.
 * `$SYSCONFDIR` is `/etc` in every distribution's package.
 */

export type CredentialKind = 'ca-certificate' | 'revocation-list' | 'certificate' | 'private-key';
export type Endpoint = 'server' | 'client';

/** Whose way of looking for, checking and loading its files counts. */
export type TlsProgram = 'libvirt' | 'qemu' | Viewer;

/** Clients of consoles: none of them looks at its own files before it loads them. */
export type Viewer = 'gtk-vnc' | 'remmina' | 'tigervnc';

/** Is a program a viewer, not libvirt or QEMU. */
export const isViewer = (program: TlsProgram): program is Viewer => program !== 'libvirt' && program !== 'qemu';

/** libvirt's own files for a privileged daemon, and for clients without files of their own. */
export const systemPki = {
  'ca-certificate': '/etc/pki/CA/cacert.pem',
  'revocation-list': '/etc/pki/CA/cacrl.pem',
  server: { certificate: '/etc/pki/libvirt/servercert.pem', 'private-key': '/etc/pki/libvirt/private/serverkey.pem' },
  client: { certificate: '/etc/pki/libvirt/clientcert.pem', 'private-key': '/etc/pki/libvirt/private/clientkey.pem' },
} as const;

/** The flat layout of `~/.pki/libvirt` and of a URI's `pkipath=`; names relative to that directory. */
export const flatPki = {
  'ca-certificate': 'cacert.pem',
  'revocation-list': 'cacrl.pem',
  server: { certificate: 'servercert.pem', 'private-key': 'serverkey.pem' },
  client: { certificate: 'clientcert.pem', 'private-key': 'clientkey.pem' },
} as const;

/** How many identities are numbered, from 0 on (libvirt 11.10, QEMU 10.2: QCRYPTO_TLS_CREDS_X509_IDENTITY_MAX). */
export const numberedIdentities: readonly number[] = [0, 1, 2, 3];

/** The path of a numbered identity's file: `servercert0.pem` (libvirt) for `servercert.pem`, `server-cert-0.pem` (QEMU) for `server-cert.pem`. */
export const numberedFile = (path: string, number: number, program: 'libvirt' | 'qemu'): string =>
  path.replace(/\.pem$/, `${program === 'qemu' ? '-' : ''}${number}.pem`);

/** A user's own directory, below the home directory. */
export const userPkiDirectory = '.pki/libvirt';

/** QEMU's names, flat in the directory of a tls-creds-x509 object; a client reads no revocation list. */
export const qemuPki = {
  'ca-certificate': 'ca-cert.pem',
  'revocation-list': 'ca-crl.pem',
  server: { certificate: 'server-cert.pem', 'private-key': 'server-key.pem' },
  client: { certificate: 'client-cert.pem', 'private-key': 'client-key.pem' },
} as const;

/** What libvirt lets QEMU use TLS for; each has a setting `<use>_tls_x509_cert_dir` and a directory `/etc/pki/libvirt-<use>`. */
export type QemuTlsUse = 'vnc' | 'spice' | 'chardev' | 'migrate' | 'backup' | 'nbd';

/** Which ends of a connection QEMU plays in each use (qemu-vnc-tls: migration needs both on both hosts; NBD disks only connect). */
export const qemuTlsUses: Readonly<Record<QemuTlsUse, readonly Endpoint[]>> = {
  vnc: ['server'],
  spice: ['server'],
  chardev: ['server', 'client'],
  migrate: ['server', 'client'],
  backup: ['server'],
  nbd: ['client'],
};

/** virQEMUDriverConfigSetDefaults: used when it exists, whatever it holds, even against an explicit default directory. */
export const qemuTlsDirectory = (use: QemuTlsUse): string => `/etc/pki/libvirt-${use}`;

/** The compiled default of default_tls_x509_cert_dir. */
export const defaultQemuTlsDirectory = '/etc/pki/qemu';

/** Names under which guides and tools leave a CA's private key, relative to a directory of credentials. */
export const usualCaKeyNames: readonly string[] = [
  'cakey.pem',
  'ca-key.pem',
  'private/cakey.pem',
  'private/ca-key.pem',
  'ca.key',
];

/** Below it lie the system's credentials, and those of other programs, which are not ours to look at. */
export const pkiDirectory = '/etc/pki';

/** Is a name below `pkiDirectory` a directory of libvirt's, QEMU's or the CA's credentials. */
export const isCredentialDirectory = (name: string): boolean => /^(?:CA|libvirt|libvirt-[\w-]+|qemu)$/.test(name);
