import type { ChainFault } from '../domain/chain-of-trust.ts';

/** The rules of `scan` that find on one host why another one does not trust its chain, the likeliest first. */
export function rulesOfFault({ kind }: ChainFault): readonly string[] {
  switch (kind) {
    case 'expired':
      return ['certificate-expired'];
    case 'not-yet-valid':
      return ['certificate-not-yet-valid'];
    case 'revoked':
      return ['certificate-revoked'];
    case 'insecure-algorithm':
      return ['weak-signature'];
    case 'weak-key':
      return ['weak-key'];
    case 'issuer-not-a-ca':
      return ['ca-certificate-not-a-ca', 'certificate-untrusted'];
    case 'issuer-key-usage':
      return ['ca-key-usage-insufficient'];
    case 'other-ca':
    case 'intermediate-missing':
    case 'same-name-other-key':
    case 'path-length':
    case 'name-constraints':
    case 'bad-signature':
    case 'unsupported-algorithm':
    case 'unknown-critical-extension':
      return ['certificate-untrusted'];
  }
}

/** Does the fault lie in what the other end trusts, and not in the certificate itself. */
export const isAffairOfTrust = ({ kind }: ChainFault): boolean =>
  kind === 'other-ca' || kind === 'intermediate-missing' || kind === 'same-name-other-key';
