import type { Gap, HostReport } from '../engine/report.ts';

/** One cause that kept rules from judging, and the rules that it holds up. */
export interface GapCause {
  readonly reason: Gap['reason'];
  readonly detail: string;
  /** Rule ids, each once, in the order of the report. */
  readonly rules: readonly string[];
}

/** How to make judgeable what could not be judged. */
export const gapRemedies: Readonly<Record<Gap['reason'], string>> = {
  'permission-denied': 'run it as root',
  unreachable: 'see that the other side runs and that nothing on the way blocks it, then run it again',
  'timed-out': 'run it again when the host is less busy',
  'too-large': 'see whether this is really the file that is meant; it is larger than any of its kind',
  unreadable: 'see what stands in that place: it is not a file that can be read, or it went away during the scan',
  unsupported: 'run it on the host itself; this target cannot answer that question',
  'not-collected': 'collect the snapshot anew with this version; the one at hand lacks that fact',
  'collector-failed': 'a fault of virt-pki-check: please report it with the text above',
  'rule-crashed': 'a fault of virt-pki-check: please report it with the text above',
};

/** What could not be judged on a host, folded by cause, in the order of the report. */
export function foldGaps(host: HostReport): readonly GapCause[] {
  const causes = new Map<string, { reason: Gap['reason']; detail: string; rules: Set<string> }>();
  for (const verdict of host.verdicts) {
    for (const { reason, detail } of verdict.gaps ?? []) {
      const key = `${reason} ${detail}`;
      const cause = causes.get(key) ?? { reason, detail, rules: new Set() };
      cause.rules.add(verdict.rule);
      causes.set(key, cause);
    }
  }
  return [...causes.values()].map(({ reason, detail, rules }) => ({ reason, detail, rules: [...rules] }));
}
