import { createHash } from 'node:crypto';
import { guestName } from '../domain/guest-name.ts';
import type { Finding } from '../engine/report.ts';
import type { Certificate } from '../facts/certificates.ts';
import type { ConfigurationValue } from '../facts/configurations.ts';
import type { Moment } from '../facts/fact.ts';
import type { FileMetadata } from '../facts/files.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { Fix, FixStep } from '../rule/fix.ts';
import type { Severity } from '../rule/severity.ts';
import { severities } from '../rule/severity.ts';
import type { Subject } from '../rule/subject.ts';
import { inverseOf, inOrder, type RunStep } from './commands.ts';
import { textOfValue } from './edit-configuration.ts';
import { joinOrders, realize, type AuthorityAtHand, type Wanted } from './realize.ts';
import {
  afterStep,
  entryAt,
  isPerformable,
  NoSuchPlace,
  placeAt,
  settingAt,
  syntaxErrorAt,
  type Performable,
} from './step-effect.ts';

/** A finding that a fix mends. */
export interface Mended {
  readonly rule: string;
  readonly severity: Severity;
  readonly subject: Subject;
  readonly message: string;
  readonly fingerprint: string;
}

/** A way out of one or more findings. */
export interface PlannedFix {
  /** The fingerprint of the first finding. */
  readonly id: string;
  readonly title: string;
  readonly applicability: 'safe' | 'unsafe' | 'manual';
  readonly findings: readonly Mended[];
  /** Ids of the plan's steps that it takes; empty for a manual one. */
  readonly steps: readonly string[];
  /** What a person is told to do, in order. */
  readonly told: readonly FixStep[];
  /** Why its effect could not be tried on the facts; absent where it could. */
  readonly untried?: string;
}

/** What a step must find, or else it is not done. */
export type Expectation =
  | (Pick<FileMetadata, 'uid' | 'gid' | 'mode' | 'acl'> & {
      readonly kind: 'entry';
      readonly type: string;
      /** Of a file that is replaced, where no step before has replaced it. */
      readonly size?: number;
      readonly modified?: Moment;
    })
  | { readonly kind: 'absent' }
  /** The statement that counts; null when there must be none. */
  | { readonly kind: 'setting'; readonly value: ConfigurationValue | null; readonly line?: number }
  /** libvirt's parser stops there. */
  | { readonly kind: 'syntax-error'; readonly line: number; readonly column: number; readonly expected: string }
  /** Of a command nothing is expected but what the steps before it left. */
  | { readonly kind: 'anything' };

/** One change, once, for all fixes that take it. */
export interface PlannedStep {
  readonly id: string;
  readonly step: Performable;
  /** Safe when a safe fix takes it. */
  readonly applicability: 'safe' | 'unsafe';
  readonly fixes: readonly string[];
  readonly expects: Expectation;
  /** Paths of the host, or units of systemd. */
  readonly touches: readonly string[];
  /** What stops working while it is done, in words. */
  readonly interrupts: readonly string[];
  /** How it is taken back, in words. */
  readonly undo: string;
}

/** A fix that is not offered, and why. */
export interface Withheld {
  readonly fix: Pick<PlannedFix, 'id' | 'title' | 'applicability' | 'findings'>;
  readonly because: string;
}

/** All ways out of a host's findings, in the order in which they are gone. */
export interface Plan {
  readonly fixes: readonly PlannedFix[];
  readonly steps: readonly PlannedStep[];
  readonly withheld: readonly Withheld[];
}

/** Which ways out to plan. */
export interface Choice {
  /** Leave out the unsafe ones. */
  readonly safeOnly?: boolean;
  /** Can commands be run on the target; else they are told to a person. */
  readonly runs: boolean;
  /** Ids of rules or of fixes; all when empty or absent. */
  readonly only?: readonly string[];
  /** The CA whose key is at hand, if one is. */
  readonly authority?: AuthorityAtHand;
  /** Certificates that are known from elsewhere, as from the other end of a connection, and may be written here. */
  readonly further?: readonly Certificate[];
}

/** A way out before it has its place in a plan. */
export interface Candidate {
  readonly id: string;
  readonly title: string;
  readonly applicability: 'safe' | 'unsafe' | 'manual';
  readonly findings: readonly Mended[];
  readonly steps: readonly Performable[];
  readonly told: readonly FixStep[];
  /** What a CA has to issue before the steps are known; absent when nothing is. */
  readonly wanted?: readonly Wanted[];
  /** 0 for what mends a finding of the host as it is, 1 for what comes to light when that is done, and so on. */
  readonly round: number;
}

/** The ways out of the findings, worst first; findings with the same steps share one. `facts` are those in which they were found. */
export function candidates(
  facts: Snapshot['facts'],
  findings: readonly Finding[],
  choice: Choice,
  round = 0,
): readonly Candidate[] {
  const { only = [], safeOnly = false } = choice;
  const found = new Map<string, { readonly fix: Fix; readonly usesCa: boolean; readonly mended: readonly Mended[] }>();
  for (const finding of findings) {
    const { fix } = finding;
    if (fix === null) continue;
    const usesCa = fix.withCa !== undefined && choice.authority !== undefined && !safeOnly && !isDoneByItself(fix);
    const steps = JSON.stringify(usesCa ? fix.withCa : fix.steps);
    found.set(steps, { fix, usesCa, mended: [...(found.get(steps)?.mended ?? []), mendedBy(finding)] });
  }
  const chosen = [...found.values()].filter(
    ({ fix, mended }) =>
      (only.length === 0 ||
        mended.some(
          ({ rule, fingerprint }, index) => only.includes(rule) || (index === 0 && only.includes(fingerprint)),
        )) &&
      !(safeOnly && fix.applicability === 'unsafe'),
  );
  const join = joinOrders(chosen.map(({ fix, usesCa }) => (usesCa ? (fix.withCa ?? []) : [])));
  return chosen
    .map(({ fix, usesCa, mended }): Candidate => {
      const withCa = usesCa ? realize(facts, (fix.withCa ?? []).map(join), choice) : undefined;
      const isManual = withCa === undefined && fix.applicability === 'manual';
      const { steps, told, wanted } = withCa ??
        (isManual ? undefined : realize(facts, fix.steps, choice)) ?? { steps: [], told: fix.steps, wanted: [] };
      const interrupts = withCa !== undefined || steps.some(({ kind }) => kind === 'run');
      return {
        id: mended[0]?.fingerprint ?? '',
        title: fix.title,
        applicability: steps.length === 0 ? 'manual' : interrupts ? 'unsafe' : fix.applicability,
        findings: mended,
        steps,
        told,
        ...(wanted.length === 0 ? {} : { wanted }),
        round,
      };
    })
    .filter(({ applicability }) => !(safeOnly && applicability === 'unsafe'));
}

/** Can all of it be done without a CA. */
const isDoneByItself = ({ applicability, steps }: Fix): boolean =>
  applicability !== 'manual' && steps.every((step) => isPerformable(step) || step.kind === 'write');

function mendedBy({ rule, severity, subject, message, fingerprint }: Finding): Mended {
  return { rule, severity, subject, message, fingerprint };
}

/** The worst severity of what a fix mends. */
export const worst = ({ findings }: Pick<Candidate, 'findings'>): number =>
  Math.min(...findings.map(({ severity }) => severities.indexOf(severity)));

/**
 * Puts ways out together into one plan: each change once, owner before ACL before group before mode, groups made before they are given,
 * files before configuration before what makes it count, one restart for each service. A way out that contradicts a worse one, or has no
 * place on the host, is withheld.
 */
export function composePlan(facts: Snapshot['facts'], chosen: readonly Candidate[]): Plan {
  const withheld: Withheld[] = [];
  const accepted: Candidate[] = [];
  for (const candidate of chosen) {
    const against = accepted.find(
      (other) => other.round === candidate.round && contradict(other.steps, candidate.steps),
    );
    if (against === undefined) accepted.push(candidate);
    else
      withheld.push({
        fix: brief(candidate),
        because: `it contradicts “${against.title}”: apply that first, then look again`,
      });
  }
  const performed = accepted.filter(({ steps }) => steps.length > 0);
  for (;;) {
    const merged = mergeSteps(facts, performed);
    const planned = placeSteps(facts, merged);
    if (!('failed' in planned)) {
      const fixes = accepted.map((candidate) => plannedFix(candidate, planned.steps));
      return { fixes, steps: planned.steps, withheld };
    }
    const culprits = performed.filter(({ id }) => planned.failed.fixes.includes(id));
    for (const culprit of culprits) {
      performed.splice(performed.indexOf(culprit), 1);
      accepted.splice(accepted.indexOf(culprit), 1);
      withheld.push({ fix: brief(culprit), because: planned.because });
    }
  }
}

/** What is said of a way out that is not offered. */
export const brief = ({ id, title, applicability, findings }: Candidate): Withheld['fix'] => ({
  id,
  title,
  applicability,
  findings,
});

function plannedFix(
  { id, title, applicability, findings, told }: Candidate,
  steps: readonly PlannedStep[],
): PlannedFix {
  return {
    id,
    title,
    applicability,
    findings,
    steps: steps.filter(({ fixes }) => fixes.includes(id)).map((step) => step.id),
    told,
  };
}

interface Merged {
  readonly step: Performable;
  readonly round: number;
  readonly fixes: readonly string[];
  readonly safe: boolean;
}

const place = (step: Performable): string =>
  step.kind === 'run'
    ? JSON.stringify(step.command)
    : step.kind === 'set' || step.kind === 'unset'
      ? `${step.path}\n${step.key}`
      : step.path;

/** Would one undo what the other does. */
function contradict(some: readonly Performable[], others: readonly Performable[]): boolean {
  return some.some((a) => others.some((b) => contradicts(a, b) || contradicts(b, a)));
}

function contradicts(a: Performable, b: Performable): boolean {
  if (a.kind === 'run' || b.kind === 'run') {
    if (a.kind !== 'run' || b.kind !== 'run') return false;
    const [verb, other] = [a.command[1], b.command[1]];
    return verb === 'enable' && other === 'disable' && a.command.at(-1) === b.command.at(-1);
  }
  if (place(a) !== place(b)) return false;
  if (a.kind === 'chmod' && b.kind === 'chmod') {
    const [added, removed] = [a.to & ~a.from, a.from & ~a.to];
    return ((added & b.from & ~b.to) | (removed & b.to & ~b.from)) !== 0 || a.from !== b.from;
  }
  if ((a.kind === 'chown' && b.kind === 'chown') || (a.kind === 'chgrp' && b.kind === 'chgrp')) return a.to !== b.to;
  if (a.kind === 'set' && b.kind === 'set') return a.value !== b.value;
  if (a.kind === 'setfacl' && b.kind === 'setfacl') {
    const who = (entry: string): string => entry.slice(0, entry.lastIndexOf(':'));
    return a.entry !== b.entry && who(a.entry) === who(b.entry);
  }
  if (a.kind === 'setfacl' && b.kind === 'chmod') return true;
  if (a.kind === 'write') return b.kind === 'write-key' || (b.kind === 'write' && a.pem !== b.pem);
  if (a.kind === 'write-key' && b.kind === 'write-key') return a.publicKey.fingerprint !== b.publicKey.fingerprint;
  // What stands in the way makes way for what is written.
  if (a.kind === 'remove' && (b.kind === 'write' || b.kind === 'write-key')) return false;
  if (a.kind === 'set' && b.kind === 'unset') return true;
  return (a.kind === 'remove' || a.kind === 'symlink') && b.kind !== a.kind;
}

function mergeSteps(facts: Snapshot['facts'], chosen: readonly Candidate[]): readonly Merged[] {
  const merged = new Map<string, Merged>();
  for (const { id, applicability, steps, round } of chosen) {
    for (const step of steps) {
      const turn = step.kind === 'run' ? 0 : round;
      const key = `${turn} ${step.kind} ${place(step)} ${step.kind === 'setfacl' ? step.entry : ''}`;
      const same = merged.get(key);
      merged.set(key, {
        step: same === undefined ? step : both(same.step, step),
        round: turn,
        fixes: [...new Set([...(same?.fixes ?? []), id])],
        safe: (same?.safe ?? false) || applicability === 'safe',
      });
    }
  }
  const all = [...merged.values()];
  const paths = all.map(({ step }) => ('path' in step ? step.path : ''));
  const files = all.filter(({ step }) => step.kind !== 'run');
  const isNew = newPlaces(facts, files);
  const ofFiles = files.sort(
    (a, b) =>
      a.round - b.round ||
      fileRank(a.step, isNew) - fileRank(b.step, isNew) ||
      paths.indexOf((a.step as { path: string }).path) - paths.indexOf((b.step as { path: string }).path) ||
      withinPath(a.step) - withinPath(b.step),
  );
  return inOrder(
    ofFiles,
    all.filter((one): one is Merged & { step: RunStep } => one.step.kind === 'run'),
  );
}

/** Two chmods of one path take away and give what each does. */
const both = (a: Performable, b: Performable): Performable =>
  a.kind === 'chmod' && b.kind === 'chmod'
    ? { ...a, to: (a.from & ~(a.from & ~a.to) & ~(b.from & ~b.to)) | (a.to & ~a.from) | (b.to & ~b.from) }
    : a;

/** What is there gets its owner and mode before its content is replaced; what is made gets them after. */
function fileRank(step: Performable, isNew: (path: string) => boolean): number {
  switch (step.kind) {
    case 'make-directory':
      return 0;
    case 'chown':
    case 'chgrp':
    case 'setfacl':
    case 'chmod':
      return isNew(step.path) ? 5 : 1;
    case 'remove':
    case 'symlink':
      return 2;
    case 'write-key':
      return 3;
    case 'write':
      return 4;
    case 'repair':
    case 'set':
    case 'unset':
      return 6;
    case 'run':
      return 7;
  }
}

/** Which paths a plan makes. */
function newPlaces(facts: Snapshot['facts'], merged: readonly Merged[]): (path: string) => boolean {
  const made = new Set<string>();
  for (const { step } of merged) {
    if (step.kind === 'make-directory') made.add(step.path);
    if (step.kind !== 'write' && step.kind !== 'write-key') continue;
    try {
      if (placeAt(facts, step.path).entry.type === 'absent') made.add(step.path);
    } catch (error) {
      if (!(error instanceof NoSuchPlace)) throw error;
      made.add(step.path);
    }
  }
  return (path) => made.has(path);
}

/** An old owner could undo the rest; chmod after setfacl, for that one computes the mask anew. */
const withinPath = ({ kind }: Performable): number => ['chown', 'setfacl', 'chgrp', 'chmod'].indexOf(kind);

function placeSteps(
  facts: Snapshot['facts'],
  merged: readonly Merged[],
): { readonly steps: readonly PlannedStep[] } | { readonly failed: Merged; readonly because: string } {
  let current = facts;
  const steps: PlannedStep[] = [];
  const replaced = new Set<string>();
  for (const one of merged) {
    const { step, fixes, safe } = one;
    try {
      const expects = expectationOf(current, step, replaced);
      const because = refusal(expects, step, current);
      if (because !== undefined) return { failed: one, because };
      steps.push({
        id: createHash('sha256').update(JSON.stringify(step)).digest('hex').slice(0, 8),
        step,
        applicability: safe ? 'safe' : 'unsafe',
        fixes,
        expects,
        touches: touchedBy(step),
        interrupts: interruptedBy(step, expects, facts),
        undo: undoOf(step, expects),
      });
      current = afterStep(current, step);
    } catch (error) {
      if (!(error instanceof NoSuchPlace)) throw error;
      return { failed: one, because: error.message };
    }
  }
  return { steps };
}

/** `replaced` are the files that were written before, to which this one is added. */
function expectationOf(facts: Snapshot['facts'], step: Performable, replaced: Set<string>): Expectation {
  if (step.kind === 'run') return { kind: 'anything' };
  if (step.kind === 'set' || step.kind === 'unset') {
    const setting = settingAt(facts, step.path, step.key);
    if (setting === undefined) return { kind: 'setting', value: null };
    return { kind: 'setting', value: setting.value, line: setting.line };
  }
  if (step.kind === 'repair') {
    const { line, column, expected } = syntaxErrorAt(facts, step.path);
    return { kind: 'syntax-error', line, column, expected };
  }
  const writes = step.kind === 'write' || step.kind === 'write-key';
  const place = writes ? placeAt(facts, step.path) : undefined;
  const entry =
    place?.entry ?? (step.kind === 'make-directory' ? placeAt(facts, step.path).entry : entryAt(facts, step.path));
  const isFirst = place !== undefined && !replaced.has(place.path);
  if (place !== undefined) replaced.add(place.path);
  if (entry.type === 'absent') return { kind: 'absent' };
  const { type, uid, gid, mode, acl, modified } = entry;
  const before = isFirst && type === 'file' ? { size: entry.size, modified } : {};
  return { kind: 'entry', type, uid, gid, mode, ...(acl === undefined ? {} : { acl }), ...before };
}

/** Why a setting is left to a person: a misspelt one may hold a password, too. */
export const mayBeSecret = (key: string): string =>
  `what ${key} holds may be a secret, of which undo would keep a second copy: change it by hand`;

/** Why a step cannot be done in its place, beyond what the facts forbid. */
function refusal(expects: Expectation, step: Performable, facts: Snapshot['facts']): string | undefined {
  if (step.kind === 'unset' && expects.kind === 'setting' && expects.value === null)
    return `${step.key} is not set in ${step.path}`;
  if (
    (step.kind === 'set' || step.kind === 'unset') &&
    expects.kind === 'setting' &&
    expects.value?.type === 'redacted'
  )
    return mayBeSecret(step.key);
  if (expects.kind !== 'entry' || step.kind === 'remove') return undefined;
  if (expects.acl === 'unread')
    return `the access control list of ${'path' in step ? step.path : ''} could not be read`;
  if (expects.type !== 'file' && expects.type !== 'directory')
    return `${'path' in step ? step.path : ''} is a ${expects.type}`;
  if (step.kind === 'write' || step.kind === 'write-key') return unreplaceable(facts, step);
  return facts.files.known ? undefined : 'files were not looked at';
}

/** Why a file is not replaced: nobody knows what it holds, or it holds a key that is not to be replaced. */
function unreplaceable(
  { certificates, privateKeys }: Snapshot['facts'],
  { kind, path }: Performable & { readonly kind: 'write' | 'write-key' },
): string | undefined {
  const key = privateKeys.known ? privateKeys.value[path] : undefined;
  if (kind === 'write-key') return key?.known === true ? undefined : `what ${path} holds is not known`;
  const file = certificates.known ? certificates.value[path] : undefined;
  if (file?.known !== true) return `what ${path} holds is not known`;
  const holdsKey = file.value.privateKeyLine !== undefined || (key?.known === true && key.value.state !== 'malformed');
  return holdsKey ? `${path} holds a private key: change it by hand` : undefined;
}

const touchedBy = (step: Performable): readonly string[] =>
  step.kind !== 'run'
    ? [step.path]
    : step.command[0] === 'systemctl'
      ? step.command.slice(2).filter((word) => !word.startsWith('-'))
      : step.command.slice(1).filter((word) => word.startsWith('/'));

function interruptedBy(step: Performable, expects: Expectation, facts: Snapshot['facts']): readonly string[] {
  if (step.kind === 'write' || step.kind === 'write-key') {
    const what = step.kind === 'write' ? 'certificates' : 'private key';
    return [
      expects.kind === 'absent'
        ? `programs that look there find the ${what} from then on`
        : `replaces the ${what} there`,
    ];
  }
  if (step.kind !== 'run') return [];
  const [program, verb = ''] = step.command;
  const unit = (step.command.at(-1) ?? '').replace(/\.service$/, '');
  if (program === 'systemctl' && /^(restart|stop)$/.test(verb)) {
    const processes =
      facts.qemuProcesses.known && facts.qemuProcesses.value.observed ? facts.qemuProcesses.value.processes : [];
    const guests = processes.map(guestName);
    const some =
      guests.length > 6 ? `${guests.slice(0, 6).join(', ')} and ${guests.length - 6} more` : guests.join(', ');
    return [
      `connections to ${unit} are cut and must be made anew, migrations that run fail`,
      ...(guests.length === 0 ? [] : [`guests go on running: ${some}`]),
    ];
  }
  if (program === 'systemctl' && verb === 'disable') return [`nobody connects through ${unit} any more`];
  if (program === 'virsh' && verb === 'domdisplay-reload')
    return [`the console of ${unit} loads its certificates anew`];
  return [];
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

function undoOf(step: Performable, expects: Expectation): string {
  switch (step.kind) {
    case 'chmod':
      return expects.kind === 'entry' && expects.acl !== undefined
        ? `mode ${octal(expects.mode)} and the access control list as it was`
        : `mode ${octal(step.from)}`;
    case 'chown':
      return `owner ${step.from}`;
    case 'chgrp':
      return `group ${step.from}`;
    case 'setfacl':
      return 'the access control list and mode as they were';
    case 'remove':
      return 'the link as it was';
    case 'symlink':
      return 'without the link';
    case 'make-directory':
      return 'without the directory';
    case 'write':
    case 'write-key':
      return expects.kind === 'absent' ? 'without the file' : 'the file that was there, which is kept beside it';
    case 'set':
    case 'unset':
      return expects.kind === 'setting' && expects.value !== null
        ? `${step.key} = ${textOfValue(expects.value)} in ${step.path}`
        : `no ${step.key} in ${step.path}`;
    case 'repair':
      return `${step.path} as it was, which does not load`;
    case 'run': {
      const inverse = inverseOf(step.command);
      return inverse === undefined ? 'nothing to take back' : inverse.join(' ');
    }
  }
}
