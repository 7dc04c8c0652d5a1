import type { LoadingRefusal } from '../domain/load-credentials.ts';
import { chainFaultText } from '../domain/chain-fault-text.ts';
import type { Fix } from '../rule/fix.ts';
import type { Side } from './diagnosis.ts';
import { rulesOfFault } from './rules-of-fault.ts';

/** The rules of `scan` that find the same fault of a program's own files, the likeliest first. */
export function rulesOfRefusal({ kind, path, text, fault }: LoadingRefusal, side: Side): readonly string[] {
  switch (kind) {
    case 'missing':
      if (isClosed(text)) return ['certificate-unreadable', 'private-key-unreadable'];
      return [
        'dangling-symlink',
        'vnc-tls-directory-incomplete',
        'ca-certificate-missing',
        'server-certificate-missing',
        'server-key-missing',
        'certificate-unreadable',
      ];
    case 'unreadable':
      return /key/.test(path)
        ? ['private-key-unreadable', 'certificate-unreadable']
        : ['certificate-unreadable', 'private-key-unreadable'];
    case 'not-a-file':
    case 'too-large':
    case 'certificate-malformed':
    case 'ca-malformed':
      return ['certificate-malformed', 'private-key-malformed'];
    case 'certificate-expired':
    case 'ca-expired':
      return ['certificate-expired'];
    case 'certificate-not-yet-valid':
    case 'ca-not-yet-valid':
      return ['certificate-not-yet-valid'];
    case 'certificate-is-a-ca':
      return ['certificate-is-a-ca'];
    case 'digital-signature-missing':
    case 'key-encipherment-missing':
      return ['key-usage-insufficient'];
    case 'purpose-mismatch':
      return ['key-purpose-mismatch'];
    case 'ca-not-a-ca':
    case 'ca-without-constraints':
      return ['ca-bundle-holds-leaf', 'ca-certificate-not-a-ca'];
    case 'ca-key-usage':
      return ['ca-key-usage-insufficient'];
    case 'untrusted':
      return [
        ...new Set([
          ...(fault === undefined ? [] : rulesOfFault(fault)),
          'certificate-untrusted',
          'weak-signature',
          'ca-bundle-too-long',
          'ca-key-usage-insufficient',
        ]),
      ];
    case 'crl-malformed':
      return ['crl-malformed'];
    case 'key-malformed':
      return ['private-key-malformed'];
    case 'key-encrypted':
      return ['private-key-encrypted'];
    case 'key-mismatch':
      return ['private-key-mismatch', ...(side === 'client' ? [] : ['certificate-is-a-ca'])];
  }
}

/** The file that a finding must be about to say the same: none where a directory or the CA file may be at fault instead. */
export const fileOfRefusal = ({ kind, path, text }: LoadingRefusal): { readonly path?: string } =>
  kind === 'untrusted' || isClosed(text) ? {} : { path };

/** A directory on the way keeps the program from seeing the file. */
const isClosed = (text: string): boolean => text.endsWith(': Permission denied');

/** The way out of what no rule finds, for it is no fault of the host's own set of files: a user's, or those of a URI. */
export function fixOfRefusal({ kind, path, text }: LoadingRefusal, side: Side): { readonly fix?: Fix } {
  const manual = (title: string, instruction: string): { readonly fix: Fix } => ({
    fix: { title, applicability: 'manual', steps: [{ kind: 'manual', instruction }] },
  });
  if (kind === 'missing' && !isClosed(text))
    return manual(
      `Put the right file at ${path}`,
      side === 'client'
        ? `Copy it to ${path}, or open the URI without pkipath= or with the directory in which cacert.pem, clientcert.pem and clientkey.pem lie`
        : `Copy it to ${path}, then start the service again`,
    );
  if (kind === 'unreadable' || isClosed(text))
    return manual(
      `Let the account that needs it read ${path}`,
      side === 'client' && /key/.test(path)
        ? 'Rather than opening a key to others, give the user a pair of his own: cacert.pem, clientcert.pem and clientkey.pem (mode 0600) in ~/.pki/libvirt, all three owned by him'
        : `namei -l ${path} shows owners and modes along the way; each directory must let the account through, and the file let it read`,
    );
  return {};
}

/** Why a program minds, in a sentence that says more than its own words. */
export function whyOfRefusal({ kind, fault }: LoadingRefusal, program: 'libvirt' | 'QEMU'): string {
  switch (kind) {
    case 'missing':
      return `${program} does not do without this file, and takes one that its account cannot see for one that is not there`;
    case 'unreadable':
      return 'the file is there, and the account that must read it may not';
    case 'not-a-file':
      return 'a directory stands where a file is needed';
    case 'too-large':
      return 'libvirt reads at most 65536 bytes of a certificate file';
    case 'certificate-malformed':
    case 'ca-malformed':
    case 'crl-malformed':
    case 'key-malformed':
      return 'GnuTLS reads PEM: a BEGIN line with the right label, base64, and an END line';
    case 'certificate-expired':
    case 'certificate-not-yet-valid':
      return `${program} looks at the dates of its own certificate before it uses it`;
    case 'ca-expired':
    case 'ca-not-yet-valid':
      return 'every certificate of the CA file must be in force, also one that nothing here depends on';
    case 'certificate-is-a-ca':
      return 'the first certificate of the file is used, and it is a CA certificate';
    case 'digital-signature-missing':
    case 'key-encipherment-missing':
      return 'a critical key usage extension that is there must name the use';
    case 'purpose-mismatch':
      return program === 'libvirt'
        ? 'a critical extended key usage must name this role; libvirt does not take anyExtendedKeyUsage for it'
        : 'a critical extended key usage must name this role';
    case 'ca-not-a-ca':
    case 'ca-without-constraints':
      return 'every certificate of the CA file must be marked as a CA';
    case 'ca-key-usage':
      return 'a CA whose critical key usage does not allow it to sign certificates is none';
    case 'untrusted':
      return fault === undefined
        ? `${program} verifies its own certificate against its own CA file`
        : `${program} verifies its own certificate against its own CA file, and ${chainFaultText(fault)}`;
    case 'key-encrypted':
      return 'nobody is there to give the pass phrase, or it is the wrong one';
    case 'key-mismatch':
      return 'the key does not belong to the first certificate of the file';
  }
}
