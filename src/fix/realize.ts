import { pemText } from '../domain/pem-text.ts';
import { parentOf, walk } from '../domain/walk.ts';
import type { Certificate, PublicKeyInfo } from '../facts/certificates.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { CertificateOrder, FixStep } from '../rule/fix.ts';
import { isPerformable, type Performable } from './step-effect.ts';

/** What a plan may use of a CA whose key is at hand. */
export interface AuthorityAtHand {
  /** What it has issued so far, by the id of what was wanted; undefined for what it cannot issue, which is told to a person. */
  readonly issued: ReadonlyMap<string, IssuedCertificate | undefined>;
  /** What peers are to trust: the CA's own certificate, or the root above it. */
  readonly anchor: Certificate;
  /** Which machine the plan is for, where there are several: none shares a key with another. */
  readonly host?: string;
  /** Are new keys made too; else what needs one is told to a person. */
  readonly makesKeys: boolean;
}

/** What goes into a certificate's file: the certificate, then those between it and what peers trust. */
export interface IssuedCertificate {
  readonly certificates: readonly [Certificate, ...Certificate[]];
}

/** A certificate that a plan needs and that is not issued yet. */
export interface Wanted {
  readonly id: string;
  readonly order: CertificateOrder;
  /** On which machine and where its key is to lie: certificates of which this is the same share the key. */
  readonly key: string;
  /** A certificate (DER, base64) that holds the public half of the key that is there; absent where a new key is to be made. */
  readonly holder?: string;
}

/** What a program does of some steps, and what is left to a person. */
export interface Realized {
  readonly steps: readonly Performable[];
  readonly told: readonly FixStep[];
  /** Not empty: the steps are known when these are issued. */
  readonly wanted: readonly Wanted[];
}

type Facts = Snapshot['facts'];
type Issue = Extract<FixStep, { readonly kind: 'issue' }>;
type Trust = Extract<FixStep, { readonly kind: 'trust' }>;

/** Makes one order of all for the same file: its names together, the longest time, and a new key where any of them asks for one. */
export function joinOrders(all: readonly (readonly FixStep[])[]): (step: FixStep) => FixStep {
  const issues = new Map<string, Issue>();
  const trusts = new Map<string, Trust>();
  const fileOf = ({ path, key, order }: Issue): string => JSON.stringify([path, key, order.endpoint]);
  for (const step of all.flat()) {
    if (step.kind === 'issue') {
      const same = issues.get(fileOf(step));
      issues.set(fileOf(step), same === undefined ? step : joined(same, step));
    } else if (step.kind === 'trust') {
      if (trusts.get(step.path)?.how !== 'replace') trusts.set(step.path, step);
    }
  }
  return (step) =>
    step.kind === 'issue'
      ? (issues.get(fileOf(step)) ?? step)
      : step.kind === 'trust'
        ? (trusts.get(step.path) ?? step)
        : step;
}

const joined = (a: Issue, b: Issue): Issue => ({
  ...a,
  newKey: a.newKey || b.newKey,
  order: {
    ...a.order,
    dns: [...new Set([...a.order.dns, ...b.order.dns])],
    ip: [...new Set([...a.order.ip, ...b.order.ip])],
    days: Math.max(a.order.days, b.order.days),
  },
});

/**
 * Turns the steps of a fix into what a program does on a host as it is in `facts`. Undefined where they cannot be done: they ask for what
 * only a CA could give.
 */
export function realize(
  facts: Facts,
  steps: readonly FixStep[],
  {
    runs,
    authority,
    further = [],
  }: {
    readonly runs: boolean;
    readonly authority?: AuthorityAtHand | undefined;
    readonly further?: readonly Certificate[] | undefined;
  },
): Realized | undefined {
  const done: Performable[] = [];
  const told: FixStep[] = [];
  const wanted: Wanted[] = [];
  for (const step of steps) {
    if (step.kind === 'write') {
      const certificates = certificatesOf(facts, step.pem, authority, further);
      if (certificates === undefined) told.push(step);
      else done.push(...written(facts, step.path, certificates));
    } else if (step.kind === 'trust') {
      if (authority === undefined) return undefined;
      const at = done.findIndex((one) => one.kind === 'write' && one.path === step.path);
      const [before] = at === -1 ? [] : done.splice(at, 1);
      done.push(...trusted(facts, step, authority.anchor, before));
    } else if (step.kind === 'issue') {
      if (authority === undefined || step.path === step.key) return undefined;
      const want = wantedBy(facts, step, authority.host);
      if (want.holder === undefined && !authority.makesKeys) return undefined;
      const issued = authority.issued.get(want.id);
      if (issued === undefined) {
        if (authority.issued.has(want.id)) return undefined;
        wanted.push(want);
        continue;
      }
      const [{ publicKey }] = issued.certificates;
      if (want.holder === undefined)
        done.push(...missingDirectories(facts, step.key), { kind: 'write-key', path: step.key, publicKey });
      done.push(...written(facts, step.path, issued.certificates));
    } else if (isPerformable(step) && (step.kind !== 'run' || runs)) done.push(step);
    else told.push(step);
  }
  return { steps: done, told, wanted };
}

function wantedBy(facts: Facts, { key: path, newKey, order }: Issue, host = ''): Wanted {
  const holder = newKey ? undefined : holderOf(facts, path);
  const key = `${host}:${path}`;
  const id = JSON.stringify([key, order, holder ?? null]);
  return { id, order, key, ...(holder === undefined ? {} : { holder }) };
}

/** A certificate of the sound key at a path, from which a new one can take its public half. */
function holderOf(facts: Facts, key: string): string | undefined {
  const file = facts.privateKeys.known ? facts.privateKeys.value[key] : undefined;
  if (file?.known !== true || file.value.state !== 'readable') return undefined;
  const { publicKey } = file.value;
  if (isWeak(publicKey)) return undefined;
  return certificatesIn(facts).find((one) => one.publicKey.fingerprint === publicKey.fingerprint)?.der;
}

/** Keys that GnuTLS rates below medium, and those that TLS has no use for. */
const isWeak = ({ algorithm, bits }: PublicKeyInfo): boolean =>
  algorithm === 'DSA' || algorithm === 'other' || (algorithm.startsWith('RSA') ? bits < 2048 : bits < 256);

function certificatesIn({ certificates }: Facts): readonly Certificate[] {
  if (!certificates.known) return [];
  return Object.values(certificates.value).flatMap((file) =>
    file.known ? [...file.value.certificates, ...(file.value.recovered ?? [])] : [],
  );
}

/** The certificates of a PEM text, as the facts know them; undefined where it holds one that they do not have. */
function certificatesOf(
  facts: Facts,
  pem: string,
  authority: AuthorityAtHand | undefined,
  further: readonly Certificate[],
): readonly Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const issued = [...(authority?.issued.values() ?? [])].flatMap((one) => one?.certificates ?? []);
  const known = [
    ...certificatesIn(facts),
    ...further,
    ...issued,
    ...(authority === undefined ? [] : [authority.anchor]),
  ];
  const found = blocks.map((block) => {
    const der = block.replace(/-----[^-]*-----/g, '').replace(/\s+/g, '');
    return known.find((one) => one.der === der);
  });
  const certificates = found.filter((one) => one !== undefined);
  return found.length > 0 && certificates.length === found.length ? certificates : undefined;
}

/** The step that makes a file hold these certificates. */
function written(facts: Facts, path: string, certificates: readonly Certificate[]): readonly Performable[] {
  let line = 1;
  const placed = certificates.map((one, position) => {
    const here = { ...one, position, line };
    line += pemText([one]).split('\n').length - 1;
    return here;
  });
  return [
    ...missingDirectories(facts, path),
    { kind: 'write', path, pem: pemText(certificates), certificates: placed },
  ];
}

/** Nothing where the file trusts the CA, and nothing else where that is asked for, already; `before` is what is written there first. */
function trusted(
  facts: Facts,
  { path, how }: Trust,
  anchor: Certificate,
  before: Performable | undefined,
): readonly Performable[] {
  const file = facts.certificates.known ? facts.certificates.value[path] : undefined;
  const { certificates, malformation } =
    before?.kind === 'write'
      ? { certificates: before.certificates, malformation: { cause: 'replaced' } }
      : file?.known === true
        ? file.value
        : { certificates: [], malformation: { cause: 'empty' } };
  const there = certificates.some(({ fingerprint }) => fingerprint === anchor.fingerprint);
  const wanted = how === 'replace' ? [anchor] : there ? certificates : [...certificates, anchor];
  const isDone = malformation === undefined && there && wanted.length === certificates.length;
  return isDone ? [] : written(facts, path, wanted);
}

/** The directories above a path that are to be made first, outermost first. */
function missingDirectories(facts: Facts, path: string): readonly Performable[] {
  if (!facts.files.known) return [];
  const files = facts.files.value;
  const missing: string[] = [];
  for (let at = parentOf(path); at !== '/' && isMissing(files, at); at = parentOf(at)) missing.unshift(at);
  return missing.map((directory) => ({
    kind: 'make-directory',
    path: directory,
    mode: directory.endsWith('/private') ? 0o700 : 0o755,
  }));
}

function isMissing(files: Parameters<typeof walk>[0], path: string): boolean {
  const way = walk(files, path);
  return way.outcome === 'absent' && way.link === undefined;
}
