import { createHash } from 'node:crypto';
import { guestName } from '../domain/guest-name.ts';
import type { Finding } from '../engine/report.ts';
import type { ConfigurationValue } from '../facts/configurations.ts';
import type { FileMetadata } from '../facts/files.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { Fix, FixStep } from '../rule/fix.ts';
import type { Severity } from '../rule/severity.ts';
import { severities } from '../rule/severity.ts';
import type { Subject } from '../rule/subject.ts';
import { inverseOf, inOrder, type RunStep } from './commands.ts';
import { textOfValue } from './edit-configuration.ts';
import { afterStep, entryAt, isPerformable, NoSuchPlace, settingAt, type Performable } from './step-effect.ts';

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
  | (Pick<FileMetadata, 'uid' | 'gid' | 'mode' | 'acl'> & { readonly kind: 'entry'; readonly type: string })
  | { readonly kind: 'absent' }
  /** The statement that counts; null when there must be none. */
  | { readonly kind: 'setting'; readonly value: ConfigurationValue | null; readonly line?: number }
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
}

/** A way out before it has its place in a plan. */
export interface Candidate {
  readonly id: string;
  readonly title: string;
  readonly applicability: 'safe' | 'unsafe' | 'manual';
  readonly findings: readonly Mended[];
  readonly steps: readonly Performable[];
  readonly told: readonly FixStep[];
  /** 0 for what mends a finding of the host as it is, 1 for what comes to light when that is done, and so on. */
  readonly round: number;
}

/** The ways out of the findings, worst first; findings with the same steps share one. */
export function candidates(findings: readonly Finding[], choice: Choice, round = 0): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const finding of findings) {
    if (finding.fix === null) continue;
    const steps = JSON.stringify(finding.fix.steps);
    const same = found.get(steps);
    const mended = [...(same?.findings ?? []), mendedBy(finding)];
    found.set(
      steps,
      same === undefined ? candidateOf(finding, finding.fix, choice, round) : { ...same, findings: mended },
    );
  }
  const { only = [], safeOnly = false } = choice;
  return [...found.values()].filter(
    (one) =>
      (only.length === 0 || only.includes(one.id) || one.findings.some(({ rule }) => only.includes(rule))) &&
      !(safeOnly && one.applicability === 'unsafe'),
  );
}

function mendedBy({ rule, severity, subject, message, fingerprint }: Finding): Mended {
  return { rule, severity, subject, message, fingerprint };
}

function candidateOf(finding: Finding, fix: Fix, { runs }: Choice, round: number): Candidate {
  const can = (step: FixStep): step is Performable => isPerformable(step) && (step.kind !== 'run' || runs);
  const steps = fix.applicability === 'manual' ? [] : fix.steps.filter(can);
  const told = fix.applicability === 'manual' ? fix.steps : fix.steps.filter((step) => !can(step));
  const interrupts = steps.some(({ kind }) => kind === 'run');
  return {
    id: finding.fingerprint,
    title: fix.title,
    applicability: steps.length === 0 ? 'manual' : interrupts ? 'unsafe' : fix.applicability,
    findings: [mendedBy(finding)],
    steps,
    told,
    round,
  };
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
    const merged = mergeSteps(performed);
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
  if (a.kind === 'set' && b.kind === 'unset') return true;
  return (a.kind === 'remove' || a.kind === 'symlink') && b.kind !== a.kind;
}

function mergeSteps(chosen: readonly Candidate[]): readonly Merged[] {
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
  const ofFiles = files.sort(
    (a, b) =>
      a.round - b.round ||
      fileRank(a.step) - fileRank(b.step) ||
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

const fileRank = ({ kind }: Performable): number =>
  kind === 'set' || kind === 'unset' ? 2 : kind === 'remove' || kind === 'symlink' ? 1 : 0;

/** An old owner could undo the rest; chmod after setfacl, for that one computes the mask anew. */
const withinPath = ({ kind }: Performable): number => ['chown', 'setfacl', 'chgrp', 'chmod'].indexOf(kind);

function placeSteps(
  facts: Snapshot['facts'],
  merged: readonly Merged[],
): { readonly steps: readonly PlannedStep[] } | { readonly failed: Merged; readonly because: string } {
  let current = facts;
  const steps: PlannedStep[] = [];
  for (const one of merged) {
    const { step, fixes, safe } = one;
    try {
      const expects = expectationOf(current, step);
      const because = refusal(expects, step, current);
      if (because !== undefined) return { failed: one, because };
      steps.push({
        id: createHash('sha256').update(JSON.stringify(step)).digest('hex').slice(0, 8),
        step,
        applicability: safe ? 'safe' : 'unsafe',
        fixes,
        expects,
        touches: touchedBy(step),
        interrupts: interruptedBy(step, facts),
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

function expectationOf(facts: Snapshot['facts'], step: Performable): Expectation {
  if (step.kind === 'run') return { kind: 'anything' };
  if (step.kind === 'set' || step.kind === 'unset') {
    const setting = settingAt(facts, step.path, step.key);
    if (setting === undefined) return { kind: 'setting', value: null };
    return { kind: 'setting', value: setting.value, line: setting.line };
  }
  const entry = entryAt(facts, step.path);
  if (entry.type === 'absent') return { kind: 'absent' };
  const { type, uid, gid, mode, acl } = entry;
  return { kind: 'entry', type, uid, gid, mode, ...(acl === undefined ? {} : { acl }) };
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
  return facts.files.known ? undefined : 'files were not looked at';
}

const touchedBy = (step: Performable): readonly string[] =>
  step.kind !== 'run'
    ? [step.path]
    : step.command[0] === 'systemctl'
      ? step.command.slice(2).filter((word) => !word.startsWith('-'))
      : step.command.slice(1).filter((word) => word.startsWith('/'));

function interruptedBy(step: Performable, facts: Snapshot['facts']): readonly string[] {
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
    case 'set':
    case 'unset':
      return expects.kind === 'setting' && expects.value !== null
        ? `${step.key} = ${textOfValue(expects.value)} in ${step.path}`
        : `no ${step.key} in ${step.path}`;
    case 'run': {
      const inverse = inverseOf(step.command);
      return inverse === undefined ? 'nothing to take back' : inverse.join(' ');
    }
  }
}
