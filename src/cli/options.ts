import type { Argv } from 'yargs';
import { roles } from '../facts/role.ts';
import { severities } from '../rule/severity.ts';
import { UsageError } from './usage-error.ts';

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
    .option('verbose', { type: 'boolean', alias: 'v', describe: 'Also what passed and what does not apply' })
    .conflicts('quiet', 'verbose');

const repeatable: ReadonlySet<string> = new Set(['_', 'targets', 'role', 'only', 'skip']);

/** Refuses a flag that takes one value and was given several: which of them was meant, nobody can tell. @throws UsageError */
export function givenOnce(args: Readonly<Record<string, unknown>>): true {
  const twice = Object.keys(args).find((name) => Array.isArray(args[name]) && !repeatable.has(name));
  if (twice !== undefined) throw new UsageError(`--${twice} is given more than once`);
  return true;
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
