/* reflect-metadata first: @peculiar/x509 looks for its Reflect polyfill when it is loaded. Nothing but this module and
   src/fix/issue-certificate.ts loads either, so that it can be a part of the program that comes in only when a certificate was found. */
import 'reflect-metadata/lite';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509';
import { createHash } from 'node:crypto';
import type {
  Certificate,
  GeneralNames,
  KeyUsage,
  NameSubtree,
  RevocationList,
  RevokedCertificate,
} from '../facts/certificates.ts';
import { hashes, rsaPss, signatureAlgorithms, supportedExtensions } from '../reference/x509-names.ts';
import { DerError, DerSequence, objectIdentifier, readAll, readOnly, tag, type DerValue } from './der.ts';
import { distinguishedName } from './distinguished-name.ts';
import { publicKeyInfoOf } from './public-key.ts';

/** A certificate apart from where it stood in a file. */
export type DecodedCertificate = Omit<Certificate, 'position' | 'line'>;

/** In the order of the bits of the extension. */
const keyUsages: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

const tagError = (): DerError => new DerError('ASN1 parser: Error in TAG.');

/**
 * Decodes a certificate, refusing what gnutls_x509_crt_import refuses (lib/x509/x509.c: strict DER, differing signature algorithms,
 * extensions before version 3, duplicate extensions, malformed times or alternative names).
 * An extension other than the alternative name that does not decode is left out, as GnuTLS meets it only when asked for it.
 * @throws DerError with GnuTLS' text
 */
export function parseCertificate(der: Uint8Array): DecodedCertificate {
  const text = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');
  const known = decoded.get(text);
  if (known !== undefined) return known;
  const certificate = decodeCertificate(der);
  decoded.set(text, certificate);
  return certificate;
}

/** The CA's certificate lies in several files of a host: it is decoded once. */
const decoded = new Map<string, DecodedCertificate>();

function decodeCertificate(der: Uint8Array): DecodedCertificate {
  const outer = readOnly(der, tag.sequence);
  const certificate = new DerSequence(outer);
  const tbs = new DerSequence(certificate.required(tag.sequence));
  const algorithm = certificate.required(tag.sequence);
  certificate.required(tag.bitString);
  certificate.end();

  const versionField = tbs.optional(0xa0);
  const version =
    versionField === undefined ? 1 : (readOnly(versionField.content, tag.integer).content.at(-1) ?? 0) + 1;
  const serial = integerHex(tbs.required(tag.integer));
  const innerAlgorithm = tbs.required(tag.sequence);
  const issuer = distinguishedName(tbs.required(tag.sequence));
  const validity = new DerSequence(tbs.required(tag.sequence));
  const notBefore = time(validity.required(tag.utcTime, tag.generalizedTime));
  const notAfter = time(validity.required(tag.utcTime, tag.generalizedTime));
  validity.end();
  const subject = distinguishedName(tbs.required(tag.sequence));
  const spki = tbs.required(tag.sequence);
  tbs.optional(0x81, 0xa1);
  tbs.optional(0x82, 0xa2);
  const extensionField = tbs.optional(0xa3);
  tbs.end();

  if (!sameAlgorithm(algorithm, innerAlgorithm)) throw new DerError('Error in the certificate.');
  const extensions = extensionField === undefined ? [] : readExtensions(extensionField);
  if (version < 3 && extensionField !== undefined) throw new DerError('Error in the certificate.');
  if (new Set(extensions.map(({ type }) => type)).size < extensions.length)
    throw new DerError('Duplicate extension in X.509 certificate.');

  const signature = signatureAlgorithm(algorithm);
  return {
    der: outer.bytes.toString('base64'),
    fingerprint: createHash('sha256').update(outer.bytes).digest('hex'),
    version,
    serial,
    subject,
    issuer,
    notBefore,
    notAfter,
    publicKey: publicKeyInfoOf(spki.bytes),
    signatureAlgorithm: signature.name,
    ...(signature.hash === undefined ? {} : { signatureHash: signature.hash }),
    ...decodeExtensions(extensions),
    unknownCriticalExtensions: extensions
      .filter(({ type, critical }) => critical && !supportedExtensions.has(type))
      .map(({ type }) => type),
  };
}

/**
 * Decodes a revocation list, as gnutls_x509_crl_import does (lib/x509/crl.c).
 * @throws DerError with GnuTLS' text
 */
export function parseRevocationList(der: Uint8Array): RevocationList {
  const list = new DerSequence(readOnly(der, tag.sequence));
  const tbs = new DerSequence(list.required(tag.sequence));
  const algorithm = list.required(tag.sequence);
  list.required(tag.bitString);
  list.end();

  tbs.optional(tag.integer);
  tbs.required(tag.sequence);
  const issuer = distinguishedName(tbs.required(tag.sequence));
  const thisUpdate = time(tbs.required(tag.utcTime, tag.generalizedTime));
  const next = tbs.optional(tag.utcTime, tag.generalizedTime);
  const entries = tbs.optional(tag.sequence);
  tbs.optional(0xa0);
  tbs.end();
  return {
    issuer,
    thisUpdate,
    ...(next === undefined ? {} : { nextUpdate: time(next) }),
    signatureAlgorithm: signatureAlgorithm(algorithm).name,
    revoked: entries === undefined ? [] : readAll(entries.content).map(revokedCertificate),
  };
}

function revokedCertificate(value: DerValue): RevokedCertificate {
  const entry = new DerSequence(value);
  const serial = integerHex(entry.required(tag.integer));
  const date = time(entry.required(tag.utcTime, tag.generalizedTime));
  entry.optional(tag.sequence);
  entry.end();
  return { serial, date };
}

/** Content octets in hexadecimal, without the sign octet of a positive number. */
function integerHex({ content }: DerValue): string {
  if (content.length === 0) throw new DerError('ASN1 parser: Error in DER parsing.');
  return content.subarray(content.length > 1 && content[0] === 0 ? 1 : 0).toString('hex');
}

/** UTCTime (years 1950 to 2049) or GeneralizedTime in the one form that DER has, as ISO 8601. */
function time({ tag: type, content }: DerValue): string {
  const text = content.toString('latin1');
  const parts = /^(\d\d(?:\d\d)?)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const [, yearText = '', ...rest] = parts ?? [];
  const short = type === tag.utcTime;
  if (parts === null || yearText.length !== (short ? 2 : 4))
    throw new DerError('Error in the time fields of certificate.');
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  const year = Number(yearText) + (short ? (Number(yearText) > 49 ? 1900 : 2000) : 0);
  const iso = `${String(year).padStart(4, '0')}-${rest.slice(0, 2).join('-')}T${rest.slice(2).join(':')}Z`;
  const valid = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 60;
  if (!valid || Number.isNaN(Date.parse(iso))) throw new DerError('Error in the time fields of certificate.');
  return iso;
}

function sameAlgorithm(one: DerValue, other: DerValue): boolean {
  const [[type, parameters], [otherType, otherParameters]] = [algorithmIdentifier(one), algorithmIdentifier(other)];
  const bytes = (value: DerValue | undefined): Buffer =>
    value === undefined || value.tag === tag.null ? Buffer.alloc(0) : value.bytes;
  return type === otherType && bytes(parameters).equals(bytes(otherParameters));
}

function algorithmIdentifier(value: DerValue): [type: string, parameters: DerValue | undefined] {
  const [type, parameters, ...rest] = readAll(value.content);
  if (value.tag !== tag.sequence || type === undefined || rest.length > 0) throw tagError();
  return [objectIdentifier(type), parameters];
}

function signatureAlgorithm(value: DerValue): { readonly name: string; readonly hash?: string } {
  const [type, parameters] = algorithmIdentifier(value);
  if (type !== rsaPss) return signatureAlgorithms[type] ?? { name: type };
  const hash =
    parameters?.tag === tag.sequence ? readAll(parameters.content).find((field) => field.tag === 0xa0) : undefined;
  const name = hash === undefined ? 'sha1' : hashes[algorithmIdentifier(readOnly(hash.content, tag.sequence))[0]];
  return name === undefined ? { name: type } : { name: `RSA-PSS-${name.toUpperCase()}`, hash: name };
}

interface ExtensionField {
  readonly type: string;
  readonly critical: boolean;
  /** The extension's own DER, inside the OCTET STRING. */
  readonly value: Buffer;
  readonly bytes: Buffer;
}

function readExtensions(field: DerValue): readonly ExtensionField[] {
  return readAll(readOnly(field.content, tag.sequence).content).map((value) => {
    const extension = new DerSequence(value);
    const type = objectIdentifier(extension.required(tag.objectIdentifier));
    const critical = (extension.optional(tag.boolean)?.content[0] ?? 0) !== 0;
    const octets = extension.required(tag.octetString);
    extension.end();
    return { type, critical, value: octets.content, bytes: value.bytes };
  });
}

type DecodedExtensions = Pick<
  Certificate,
  | 'basicConstraints'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'subjectAlternativeName'
  | 'nameConstraints'
  | 'subjectKeyIdentifier'
  | 'authorityKeyIdentifier'
>;

function decodeExtensions(extensions: readonly ExtensionField[]): DecodedExtensions {
  let decoded: DecodedExtensions = {};
  for (const extension of extensions) decoded = { ...decoded, ...decodeExtension(extension) };
  return decoded;
}

function decodeExtension({ type, critical, value, bytes }: ExtensionField): DecodedExtensions {
  // Unlike the others, this one is read when the certificate is, and refuses it as a whole (cache_alt_names in lib/x509/x509.c).
  if (type === '2.5.29.17') return { subjectAlternativeName: { ...generalNames(value), critical } };
  const raw = new Uint8Array(bytes);
  try {
    switch (type) {
      case '2.5.29.19': {
        const { ca, pathLength } = new BasicConstraintsExtension(raw);
        return { basicConstraints: { critical, ca, ...(pathLength === undefined ? {} : { pathLength }) } };
      }
      case '2.5.29.15': {
        const { usages } = new KeyUsagesExtension(raw);
        return { keyUsage: { critical, usages: keyUsages.filter((_, bit) => (usages & (1 << bit)) !== 0) } };
      }
      case '2.5.29.37':
        return {
          extendedKeyUsage: {
            critical,
            purposes: new ExtendedKeyUsageExtension(raw).usages.map((usage) => usage as string),
          },
        };
      case '2.5.29.14':
        return { subjectKeyIdentifier: new SubjectKeyIdentifierExtension(raw).keyId.toLowerCase() };
      case '2.5.29.35': {
        const { keyId } = new AuthorityKeyIdentifierExtension(raw);
        return keyId === undefined ? {} : { authorityKeyIdentifier: keyId.toLowerCase() };
      }
      case '2.5.29.30':
        return { nameConstraints: { critical, ...subtrees(value) } };
      default:
        return {};
    }
  } catch {
    return {};
  }
}

/** Context tags of the alternatives of GeneralName that hold text or an address. */
const nameTags = { email: 0x81, dns: 0x82, directory: 0xa4, uri: 0x86, ip: 0x87 } as const;

function generalNames(der: Buffer): GeneralNames {
  const dns: string[] = [];
  const ip: string[] = [];
  const email: string[] = [];
  const uri: string[] = [];
  let other = 0;
  for (const { tag: type, content } of readAll(readOnly(der, tag.sequence).content)) {
    if ((type & 0xc0) !== 0x80 || (type & 0x1f) > 8) throw tagError();
    // libtasn1 leaves the choice unset where an alternative has no content, and GnuTLS does not know what kind of name that is.
    const isPrimitive = (type & 0x20) === 0;
    if (isPrimitive && content.length === 0)
      throw new DerError('Unknown Subject Alternative name in X.509 certificate.');
    if (type === nameTags.dns) dns.push(content.toString('utf8'));
    else if (type === nameTags.ip) ip.push(address(content));
    else if (type === nameTags.email) email.push(content.toString('utf8'));
    else if (type === nameTags.uri) uri.push(content.toString('utf8'));
    else other += 1;
  }
  return { dns, ip, email, uri, other };
}

/** An address as text, IPv6 in the form of RFC 5952; other lengths than 4 and 16 as hexadecimal. */
function address(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return `0x${octets.toString('hex')}`;
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(2 * index).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function subtrees(der: Buffer): {
  readonly permitted: readonly NameSubtree[];
  readonly excluded: readonly NameSubtree[];
} {
  const constraints = new DerSequence(readOnly(der, tag.sequence));
  const [permitted, excluded] = [0xa0, 0xa1].map((field) => {
    const list = constraints.optional(field);
    return list === undefined ? [] : readAll(list.content).map((value) => subtree(new DerSequence(value).required()));
  });
  return { permitted: permitted ?? [], excluded: excluded ?? [] };
}

function subtree({ tag: type, content, bytes }: DerValue): NameSubtree {
  switch (type) {
    case nameTags.dns:
      return { kind: 'dns', value: content.toString('utf8') };
    case nameTags.email:
      return { kind: 'email', value: content.toString('utf8') };
    case nameTags.uri:
      return { kind: 'uri', value: content.toString('utf8') };
    case nameTags.directory:
      return { kind: 'directory', value: distinguishedName(readOnly(content, tag.sequence)).text };
    case nameTags.ip:
      return { kind: 'ip', value: network(content) };
    default:
      return { kind: 'other', value: `0x${bytes.toString('hex')}` };
  }
}

/** `address/mask-length`, or hexadecimal where the length or the mask is not one. */
function network(octets: Buffer): string {
  const half = octets.length / 2;
  const mask = Array.from(octets.subarray(half), (byte) => byte.toString(2).padStart(8, '0')).join('');
  if ((half !== 4 && half !== 16) || !/^1*0*$/.test(mask)) return `0x${octets.toString('hex')}`;
  return `${address(octets.subarray(0, half))}/${mask.replaceAll('0', '').length}`;
}
