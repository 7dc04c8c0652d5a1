import type { Certificate } from '../facts/certificates.ts';
import { verifyChain } from '../domain/chain-of-trust.ts';
import { pemText } from '../domain/pem-text.ts';
import type { Fix, FixStep } from '../rule/fix.ts';

/** What one end would have to trust to believe the other. */
export interface LackingTrust {
  /** What is shown to it, leaf first. */
  readonly chain: readonly Certificate[];
  /** What it trusts now, in the order of its file. */
  readonly anchors: readonly Certificate[];
  /** What the other end goes by itself; only that is proposed. */
  readonly offered: readonly Certificate[];
  /** ISO 8601. */
  readonly at: string;
  /** The file of CA certificates of the end that does not believe. */
  readonly path: string;
}

/**
 * Has one end trust the CA that the other one goes by, where both ends are known. Whether it is the right CA is a decision: its fingerprint is
 * told, unless the end trusts who signed it already. Undefined where nothing that the other end has would do.
 */
export function trustFix(title: string, lacking: LackingTrust): Fix | undefined {
  // A certificate that is revoked, say, is no affair of trust.
  if (lacking.chain.length === 0 || isBelieved(lacking, lacking.anchors)) return undefined;
  const added = lackingCas(lacking);
  const bundle = added && bundleWith(lacking, added);
  if (added === undefined || bundle === undefined) return undefined;
  const { anchors, at, path } = lacking;
  const isFollowing = added.every((ca) => verifyChain({ certificates: [ca], anchors, at }).trusted);
  const compare = added.map(({ subject, fingerprint }): FixStep => ({
    kind: 'manual',
    instruction: `Ask the administrator of ${subject.text} first whether the SHA-256 fingerprint of its certificate is ${fingerprint.toUpperCase().match(/../g)?.join(':')}`,
  }));
  return {
    title,
    applicability: isFollowing ? 'safe' : 'unsafe',
    steps: [...(isFollowing ? [] : compare), { kind: 'write', path, pem: pemText(bundle) }],
  };
}

const isBelieved = ({ chain, at }: LackingTrust, anchors: readonly Certificate[]): boolean =>
  verifyChain({ certificates: chain, anchors, at, options: { algorithm: 'session', profile: 'low' } }).trusted;

/** The least that makes the chain believed: one CA certificate of the other end, else all of them. */
function lackingCas(lacking: LackingTrust): readonly Certificate[] | undefined {
  const { anchors, offered } = lacking;
  const held = new Set(anchors.map(({ fingerprint }) => fingerprint));
  const cas = offered.filter(
    ({ basicConstraints, fingerprint }) => basicConstraints?.ca === true && !held.has(fingerprint),
  );
  return [...cas.map((ca) => [ca]), cas].find((some) => some.length > 0 && bundleWith(lacking, some) !== undefined);
}

/** The file with them: after what it holds, before it, or in place of CAs of the same name, of which GnuTLS tries one alone. */
function bundleWith(lacking: LackingTrust, added: readonly Certificate[]): readonly Certificate[] | undefined {
  const { anchors } = lacking;
  const names = new Set(added.map(({ subject }) => subject.der));
  const others = anchors.filter(({ subject }) => !names.has(subject.der));
  return [
    [...anchors, ...added],
    [...added, ...anchors],
    [...others, ...added],
  ].find((bundle) => isBelieved(lacking, bundle));
}
