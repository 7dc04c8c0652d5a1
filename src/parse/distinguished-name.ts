import type { DistinguishedName } from '../facts/certificates.ts';
import { attributeTypes, type AttributeSyntax } from '../reference/x509-names.ts';
import { DerError, DerSequence, objectIdentifier, readAll, readOnly, tag, type DerValue } from './der.ts';

const stringTags: Readonly<Record<Exclude<AttributeSyntax, 'directory'>, number>> = {
  printable: 19,
  ia5: 22,
  bmp: 30,
  octets: 4,
  utf8: 12,
  numeric: 18,
};

const teletex = 20;
const universal = 28;
const bmp = 30;
const directoryTags: readonly number[] = [teletex, 19, universal, 12, bmp];

/**
 * A Name: its text as gnutls_x509_crt_get_dn prints it (attributes in certificate order, no spaces, RFC 4514 escapes, unknown types as
 * object identifiers with hexadecimal values); empty where GnuTLS has no text for it. Source: gnutls lib/x509/dn.c and common.c.
 * @throws DerError
 */
export function distinguishedName(value: DerValue): DistinguishedName {
  if (value.tag !== tag.sequence) throw new DerError('ASN1 parser: Error in TAG.');
  const commonNames: string[] = [];
  let printable = true;
  const names = readAll(value.content).map((set) => {
    if (set.tag !== tag.set) throw new DerError('ASN1 parser: Error in TAG.');
    const attributes = readAll(set.content);
    if (attributes.length === 0) throw new DerError('ASN1 parser: Error in DER parsing.');
    return attributes
      .map((attribute) => {
        const members = new DerSequence(attribute);
        const type = objectIdentifier(members.required(tag.objectIdentifier));
        const content = members.required();
        members.end();
        // An empty DirectoryString makes gnutls_x509_crt_get_dn fail as a whole.
        const known = attributeTypes[type];
        if (known?.value === 'directory' && content.content.length === 0) printable = false;
        const text = attributeText(known?.value, content);
        if (type === '2.5.4.3' && text !== undefined) commonNames.push(text.toString('utf8'));
        return `${known?.name ?? type}=${text === undefined ? hex(content.bytes) : escape(text)}`;
      })
      .join('+');
  });
  return { text: printable ? names.join(',') : '', der: value.bytes.toString('base64'), commonNames };
}

const hex = (bytes: Buffer): string => `#${bytes.toString('hex')}`;

/** The decoded characters, or undefined where GnuTLS prints the whole value as hexadecimal. */
function attributeText(syntax: AttributeSyntax | undefined, value: DerValue): Buffer | undefined {
  if (syntax === undefined) return undefined;
  if (!(syntax === 'directory' ? directoryTags.includes(value.tag) : value.tag === stringTags[syntax]))
    return undefined;
  const text = convert(value);
  return text.includes(0) ? undefined : text;
}

function convert(value: DerValue): Buffer {
  const { content } = value;
  if (content.length === 0) return content;
  if (value.tag === teletex)
    return content.every((byte) => byte >= 0x20 && byte <= 0x7e) ? content : Buffer.from(hex(content));
  if (value.tag === universal) return Buffer.from(hex(content));
  if (value.tag !== bmp) return content;
  if (content.length % 2 !== 0) return Buffer.from(hex(content));
  const text = Buffer.from(content).swap16().toString('utf16le');
  return /\p{Cs}/u.test(text) ? Buffer.from(hex(content)) : Buffer.from(text.normalize('NFC'));
}

/** Escapes as str_escape of lib/x509/common.c does, byte by byte. */
function escape(text: Buffer): string {
  const out: number[] = [];
  text.forEach((byte, index) => {
    const special = ',+"\\<>;'.includes(String.fromCharCode(byte));
    const hash = index === 0 && byte === 0x23;
    const space = byte === 0x20 && (index === 0 || index === text.length - 1);
    if (special || hash || space) out.push(0x5c);
    out.push(byte);
  });
  return Buffer.from(out).toString('utf8');
}

/** The Name in a DER encoding. @throws DerError */
export const distinguishedNameOf = (der: Uint8Array): DistinguishedName =>
  distinguishedName(readOnly(der, tag.sequence));
