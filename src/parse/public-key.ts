import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { PublicKeyInfo } from '../facts/certificates.ts';

/** Field sizes in bits of the curves that keys name, in OpenSSL's spelling. */
const curveBits: Readonly<Record<string, number>> = {
  prime192v1: 192,
  secp224r1: 224,
  prime256v1: 256,
  secp256k1: 256,
  brainpoolP256r1: 256,
  brainpoolP384r1: 384,
  brainpoolP512r1: 512,
  secp384r1: 384,
  secp521r1: 521,
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a public key tells of itself. */
export function publicKeyInfo(key: KeyObject): PublicKeyInfo {
  const fingerprint = sha256(key.export({ type: 'spki', format: 'der' }));
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { algorithm: 'RSA', bits: modulusLength, fingerprint };
    case 'rsa-pss':
      return { algorithm: 'RSA-PSS', bits: modulusLength, fingerprint };
    case 'dsa':
      return { algorithm: 'DSA', bits: modulusLength, fingerprint };
    case 'ec': {
      const bits = namedCurve === undefined ? 0 : (curveBits[namedCurve] ?? 0);
      return { algorithm: 'EC', bits, ...(namedCurve === undefined ? {} : { curve: namedCurve }), fingerprint };
    }
    case 'ed25519':
      return { algorithm: 'Ed25519', bits: 256, fingerprint };
    case 'ed448':
      return { algorithm: 'Ed448', bits: 456, fingerprint };
    case 'x25519':
    case 'x448':
    case undefined:
    default:
      return { algorithm: 'other', bits: 0, fingerprint };
  }
}

/** The same for a SubjectPublicKeyInfo in DER; `other` where OpenSSL does not know the key. */
export function publicKeyInfoOf(spki: Uint8Array): PublicKeyInfo {
  try {
    return publicKeyInfo(createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' }));
  } catch {
    return { algorithm: 'other', bits: 0, fingerprint: sha256(spki) };
  }
}
