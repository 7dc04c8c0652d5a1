/* A door like src/parse/x509-files.ts, and with reflect-metadata first as in src/parse/x509.ts: the part of the X.509 library that writes
   comes in only when a certificate is issued. */
import 'reflect-metadata/lite';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';
import type { CertificateOrder } from '../rule/fix.ts';

/** Who signs. */
export interface Signer {
  readonly key: webcrypto.CryptoKey;
  /** How, in terms of the Web Cryptography API. */
  readonly algorithm: SigningAlgorithm;
  /** The CA's subject, in DER. */
  readonly name: Buffer;
  /** The CA's SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** As the CA's certificate has it, in hexadecimal, if it does. */
  readonly keyIdentifier: string | undefined;
}

/** A way to sign that the Web Cryptography API knows, with what tells it apart. */
export interface SigningAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
}

/** What a certificate says. */
export interface Content extends Pick<CertificateOrder, 'endpoint' | 'dns' | 'ip'> {
  /** None where the alternative names say it all. */
  readonly subject?: CertificateOrder['subject'];
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate as RFC 5280 has them, in DER. */
export async function issueCertificate(content: Content, signer: Signer): Promise<Uint8Array> {
  const { publicKey, notBefore, notAfter } = content;
  const subject = nameOf(content.subject);
  const serial = randomBytes(20);
  // Positive, and all 20 octets of it.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial.toString('hex'),
      issuer: new Name(signer.name),
      subject,
      notBefore,
      notAfter,
      publicKey: new PublicKey(publicKey),
      extensions: await extensionsOf(content, subject, signer),
      signingKey: signer.key as never,
      signingAlgorithm: signer.algorithm as never,
    },
    webcrypto as never,
  );
  return new Uint8Array(certificate.rawData);
}

function nameOf(subject: Content['subject']): Name {
  if (subject === undefined) return new Name([]);
  // As UTF8String, and not by the grammar of names in text.
  return new Name(
    'der' in subject ? Buffer.from(subject.der, 'base64') : [{ CN: [{ utf8String: subject.commonName }] }],
  );
}

async function extensionsOf({ endpoint, dns, ip, publicKey }: Content, subject: Name, signer: Signer) {
  const crypto = webcrypto as never;
  const isNameless = subject.toJSON().length === 0;
  const names = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ];
  return [
    new BasicConstraintsExtension(false, undefined, true),
    // libvirt and QEMU refused certificates without key encipherment for years, whatever their key.
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage[endpoint === 'server' ? 'serverAuth' : 'clientAuth']]),
    await SubjectKeyIdentifierExtension.create(new PublicKey(publicKey), false, crypto),
    signer.keyIdentifier === undefined
      ? await AuthorityKeyIdentifierExtension.create(new PublicKey(signer.publicKey), false, crypto)
      : new AuthorityKeyIdentifierExtension(signer.keyIdentifier),
    ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names, isNameless)]),
  ];
}
