import { chainFaultText } from '../../domain/chain-fault-text.ts';
import { isIssuer, type ChainFault } from '../../domain/chain-of-trust.ts';
import { isSelfIssued, leafOf, membersOf, subjectTitle, type SetContents } from '../../domain/credential-contents.ts';
import { ownChain } from '../../domain/own-chain.ts';
import type { Certificate } from '../../facts/certificates.ts';
import type { Known } from '../../facts/facts.ts';
import { standingText } from './certificate.ts';
import type { Evidence, EvidenceRow } from './evidence.ts';

/** Longer chains are of no use, and a circle of issuers has no end. */
const longest = 10;
/** Trusted CAs that are named when none of them has issued what is at hand. */
const mostOthers = 6;

/** Faults between a certificate and what stands above it; the others lie in one certificate. */
const brokenLinks: ReadonlySet<ChainFault['kind']> = new Set([
  'other-ca',
  'intermediate-missing',
  'same-name-other-key',
  'path-length',
  'name-constraints',
  'bad-signature',
  'unsupported-algorithm',
]);

interface Member {
  readonly certificate: Certificate;
  readonly path: string;
  readonly from: 'leaf' | 'file' | 'anchors';
}

/**
 * What leads from a set's own certificate up to a CA, as a tree with the CA at its top: the broken link marked, and beneath it why. Where
 * nothing at hand has issued a certificate, the missing issuer stands above it, and beside the tree what is trusted instead.
 */
export function chainEvidence(facts: Known<'software' | 'clock'>, contents: SetContents): Evidence | undefined {
  const leaf = leafOf(contents);
  const { ca, certificate } = contents;
  if (leaf === undefined || ca.state !== 'loaded' || certificate.state !== 'loaded') return undefined;
  const { now } = facts.clock;
  const anchors = membersOf(ca).map((one): Member => ({ certificate: one, path: ca.file.path, from: 'anchors' }));
  const beside = membersOf(certificate)
    .slice(1)
    .map((one): Member => ({ certificate: one, path: certificate.file.path, from: 'file' }));
  const chain = ownChain(facts, contents);
  const fault = chain.state === 'untrusted' ? chain.fault : undefined;

  const upward: Member[] = [{ certificate: leaf, path: certificate.file.path, from: 'leaf' }];
  let top = leaf;
  while (upward.length < longest) {
    if (isSelfIssued(top)) break;
    const issuer =
      [...anchors, ...beside].find((one) => isIssuer(top, one.certificate)) ??
      anchors.find((one) => one.certificate.subject.der === top.issuer.der);
    if (issuer === undefined || upward.some((one) => one.certificate.fingerprint === issuer.certificate.fingerprint))
      break;
    upward.push(issuer);
    top = issuer.certificate;
  }
  const isAnchored = anchors.some(({ certificate: anchor }) => anchor.fingerprint === top.fingerprint);
  const members = [...upward].reverse();
  const rows: EvidenceRow[] = [];
  const missing = !isAnchored && !isSelfIssued(top);
  if (missing) rows.push({ sign: 'error', label: '', text: `${top.issuer.text}, which is not at hand` });
  for (const [index, { certificate: one, path, from }] of members.entries()) {
    const depth = index + (missing ? 1 : 0);
    const isAt = fault !== undefined && fault.certificate.fingerprint === one.fingerprint;
    const isBroken = isAt && brokenLinks.has(fault.kind);
    const branch = depth === 0 ? '' : `${'   '.repeat(depth - 1)}└${isBroken ? '✖' : '─'} `;
    const place = from === 'anchors' ? 'trusted' : from === 'file' ? 'beside the certificate' : contents.set.endpoint;
    rows.push({
      sign: isAt || (chain.state === 'beyond-limit' && from === 'anchors') ? 'error' : 'pass',
      label: branch,
      text: `${subjectTitle(one)} · ${place}, ${path}:${one.line} · ${standingText(one, now)}`,
    });
    if (isAt) rows.push({ sign: 'error', label: '   '.repeat(depth), text: chainFaultText(fault) });
  }
  if (chain.state === 'beyond-limit')
    rows.push({
      sign: 'error',
      label: '',
      text: 'the CA stands so far down in its file that the program does not read it',
    });
  const others = isAnchored ? [] : anchors.filter((one) => !upward.includes(one));
  for (const { certificate: one, path } of others.slice(0, mostOthers))
    rows.push({
      label: '',
      text: `trusted instead: ${subjectTitle(one)} · ${path}:${one.line} · ${standingText(one, now)}`,
    });
  if (others.length > mostOthers) rows.push({ label: '', text: `and ${others.length - mostOthers} more` });
  return { title: `chain ${contents.set.owner}, ${ca.file.path}`, tree: true, rows };
}
