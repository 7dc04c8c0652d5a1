import type { Certificate } from '../facts/certificates.ts';
import { isIssuer } from './chain-of-trust.ts';
import { isSelfIssued, leafOf, membersOf, type SetContents } from './credential-contents.ts';

/** What a member of a CA file is: a CA, an authority that its own extensions do not show as one, or no authority at all. */
export type CaMember = 'ca' | 'not-marked-as-ca' | 'leaf';

/**
 * Tells a CA whose certificate lacks what makes it one from a leaf that strayed into the file. An authority is self-issued, or has issued
 * the own certificate or another member, or may sign certificates by its key usage.
 */
export function caMember(member: Certificate, contents: SetContents): CaMember {
  if (member.basicConstraints?.ca === true) return 'ca';
  const leaf = leafOf(contents);
  if (leaf?.fingerprint === member.fingerprint) return 'leaf';
  const issued = [...(leaf === undefined ? [] : [leaf]), ...membersOf(contents.ca)].some(
    (one) => one.fingerprint !== member.fingerprint && isIssuer(one, member),
  );
  const signs = member.keyUsage?.usages.includes('keyCertSign') === true;
  // A self-signed server or client certificate is its own issuer and yet no authority.
  const endEntity = member.basicConstraints?.ca === false && (member.extendedKeyUsage?.purposes.length ?? 0) > 0;
  return issued || signs || (isSelfIssued(member) && !endEntity) ? 'not-marked-as-ca' : 'leaf';
}
