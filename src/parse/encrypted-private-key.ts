import { createPrivateKey } from 'node:crypto';
import { DerSequence, objectIdentifier, readOnly, tag } from './der.ts';
import { bufferOf, findPem } from './pem.ts';

/** An encrypted key as far as a pass phrase can be tried on it. */
export interface LockedKey {
  /** Rounds of hashing that one try takes: 1 for OpenSSL's older encryption. */
  readonly rounds: number;
  /** Does this pass phrase open it. Nothing of key or pass phrase is kept. */
  opens(passPhrase: Buffer): boolean;
}

/**
 * The lock of an encrypted key that both GnuTLS and OpenSSL know; undefined for any other, of which nobody can say here whether a pass
 * phrase is right. Its rounds are whatever the file says: who tries must look at them first.
 *
 * Source: GnuTLS lib/x509/privkey_pkcs8_pbes2.c, privkey_openssl.c.
 */
export function lockedKey(content: Uint8Array): LockedKey | undefined {
  const data = bufferOf(content);
  for (const label of ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']) {
    const block = findPem(data, label);
    if (!block.found) continue;
    const { der } = block;
    const rounds = roundsOf(der);
    return rounds === undefined
      ? undefined
      : {
          rounds,
          opens: (passphrase) => opens(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8', passphrase })),
        };
  }
  const text = legacyBlock.exec(data.toString('latin1'))?.[0];
  return text === undefined
    ? undefined
    : { rounds: 1, opens: (passphrase) => opens(() => createPrivateKey({ key: text, passphrase })) };
}

/** DES-CBC, which GnuTLS knows as well, OpenSSL 3 no longer has. */
const legacyBlock =
  /-----BEGIN (RSA|EC|DSA) PRIVATE KEY-----\r?\nProc-Type: 4,ENCRYPTED\r?\nDEK-Info: (?:DES-EDE3|AES-(?:128|192|256)|CAMELLIA-(?:128|192|256))-CBC,[0-9A-Fa-f]+\r?\n[A-Za-z0-9+/=\r\n]*-----END \1 PRIVATE KEY-----/;

function opens(load: () => unknown): boolean {
  try {
    load();
    return true;
  } catch {
    return false;
  }
}

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';
/** pbeWithSHAAnd3-KeyTripleDES-CBC of PKCS #12. */
const tripleDes = '1.2.840.113549.1.12.1.3';
/** DES-EDE3-CBC and AES-CBC of 128, 192 and 256 bits. */
const ciphers: ReadonlySet<string> = new Set([
  '1.2.840.113549.3.7',
  '2.16.840.1.101.3.4.1.2',
  '2.16.840.1.101.3.4.1.22',
  '2.16.840.1.101.3.4.1.42',
]);

/** Iterations of an EncryptedPrivateKeyInfo (RFC 8018); undefined for a scheme that is not among the usual ones. */
function roundsOf(der: Buffer): number | undefined {
  try {
    const info = new DerSequence(readOnly(der, tag.sequence));
    const algorithm = new DerSequence(info.required(tag.sequence));
    const scheme = objectIdentifier(algorithm.required(tag.objectIdentifier));
    const parameters = new DerSequence(algorithm.required(tag.sequence));
    if (scheme === tripleDes) return saltAndRounds(parameters);
    if (scheme !== pbes2) return undefined;
    const derivation = new DerSequence(parameters.required(tag.sequence));
    const encryption = new DerSequence(parameters.required(tag.sequence));
    if (objectIdentifier(derivation.required(tag.objectIdentifier)) !== pbkdf2) return undefined;
    if (!ciphers.has(objectIdentifier(encryption.required(tag.objectIdentifier)))) return undefined;
    return saltAndRounds(new DerSequence(derivation.required(tag.sequence)));
  } catch {
    return undefined;
  }
}

function saltAndRounds(parameters: DerSequence): number | undefined {
  parameters.required(tag.octetString);
  const { content } = parameters.required(tag.integer);
  return content.length > 0 && content.length <= 6 ? content.readIntBE(0, content.length) : undefined;
}
