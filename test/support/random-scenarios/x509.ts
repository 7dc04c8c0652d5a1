import { createHash, constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** Types of keys, and how many of each there are to choose from. */
const poolSizes = {
  rsa768: 1,
  rsa1024: 3,
  rsa1536: 1,
  rsa2048: 6,
  rsa3072: 1,
  rsa4096: 1,
  p256: 6,
  p384: 3,
  p521: 2,
  ed25519: 4,
  ed448: 1,
} as const;

export type KeyType = keyof typeof poolSizes;

export interface KeyPair {
  readonly type: KeyType;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const curves: Partial<Record<KeyType, string>> = { p256: 'P-256', p384: 'P-384', p521: 'P-521' };
const pool = new Map<string, KeyPair>();

function generate(type: KeyType): { publicKey: KeyObject; privateKey: KeyObject } {
  if (type === 'ed25519') return generateKeyPairSync('ed25519');
  if (type === 'ed448') return generateKeyPairSync('ed448');
  const namedCurve = curves[type];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  return generateKeyPairSync('rsa', { modulusLength: Number(type.slice(3)) });
}

/** The key of this number among those of its type, made at first use: the numbers wrap around. */
export function keyPair(type: KeyType, number: number): KeyPair {
  const id = `${type}#${number % poolSizes[type]}`;
  const known = pool.get(id);
  if (known !== undefined) return known;
  const made = { type, ...generate(type) };
  pool.set(id, made);
  return made;
}

// DER

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 255]
          : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]): Buffer => tlv(0x31, ...parts);
const nothing = Buffer.from([5, 0]);
const boolean = (value: boolean): Buffer => tlv(1, Buffer.from([value ? 255 : 0]));
const integer = (value: number): Buffer => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return tlv(2, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
};
const bitString = (bytes: Uint8Array, unused = 0): Buffer => tlv(3, Buffer.from([unused]), bytes);
const octets = (bytes: Uint8Array): Buffer => tlv(4, bytes);

/** An object identifier in DER. */
export const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128);
    return groups;
  });
  return tlv(6, Buffer.from(bytes));
};

/** UTCTime up to 2049, GeneralizedTime after, as RFC 5280 4.1.2.5 demands. */
const time = (moment: Date): Buffer => {
  const digits = moment.toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = moment.getUTCFullYear();
  return year >= 1950 && year < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
};

// Names

export interface Attribute {
  readonly type: string;
  readonly value: string;
  /** How the text is encoded; UTF8String unless told. */
  readonly as?: 'utf8' | 'printable' | 'ia5' | 't61' | 'bmp';
}

/** Relative distinguished names in the order of the certificate; each has one attribute or several. */
export type Name = readonly (Attribute | readonly Attribute[])[];

const attributeTypes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  street: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  GN: '2.5.4.42',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  EMAIL: '1.2.840.113549.1.9.1',
};

const encodeText = ({ value, as = 'utf8' }: Attribute): Buffer => {
  switch (as) {
    case 'utf8':
      return tlv(0x0c, Buffer.from(value));
    case 'printable':
      return tlv(0x13, Buffer.from(value, 'latin1'));
    case 't61':
      return tlv(0x14, Buffer.from(value, 'latin1'));
    case 'ia5':
      return tlv(0x16, Buffer.from(value, 'latin1'));
    case 'bmp':
      return tlv(0x1e, Buffer.from(value, 'utf16le').swap16());
  }
};

/** A name in DER. */
export const encodeName = (name: Name): Buffer =>
  sequence(
    ...name.map((rdn) =>
      set(
        ...(rdn instanceof Array ? rdn : [rdn as Attribute])
          .map((attribute) => sequence(oid(attributeTypes[attribute.type] ?? attribute.type), encodeText(attribute)))
          .sort(Buffer.compare),
      ),
    ),
  );

/** One alternative name, or the base of a subtree of name constraints. */
export type GeneralName =
  | { readonly dns: string }
  | { readonly email: string }
  | { readonly uri: string }
  | { readonly ip: string }
  /** Bytes as they are: an address and its mask, or one of a wrong length. */
  | { readonly bytes: readonly number[] }
  | { readonly directory: Name }
  | { readonly otherName: string }
  | { readonly registered: string };

/** The bytes of an address of 4 or 16 bytes. */
export const addressBytes = (address: string): number[] => {
  if (!address.includes(':')) return address.split('.').map(Number);
  const [head = '', tail] = address.split('::');
  const words = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map((word) => Number.parseInt(word, 16));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const gap = new Array<number>(8 - front.length - back.length).fill(0);
  return [...front, ...gap, ...back].flatMap((word) => [word >> 8, word & 255]);
};

const encodeGeneralName = (name: GeneralName): Buffer => {
  if ('dns' in name) return tlv(0x82, Buffer.from(name.dns));
  if ('email' in name) return tlv(0x81, Buffer.from(name.email));
  if ('uri' in name) return tlv(0x86, Buffer.from(name.uri));
  if ('ip' in name) return tlv(0x87, Buffer.from(addressBytes(name.ip)));
  if ('bytes' in name) return tlv(0x87, Buffer.from(name.bytes));
  if ('directory' in name) return tlv(0xa4, encodeName(name.directory));
  if ('otherName' in name)
    return tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, tlv(0x0c, Buffer.from(name.otherName))));
  return tlv(0x88, oid(name.registered).subarray(2));
};

// Extensions

export interface Extension {
  readonly id: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

const encodeExtension = ({ id, critical, value }: Extension): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));

export const basicConstraints = (ca: boolean, pathLength?: number, critical = true): Extension => ({
  id: '2.5.29.19',
  critical,
  value: sequence(...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
});

/** The bits by their numbers in RFC 5280 4.2.1.3: digitalSignature 0 … keyCertSign 5, cRLSign 6, decipherOnly 8. */
export const keyUsage = (bits: readonly number[], critical = true): Extension => {
  const last = Math.max(-1, ...bits);
  const bytes = Buffer.alloc(last < 0 ? 0 : (last >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  return { id: '2.5.29.15', critical, value: bitString(bytes, last < 0 ? 0 : 7 - (last & 7)) };
};

export const extendedKeyUsage = (purposes: readonly string[], critical = false): Extension => ({
  id: '2.5.29.37',
  critical,
  value: sequence(...purposes.map(oid)),
});

export const subjectAltName = (names: readonly GeneralName[], critical = false): Extension => ({
  id: '2.5.29.17',
  critical,
  value: sequence(...names.map(encodeGeneralName)),
});

export const nameConstraints = (
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
  critical = true,
): Extension => {
  const subtrees = (tag: number, names: readonly GeneralName[]): Buffer[] =>
    names.length === 0 ? [] : [tlv(tag, ...names.map((name) => sequence(encodeGeneralName(name))))];
  return { id: '2.5.29.30', critical, value: sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)) };
};

const identifierOf = (key: KeyPair): Buffer =>
  createHash('sha1')
    .update(key.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();

export const subjectKeyIdentifier = (key: KeyPair): Extension => ({
  id: '2.5.29.14',
  critical: false,
  value: octets(identifierOf(key)),
});

export const authorityKeyIdentifier = (key: KeyPair): Extension => ({
  id: '2.5.29.35',
  critical: false,
  value: sequence(tlv(0x80, identifierOf(key))),
});

/** An extension that nothing knows. */
export const unknownExtension = (critical: boolean): Extension => ({
  id: '1.3.6.1.4.1.99999.1',
  critical,
  value: sequence(integer(1)),
});

// Certificates and revocation lists

export type Hash = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'pss-sha256';

const rsaSignature: Readonly<Record<Exclude<Hash, 'pss-sha256'>, string>> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha224: '1.2.840.113549.1.1.14',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
const ecdsaSignature: Readonly<Record<Exclude<Hash, 'pss-sha256' | 'md5'>, string>> = {
  sha1: '1.2.840.10045.4.1',
  sha224: '1.2.840.10045.4.3.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};
const sha256Algorithm = sequence(oid('2.16.840.1.101.3.4.2.1'), nothing);
const pssAlgorithm = sequence(
  oid('1.2.840.113549.1.1.10'),
  sequence(
    tlv(0xa0, sha256Algorithm),
    tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), sha256Algorithm)),
    tlv(0xa2, integer(32)),
  ),
);

/** The algorithm's identifier, and what signs with it; a hash that a type of key cannot be used with becomes one that it can. */
function signatureOf(key: KeyPair, hash: Hash): { algorithm: Buffer; sign: (data: Buffer) => Buffer } {
  if (key.type === 'ed25519' || key.type === 'ed448')
    return {
      algorithm: sequence(oid(key.type === 'ed25519' ? '1.3.101.112' : '1.3.101.113')),
      sign: (data) => sign(null, data, key.privateKey),
    };
  if (key.type.startsWith('p')) {
    const usable = hash === 'md5' || hash === 'pss-sha256' ? 'sha256' : hash;
    return { algorithm: sequence(oid(ecdsaSignature[usable])), sign: (data) => sign(usable, data, key.privateKey) };
  }
  if (hash === 'pss-sha256') {
    const options = { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    return { algorithm: pssAlgorithm, sign: (data) => sign('sha256', data, options) };
  }
  return { algorithm: sequence(oid(rsaSignature[hash]), nothing), sign: (data) => sign(hash, data, key.privateKey) };
}

const signed = (key: KeyPair, hash: Hash, content: (algorithm: Buffer) => Buffer): Buffer => {
  const { algorithm, sign: signWith } = signatureOf(key, hash);
  const data = content(algorithm);
  return sequence(data, algorithm, bitString(signWith(data)));
};

export interface CertificateShape {
  /** 1 has no extensions. */
  readonly version: 1 | 3;
  readonly serial: number;
  readonly subject: Name;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: KeyPair;
  readonly extensions: readonly Extension[];
}

/** A certificate in DER. */
export const encodeCertificate = (shape: CertificateShape, signer: KeyPair, hash: Hash): Buffer =>
  signed(signer, hash, (algorithm) =>
    sequence(
      ...(shape.version === 1 ? [] : [tlv(0xa0, integer(2))]),
      integer(shape.serial),
      algorithm,
      encodeName(shape.issuer),
      sequence(time(shape.notBefore), time(shape.notAfter)),
      encodeName(shape.subject),
      shape.key.publicKey.export({ type: 'spki', format: 'der' }),
      ...(shape.version === 1 || shape.extensions.length === 0
        ? []
        : [tlv(0xa3, sequence(...shape.extensions.map(encodeExtension)))]),
    ),
  );

export interface RevocationListShape {
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly revoked: readonly number[];
}

/** A revocation list of version 2 in DER. */
export const encodeRevocationList = (shape: RevocationListShape, signer: KeyPair, hash: Hash): Buffer =>
  signed(signer, hash, (algorithm) =>
    sequence(
      integer(1),
      algorithm,
      encodeName(shape.issuer),
      time(shape.thisUpdate),
      ...(shape.nextUpdate === undefined ? [] : [time(shape.nextUpdate)]),
      ...(shape.revoked.length === 0
        ? []
        : [sequence(...shape.revoked.map((serial) => sequence(integer(serial), time(shape.thisUpdate))))]),
      tlv(0xa0, sequence(sequence(oid('2.5.29.20'), octets(integer(1))))),
    ),
  );

/** PEM of the label, in lines of 64. */
export const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
