import type { Snapshot } from '../facts/snapshot.ts';
import type { PlannedStep } from './plan.ts';
import { afterStep, entryAt } from './step-effect.ts';

/** Owner, group and mode of a path. */
export interface PathState {
  readonly type: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly hasAcl: boolean;
}

/**
 * What each path that changes owner, group, mode or ACL is before the first and after each of its steps, in order: whoever finds the n-th
 * state has n steps behind him. Scripts that may be run again tell by it what is done.
 */
export function pathStates(
  facts: Snapshot['facts'],
  steps: readonly PlannedStep[],
): ReadonlyMap<string, readonly PathState[]> {
  const states = new Map<string, PathState[]>();
  const stateAt = (current: Snapshot['facts'], path: string): PathState => {
    const entry = entryAt(current, path);
    if (entry.type === 'absent') return { type: 'absent', uid: 0, gid: 0, mode: 0, hasAcl: false };
    const { type, uid, gid, mode, acl } = entry;
    return { type, uid, gid, mode, hasAcl: acl !== undefined };
  };
  let current = facts;
  for (const { step } of steps) {
    const isAccess = step.kind === 'chmod' || step.kind === 'chown' || step.kind === 'chgrp' || step.kind === 'setfacl';
    const path = isAccess ? step.path : undefined;
    if (path !== undefined && !states.has(path)) states.set(path, [stateAt(current, path)]);
    current = afterStep(current, step);
    if (path !== undefined) states.get(path)?.push(stateAt(current, path));
  }
  return states;
}
