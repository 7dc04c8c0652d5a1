import type { Certificate, CertificateFile } from '../facts/certificates.ts';
import type { Known } from '../facts/facts.ts';
import { isViewer } from '../reference/pki-files.ts';
import { caMember } from './ca-member.ts';
import {
  activation,
  certificateWithCa,
  trustWithCa,
  whereCaIsAtHand,
  type OrderStep,
  type StepWithCa,
} from './certificate-order.ts';
import { validityAt } from './certificate-validity.ts';
import { isIssuer, signatureVerdict } from './chain-of-trust.ts';
import {
  leafOf,
  membersOf,
  type CertificateInUse,
  type Content,
  type ContentFacts,
  type SetContents,
} from './credential-contents.ts';
import { ownChain, type OwnChain } from './own-chain.ts';
import { pemText } from './pem-text.ts';
import { exists } from './walk.ts';

type BundleFacts = ContentFacts & Known<'identity' | 'clock'>;

/** Certificates into a file in place of what it holds, in the shape of a fix's step. */
export interface WriteStep {
  readonly kind: 'write';
  readonly path: string;
  readonly pem: string;
}

/** A way out in the shape of a fix without its title. */
export interface Remedy {
  readonly applicability: 'unsafe' | 'manual';
  readonly steps: readonly (OrderStep | WriteStep)[];
  readonly withCa?: readonly (StepWithCa | WriteStep)[];
}

/** Puts these certificates into a file. */
export const writeStep = (path: string, certificates: readonly Certificate[]): WriteStep => ({
  kind: 'write',
  path,
  pem: pemText(certificates),
});

/**
 * Mends a CA file some members of which are at fault: what is sound stays where that is enough for the own certificate; else the CA at hand
 * takes the place of what is at fault, and issues the own certificate where only what goes has issued it.
 */
export function caFileRemedy(
  facts: BundleFacts,
  contents: SetContents,
  isAtFault: (member: Certificate) => boolean,
  byHand: readonly OrderStep[],
): Remedy {
  const { set, ca } = contents;
  const manual = { applicability: 'manual', steps: byHand } as const;
  // A file with a key in it is never written.
  if (ca.state !== 'loaded' || ca.value.privateKeyLine !== undefined || set.isElsewhere === true) return manual;
  const { path } = ca.file;
  const kept = membersOf(ca).filter((member) => !isAtFault(member) && isUsable(facts, contents, member));
  if (kept.length === 0) return { ...manual, withCa: [{ kind: 'trust', path, how: 'replace' }, ...activation(set)] };
  const chain = ownChain(facts, { ...contents, ca: { ...ca, value: { certificates: kept } } });
  const enough = chain.state !== 'untrusted' || isOwnFault(chain) ? kept : withIntermediates(facts, contents, kept);
  if (enough !== undefined) return { applicability: 'unsafe', steps: [writeStep(path, enough), ...activation(set)] };
  const withCa = certificateWithCa(facts, set);
  return withCa.length === 0 ? manual : { ...manual, withCa: [writeStep(path, kept), ...withCa] };
}

/**
 * Brings a CA file within what the program reads of it: each certificate once, without those that it would stop at, and before all others those
 * that the own one leads to. Which of too many are in use, only a person knows.
 */
export function shortenedRemedy(
  facts: BundleFacts,
  contents: SetContents,
  limit: number,
  byHand: readonly OrderStep[],
): Remedy {
  const { set, ca } = contents;
  const manual = { applicability: 'manual', steps: byHand } as const;
  if (ca.state !== 'loaded' || ca.value.privateKeyLine !== undefined || set.isElsewhere === true) return manual;
  const members = membersOf(ca).filter(
    (member, index, all) =>
      isUsable(facts, contents, member) &&
      all.findIndex(({ fingerprint }) => fingerprint === member.fingerprint) === index,
  );
  const leaf = leafOf(contents);
  const first: Certificate[] = [];
  for (let at = leaf; at !== undefined;) {
    const below: Certificate = at;
    at = members.find((one) => !first.includes(one) && isIssuer(below, one));
    if (at !== undefined) first.push(at);
  }
  const isMoved = first.some((one) => membersOf(ca).indexOf(one) >= limit);
  if (members.length > limit && !isMoved) return manual;
  const ordered = [...first, ...members.filter((one) => !first.includes(one))];
  return { applicability: 'unsafe', steps: [writeStep(ca.file.path, ordered), ...activation(set)] };
}

/** Would the program take a member of its CA file; viewers look at none of them before they need it. */
const isUsable = ({ clock }: Known<'clock'>, contents: SetContents, member: Certificate): boolean =>
  isViewer(contents.set.program) ||
  (caMember(member, contents) === 'ca' &&
    validityAt(member, clock.now) === 'valid' &&
    member.keyUsage?.usages.includes('keyCertSign') !== false);

/** Is it the leaf itself that is at fault, whatever the CA file holds. */
const isOwnFault = ({ leaf, fault }: OwnChain & { readonly state: 'untrusted' }): boolean =>
  fault.certificate.fingerprint === leaf.fingerprint &&
  ['expired', 'not-yet-valid', 'insecure-algorithm', 'weak-key', 'revoked'].includes(fault.kind);

/** Takes a further certificate out of the file that adds it to the own one. */
export function chainRemedy(contents: SetContents, use: CertificateInUse, byHand: readonly OrderStep[]): Remedy {
  const { certificate, set } = contents;
  if (certificate.state !== 'loaded' || certificate.value.privateKeyLine !== undefined || set.isElsewhere === true)
    return { applicability: 'manual', steps: byHand };
  const kept = membersOf(certificate).filter(({ fingerprint }) => fingerprint !== use.certificate.fingerprint);
  return { applicability: 'unsafe', steps: [writeStep(use.file.path, kept), ...activation(set)] };
}

/** Puts a later certificate of the file first, and behind it those who issued it, in order, and what else the file holds. */
export function firstInFile(contents: SetContents, first: Certificate, byHand: readonly OrderStep[]): Remedy {
  const { certificate, set } = contents;
  if (certificate.state !== 'loaded' || certificate.value.privateKeyLine !== undefined || set.isElsewhere === true)
    return { applicability: 'manual', steps: byHand };
  const ordered = [first];
  const others = membersOf(certificate).filter(({ fingerprint }) => fingerprint !== first.fingerprint);
  for (let at: Certificate | undefined = first; at !== undefined;) {
    const below: Certificate = at;
    at = others.find((one) => !ordered.includes(one) && isIssuer(below, one));
    if (at !== undefined) ordered.push(at);
  }
  const rest = others.filter((one) => !ordered.includes(one));
  return {
    applicability: 'unsafe',
    steps: [writeStep(certificate.file.path, [...ordered, ...rest]), ...activation(set)],
  };
}

/**
 * Mends a file that cannot be read: it is written anew from what could be made of it where that is what its owner needs, and else the CA at hand
 * takes its place, or issues what it should hold.
 */
export function malformedRemedy(
  facts: BundleFacts,
  contents: SetContents,
  content: Content<CertificateFile> & { readonly state: 'malformed' },
  byHand: readonly OrderStep[],
): Remedy {
  const { set, key } = contents;
  const { file, salvaged, malformation } = content;
  const manual = { applicability: 'manual', steps: byHand } as const;
  if (set.isElsewhere === true) return manual;
  const isCa = file.kind === 'ca-certificate';
  const loaded = { state: 'loaded', file, value: { certificates: salvaged } } as const;
  const mended: SetContents = { ...contents, [isCa ? 'ca' : 'certificate']: loaded };
  const pem = pemText(salvaged);
  const [first] = salvaged;
  const fitsKey =
    isCa ||
    key.state !== 'loaded' ||
    key.value.state !== 'readable' ||
    key.value.publicKey.fingerprint === first?.publicKey.fingerprint;
  const isWhole = salvaged.length > content.readable || ['too-large', 'binary'].includes(malformation.cause);
  const chain = ownChain(facts, mended).state;
  const suffices = chain === 'trusted' || (chain === 'not-judged' && isWhole);
  if (first !== undefined && fitsKey && suffices && pem.length <= maximumSize)
    return { applicability: 'unsafe', steps: [{ kind: 'write', path: file.path, pem }, ...activation(set)] };
  // A directory in the place of a file may hold anything.
  if (malformation.cause === 'not-a-file') return manual;
  const root = isCa && malformation.cause === 'empty' ? ownRoot(facts, contents) : undefined;
  if (root !== undefined) return { applicability: 'unsafe', steps: [writeStep(file.path, [root]), ...activation(set)] };
  const trust = trustWithCa(facts, set);
  const withCa = isCa
    ? trust.length === 0
      ? []
      : [...trust, ...activation(set)]
    : certificateWithCa(facts, set, { replaces: first });
  return { ...manual, ...whereCaIsAtHand(withCa) };
}

/** What libvirt reads of a certificate file. */
const maximumSize = 65_536;

/** Every certificate in the files of a host. */
const knownCertificates = ({ certificates, files }: ContentFacts): readonly Certificate[] =>
  Object.entries(certificates).flatMap(([path, file]) =>
    file.known && exists(files, path) === true ? file.value.certificates : [],
  );

/** By its signature, and not only by name: what is trusted in consequence must be beyond doubt. */
const hasSigned = (issuer: Certificate, certificate: Certificate): boolean =>
  isIssuer(certificate, issuer) && signatureVerdict(certificate, issuer) === 'good';

/**
 * Adds to a CA file the intermediates that lead from the own certificate to what the file trusts already, as far as the own file or another of
 * this host holds them. Undefined where they do not, or the file may not be written.
 */
export function intermediatesRemedy(
  facts: BundleFacts,
  contents: SetContents,
): readonly (OrderStep | WriteStep)[] | undefined {
  const { set, ca } = contents;
  if (ca.state !== 'loaded' || ca.value.privateKeyLine !== undefined || set.isElsewhere === true) return undefined;
  const trusted = membersOf(ca).filter((member) => isUsable(facts, contents, member));
  const enough = withIntermediates(facts, contents, trusted);
  return enough === undefined ? undefined : [writeStep(ca.file.path, enough), ...activation(set)];
}

/** Some CAs, and the intermediates by which they make the own certificate trusted; undefined where none are known that do. */
function withIntermediates(
  facts: BundleFacts,
  contents: SetContents,
  trusted: readonly Certificate[],
): readonly Certificate[] | undefined {
  const { ca } = contents;
  const leaf = leafOf(contents);
  if (leaf === undefined || ca.state !== 'loaded') return undefined;
  const candidates = [...membersOf(contents.certificate).slice(1), ...knownCertificates(facts)].filter(
    (one) => one.basicConstraints?.ca === true && !isIssuer(one, one) && validityAt(one, facts.clock.now) === 'valid',
  );
  const added: Certificate[] = [];
  for (let at: Certificate = leaf; !trusted.some((one) => hasSigned(one, at));) {
    const below: Certificate = at;
    const issuer = candidates.find(
      (one) => !added.some(({ fingerprint }) => fingerprint === one.fingerprint) && hasSigned(one, below),
    );
    if (issuer === undefined) return undefined;
    added.push(issuer);
    at = issuer;
  }
  const anchors = [...trusted, ...added];
  const chain = ownChain(facts, { ...contents, ca: { ...ca, value: { certificates: anchors } } });
  return added.length > 0 && chain.state === 'trusted' ? anchors : undefined;
}

/** The root, in a file of this host, that has issued the own certificate: what its CA file must hold. Undefined where none does. */
export function ownRoot(facts: BundleFacts, contents: SetContents): Certificate | undefined {
  const { set, ca } = contents;
  const leaf = leafOf(contents);
  if (ca.state === 'none' || leaf === undefined || set.isElsewhere === true) return undefined;
  return knownCertificates(facts).find((one) => {
    if (one.basicConstraints?.ca !== true || !hasSigned(one, leaf) || !hasSigned(one, one)) return false;
    const alone = { state: 'loaded', file: ca.file, value: { certificates: [one] } } as const;
    return ownChain(facts, { ...contents, ca: alone }).state === 'trusted';
  });
}
