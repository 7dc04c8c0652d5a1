import type { Account } from '../../domain/account.ts';
import { credentialFacts, credentials, filesOf } from '../../domain/credentials.ts';
import { contentFacts, credentialContents, leafOf, type SetContents } from '../../domain/credential-contents.ts';
import { access } from '../../domain/access.ts';
import { walk } from '../../domain/walk.ts';
import type { Finding } from '../../engine/report.ts';
import type { ByPath, FactName, Facts, Known } from '../../facts/facts.ts';
import type { Role } from '../../facts/role.ts';
import type { Snapshot } from '../../facts/snapshot.ts';
import { printable } from '../printable.ts';
import { accessPathEvidence } from './access-path.ts';
import { certificateEvidence, keyEvidence, revocationListEvidence, type CertificatePart } from './certificate.ts';
import { chainEvidence } from './chain.ts';
import { configurationEvidence } from './configuration.ts';
import type { Evidence } from './evidence.ts';

/** Rules that judge what a certificate says, and the parts of it that they fault. */
export const faultyParts: Readonly<Record<string, readonly CertificatePart[]>> = {
  'ca-bundle-holds-leaf': ['CA'],
  'ca-bundle-too-long': [],
  'ca-certificate-not-a-ca': ['CA'],
  'ca-key-usage-insufficient': ['usages'],
  'certificate-expired': ['valid'],
  'certificate-expires-soon': ['valid'],
  'certificate-is-a-ca': ['CA'],
  'certificate-not-yet-valid': ['valid'],
  'certificate-outlives-ca': ['valid'],
  'certificate-reused': ['sha256'],
  'certificate-revoked': ['serial'],
  'certificate-untrusted': ['issuer'],
  'key-purpose-mismatch': ['purposes'],
  'key-usage-insufficient': ['usages'],
  'private-key-mismatch': ['key'],
  'served-certificate-differs-from-file': [],
  'server-name-address-without-san': ['names'],
  'server-name-mismatch': ['names'],
  'server-name-without-san': ['names'],
  'validity-too-long': ['valid'],
  'weak-key': ['key'],
  'weak-signature': ['signed'],
};

/** Rules about a revocation list, and the part of it that they fault. */
export const faultyListParts: Readonly<Record<string, 'valid' | 'issuer'>> = {
  'crl-expired': 'valid',
  'crl-issuer-unknown': 'issuer',
};

/** Accounts whose way along one path is shown. */
const mostReaders = 3;
/** Keys of a keytab that are shown. */
const mostKeys = 12;

/** The facts of these names, where all are known. */
function knownFacts<const N extends FactName>(snapshot: Snapshot, names: readonly N[]): Known<N> | undefined {
  const facts: Partial<Facts> = {};
  for (const name of names) {
    const fact = snapshot.facts[name];
    if (!fact.known) return undefined;
    Object.assign(facts, { [name]: fact.value });
  }
  return facts as Known<N>;
}

type ContentName = 'configurations' | 'certificates' | 'privateKeys' | 'revocationLists' | 'keytabs';
type ContentOf<N extends ContentName> = Facts[N] extends ByPath<infer T> ? T : never;

/** What a file holds, where that is known. */
function contentAt<N extends ContentName>(snapshot: Snapshot, name: N, path: string): ContentOf<N> | undefined {
  const fact = snapshot.facts[name];
  if (!fact.known) return undefined;
  const contents = fact.value as ByPath<ContentOf<N>>;
  const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
  return content?.known === true ? content.value : undefined;
}

/**
 * What was seen of the thing that a finding is about, drawn from the facts of its host: the certificate, its chain, the way to the file,
 * the configuration around the line. Takes the finding as it came from the engine; every text of the answer is printable.
 */
export function evidenceOf(snapshot: Snapshot, roles: readonly Role[], finding: Finding): readonly Evidence[] {
  return evidenceFor(snapshot, roles, finding).map(({ title, rows, ...rest }) => ({
    ...rest,
    title: shown(title),
    rows: rows.map((row) => ({ ...row, label: shown(row.label), text: shown(row.text) })),
  }));
}

/** Longer texts are a host's mischief. */
const longest = 2000;

const shown = (text: string): string => printable(text.length > longest ? `${text.slice(0, longest)}…` : text);

function evidenceFor(snapshot: Snapshot, roles: readonly Role[], { rule, subject }: Finding): readonly Evidence[] {
  if (subject.kind === 'setting') return configuration(snapshot, subject.path, subject.line, subject.key);
  if (subject.kind !== 'file') return [];
  const { path, line } = subject;
  const found = [
    ...(Object.hasOwn(faultyParts, rule) ? certificateAndChain(snapshot, roles, path, line, rule) : []),
    ...keyAndCertificate(snapshot, roles, path, rule),
    ...revocationLists(snapshot, roles, path, rule),
  ];
  if (found.length > 0) return found;
  const lines = line === undefined ? [] : configuration(snapshot, path, line, undefined);
  if (lines.length > 0 && !isExposure(rule)) return lines;
  return [...lines, ...keytab(snapshot, path), ...waysTo(snapshot, roles, path, rule)];
}

/** Is a rule about who else can read a file. */
const isExposure = (rule: string): boolean => rule.endsWith('-exposed');

function configuration(
  snapshot: Snapshot,
  path: string,
  line: number | undefined,
  key: string | undefined,
): readonly Evidence[] {
  const file = contentAt(snapshot, 'configurations', path);
  return file === undefined ? [] : [configurationEvidence(file, path, { line, key })];
}

/** The credential sets of the host with what their files hold. */
function setsOf(snapshot: Snapshot, roles: readonly Role[]): readonly SetContents[] {
  const facts = knownFacts(snapshot, contentFacts);
  return facts === undefined ? [] : credentialContents(facts, roles).sets;
}

function certificateAndChain(
  snapshot: Snapshot,
  roles: readonly Role[],
  path: string,
  line: number | undefined,
  rule: string,
): readonly Evidence[] {
  const sets = setsOf(snapshot, roles);
  // A finding about a key is about the certificate beside it, too.
  const own = sets.find(({ set }) => [set.certificate?.path, set.ca?.path, set.key?.path].includes(path));
  const file = contentAt(snapshot, 'certificates', path);
  const certificate = file?.certificates.find((one) => one.line === line) ?? file?.certificates[0];
  const facts = knownFacts(snapshot, ['clock', 'software']);
  if (facts === undefined || file === undefined || certificate === undefined) return [];
  const chain = own === undefined || own.set.key?.path === path ? undefined : chainEvidence(facts, own);
  return [
    certificateEvidence(certificate, {
      path,
      count: file.certificates.length,
      at: facts.clock.now,
      faults: faultyParts[rule] ?? [],
    }),
    ...(chain === undefined ? [] : [chain]),
  ];
}

function keyAndCertificate(
  snapshot: Snapshot,
  roles: readonly Role[],
  path: string,
  rule: string,
): readonly Evidence[] {
  if (!/^private-key-(mismatch|malformed|encrypted)$|^weak-key$/.test(rule)) return [];
  const sets = setsOf(snapshot, roles);
  const own = sets.find(({ set }) => set.key?.path === path || set.certificate?.path === path);
  const keyPath = own?.set.key?.path ?? path;
  const key = contentAt(snapshot, 'privateKeys', keyPath);
  if (key === undefined) return [];
  const leaf = own === undefined ? undefined : leafOf(own);
  const beside = leaf === undefined ? undefined : { path: own?.set.certificate?.path ?? '', certificate: leaf };
  return [keyEvidence(key, keyPath, beside)];
}

function revocationLists(snapshot: Snapshot, roles: readonly Role[], path: string, rule: string): readonly Evidence[] {
  const facts = knownFacts(snapshot, ['clock']);
  const sets = setsOf(snapshot, roles);
  const revoking = rule === 'certificate-revoked' ? sets.find(({ set }) => set.certificate?.path === path) : undefined;
  const listPath = Object.hasOwn(faultyListParts, rule) ? path : revoking?.set.crl?.path;
  if (facts === undefined || listPath === undefined) return [];
  const file = contentAt(snapshot, 'revocationLists', listPath);
  return (file?.lists ?? []).slice(0, mostReaders).map((list) =>
    revocationListEvidence(list, {
      path: listPath,
      at: facts.clock.now,
      fault: faultyListParts[rule],
      revoked: revoking === undefined ? undefined : leafOf(revoking),
    }),
  );
}

function keytab(snapshot: Snapshot, path: string): readonly Evidence[] {
  const file = contentAt(snapshot, 'keytabs', path);
  if (file === undefined) return [];
  const rows = file.entries.slice(0, mostKeys).map(({ principal, realm, keyVersion, encryptionType, written }) => ({
    label: `${principal}@${realm}`,
    text: `version ${keyVersion}, encryption type ${encryptionType}${written === undefined ? '' : `, written ${written.slice(0, 10)}`}`,
  }));
  const more = file.entries.length - rows.length;
  return [
    {
      title: `keytab ${path}`,
      rows: [...rows, ...(more > 0 ? [{ label: '', text: `and ${more} more` }] : [])],
    },
  ];
}

/** The way to a file for each account that must read it, those that are stopped first. */
function waysTo(snapshot: Snapshot, roles: readonly Role[], path: string, rule: string): readonly Evidence[] {
  const facts = knownFacts(snapshot, ['files', 'accounts']);
  if (facts === undefined || walk(facts.files, path).steps.length === 0) return [];
  const known = knownFacts(snapshot, credentialFacts);
  const wanted = known === undefined ? [] : credentials(known, roles).sets;
  const wanting = new Map<string, { readonly account: Account; readonly to: string }>();
  for (const set of wanted) {
    const to = filesOf(set)
      .map((file) => file.path)
      .find((one) => one === path || one.startsWith(`${path}/`));
    if (to === undefined) continue;
    for (const account of set.readers) if (account.uid !== 0) wanting.set(`${account.uid} ${to}`, { account, to });
  }
  const all = [...wanting.values()];
  const isStopped = ({ account, to }: (typeof all)[number]): number =>
    access(walk(facts.files, to), account, 'read').may === true ? 1 : 0;
  const first = all.sort((one, other) => isStopped(one) - isStopped(other)).slice(0, mostReaders);
  const readers = all.map(({ account }) => account);
  const isExposed = isExposure(rule);
  if (first.length === 0) return [accessPathEvidence(facts, path, { readers, isExposed })];
  return first.map(({ account, to }) => accessPathEvidence(facts, to, { reader: account, readers, isExposed }));
}
