import type { Random } from './random.ts';
import {
  addressBytes,
  authorityKeyIdentifier,
  basicConstraints,
  encodeCertificate,
  encodeRevocationList,
  extendedKeyUsage,
  keyPair,
  keyUsage,
  nameConstraints,
  pem,
  subjectAltName,
  subjectKeyIdentifier,
  unknownExtension,
  type Attribute,
  type CertificateShape,
  type Extension,
  type GeneralName,
  type Hash,
  type KeyPair,
  type KeyType,
  type Name,
} from './x509.ts';

/** What one side has on its disk, each file with its content; what is absent is not there. */
export interface Credentials {
  readonly ca?: Buffer;
  readonly crl?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface Pki {
  readonly server: Credentials;
  readonly client: Credentials;
  /** The client's subject, attribute by attribute in the order of the certificate, for lists of allowed names. */
  readonly clientName: Name;
  /** What is unusual about it, for the report of a disagreement. */
  readonly notes: readonly string[];
}

export interface PkiWishes {
  /** What the client calls the server by: a name or an address. */
  readonly host: string;
  /** How much goes wrong: the number of things that are unusual. */
  readonly oddities: number;
}

type Side = 'server' | 'client';
type CaName = 'root' | 'other' | 'twin' | 'mid' | 'low';

/** A certificate before it is issued: everything about it can still be bent. */
interface Draft {
  version: 1 | 3;
  serial: number;
  subject: Name;
  key: KeyPair;
  notBefore: Date;
  notAfter: Date;
  basic: Extension | undefined;
  usage: Extension | undefined;
  purposes: Extension | undefined;
  alternatives: Extension | undefined;
  constraints: Extension | undefined;
  identifiers: boolean;
  /** Another key than the issuer's is named in the authority key identifier. */
  wrongAuthority: boolean;
  unknown: Extension | undefined;
  hash: Hash;
  /** `self` signs itself; `leaf` is signed by the other side's leaf. */
  issuer: CaName | 'self' | 'leaf';
  /** The signature is not the issuer's. */
  forged: boolean;
}

interface RevocationDraft {
  issuer: CaName;
  revoked: ('server' | 'client' | 'mid' | 'none')[];
  thisUpdate: Date;
  nextUpdate: Date | undefined;
  hash: Hash;
  forged: boolean;
}

type Bend = (content: Buffer) => Buffer | undefined;

interface SideDraft {
  bundle: (CaName | Side)[];
  /** What follows the leaf, or stands before it, in the certificate file. */
  chain: (CaName | Side)[];
  leafLast: boolean;
  crls: RevocationDraft[];
  bendCa: Bend;
  bendCert: Bend;
  bendCrl: Bend;
  bendKey: (key: KeyPair) => Buffer | undefined;
}

interface Plan {
  readonly certificates: Record<CaName | Side, Draft>;
  readonly sides: Record<Side, SideDraft>;
  readonly notes: string[];
  readonly host: string;
}

const utc = (text: string): Date => new Date(`${text}T00:00:00Z`);
const past = utc('2020-01-01');
const longPast = utc('2021-06-01');
const future = utc('2047-01-01');
const farFuture = utc('2049-12-31');

const commonKeyTypes: readonly (readonly [number, KeyType])[] = [
  [8, 'rsa2048'],
  [3, 'p256'],
  [2, 'ed25519'],
  [1, 'rsa1024'],
  [1, 'rsa3072'],
  [1, 'p384'],
  [0.3, 'rsa4096'],
  [0.5, 'p521'],
  [0.5, 'rsa1536'],
];
const anyKeyType: readonly (readonly [number, KeyType])[] = [...commonKeyTypes, [2, 'rsa768'], [1, 'ed448']];
const goodHashes: readonly Hash[] = ['sha256', 'sha256', 'sha384', 'sha512'];
const anyHash: readonly Hash[] = ['md5', 'sha1', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'pss-sha256'];

const purposeIds = [
  '1.3.6.1.5.5.7.3.1', // serverAuth
  '1.3.6.1.5.5.7.3.2', // clientAuth
  '1.3.6.1.5.5.7.3.3', // codeSigning
  '1.3.6.1.5.5.7.3.4', // emailProtection
  '1.3.6.1.5.5.7.3.9', // OCSPSigning
  '1.3.6.1.5.5.8.2.2', // ipsecIKE
  '2.5.29.37.0', // anyExtendedKeyUsage
  '2.16.840.1.113730.4.1', // Netscape's server gated cryptography
  '1.3.6.1.4.1.99999.2',
];
const [serverPurpose = '', clientPurpose = ''] = purposeIds;

const text = (type: string, value: string, as?: Attribute['as']): Attribute => ({ type, value, ...(as && { as }) });

const isAddress = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host);

/** What a certificate needs in order to cover the host. */
const covering = (host: string): GeneralName => (isAddress(host) ? { ip: host } : { dns: host });

function draftCa(random: Random, commonName: string, number: number, issuer: Draft['issuer']): Draft {
  return {
    version: 3,
    serial: random.int(1, 2 ** 31),
    subject: [text('O', 'Acme'), text('CN', commonName)],
    key: keyPair(random.weighted(commonKeyTypes), number),
    notBefore: past,
    notAfter: farFuture,
    basic: basicConstraints(true),
    usage: random.weighted([
      [6, keyUsage([5, 6])],
      [1, keyUsage([5])],
      [1, keyUsage([0, 5, 6], false)],
      [1, undefined],
    ]),
    purposes: undefined,
    alternatives: undefined,
    constraints: undefined,
    identifiers: random.chance(0.7),
    wrongAuthority: false,
    unknown: undefined,
    hash: random.pick(goodHashes),
    issuer,
    forged: false,
  };
}

function draftLeaf(random: Random, side: Side, host: string, issuer: CaName): Draft {
  const subject: Name =
    side === 'server'
      ? [text('O', 'Acme'), text('CN', host)]
      : [
          text('C', 'GB', 'printable'),
          text('ST', 'London'),
          text('L', 'London'),
          text('O', 'Acme'),
          text('CN', 'client1'),
        ];
  return {
    version: 3,
    serial: random.int(1, 2 ** 31),
    subject,
    key: keyPair(random.weighted(commonKeyTypes), side === 'server' ? 3 : 4),
    notBefore: past,
    notAfter: farFuture,
    basic: random.weighted([
      [3, basicConstraints(false)],
      [1, basicConstraints(false, undefined, false)],
      [1, undefined],
    ]),
    usage: random.weighted([
      [4, keyUsage([0, 2])],
      [2, undefined],
      [1, keyUsage([0, 2], false)],
      [1, keyUsage([0], false)],
      [1, keyUsage([0, 2, 3, 4])],
    ]),
    purposes: random.weighted([
      [3, extendedKeyUsage([side === 'server' ? serverPurpose : clientPurpose])],
      [2, extendedKeyUsage([serverPurpose, clientPurpose])],
      [1, undefined],
      [0.5, extendedKeyUsage([side === 'server' ? serverPurpose : clientPurpose], true)],
    ]),
    alternatives: side === 'server' ? subjectAltName([covering(host)]) : undefined,
    constraints: undefined,
    identifiers: random.chance(0.7),
    wrongAuthority: false,
    unknown: undefined,
    hash: random.pick(goodHashes),
    issuer,
    forged: false,
  };
}

const unbentKey = (random: Random) => {
  const pkcs1 = random.chance(0.3);
  return ({ type, privateKey }: KeyPair): Buffer => {
    const traditional = type.startsWith('rsa') ? 'pkcs1' : type.startsWith('p') ? 'sec1' : 'pkcs8';
    return Buffer.from(privateKey.export({ type: pkcs1 ? traditional : 'pkcs8', format: 'pem' }) as string);
  };
};

function draftPki(random: Random, host: string): Plan {
  const serverIssuer: CaName = random.weighted([
    [5, 'root'],
    [1.5, 'mid'],
    [0.5, 'low'],
  ]);
  const clientIssuer: CaName = random.weighted([
    [5, 'root'],
    [1.5, 'mid'],
    [0.5, 'low'],
  ]);
  const root = draftCa(random, 'Acme CA', 0, 'self');
  const twin = { ...draftCa(random, 'Acme CA', 2, 'self'), subject: root.subject };
  const certificates = {
    root,
    other: draftCa(random, 'Other CA', 1, 'self'),
    twin,
    mid: draftCa(random, 'Acme Intermediate', 1, 'root'),
    low: draftCa(random, 'Acme Issuing', 5, 'mid'),
    server: draftLeaf(random, 'server', host, serverIssuer),
    client: draftLeaf(random, 'client', host, clientIssuer),
  };
  const path = (issuer: CaName): CaName[] => (issuer === 'root' ? [] : issuer === 'mid' ? ['mid'] : ['low', 'mid']);
  const needed = [...new Set([...path(serverIssuer), ...path(clientIssuer)])];
  const side = (own: CaName): SideDraft => ({
    // What both need, so that nothing fails that is not bent below.
    bundle: random.shuffle(['root', ...needed, ...(random.chance(0.15) ? (['other'] as const) : [])]),
    chain: random.chance(0.5) ? path(own) : [],
    leafLast: false,
    crls: [],
    bendCa: (content) => content,
    bendCert: (content) => content,
    bendCrl: (content) => content,
    bendKey: unbentKey(random),
  });
  return {
    certificates,
    sides: { server: side(serverIssuer), client: side(clientIssuer) },
    notes: [`server:${serverIssuer}`, `client:${clientIssuer}`],
    host,
  };
}

type Oddity = (random: Random, plan: Plan) => string;

const sideOf = (random: Random): Side => random.pick(['server', 'client'] as const);
const caOf = (random: Random): CaName =>
  random.weighted([
    [5, 'root'],
    [3, 'mid'],
    [1, 'low'],
    [1, 'other'],
  ]);
const anyone = (random: Random): CaName | Side => (random.chance(0.6) ? sideOf(random) : caOf(random));

/** Names beside the right one, some of which cover the host all the same. */
function alternativesFor(random: Random, host: string): GeneralName[] {
  const labels = host.split('.');
  const parent = labels.slice(1).join('.');
  const names: readonly (readonly [number, () => GeneralName])[] = isAddress(host)
    ? [
        [2, () => ({ ip: host })],
        [1, () => ({ dns: host })],
        [1, () => ({ ip: '192.0.2.99' })],
        [1, () => ({ bytes: [...addressBytes(host), 0] })],
        [0.5, () => ({ bytes: [...new Array<number>(10).fill(0), 255, 255, ...addressBytes(host)] })],
        [0.5, () => ({ ip: '2001:db8::99' })],
        [0.5, () => ({ dns: 'kvm1.example.com' })],
      ]
    : [
        [2, () => ({ dns: host })],
        [1, () => ({ dns: host.toUpperCase() })],
        [1.5, () => ({ dns: `*.${parent}` })],
        [0.5, () => ({ dns: `*${host.slice(1)}` })],
        [0.5, () => ({ dns: `${host.slice(0, 2)}*${host.slice(labels[0]?.length ?? 0)}` })],
        [0.5, () => ({ dns: `*.*.${labels.slice(2).join('.')}` })],
        [0.5, () => ({ dns: '*' })],
        [0.5, () => ({ dns: `*.${labels.at(-1)}` })],
        [0.5, () => ({ dns: `${labels[0]}.*.${labels.slice(2).join('.')}` })],
        [0.5, () => ({ dns: `${host}.` })],
        [0.5, () => ({ dns: `.${host}` })],
        [0.5, () => ({ dns: `${host}\0.evil.example` })],
        [0.5, () => ({ dns: '' })],
        [0.5, () => ({ dns: 'bücher.example.com' })],
        [1, () => ({ dns: labels[0] ?? '' })],
        [1, () => ({ dns: 'another.example.com' })],
        [1, () => ({ email: `root@${host}` })],
        [1, () => ({ uri: `https://${host}/` })],
        [1, () => ({ ip: '127.0.0.1' })],
        [0.5, () => ({ directory: [text('CN', host)] })],
        [0.5, () => ({ otherName: host })],
        [0.5, () => ({ registered: '1.2.3.4' })],
      ];
  return Array.from(
    {
      length: random.weighted([
        [4, 1],
        [3, 2],
        [1, 3],
        [0.3, 0],
        [0.1, 40],
      ]),
    },
    () => random.weighted(names)(),
  );
}

function oddName(random: Random, host: string): Name {
  const commonName = random.weighted([
    [3, host],
    [1, 'client1'],
    [1, `*.${host.split('.').slice(1).join('.')}`],
    [1, host.toUpperCase()],
    [0.5, ''],
    [0.5, 'a, "b" + c; <d> \\ #e = f'],
    [0.5, '#hash'],
    [0.5, ' space around '],
    [0.5, 'Zoë Müller'],
    [0.5, '日本'],
    [0.5, `${host}\0.evil.example`],
    [0.5, 'x'.repeat(300)],
  ]);
  const encodable = (value: string, as: Attribute['as']): Attribute['as'] =>
    as === 'bmp' || as === undefined || /^[\x20-\x7e]*$/.test(value) ? as : 'utf8';
  const attributes: readonly (() => Attribute | readonly Attribute[])[] = [
    () =>
      text(
        'CN',
        commonName,
        encodable(commonName, random.pick(['utf8', 'utf8', 'printable', 't61', 'ia5', 'bmp'] as const)),
      ),
    () => text('O', random.pick(['Acme', 'Acme, Inc.', 'R&D + Sales', 'Größe', '*'])),
    () => text('OU', random.pick(['ops', 'a/b', 'x=y', 'CN=admin'])),
    () => text('C', 'GB', 'printable'),
    () => text('EMAIL', `root@${isAddress(host) ? 'example.com' : host}`, 'ia5'),
    () => text('UID', 'u1'),
    () => text('DC', 'example', 'ia5'),
    () => text('serialNumber', '42', 'printable'),
    () => text('title', 'Dr.'),
    () => text('street', '1 High Street'),
    () => text('1.3.6.1.4.1.99999.7', 'odd'),
    () => [text('O', 'Multi'), text('CN', commonName, 'utf8')],
    () => text('CN', 'second.example.com'),
  ];
  return random.shuffle(random.some(attributes, 0.35)).map((make) => make());
}

const constraintsFor = (random: Random, host: string): Extension => {
  const parent = host.split('.').slice(1).join('.');
  const names: readonly GeneralName[] = [
    { dns: parent },
    { dns: host },
    { dns: `.${parent}` },
    { dns: 'other.org' },
    { dns: '' },
    { dns: 'EXAMPLE.COM' },
    { dns: 'xample.com' },
    { bytes: [127, 0, 0, 0, 255, 0, 0, 0] },
    { bytes: [192, 0, 2, 0, 255, 255, 255, 0] },
    { bytes: [0, 0, 0, 0, 0, 0, 0, 0] },
    { bytes: [...addressBytes('2001:db8::'), ...addressBytes('ffff:ffff::')] },
    { email: 'example.com' },
    { email: 'root@example.com' },
    { uri: 'example.com' },
    { directory: [text('O', 'Acme')] },
    { directory: [text('O', 'Elsewhere')] },
  ];
  const [permitted, excluded] = random.weighted([
    [3, [[random.pick(names)], []]],
    [3, [[], [random.pick(names)]]],
    [2, [random.some(names, 0.2), random.some(names, 0.1)]],
  ] as [number, [GeneralName[], GeneralName[]]][]);
  return nameConstraints(permitted, excluded, random.chance(0.7));
};

const revocation = (random: Random): RevocationDraft => ({
  issuer: random.weighted([
    [4, 'root'],
    [2, 'mid'],
    [1, 'other'],
    [1, 'twin'],
    [1, 'low'],
  ]),
  revoked: random.weighted([
    [3, ['server']],
    [3, ['client']],
    [1, ['mid']],
    [2, ['none']],
    [1, ['server', 'client', 'mid']],
  ]),
  thisUpdate: random.weighted([
    [4, past],
    [1, future],
  ]),
  nextUpdate: random.weighted([
    [3, farFuture],
    [2, longPast],
    [1, undefined],
  ]),
  hash: random.pick(['sha256', 'sha256', 'sha1', 'md5'] as const),
  forged: random.chance(0.2),
});

/** The base64 lines of PEM, bent as files get bent. */
const fileBends: readonly (readonly [number, string, (random: Random, content: Buffer) => Buffer | undefined])[] = [
  [3, 'missing', () => undefined],
  [1, 'empty', () => Buffer.alloc(0)],
  [1, 'garbage', () => Buffer.from('this is no certificate\n')],
  [1, 'binary', (random) => Buffer.from(Array.from({ length: 200 }, () => random.int(0, 255)))],
  [1, 'crlf', (_, content) => Buffer.from(content.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')],
  [1, 'cr', (_, content) => Buffer.from(content.toString('latin1').replaceAll('\n', '\r'), 'latin1')],
  [1, 'truncated', (random, content) => content.subarray(0, Math.floor(content.length * (0.3 + 0.69 * random.next())))],
  [1, 'text-before', (_, content) => Buffer.concat([Buffer.from('subject=CN = x\nissuer=CN = y\n\n'), content])],
  [1, 'text-after', (_, content) => Buffer.concat([content, Buffer.from('trailing words\n-----\n')])],
  [1, 'indented', (_, content) => Buffer.from(content.toString('latin1').replace(/^/gm, '  '), 'latin1')],
  [0.5, 'bom', (_, content) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), content])],
  [0.5, 'utf16', (_, content) => Buffer.from(content.toString('latin1'), 'utf16le')],
  [0.5, 'nul-before', (_, content) => Buffer.concat([Buffer.from([0]), content])],
  [0.5, 'nul-after', (_, content) => Buffer.concat([content, Buffer.from([0, 1, 2])])],
  [0.5, 'no-newline', (_, content) => Buffer.from(content.toString('latin1').trimEnd(), 'latin1')],
  [
    1,
    'one-byte-changed',
    (random, content) => {
      const changed = Buffer.from(content);
      const at = random.int(40, Math.max(40, changed.length - 40));
      if (at < changed.length) changed[at] = random.pick([...'ABCxyz019+/=-\n !']).charCodeAt(0);
      return changed;
    },
  ],
  [
    0.7,
    'other-label',
    (random, content) =>
      relabel(
        content,
        random.pick([
          'TRUSTED CERTIFICATE',
          'X509 CERTIFICATE',
          'certificate',
          'CERTIFICATES',
          'PKCS7',
          'CERTIFICATE ',
        ]),
      ),
  ],
  [0.7, 'der', (_, content) => derOf(content)],
  [
    0.7,
    'long-lines',
    (_, content) =>
      Buffer.from(content.toString('latin1').replace(/([A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '$1'), 'latin1'),
  ],
  [0.5, 'blank-lines', (_, content) => Buffer.from(content.toString('latin1').replaceAll('\n', '\n\n'), 'latin1')],
  [
    0.5,
    'headers',
    (_, content) => Buffer.from(content.toString('latin1').replace(/(BEGIN.*\n)/, '$1Comment: none\n\n'), 'latin1'),
  ],
  [0.4, 'large-before', (_, content) => Buffer.concat([Buffer.from('# padding\n'.repeat(6600)), content])],
  [0.4, 'large-after', (_, content) => Buffer.concat([content, Buffer.from('# padding\n'.repeat(6600))])],
  [0.4, 'twice', (_, content) => Buffer.concat([content, content])],
  [0.4, 'many', (random, content) => Buffer.concat(new Array<Buffer>(random.pick([15, 16, 17, 20])).fill(content))],
];

const relabel = (content: Buffer, label: string): Buffer =>
  Buffer.from(content.toString('latin1').replaceAll(/(BEGIN|END) CERTIFICATE/g, `$1 ${label}`), 'latin1');

const derOf = (content: Buffer): Buffer =>
  Buffer.from(/-----BEGIN [^-]*-----([^-]*)-----END/.exec(content.toString('latin1'))?.[1] ?? '', 'base64');

const keyBends: readonly (readonly [
  number,
  string,
  (random: Random, key: KeyPair, plan: Plan) => Buffer | undefined,
])[] = [
  [3, 'missing', () => undefined],
  [2, 'of-another-pair', (random, { type }) => exported(keyPair(type, random.int(0, 1)))],
  [1, 'of-another-type', (random) => exported(keyPair(random.weighted(anyKeyType), 0))],
  [1, 'encrypted', (_, key) => exported(key, { cipher: 'aes-256-cbc', passphrase: 'secret' })],
  [
    1,
    'encrypted-traditional',
    (_, { type, privateKey }) =>
      Buffer.from(
        privateKey.export({
          type: type.startsWith('rsa') ? 'pkcs1' : type.startsWith('p') ? 'sec1' : 'pkcs8',
          format: 'pem',
          cipher: 'aes-128-cbc',
          passphrase: 'secret',
        }) as string,
      ),
  ],
  [1, 'der', (_, { privateKey }) => privateKey.export({ type: 'pkcs8', format: 'der' })],
  [1, 'public', (_, { publicKey }) => Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }) as string)],
  [1, 'empty', () => Buffer.alloc(0)],
  [1, 'garbage', () => Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')],
  [1, 'crlf', (_, key) => Buffer.from(exported(key).toString().replaceAll('\n', '\r\n'))],
  [1, 'truncated', (random, key) => exported(key).subarray(0, random.int(20, 400))],
  [1, 'text-before', (_, key) => Buffer.concat([Buffer.from('Bag Attributes: <none>\n'), exported(key)])],
  [1, 'another-after', (_, key) => Buffer.concat([exported(key), exported(keyPair('p256', 0))])],
  [1, 'another-before', (_, key) => Buffer.concat([exported(keyPair('rsa2048', 0)), exported(key)])],
  [
    1,
    'wrong-label',
    (random, key) =>
      Buffer.from(
        exported(key)
          .toString()
          .replaceAll(
            'PRIVATE KEY',
            random.pick(['RSA PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'CERTIFICATE', 'ANY PRIVATE KEY']),
          ),
      ),
  ],
  [
    0.7,
    'ec-parameters-first',
    (_, key) =>
      key.type.startsWith('p')
        ? Buffer.concat([
            Buffer.from('-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'),
            Buffer.from(key.privateKey.export({ type: 'sec1', format: 'pem' }) as string),
          ])
        : exported(key),
  ],
];

const exported = ({ privateKey }: KeyPair, locked: { cipher?: string; passphrase?: string } = {}): Buffer =>
  Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem', ...locked }) as string);

/** What can be unusual about a PKI, by how often it is. */
const oddities: readonly (readonly [number, Oddity])[] = [
  [
    2,
    (random, { certificates }) => {
      const who = anyone(random);
      const type = random.weighted(anyKeyType);
      certificates[who].key = keyPair(type, random.int(0, 5));
      return `${who}-key-${type}`;
    },
  ],
  [
    3,
    (random, { certificates }) => {
      const who = anyone(random);
      certificates[who].hash = random.pick(anyHash);
      return `${who}-${certificates[who].hash}`;
    },
  ],
  [
    4,
    (random, { certificates }) => {
      const who = anyone(random);
      const draft = certificates[who];
      const when = random.pick(['expired', 'not-yet', 'reversed', 'after-2049', 'no-end'] as const);
      if (when === 'expired' || when === 'reversed') draft.notAfter = longPast;
      if (when === 'not-yet' || when === 'reversed') draft.notBefore = future;
      if (when === 'after-2049') draft.notAfter = utc('2060-01-01');
      if (when === 'no-end') draft.notAfter = new Date('9999-12-31T23:59:59Z');
      return `${who}-${when}`;
    },
  ],
  [
    3,
    (random, { certificates }) => {
      const who = anyone(random);
      const [name, basic] = random.pick([
        ['none', undefined],
        ['ca', basicConstraints(true)],
        ['ca-noncritical', basicConstraints(true, undefined, false)],
        ['ca-0', basicConstraints(true, 0)],
        ['ca-1', basicConstraints(true, 1)],
        ['no-ca', basicConstraints(false)],
        ['no-ca-0', basicConstraints(false, 0)],
      ] as const);
      certificates[who].basic = basic;
      return `${who}-bc-${name}`;
    },
  ],
  [
    4,
    (random, { certificates }) => {
      const who = anyone(random);
      const bits = random.some([0, 1, 2, 3, 4, 5, 6, 7, 8], 0.3);
      const critical = random.chance(0.5);
      certificates[who].usage = random.chance(0.1) ? undefined : keyUsage(bits, critical);
      return `${who}-ku-${certificates[who].usage === undefined ? 'none' : bits.join('')}${critical ? '!' : ''}`;
    },
  ],
  [
    4,
    (random, { certificates }) => {
      const who = random.chance(0.85) ? sideOf(random) : caOf(random);
      const chosen = random.some(purposeIds, 0.25);
      const critical = random.chance(0.4);
      certificates[who].purposes = chosen.length === 0 ? undefined : extendedKeyUsage(chosen, critical);
      return `${who}-eku-${chosen.map((id) => purposeIds.indexOf(id)).join('')}${critical ? '!' : ''}`;
    },
  ],
  [
    5,
    (random, { certificates, host }) => {
      const names = random.chance(0.25) ? undefined : alternativesFor(random, host);
      certificates.server.alternatives = names && subjectAltName(names, random.chance(0.1));
      if (random.chance(0.4)) certificates.server.subject = oddName(random, host);
      return `server-san-${JSON.stringify(names) ?? 'none'}`;
    },
  ],
  [
    3,
    (random, { certificates, host }) => {
      const who = random.chance(0.7) ? 'client' : anyone(random);
      certificates[who].subject = oddName(random, who === 'server' ? host : 'kvm1.example.com');
      return `${who}-subject`;
    },
  ],
  [
    3,
    (random, plan) => {
      const side = sideOf(random);
      plan.sides[side].bundle = random.shuffle([
        ...random.some(['root', 'mid', 'low', 'other', 'twin'] as const, 0.5),
        ...random.some(['server', 'client'] as const, 0.05),
      ]);
      return `${side}-bundle-${plan.sides[side].bundle.join('+')}`;
    },
  ],
  [
    3,
    (random, plan) => {
      const side = sideOf(random);
      const members = random.some(['low', 'mid', 'root', 'other', side] as const, 0.35);
      plan.sides[side].chain = random.chance(0.7) ? members : random.shuffle(members);
      plan.sides[side].leafLast = random.chance(0.15);
      return `${side}-chain-${plan.sides[side].chain.join('+')}${plan.sides[side].leafLast ? '-leaf-last' : ''}`;
    },
  ],
  [
    2,
    (random, { certificates }) => {
      const side = sideOf(random);
      certificates[side].issuer = random.weighted([
        [2, 'mid'],
        [2, 'low'],
        [2, 'other'],
        [2, 'twin'],
        [2, 'self'],
        [1, 'leaf'],
      ]);
      return `${side}-by-${certificates[side].issuer}`;
    },
  ],
  [
    1,
    (random, { certificates }) => {
      const who = random.weighted<CaName | Side>([
        [2, 'server'],
        [2, 'client'],
        [1, 'mid'],
        [1, 'root'],
      ]);
      if (random.chance(0.5)) certificates[who].forged = true;
      else certificates[who].wrongAuthority = true;
      return `${who}-${certificates[who].forged ? 'forged' : 'other-authority-key'}`;
    },
  ],
  [
    2,
    (random, { certificates, host }) => {
      const who = caOf(random);
      certificates[who].constraints = constraintsFor(random, host);
      return `${who}-name-constraints`;
    },
  ],
  [
    1,
    (random, { certificates }) => {
      const who = anyone(random);
      certificates[who].unknown = unknownExtension(random.chance(0.6));
      return `${who}-unknown-extension${certificates[who].unknown?.critical ? '!' : ''}`;
    },
  ],
  [
    0.7,
    (random, { certificates }) => {
      const who = anyone(random);
      certificates[who].version = 1;
      return `${who}-v1`;
    },
  ],
  [
    0.7,
    (_, { certificates }) => {
      certificates.client.key = certificates.server.key;
      return 'same-key';
    },
  ],
  [
    3,
    (random, plan) => {
      const side = sideOf(random);
      plan.sides[side].crls = Array.from(
        {
          length: random.weighted([
            [5, 1],
            [1, 2],
          ]),
        },
        () => revocation(random),
      );
      if (random.chance(0.3)) {
        const [, name, bend] = random.pick(fileBends);
        plan.sides[side].bendCrl = (content) => bend(random, content);
        return `${side}-crl-${name}`;
      }
      return `${side}-crl-${plan.sides[side].crls.map(({ issuer, revoked }) => `${issuer}:${revoked.join('+')}`).join(',')}`;
    },
  ],
  [
    5,
    (random, plan) => {
      const side = sideOf(random);
      const [name, bend] = random.weighted(fileBends.map(([weight, ...rest]) => [weight, rest] as const));
      const which = random.pick(['Ca', 'Cert'] as const);
      plan.sides[side][`bend${which}`] = (content) => bend(random, content);
      return `${side}-${which.toLowerCase()}-${name}`;
    },
  ],
  [
    3,
    (random, plan) => {
      const side = sideOf(random);
      const [name, bend] = random.weighted(keyBends.map(([weight, ...rest]) => [weight, rest] as const));
      plan.sides[side].bendKey = (key) => bend(random, key, plan);
      return `${side}-key-${name}`;
    },
  ],
];

function issue(plan: Plan): Record<CaName | Side, Buffer> {
  const { certificates } = plan;
  const shapeOf = (who: CaName | Side): [CertificateShape, KeyPair, Hash] => {
    const draft = certificates[who];
    const issuer =
      draft.issuer === 'self'
        ? draft
        : draft.issuer === 'leaf'
          ? certificates[who === 'server' ? 'client' : 'server']
          : certificates[draft.issuer];
    const present = (extension: Extension | undefined): Extension[] => (extension === undefined ? [] : [extension]);
    const extensions = [
      ...present(draft.basic),
      ...present(draft.usage),
      ...present(draft.purposes),
      ...present(draft.alternatives),
      ...(draft.identifiers
        ? [
            subjectKeyIdentifier(draft.key),
            authorityKeyIdentifier(draft.wrongAuthority ? keyPair('p256', 0) : issuer.key),
          ]
        : []),
      ...present(draft.constraints),
      ...present(draft.unknown),
    ];
    const { version, serial, subject, notBefore, notAfter, key } = draft;
    return [
      { version, serial, subject, issuer: issuer.subject, notBefore, notAfter, key, extensions },
      draft.forged ? keyPair(issuer.key.type, certificates.root.key === issuer.key ? 1 : 0) : issuer.key,
      draft.hash,
    ];
  };
  return Object.fromEntries(
    (Object.keys(certificates) as (CaName | Side)[]).map((who) => [who, encodeCertificate(...shapeOf(who))]),
  ) as Record<CaName | Side, Buffer>;
}

/** A PKI of two sides with as many oddities as wished for. It is as the seed says but for the keys, which are new in every run. */
export function randomPki(random: Random, { host, oddities: count }: PkiWishes): Pki {
  const plan = draftPki(random, host);
  for (let left = count; left > 0; left--) plan.notes.push(random.weighted(oddities)(random, plan));
  const issued = issue(plan);
  const armoured = (who: CaName | Side): Buffer => Buffer.from(pem('CERTIFICATE', issued[who]));
  const credentials = (side: Side): Credentials => {
    const { bundle, chain, leafLast, crls, bendCa, bendCert, bendCrl, bendKey } = plan.sides[side];
    const lists = crls.map(({ issuer, revoked, thisUpdate, nextUpdate, hash, forged }) =>
      pem(
        'X509 CRL',
        encodeRevocationList(
          {
            issuer: plan.certificates[issuer].subject,
            thisUpdate,
            nextUpdate,
            revoked: revoked.flatMap((who) => (who === 'none' ? [] : [plan.certificates[who].serial])),
          },
          forged ? keyPair('p256', 0) : plan.certificates[issuer].key,
          hash,
        ),
      ),
    );
    const ca = bendCa(Buffer.concat(bundle.map(armoured)));
    const cert = bendCert(Buffer.concat((leafLast ? [...chain, side] : [side, ...chain]).map(armoured)));
    const crl = lists.length === 0 ? undefined : bendCrl(Buffer.from(lists.join('')));
    const key = bendKey(plan.certificates[side].key);
    return { ...(ca && { ca }), ...(cert && { cert }), ...(crl && { crl }), ...(key && { key }) };
  };
  return {
    server: credentials('server'),
    client: credentials('client'),
    clientName: plan.certificates.client.subject,
    notes: plan.notes,
  };
}
