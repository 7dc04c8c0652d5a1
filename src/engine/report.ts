import type { Unknown } from '../facts/fact.ts';
import type { Role } from '../facts/role.ts';
import type { Reference } from '../rule/define-rule.ts';
import type { Fix } from '../rule/fix.ts';
import type { Severity } from '../rule/severity.ts';
import type { Subject } from '../rule/subject.ts';

/** A violation with everything that a reader needs. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly subject: Subject;
  readonly message: string;
  readonly seen: string;
  readonly needed: string;
  readonly effect: string;
  /** Stable while the fault is the same fault: 16 hexadecimal digits. */
  readonly fingerprint: string;
  readonly references: readonly Reference[];
  readonly fix: Fix | null;
}

/** One thing that could not be judged. */
export interface Gap {
  /** Absent when the whole rule lacked a fact. */
  readonly subject?: Subject;
  readonly reason: Unknown['reason'] | 'rule-crashed';
  readonly detail: string;
}

/** One rule's answer for one host; `gaps` is there whenever something could not be judged, also beside a failure. */
export interface Verdict {
  readonly rule: string;
  readonly outcome: 'pass' | 'fail' | 'unknown' | 'not-applicable';
  readonly reason?: string;
  readonly gaps?: readonly Gap[];
}

export interface HostReport {
  readonly target: string;
  readonly hostname: string | null;
  readonly roles: readonly Role[];
  readonly software: {
    readonly os: string | null;
    readonly libvirt: string | null;
    readonly qemu: string | null;
    readonly gnutls: string | null;
  };
  /** Worst first, then by subject. */
  readonly findings: readonly Finding[];
  /** By rule id. */
  readonly verdicts: readonly Verdict[];
}

/** Findings by severity, and how many rules passed, could not be judged, or did not apply. */
export interface Summary {
  readonly error: number;
  readonly warning: number;
  readonly note: number;
  readonly pass: number;
  readonly unknown: number;
  readonly notApplicable: number;
}

export const reportFormat = 'virt-pki-check/report';
export const reportVersion = 1;

/** The result of a scan: what every reporter draws and what JSON output is. */
export interface Report {
  readonly format: typeof reportFormat;
  readonly version: typeof reportVersion;
  readonly tool: { readonly name: string; readonly version: string };
  /** The moment as of which the hosts were judged, ISO 8601 in UTC; the latest of them. */
  readonly time: string;
  readonly summary: Summary;
  readonly hosts: readonly HostReport[];
}
