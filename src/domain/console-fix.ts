import { posix } from 'node:path';
import type { Known } from '../facts/facts.ts';
import type { QemuProcess } from '../facts/qemu-processes.ts';
import { isDaemonUsed, qemuDaemon } from './configurations-in-use.ts';
import type { Console, ConsoleFacts } from './consoles.ts';
import { guestName } from './guest-name.ts';
import { configurationFacts } from './remote-configuration.ts';
import { restart } from './service-commands.ts';
import { effectiveSetting } from './setting-value.ts';

/** The facts from which it follows what a console needs for a change to count. */
export const consoleFixFacts = [...configurationFacts, 'files', 'qemuProcesses', 'domains'] as const;
export type ConsoleFixFacts = Known<(typeof consoleFixFacts)[number]>;

type Step =
  | {
      readonly kind: 'set';
      readonly path: string;
      readonly key: string;
      readonly value: string;
      readonly line?: number;
    }
  | { readonly kind: 'unset'; readonly path: string; readonly key: string; readonly line: number }
  | { readonly kind: 'run'; readonly command: readonly string[] }
  | { readonly kind: 'manual'; readonly instruction: string };

/** What a fault of a console is about; the shape of a rule's subject. */
export type ConsoleSubject =
  | { readonly kind: 'setting'; readonly path: string; readonly key: string; readonly line?: number }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'process'; readonly pid: number; readonly program: string };

export const processSubject = ({ pid, commandLine }: QemuProcess): Extract<ConsoleSubject, { kind: 'process' }> => ({
  kind: 'process',
  pid,
  program: posix.basename(commandLine.program),
});

/** A console's place: of qemu.conf the setting that decides, of a guest its <graphics>, else the process. */
export function consoleSubject(console: Console, key: string): ConsoleSubject {
  if (console.origin === 'running') return processSubject(console.process);
  if (console.origin === 'guest') return { kind: 'file', path: console.path, line: console.line };
  const setting = effectiveSetting(console.policy.file, key);
  return { kind: 'setting', path: console.path, key, ...(setting === undefined ? {} : { line: setting.line }) };
}

/** Tells the displays of one process apart. */
export const consoleInstance = (console: Console): { readonly instance?: string } =>
  console.origin === 'running' && console.display !== undefined && console.display.id !== 'default'
    ? { instance: console.display.id }
    : {};

/** Did libvirt start it: it knows a guest of that name or process, or gave it its master key. */
export const isLibvirtGuest = ({ domains }: Pick<ConsoleFacts, 'domains'>, process: QemuProcess): boolean =>
  process.commandLine.objects.some(({ id }) => id === 'masterKey0') ||
  Object.values(domains).some(
    (file) =>
      file.known &&
      'domain' in file.value &&
      (file.value.domain.status?.pid === process.pid ||
        (file.value.domain.name !== undefined && file.value.domain.name === process.commandLine.guest)),
  );

/** Is a process the QEMU of a guest of this name, by libvirt's status file or by its own name. */
export const isProcessOf = ({ domains }: Pick<ConsoleFacts, 'domains'>, process: QemuProcess, guest: string): boolean =>
  process.commandLine.guest === guest ||
  Object.values(domains).some(
    (file) =>
      file.known &&
      'domain' in file.value &&
      file.value.domain.name === guest &&
      file.value.domain.status?.pid === process.pid,
  );

/** Names of the guests of libvirt that run with a display of a kind. */
export const runningGuests = (facts: ConsoleFixFacts, kind: 'vnc' | 'spice'): readonly string[] =>
  facts.qemuProcesses.observed
    ? facts.qemuProcesses.processes
        .filter(
          (process) =>
            (kind === 'vnc' ? process.commandLine.vnc.length > 0 : process.commandLine.spice !== undefined) &&
            isLibvirtGuest(facts, process),
        )
        .map(guestName)
    : [];

/** How a console gets other terms, at its own place. */
export interface ConsoleChange {
  readonly title: string;
  /** Settings of qemu.conf; undefined takes one out. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /** What to do beforehand. */
  readonly first?: string;
  /** What to change in a guest's <graphics>. */
  readonly xml: string;
  /** What to change among the arguments of a QEMU that no libvirt started. */
  readonly argument: string;
}

/** The fix of a change: settings and the restarts that make them count, or what a person does. */
export function consoleFix(
  facts: ConsoleFixFacts,
  console: Console,
  change: ConsoleChange,
): { readonly title: string; readonly applicability: 'unsafe' | 'manual'; readonly steps: readonly Step[] } {
  const { title, first } = change;
  const before: readonly Step[] = first === undefined ? [] : [{ kind: 'manual', instruction: first }];
  if (console.origin === 'policy')
    return {
      title,
      applicability: first === undefined ? 'unsafe' : 'manual',
      steps: [...before, ...settingSteps(facts, console, change.settings)],
    };
  if (console.origin === 'guest')
    return { title, applicability: 'manual', steps: [...before, ...xmlSteps(console.guest, change.xml)] };
  const steps: readonly Step[] = isLibvirtGuest(facts, console.process)
    ? [
        { kind: 'manual', instruction: `mend qemu.conf or ${console.guest}'s XML (${change.xml}), which say the same` },
        ...startAgain([console.guest]),
      ]
    : [{ kind: 'manual', instruction: `start ${console.guest} again with ${change.argument}` }];
  return { title, applicability: 'manual', steps: [...before, ...steps] };
}

function settingSteps(
  facts: ConsoleFixFacts,
  console: Extract<Console, { origin: 'policy' }>,
  settings: ConsoleChange['settings'],
): readonly Step[] {
  const { path, policy, kind } = console;
  const changes = Object.entries(settings).flatMap(([key, value]): readonly Step[] => {
    const line = effectiveSetting(policy.file, key)?.line;
    if (value === undefined) return line === undefined ? [] : [{ kind: 'unset', path, key, line }];
    return [{ kind: 'set', path, key, value, ...(line === undefined ? {} : { line }) }];
  });
  return [...changes, ...restartDriver(facts), ...startAgain(runningGuests(facts, kind))];
}

/** The daemon that reads qemu.conf, where there is one. */
export function restartDriver(facts: ConsoleFixFacts): readonly Step[] {
  const daemon = qemuDaemon(facts);
  return isDaemonUsed(facts, daemon) ? restart(daemon) : [];
}

const xmlSteps = (guest: string, xml: string): readonly Step[] => [
  { kind: 'manual', instruction: `virsh edit ${guest}: ${xml}` },
  { kind: 'manual', instruction: `when ${guest} runs, shut it down and start it again` },
];

/** A guest keeps the display that it started with. */
export const startAgain = (guests: readonly string[]): readonly Step[] =>
  guests.length === 0
    ? []
    : [
        {
          kind: 'manual',
          instruction: `shut down and start again (a reboot inside is not enough): ${guests.map((name) => `virsh shutdown ${name}; virsh start ${name}`).join('; ')}`,
        },
      ];
