import type { Malformation, MalformationCause } from '../facts/certificates.ts';
import { DerError } from './der.ts';
import { firstLabel, lineAt, type PemResult } from './pem.ts';

/** Larger files are not looked into: nothing that libvirt or GnuTLS serves comes near. */
export const maximumFileSize = 1024 * 1024;

/** What libvirt's sanity check reads of a certificate or CA file (virFileReadAll with 1 << 16, virnettlscert.c). */
export const libvirtFileSize = 65536;

/** Why data without the wanted PEM header is what it is; the line is that of the wrong header, if there is one. */
export function withoutHeader(data: Buffer, gnutlsError: string): Malformation {
  const other = firstLabel(data);
  if (other !== undefined)
    return {
      cause: other.label.startsWith('TRUSTED CERTIFICATE') ? 'trusted-certificate' : 'wrong-label',
      line: lineAt(data, other.begin),
      gnutlsError,
    };
  return { cause: causeOf(data), gnutlsError };
}

function causeOf(data: Buffer): MalformationCause {
  if (/^\s*$/.test(data.toString('latin1', 0, 4096)) && (data.length <= 4096 || /^\s*$/.test(data.toString('latin1'))))
    return 'empty';
  if (isUtf16(data)) return 'utf-16';
  const [first, second] = data;
  if (first === 0x30 && second !== undefined && second > 0x80 && second <= 0x84) return 'der';
  const sample = data.subarray(0, 65536);
  const control = sample.findIndex((byte) => byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13);
  return control === -1 && !sample.toString('utf8').slice(0, -4).includes('\ufffd') ? 'no-pem' : 'binary';
}

function isUtf16(data: Buffer): boolean {
  if (data.length < 2) return false;
  if ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff)) return true;
  return (
    data.includes('-----BEGIN ', 0, 'utf16le') || Buffer.from(data.subarray(1)).includes('-----BEGIN ', 0, 'utf16le')
  );
}

/** The malformation of a PEM object whose armour is broken. */
export function brokenArmour(
  data: Buffer,
  result: PemResult & { readonly found: false },
  gnutlsError: string,
): Malformation {
  if (result.begin === undefined) return withoutHeader(data, gnutlsError);
  const cause = result.fault === 'end' ? 'truncated' : 'base64';
  return { cause, line: lineAt(data, result.begin), gnutlsError };
}

/** The malformation of a PEM object whose content is not what its label says. */
export function brokenContent(data: Buffer, offset: number, error: unknown): Malformation {
  const line = lineAt(data, offset);
  if (!(error instanceof DerError)) return { cause: 'structure', line };
  return { cause: error.truncated ? 'truncated' : 'structure', line, gnutlsError: error.gnutlsError };
}
