import { majorAndMinor } from '../domain/upstream-version.ts';
import { known, type Fact } from '../facts/fact.ts';
import type { QemuProcesses } from '../facts/qemu-processes.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { parseQemuCommandLine } from '../parse/qemu-command-line.ts';

/** What the user says instead of what was found. */
export interface Assumptions {
  /** Judge as of this moment, ISO 8601. */
  readonly at?: string;
  /** Full package versions, or upstream ones. */
  readonly libvirt?: string;
  readonly qemu?: string;
}

/** A snapshot as if these things were so. */
export function assume(snapshot: Snapshot, { at, libvirt, qemu }: Assumptions): Snapshot {
  const { facts } = snapshot;
  const software = facts.software.known ? facts.software.value : { installed: [] };
  const given = (version: string) => ({ version, source: 'given' as const });
  return {
    ...snapshot,
    facts: {
      ...facts,
      ...(at === undefined ? {} : { clock: known({ now: at }) }),
      ...(libvirt === undefined && qemu === undefined
        ? {}
        : {
            software: known({
              ...software,
              ...(libvirt === undefined ? {} : { libvirt: given(libvirt) }),
              ...(qemu === undefined ? {} : { qemu: given(qemu) }),
            }),
          }),
      ...(qemu === undefined ? {} : { qemuProcesses: readAgain(facts.qemuProcesses, qemu) }),
    },
  };
}

/** The guests that run, their arguments read as this version reads them. */
function readAgain(fact: Fact<QemuProcesses>, packageVersion: string): Fact<QemuProcesses> {
  const version = majorAndMinor(packageVersion);
  if (version === undefined || !fact.known || !fact.value.observed) return fact;
  const processes = fact.value.processes.map((process) => ({
    ...process,
    commandLine: parseQemuCommandLine(process.arguments, { version, ambiguous: process.ambiguous ?? [] }),
  }));
  return known({ observed: true, processes });
}
