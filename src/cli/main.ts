import { printableLines } from '../report/printable.ts';
import { diagnosisOptions, fixOptions, givenOnce, scanOptions } from './options.ts';
import type { Shell } from './shell.ts';
import { tool } from './tool.ts';
import { isUsageError, UsageError } from './usage-error.ts';

export { processStreams } from './streams.ts';
export type { Shell } from './shell.ts';

/** Runs one command line and returns its exit status; never throws, never ends the process. */
export const main = (argv: readonly string[], shell: Shell): Promise<number> => guarded(() => run(argv, shell), shell);

/** What `npm start` does, likewise; `here` stands for this machine. */
export const firstLook = (shell: Shell, here?: string): Promise<number> =>
  guarded(async () => (await import('./first-look.ts')).firstLook(shell, here), shell);

/** Says what went wrong, and gives 2 for it. */
async function guarded(command: () => Promise<number>, shell: Shell): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const text = isUsageError(error)
      ? error.message
      : `this is a fault of ours, please report it: ${String(error instanceof Error ? error.stack : error)}`;
    // Where our complaint cannot be written there is nobody to tell.
    await shell.streams.err.write(`${tool.name}: ${printableLines(text).join('\n')}\n`).catch(() => undefined);
    return 2;
  }
}

/**
 * The command line without its `--`: yargs would drop what stands behind it. A name that begins with a dash is a file's, and becomes a
 * path that does not.
 */
function withOperands(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  // libvirtd has a message that begins with a flag; no flag of ours has a space before its `=`.
  if (end === -1) return argv.map((word) => (argv[0] === 'explain' && /^--?\w+ /.test(word) ? ` ${word}` : word));
  return [...argv.slice(0, end), ...argv.slice(end + 1).map((name) => (name.startsWith('-') ? `./${name}` : name))];
}

/** Reads the command line; each command's work is loaded when it is the one. */
async function run(argv: readonly string[], shell: Shell): Promise<number> {
  // The one question that needs no command line parser, and that scripts ask most.
  if (argv.length === 1 && argv[0] === '--version') {
    await shell.streams.out.write(`${tool.version}\n`);
    return 0;
  }
  let status = 0;
  let printed = '';
  const { default: yargs } = await import('yargs');
  const parser = yargs()
    .scriptName(tool.name)
    .detectLocale(false)
    .exitProcess(false)
    .strict()
    .check(givenOnce)
    .version(tool.version)
    .wrap(Math.min(100, shell.streams.out.width))
    .usage('$0 [scan] [TARGET ...]\n\nFinds out why libvirt and QEMU refuse remote access, and how to mend it.')
    .command(
      ['scan [targets..]', '$0'],
      'Collect facts, evaluate every rule, report',
      (command) =>
        scanOptions(
          command.positional('targets', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'local (the default), a DIRECTORY that is the root of a host, or a snapshot FILE.json',
          }),
        ),
      async (args) => {
        const { scan } = await import('./scan.ts');
        status = await scan(args, shell);
      },
    )
    .command(
      'diagnose <uri>',
      'Walk one connection step by step and name the first that fails, why, and the way out',
      (command) =>
        diagnosisOptions(
          command.positional('uri', {
            type: 'string',
            demandOption: true,
            describe:
              'As virsh takes it (qemu+tls://HOST/system, an alias of libvirt.conf), vnc://HOST:PORT, spice://HOST:PORT, nbd://HOST',
          }),
        ),
      async (args) => {
        const { diagnose } = await import('./diagnose.ts');
        status = await diagnose(args, shell);
      },
    )
    .command(
      'collect [target]',
      'Write a snapshot (facts, no secrets) that scan reads later, elsewhere, with the same result',
      (command) =>
        command
          .positional('target', {
            type: 'string',
            default: 'local',
            describe: 'local, or a DIRECTORY that is the root of a host',
          })
          .option('output', {
            type: 'string',
            requiresArg: true,
            describe: 'Write to FILE instead of standard output',
          })
          .option('pki-directory', {
            type: 'string',
            array: true,
            nargs: 1,
            describe:
              "Look at a client's credentials there too, for URIs with pkipath= (repeatable; as the host names it)",
          }),
      async (args) => {
        const { collect } = await import('./collect.ts');
        status = await collect(args, shell);
      },
    )
    .command(
      'fix [target]',
      'Show how to mend what was found, in order; or do it, and take it back',
      (command) => fixOptions(command),
      async (args) => {
        const { fix } = await import('./fix.ts');
        status = await fix(args, shell);
      },
    )
    .command(
      'explain <text..>',
      'Say more about a rule, or what an error message means',
      (command) =>
        command
          .positional('text', {
            type: 'string',
            array: true,
            demandOption: true,
            describe:
              'The id of a rule, such as private-key-exposed; or what virsh, libvirtd, QEMU, a viewer or SASL printed, - to read it from standard input',
          })
          .option('format', {
            choices: ['text', 'json'] as const,
            default: 'text' as const,
            describe: 'How to say what a message means',
          })
          .option('client', {
            type: 'string',
            requiresArg: true,
            describe:
              'Look at this host as the client, to say which cause it is here: local, a DIRECTORY or a snapshot',
          })
          .option('server', { type: 'string', requiresArg: true, describe: 'Likewise as the server' })
          .option('color', {
            choices: ['auto', 'always', 'never'] as const,
            default: 'auto' as const,
            describe: 'Colours; NO_COLOR is heeded',
          }),
      async (args) => {
        const { explain } = await import('./explain.ts');
        status = await explain(args, shell);
      },
    )
    .command(
      'rules',
      'List all rules',
      (command) =>
        command.option('format', {
          choices: ['text', 'json'] as const,
          default: 'text' as const,
          describe: 'How to list them',
        }),
      async (args) => {
        const { rules } = await import('./rules.ts');
        status = await rules(args, shell);
      },
    )
    .epilog(
      'Exit status: 0 nothing fails, 1 something does, 2 usage or a fault of ours, 3 something could not be judged.',
    )
    .fail((message, error) => {
      throw error ?? new UsageError(`${message} (virt-pki-check --help)`);
    });
  await parser.parseAsync(withOperands(argv), {}, (_error: unknown, _args: unknown, output: string) => {
    printed = output;
  });
  if (printed !== '') await shell.streams.out.write(`${printed}\n`);
  return status;
}
