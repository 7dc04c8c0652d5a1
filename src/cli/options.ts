import type { Argv } from 'yargs';
import { roles } from '../facts/role.ts';
import { severities } from '../rule/severity.ts';
import { UsageError } from './usage-error.ts';

const timeoutOption = { type: 'number', default: 5, requiresArg: true } as const;

/** Flags that every reporting command takes. */
export const reportingOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option('format', {
      choices: ['text', 'json', 'tui'] as const,
      describe: 'How to report; the default is tui on a terminal that can show it, else text',
    })
    .option('output', { type: 'string', requiresArg: true, describe: 'Write to FILE instead of standard output' })
    .option('role', {
      type: 'string',
      array: true,
      nargs: 1,
      choices: roles,
      describe: 'What the host is for, instead of finding out (repeatable)',
    })
    .option('only', { type: 'string', array: true, nargs: 1, describe: 'Evaluate only this rule (repeatable)' })
    .option('skip', { type: 'string', array: true, nargs: 1, describe: 'Leave out this rule (repeatable)' })
    .option('at', {
      type: 'string',
      requiresArg: true,
      describe: 'Evaluate as of this moment: 2027-01-31 or 2027-01-31T12:00Z (UTC where no zone is given)',
    })
    .option('libvirt-version', {
      type: 'string',
      requiresArg: true,
      describe: "libvirt's package or upstream version, instead of what is found",
    })
    .option('qemu-version', {
      type: 'string',
      requiresArg: true,
      describe: "QEMU's package or upstream version, instead of what is found",
    })
    .option('color', {
      choices: ['auto', 'always', 'never'] as const,
      default: 'auto' as const,
      describe: 'Colours; NO_COLOR is heeded',
    })
    .option('fail-on', {
      choices: [...severities, 'never'] as const,
      default: 'error' as const,
      describe: 'Exit with 1 when something of this severity or worse is found',
    })
    .option('allow-unknown', {
      type: 'boolean',
      default: false,
      describe: 'Exit with 0 although something could not be judged',
    })
    .option('quiet', { type: 'boolean', alias: 'q', describe: 'Findings only' })
    .option('verbose', {
      type: 'boolean',
      alias: 'v',
      describe: 'Also the evidence, what ends when, what passed and what does not apply',
    })
    .conflicts('quiet', 'verbose');

/** Flags of `scan`. */
export const scanOptions = <T>(yargs: Argv<T>) =>
  reportingOptions(yargs)
    .option('probe', {
      type: 'boolean',
      describe: 'Also connect to the ports that this host opens, at its own addresses, and judge what is seen',
    })
    .option('timeout', { ...timeoutOption, describe: 'With --probe: how many seconds each port may take' })
    .option('dry-run', { type: 'boolean', describe: 'With --probe: only list what would be sent, and to whom' });

/** Flags of `diagnose`. */
export const diagnosisOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option('client', {
      type: 'string',
      default: 'local',
      requiresArg: true,
      describe: 'Where the client runs: local, a DIRECTORY that is the root of a host, or a snapshot FILE.json',
    })
    .option('server', {
      type: 'string',
      requiresArg: true,
      describe: 'The server likewise; without it what can be said of the client alone is said',
    })
    .option('user', { type: 'string', requiresArg: true, describe: 'The account that runs the client' })
    .option('viewer', {
      type: 'string',
      requiresArg: true,
      describe: 'The VNC client, by its program; the default is virt-viewer',
    })
    .option('offline', {
      type: 'boolean',
      describe: 'Send nothing: names are resolved by the hosts file of the client alone',
    })
    .option('timeout', { ...timeoutOption, describe: 'How many seconds the look at the server may take' })
    .option('dry-run', { type: 'boolean', describe: 'Only list what would be sent, and to whom' })
    .option('format', {
      choices: ['text', 'json', 'tui'] as const,
      describe: 'How to report; the default is tui on a terminal that can show it, else text',
    })
    .option('output', { type: 'string', requiresArg: true, describe: 'Write to FILE instead of to standard output' })
    .option('at', {
      type: 'string',
      requiresArg: true,
      describe: 'Judge as of this moment: 2027-01-31 or 2027-01-31T12:00Z (UTC where no zone is given)',
    })
    .option('libvirt-version', {
      type: 'string',
      requiresArg: true,
      describe: "libvirt's package or upstream version on both hosts, instead of what is found",
    })
    .option('qemu-version', {
      type: 'string',
      requiresArg: true,
      describe: "QEMU's package or upstream version, instead of what is found",
    })
    .option('color', {
      choices: ['auto', 'always', 'never'] as const,
      default: 'auto' as const,
      describe: 'Colours; NO_COLOR is heeded',
    })
    .option('quiet', { type: 'boolean', alias: 'q', describe: 'The ladder and the way out only' })
    .option('verbose', { type: 'boolean', alias: 'v', describe: 'Every step with its evidence and source' })
    .conflicts('quiet', 'verbose');

/** Positional and flags of `fix`. */
export const fixOptions = <T>(yargs: Argv<T>) =>
  yargs
    .positional('target', {
      type: 'string',
      default: 'local',
      describe:
        'local, a DIRECTORY that is the root of a host, or a snapshot FILE.json, for which there is a plan only',
    })
    .option('apply', { type: 'boolean', default: false, describe: 'Do the safe steps, after a preview and a question' })
    .option('unsafe', {
      type: 'boolean',
      default: false,
      describe: 'With --apply: also those that interrupt or replace something',
    })
    .option('yes', { type: 'boolean', default: false, alias: 'y', describe: 'With --apply: without the question' })
    .option('undo', {
      type: 'boolean',
      default: false,
      describe: 'Take back what was applied last, also if it was interrupted',
    })
    .option('ca-cert', {
      type: 'string',
      requiresArg: true,
      describe: "With --ca-key: the CA's certificate (PEM); certificates are then issued, not only asked for",
    })
    .option('ca-key', {
      type: 'string',
      requiresArg: true,
      describe: "The CA's key (PEM, not encrypted); it is read once and never written or shown",
    })
    .option('diagnose', {
      type: 'string',
      requiresArg: true,
      describe: 'Make this connection (a URI as diagnose takes it) work, on both of its machines; nothing is sent',
    })
    .option('client', {
      type: 'string',
      requiresArg: true,
      describe: 'With --diagnose: where the client runs, as TARGET; the default is local',
    })
    .option('server', { type: 'string', requiresArg: true, describe: 'With --diagnose: the server likewise' })
    .option('user', {
      type: 'string',
      requiresArg: true,
      describe: 'With --diagnose: the account that runs the client',
    })
    .option('viewer', {
      type: 'string',
      requiresArg: true,
      describe: 'With --diagnose: the VNC client, by its program; the default is virt-viewer',
    })
    .option('on', {
      choices: ['client', 'server'] as const,
      describe: 'With --diagnose and --script or --playbook: for which machine, where both have steps',
    })
    .option('script', { type: 'boolean', default: false, describe: 'Print the plan as a shell script' })
    .option('playbook', { type: 'boolean', default: false, describe: 'Print the plan as an Ansible playbook' })
    .option('only', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Mend only what this rule found, or what has this fingerprint (repeatable)',
    })
    .option('format', {
      choices: ['text', 'json', 'tui'] as const,
      describe: 'How to show the plan; the default is tui on a terminal that can show it, else text',
    })
    .option('output', { type: 'string', requiresArg: true, describe: 'Write to FILE instead of to standard output' })
    .option('role', {
      type: 'string',
      array: true,
      nargs: 1,
      choices: roles,
      describe: 'What the host is for, instead of finding out (repeatable)',
    })
    .option('at', {
      type: 'string',
      requiresArg: true,
      describe: 'Plan as of this moment: 2027-01-31 or 2027-01-31T12:00Z (UTC where no zone is given)',
    })
    .option('libvirt-version', {
      type: 'string',
      requiresArg: true,
      describe: "libvirt's package or upstream version, instead of what is found",
    })
    .option('qemu-version', {
      type: 'string',
      requiresArg: true,
      describe: "QEMU's package or upstream version, instead of what is found",
    })
    .option('color', {
      choices: ['auto', 'always', 'never'] as const,
      default: 'auto' as const,
      describe: 'Colours; NO_COLOR is heeded',
    });

const repeatable: ReadonlySet<string> = new Set([
  '_',
  'targets',
  'text',
  'role',
  'only',
  'skip',
  'pki-directory',
  'pkiDirectory',
]);

/** Refuses a flag that takes one value and was given several: which of them was meant, nobody can tell. @throws UsageError */
export function givenOnce(args: Readonly<Record<string, unknown>>): true {
  const twice = Object.keys(args).find((name) => Array.isArray(args[name]) && !repeatable.has(name));
  if (twice !== undefined) throw new UsageError(`--${twice} is given more than once`);
  return true;
}

/** A time limit in seconds. @throws UsageError */
export function timeLimit(seconds: number): number {
  if (!(seconds > 0 && seconds <= 3600)) throw new UsageError('--timeout takes a number of seconds, up to 3600');
  return seconds;
}

/** A moment as the user writes it: a date (midnight), or date and time of ISO 8601, in UTC where no zone is given. @throws UsageError */
export function moment(text: string): string {
  const [, date = '', time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:T((?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text) ?? [];
  const day = new Date(date);
  // JavaScript takes 2027-02-30 for the 2nd of March.
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
  const found = new Date(`${date}T${time}${zone}`);
  if (!exists || Number.isNaN(found.getTime())) {
    throw new UsageError(`--at ${text} is no moment; write 2027-01-31 or 2027-01-31T12:00Z`);
  }
  return found.toISOString();
}
