import type { Fact } from './fact.ts';
import type { FactName, Facts } from './facts.ts';

export const snapshotFormat = 'virt-pki-check/snapshot';
export const snapshotVersion = 1;

/** All facts of one host at one moment: it holds no secret, and judging it gives what judging the host gave. */
export interface Snapshot {
  readonly format: typeof snapshotFormat;
  readonly version: typeof snapshotVersion;
  readonly tool: { readonly name: string; readonly version: string };
  /** What was looked at: `local`, or the directory as it was given. */
  readonly target: string;
  readonly facts: { readonly [N in FactName]: Fact<Facts[N]> };
}
