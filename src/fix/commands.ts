import type { FixStep, PlannerStep } from '../rule/fix.ts';

/** A step that runs a command on the host. */
export type RunStep = Extract<FixStep, { readonly kind: 'run' }>;

/** Ranks below `atFiles` come before files are changed. */
const atFiles = 10;

/**
 * When a command has its turn: groups are made before files are given to them, labels after the files are what they are to be, and
 * services last. systemd opens a socket only while its service is stopped.
 */
function rankOf([program, verb = '']: readonly string[]): number {
  if (program === 'groupadd' || program === 'usermod' || program === 'mkdir') return 0;
  if (program === 'semanage') return 20;
  if (program === 'restorecon') return 21;
  if (program !== 'systemctl')
    return program === 'virt-admin' ? 40 : program === 'virsh' ? 41 : program === 'journalctl' ? 50 : 22;
  const at = ['daemon-reload', 'unmask', 'stop', 'disable', 'enable', 'start', 'restart'].indexOf(verb);
  return at === -1 ? 29 : 30 + at;
}

const unitOf = (command: readonly string[]): string => (command.at(-1) ?? '').replace(/\.service$/, '');

const isVerb = ({ command }: RunStep, ...verbs: readonly string[]): boolean =>
  command[0] === 'systemctl' && verbs.includes(command[1] ?? '');

/** The steps on files with the commands around them; a service that is stopped and started, or restarted, is so once. */
export function inOrder<T extends { readonly step: FixStep | PlannerStep; readonly fixes: readonly string[] }>(
  files: readonly T[],
  commands: readonly (T & { readonly step: RunStep })[],
): readonly T[] {
  const started = new Set(commands.filter(({ step }) => isVerb(step, 'start')).map(({ step }) => unitOf(step.command)));
  const renewed = new Set([
    ...started,
    ...commands.filter(({ step }) => isVerb(step, 'restart')).map(({ step }) => unitOf(step.command)),
  ]);
  const isSpared = ({ step }: (typeof commands)[number]): boolean =>
    (isVerb(step, 'restart') && started.has(unitOf(step.command))) ||
    (step.command[0] === 'virt-admin' && renewed.has(unitOf(step.command)));
  /** The step that stands for one that is spared takes over whom it is for. */
  const heirs = commands.filter((one) => !isSpared(one));
  const all = heirs.map((heir) => {
    const for_ = commands.filter(
      (one) =>
        isSpared(one) &&
        isVerb(heir.step, 'start', 'restart') &&
        unitOf(one.step.command) === unitOf(heir.step.command),
    );
    return { ...heir, fixes: [...new Set([...heir.fixes, ...for_.flatMap(({ fixes }) => fixes)])] };
  });
  const ranked = [...all].sort((a, b) => rankOf(a.step.command) - rankOf(b.step.command));
  return [
    ...ranked.filter(({ step }) => rankOf(step.command) < atFiles),
    ...files,
    ...ranked.filter(({ step }) => rankOf(step.command) >= atFiles),
  ];
}

/** What takes a command back; undefined when there is nothing to take back, or no way. */
export function inverseOf(command: readonly string[]): readonly string[] | undefined {
  const [program, verb = '', ...rest] = command;
  if (program === 'groupadd') return ['groupdel', command.at(-1) ?? ''];
  if (program === 'semanage' && verb === 'fcontext') return ['semanage', 'fcontext', '-d', command.at(-1) ?? ''];
  if (program !== 'systemctl') return undefined;
  const inverse = { enable: 'disable', disable: 'enable', unmask: 'mask' }[verb];
  return inverse === undefined ? undefined : ['systemctl', inverse, ...rest];
}

/** Does a command belong to the files: made before they are given away, or told to the policy after. */
export function isFileCommand(command: readonly string[], when: 'before' | 'after'): boolean {
  const rank = rankOf(command);
  return when === 'before' ? rank < atFiles : rank > atFiles && rank < 29;
}

/** Units that a series of commands leaves open, and closed. */
export function unitsToOpen(commands: readonly (readonly string[])[]): {
  readonly opened: readonly string[];
  readonly closed: readonly string[];
} {
  const units = (verb: string): readonly string[] =>
    commands
      .filter(([program, own, ...rest]) => program === 'systemctl' && own === verb && rest.includes('--now'))
      .map((command) => command.at(-1) ?? '');
  return { opened: units('enable'), closed: units('disable') };
}
