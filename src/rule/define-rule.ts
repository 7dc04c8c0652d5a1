import type { Unknown } from '../facts/fact.ts';
import type { FactName, Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import type { Fix } from './fix.ts';
import type { Severity } from './severity.ts';
import type { Subject } from './subject.ts';

export interface Reference {
  readonly title: string;
  readonly url: string;
}

/** What a finding says: one sentence on what is wrong, then what was seen, what is needed, and what comes of it. Present tense, no full stop. */
export interface Message {
  readonly message: string;
  readonly seen: string;
  readonly needed: string;
  /** What happens because of it; the rule's rationale when absent. */
  readonly effect?: string;
}

/** A rule's messages by id, each a function of the data that a violation gives. */
export type Messages = Readonly<Record<string, (data: never) => Message>>;

type DataOf<M extends Messages, Id extends keyof M> = Parameters<M[Id]>[0];

/** One fault that a rule found. */
export interface Violation {
  readonly outcome: 'violation';
  readonly messageId: string;
  readonly subject: Subject;
  readonly data: unknown;
  readonly severity?: Severity;
  /** Tells faults of one subject apart, such as the fingerprint of one certificate of a bundle. */
  readonly instance?: string;
  readonly fix?: Fix;
}

/** One thing that a rule could not judge, and why. */
export interface Undetermined {
  readonly outcome: 'undetermined';
  readonly subject: Subject;
  readonly because: Unknown;
}

/** The rule has nothing to judge on this host. */
export interface NotApplicable {
  readonly outcome: 'not-applicable';
  readonly reason: string;
}

/** Nothing in the list means that the host passes. */
export type CheckResult = readonly (Violation | Undetermined)[] | NotApplicable;

export interface ViolationExtras {
  readonly severity?: Severity;
  readonly instance?: string;
  readonly fix?: Fix | undefined;
}

/** What the engine hands to a check beside the facts: the host's roles, the rule's options and ways to answer. */
export interface CheckContext<M extends Messages, O extends object> {
  readonly roles: readonly Role[];
  readonly options: Readonly<O>;
  violation<Id extends keyof M & string>(
    messageId: Id,
    subject: Subject,
    data: DataOf<M, Id>,
    extras?: ViolationExtras,
  ): Violation;
  undetermined(subject: Subject, because: Unknown): Undetermined;
  notApplicable(reason: string): NotApplicable;
}

export interface RuleDefinition<N extends FactName, M extends Messages, O extends object> {
  /** Names the defect in kebab case, subject first; equals the file's name. */
  readonly id: string;
  readonly title: string;
  /** The default; a violation may carry another one where the catalogue says so. */
  readonly severity: Severity;
  /** Hosts with any of these roles are judged. */
  readonly roles: readonly Role[];
  readonly needs: readonly N[];
  /** Why it matters, in a sentence or two. */
  readonly rationale: string;
  /** What to do, in general; a finding's fix says it for the host at hand. */
  readonly remedy: string;
  readonly references: readonly Reference[];
  /** Where the behaviour was read: source file and function, or `observed`, with versions. */
  readonly sources?: readonly string[];
  readonly messages: M;
  readonly options?: { readonly schema: object; readonly defaults: O };
  check(facts: Known<N>, context: CheckContext<M, O>): CheckResult;
}

/** A rule as the engine and the pages see it: its own fact names and messages no longer matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a definition is contravariant in all three
export type Rule = RuleDefinition<any, any, any>;

/** Ties a rule's facts, messages and options together for the compiler, and changes nothing. */
export const defineRule = <const N extends FactName, const M extends Messages, O extends object = Record<never, never>>(
  definition: RuleDefinition<N, M, O>,
): RuleDefinition<N, M, O> => definition;
