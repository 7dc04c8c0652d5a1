import type { Malformation, MalformationCause } from '../facts/certificates.ts';
import type { CredentialFile, CredentialSet } from './credentials.ts';
import { remminaRefusal, remminaUntrusted } from './remmina-sets.ts';
import { tigerVncRefusal } from './tiger-vnc-sets.ts';
import { gtkVncRefusal } from './vnc-client-files.ts';

const causes: Readonly<Record<MalformationCause, string>> = {
  empty: 'the file is empty',
  'no-pem': 'text without a PEM header',
  der: 'binary DER where PEM is needed',
  binary: 'binary data',
  'utf-16': 'text in UTF-16, which is not read as PEM',
  'trusted-certificate': "OpenSSL's TRUSTED CERTIFICATE, which GnuTLS does not read",
  'wrong-label': 'a PEM object of another kind',
  truncated: 'a PEM object that is cut off',
  base64: 'a PEM object with something in it that is not base64',
  structure: 'base64 of something that is not what its label says',
  'too-large': 'more than the 65536 bytes that libvirt reads',
  'not-a-file': 'not a regular file',
};

/** Is there no PEM header of a certificate, where there is no certificate either. */
const hasNoBlock = ({ cause }: Malformation): boolean =>
  ['empty', 'no-pem', 'der', 'utf-16', 'trusted-certificate', 'wrong-label', 'binary'].includes(cause);

/** What is wrong with a file's content, as a person would say it, with the line where there is one. */
export const malformationText = ({ cause, line }: Malformation): string =>
  line === undefined ? causes[cause] : `${causes[cause]}, line ${line}`;

/** How to make PEM of what a file holds; undefined where only another copy helps. */
export function conversion(
  { cause }: Malformation,
  path: string,
  kind: 'certificate' | 'private-key' | 'revocation-list',
): string | undefined {
  const command = kind === 'certificate' ? 'x509' : kind === 'private-key' ? 'pkey' : 'crl';
  switch (cause) {
    case 'der':
      return `openssl ${command} -inform DER -in ${path} -out ${path}.new && mv ${path}.new ${path}`;
    case 'trusted-certificate':
      return `openssl x509 -in ${path} -clrtrust -clrreject -out ${path}.new && mv ${path}.new ${path}`;
    case 'utf-16':
      return `iconv -f UTF-16 -t US-ASCII -o ${path}.new ${path} && mv ${path}.new ${path}`;
    case 'empty':
    case 'no-pem':
    case 'binary':
    case 'wrong-label':
    case 'truncated':
    case 'base64':
    case 'structure':
    case 'too-large':
    case 'not-a-file':
      return undefined;
  }
}

/**
 * What a program prints when it cannot read one of its files; `readable` is how many objects stand before the damage: a sound first
 * certificate passes libvirt's and QEMU's own check, and the loader then stops. Undefined where nothing is said.
 */
export function malformedText(
  set: CredentialSet,
  file: CredentialFile,
  malformation: Malformation,
  readable: number,
): string | undefined {
  const { path } = file;
  if (set.program === 'tigervnc')
    return file.kind === 'ca-certificate' && hasNoBlock(malformation) ? undefined : tigerVncRefusal(file.kind);
  // Of a CA file without any certificate nothing is loaded, and nobody trusted.
  const isNobodyTrusted = file.kind === 'ca-certificate' && readable === 0 && hasNoBlock(malformation);
  if (set.program === 'gtk-vnc') return isNobodyTrusted ? 'The certificate is not trusted' : gtkVncRefusal;
  const error =
    malformation.gnutlsError ??
    (malformation.cause === 'not-a-file' ? 'Error while reading file.' : 'Base64 decoding error.');
  if (set.program === 'remmina') return isNobodyTrusted ? remminaUntrusted : remminaRefusal(file.kind, error);
  if (set.program === 'qemu' && set.severalIdentities === true && file.kind !== 'revocation-list')
    return file.kind === 'private-key'
      ? `Unable to import private key ${path}`
      : `Unable to import certificate ${path}: ${readable === 0 && hasNoBlock(malformation) ? 'No certificate was found.' : error}`;
  const libvirt = set.program === 'libvirt';
  const pair = libvirt
    ? `Unable to set x509 key and certificate: ${set.key?.path}, ${set.certificate?.path}: ${error}`
    : `Cannot load certificate '${set.certificate?.path}' & key '${set.key?.path}': ${error}`;
  switch (file.kind) {
    case 'private-key':
      return pair;
    case 'revocation-list':
      return libvirt
        ? `Unable to set x509 certificate revocation list: ${path}: ${error}`
        : `Cannot load CRL '${path}': ${error}`;
    case 'ca-certificate':
    case 'certificate':
      if (malformation.cause === 'too-large')
        return `Failed to read file '${path}': Value too large for defined data type`;
      if (malformation.cause === 'not-a-file' && libvirt) return `Failed to read file '${path}'`;
      if (file.kind === 'ca-certificate')
        return `Unable to import ${set.severalIdentities === true ? '' : 'CA '}certificate list ${path}`;
      if (readable > 0 && malformation.cause !== 'binary') return pair;
      return `Unable to import ${set.endpoint} certificate ${path}${libvirt ? '' : `: ${error}`}`;
  }
}
