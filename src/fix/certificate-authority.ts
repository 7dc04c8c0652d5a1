import { createHash, createPrivateKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { validityAt } from '../domain/certificate-validity.ts';
import { momentText } from '../domain/moment-text.ts';
import { canonicalAddress } from '../facts/address.ts';
import type { Certificate, PublicKeyInfo } from '../facts/certificates.ts';
import { DerSequence, readOnly, tag } from '../parse/der.ts';
import { parsePrivateKeyFile } from '../parse/private-key-file.ts';
import type { DecodedCertificate } from '../parse/x509.ts';
import { printable } from '../report/printable.ts';
import type { CertificateOrder } from '../rule/fix.ts';
import type { Content, SigningAlgorithm } from './issue-certificate.ts';
import type { IssuedCertificate, Wanted } from './realize.ts';

/** A CA that cannot be used, and why, for the person who gave it. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
}

/** A CA whose key is at hand: it issues what a plan wants, and holds the keys that it makes for that. */
export interface CertificateAuthority {
  /** What peers are to trust: its own certificate, or the root above it where that was given too. */
  readonly anchor: Certificate;
  /** Issues as of a moment, ISO 8601. @throws AuthorityError for what nobody could be given */
  issue(wanted: Wanted, at: string): Promise<IssuedCertificate>;
  /** The private key (PEM, PKCS #8) to a public one (SHA-256 of its SubjectPublicKeyInfo) that was made here. */
  readonly keyFor: (publicKey: string) => Uint8Array | undefined;
}

/**
 * Takes the files of a CA: its certificate, with those above it if it is no root, and its key, both PEM. The bytes of the key are wiped.
 * @throws AuthorityError where they do not make a CA that can issue at that moment
 */
export async function certificateAuthority({
  certificate,
  key,
  at,
}: {
  readonly certificate: Uint8Array;
  readonly key: Uint8Array;
  readonly at: string;
}): Promise<CertificateAuthority> {
  const { parseCertificateFile } = await import('../parse/x509-files.ts');
  const { certificates, malformation } = parseCertificateFile(certificate);
  if (certificates.length === 0 || malformation !== undefined)
    throw new AuthorityError(
      `the file of the CA's certificate cannot be read (${malformation?.cause ?? 'it is empty'})`,
    );
  const signing = await keyOf(key);
  const issuer = certificates.find((one) => one.publicKey.fingerprint === signing.fingerprint);
  if (issuer === undefined) throw new AuthorityError("the CA's key is not that of its certificate");
  mustIssue(issuer, at);
  const chain = chainAbove(issuer, certificates);
  return new LoadedAuthority(issuer, chain, signing);
}

/** The CA's key: it signs, and cannot be taken out again. */
interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: SigningAlgorithm;
  /** Of its public half. */
  readonly fingerprint: string;
}

async function keyOf(bytes: Uint8Array): Promise<SigningKey> {
  const file = parsePrivateKeyFile(bytes);
  try {
    if (file.state === 'encrypted')
      throw new AuthorityError(
        "the CA's key is encrypted, and no pass phrase is asked for here: give it opened, as in bash --ca-key <(openssl pkey -in FILE)",
      );
    if (file.state === 'malformed')
      throw new AuthorityError(
        `the CA's key cannot be read (${file.malformation.cause}): it must be a private key in PEM`,
      );
    const { publicKey } = file;
    const algorithm = signatures(publicKey);
    if (algorithm === undefined)
      throw new AuthorityError(
        `the CA's key (${publicKey.curve ?? publicKey.algorithm}) is none that we sign with: RSA, EC on P-256, P-384 or P-521, or Ed25519`,
      );
    const pem = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pkcs8 = createPrivateKey({ key: pem, format: 'pem' }).export({ type: 'pkcs8', format: 'der' });
    try {
      const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
      return { key, algorithm, fingerprint: publicKey.fingerprint };
    } finally {
      pkcs8.fill(0);
    }
  } catch (error) {
    // OpenSSL's own words might quote the key.
    throw error instanceof AuthorityError ? error : new AuthorityError("the CA's key cannot be read");
  } finally {
    bytes.fill(0);
  }
}

/** @throws AuthorityError */
function mustIssue(issuer: Certificate, at: string): void {
  const name = printable(issuer.subject.text || 'the certificate');
  if (issuer.basicConstraints?.ca !== true)
    throw new AuthorityError(`${name} is no CA: its basic constraints do not say so`);
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.usages.includes('keyCertSign'))
    throw new AuthorityError(`${name} may not sign certificates: its key usage lacks keyCertSign`);
  const validity = validityAt(issuer, at);
  if (validity === 'expired')
    throw new AuthorityError(
      `the CA ${name} has expired at ${momentText(issuer.notAfter)}, and it is ${momentText(at)}`,
    );
  if (validity === 'not-yet-valid')
    throw new AuthorityError(
      `the CA ${name} is not valid before ${momentText(issuer.notBefore)}, and it is ${momentText(at)}`,
    );
}

/** The CAs from the issuer up, itself first, as far as they were given. @throws AuthorityError where one of them may have none below it */
function chainAbove(issuer: Certificate, given: readonly Certificate[]): readonly [Certificate, ...Certificate[]] {
  const chain: [Certificate, ...Certificate[]] = [issuer];
  for (let below = issuer; below.subject.der !== below.issuer.der && chain.length <= given.length;) {
    const above = given.find(({ subject }) => subject.der === below.issuer.der);
    if (above === undefined) break;
    const { pathLength } = above.basicConstraints ?? {};
    if (pathLength !== undefined && pathLength < chain.length)
      throw new AuthorityError(
        `${printable(above.subject.text)} allows fewer CAs below it (path length ${pathLength})`,
      );
    chain.push(above);
    below = above;
  }
  return chain;
}

/** How a key signs; undefined for keys that TLS peers do not take from a CA, or that Node's Web Crypto does not know. */
function signatures({ algorithm, curve = '' }: PublicKeyInfo): SigningAlgorithm | undefined {
  if (algorithm === 'RSA') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (algorithm === 'Ed25519') return { name: 'Ed25519' };
  return algorithm === 'EC' ? ecdsa[curve] : undefined;
}

/** By OpenSSL's names of the curves; each hash as strong as the curve. */
const ecdsa: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
};

/** How far before the moment of issue validity begins: clocks of peers may be slow. */
const leewayMinutes = 5;

class LoadedAuthority implements CertificateAuthority {
  readonly anchor: Certificate;
  readonly #issuer: Certificate;
  readonly #chain: readonly Certificate[];
  readonly #key: SigningKey;
  /** SubjectPublicKeyInfo of keys that were made, by where they are to lie. */
  readonly #made = new Map<string, Buffer>();
  readonly #keys = new Map<string, Uint8Array>();

  constructor(issuer: Certificate, chain: readonly [Certificate, ...Certificate[]], key: SigningKey) {
    this.#issuer = issuer;
    // A root is with the peers already, and would only be sent to no use.
    this.#chain = chain.filter(({ subject, issuer: above }) => subject.der !== above.der);
    this.anchor = chain.at(-1) ?? issuer;
    this.#key = key;
  }

  readonly keyFor = (publicKey: string): Uint8Array | undefined => this.#keys.get(publicKey);

  async issue({ order, key, holder }: Wanted, at: string): Promise<IssuedCertificate> {
    mustIssue(this.#issuer, at);
    const content = this.#content(order, holder === undefined ? this.#newKey(key) : publicKeyOf(holder), at);
    const leaf = await this.#signed(content);
    return { certificates: [{ ...leaf, position: 0, line: 1 }, ...this.#chain] };
  }

  /** The public half of the key for a place. */
  #newKey(place: string): Buffer {
    const known = this.#made.get(place);
    if (known !== undefined) return known;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    this.#made.set(place, spki);
    this.#keys.set(sha256(spki), Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    return spki;
  }

  /** @throws AuthorityError */
  #content({ days, ...order }: CertificateOrder, publicKey: Buffer, at: string): Content {
    const begin = Math.max(Date.parse(at) - leewayMinutes * 60_000, Date.parse(this.#issuer.notBefore));
    const ends = [this.#issuer, ...this.#chain, this.anchor].map(({ notAfter }) => Date.parse(notAfter));
    const end = Math.min(Date.parse(at) + days * 86_400_000, ...ends);
    const subject = subjectOf(order, this.#issuer.subject.der);
    return {
      endpoint: order.endpoint,
      ...(subject === undefined ? {} : { subject }),
      dns: order.dns.map(asciiName),
      ip: order.ip.map(address),
      publicKey,
      notBefore: new Date(begin),
      notAfter: new Date(end),
    };
  }

  /** @throws AuthorityError where the library cannot write a name or a key as it stands */
  async #signed(content: Content): Promise<DecodedCertificate> {
    const [{ issueCertificate }, { parseCertificate }] = await Promise.all([
      import('./issue-certificate.ts'),
      import('../parse/x509-files.ts'),
    ]);
    const { der: issuer } = this.#issuer.subject;
    const { key, algorithm } = this.#key;
    const signer = {
      key,
      algorithm,
      name: Buffer.from(issuer, 'base64'),
      publicKey: publicKeyOf(this.#issuer.der),
      keyIdentifier: this.#issuer.subjectKeyIdentifier,
    };
    const { subject, publicKey } = content;
    let leaf: DecodedCertificate;
    try {
      leaf = parseCertificate(await issueCertificate(content, signer));
    } catch (cause) {
      throw new AuthorityError('a certificate with these names, or for this key, cannot be issued', { cause });
    }
    // Names are kept byte for byte, by which programs compare them: the library mends what is no character.
    if (
      leaf.issuer.der !== issuer ||
      leaf.publicKey.fingerprint !== sha256(publicKey) ||
      (subject !== undefined && 'der' in subject && leaf.subject.der !== subject.der)
    )
      throw new AuthorityError('a certificate cannot be issued: the name of the CA or of its holder is malformed');
    return leaf;
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The SubjectPublicKeyInfo of a certificate (DER, base64). */
function publicKeyOf(certificate: string): Buffer {
  const outer = new DerSequence(readOnly(Buffer.from(certificate, 'base64'), tag.sequence));
  const tbs = new DerSequence(outer.required(tag.sequence));
  tbs.optional(0xa0);
  // Serial number, signature algorithm, issuer, validity, subject.
  for (let field = 0; field < 5; field += 1) tbs.required();
  return Buffer.from(tbs.required(tag.sequence).bytes);
}

/** ub-common-name of RFC 5280. */
const longestCommonName = 64;

/** The subject: a name longer than a common name may be is left to the alternative names. @throws AuthorityError */
function subjectOf(
  { subject, dns, ip, endpoint }: Omit<CertificateOrder, 'days'>,
  issuer: string,
): CertificateOrder['subject'] | undefined {
  if ('der' in subject && subject.der !== issuer) return subject;
  // Whoever bears the CA's own name would pass for a certificate that has signed itself.
  const commonName = 'commonName' in subject ? subject.commonName : (dns[0] ?? ip[0] ?? endpoint);
  if (commonName !== '' && [...commonName].length <= longestCommonName) return { commonName };
  if (dns.length + ip.length === 0)
    throw new AuthorityError(`a certificate for “${printable(commonName)}” cannot be issued`);
  return undefined;
}

/** @throws AuthorityError for a name that no certificate can hold as it stands */
function asciiName(name: string): string {
  if (!/^[\x21-\x7e]+$/.test(name))
    throw new AuthorityError(`a certificate for “${printable(name)}” cannot be issued: write the name in ASCII`);
  return name;
}

/** @throws AuthorityError for what is no address */
function address(text: string): string {
  const canonical = canonicalAddress(text);
  if (canonical === undefined) throw new AuthorityError(`“${printable(text)}” is no address`);
  return canonical;
}
