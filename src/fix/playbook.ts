import { createHash } from 'node:crypto';
import type { ConfigurationValue, TextEdit } from '../facts/configurations.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { fixLines } from '../report/fix-commands.ts';
import { printable } from '../report/printable.ts';
import { isFileCommand, unitsToOpen } from './commands.ts';
import { pathStates, type PathState } from './path-states.ts';
import type { Expectation, Plan, PlannedStep } from './plan.ts';
import { aclEntryOf, newOwner } from './step-effect.ts';

type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

/** A value of libvirt's grammar as a regular expression of Python; groups in it do not count. */
const anyValue = String.raw`(?:"[^"\n]*"|'[^'\n]*'|[-+]?[0-9]+|\[(?:[^\]"'#]|"[^"\n]*"|'[^'\n]*')*\])`;

/** The one template of ours. */
const readContent = '{{ file.content | b64decode }}';

const statementOf = (key: string): string => String.raw`(?m)^([ \t]*${key}[ \t]*=[ \t]*)`;

/**
 * A plan as an Ansible playbook, with modules of ansible-core alone: each place is looked at first, and a task that finds it otherwise than
 * it was seen fails; what is done already is left.
 */
export function planPlaybook(
  facts: Snapshot['facts'],
  plan: Plan,
  about: { readonly tool: string; readonly host: string },
): string {
  const states = pathStates(facts, plan.steps);
  const files = plan.steps.filter(({ step }) => step.kind !== 'run');
  const early = plan.steps.filter(({ step }) => step.kind === 'run' && isFileCommand(step.command, 'before'));
  const after = plan.steps.filter(({ step }) => step.kind === 'run' && isFileCommand(step.command, 'after'));
  const services = plan.steps.filter((one) => one.step.kind === 'run' && !early.includes(one) && !after.includes(one));
  const renewals = services.filter(({ step }) => step.kind === 'run' && step.command[1] === 'restart');
  const handlers = files.length > 0 ? renewals : [];
  const notify = handlers.map((one) => nameOf(plan, one));
  const checked = new Set<string>();
  const tasks = [
    ...early.flatMap((one) => runTasks(plan, one)),
    ...files.flatMap((one) => fileTasks(facts, plan, one, states, checked, notify)),
    ...after.flatMap((one) => runTasks(plan, one)),
    ...serviceTasks(
      plan,
      services.filter((one) => !handlers.includes(one)),
    ),
  ];
  const play: Yaml = {
    name: text(`Mend ${about.host}`),
    hosts: 'all',
    become: true,
    gather_facts: false,
    tasks,
    ...(handlers.length === 0
      ? {}
      : { handlers: handlers.map((one) => ({ name: nameOf(plan, one), ...systemd(one) })) }),
  };
  const told = plan.fixes.filter((fix) => fix.told.length > 0);
  return `${[
    '---',
    comment(`Written by ${about.tool} for ${about.host}. Read it, then: ansible-playbook -i HOST, FILE`),
    ...(told.length === 0 ? [] : [comment('What only a person can do:')]),
    ...told.flatMap((fix) => [
      comment(`- ${fix.title}`),
      ...fix.told.flatMap(fixLines).flatMap((line) => line.text.split('\n').map((one) => comment(`    ${one}`))),
    ]),
    ...yaml([play], 0),
  ].join('\n')}\n`;
}

const comment = (line: string): string => `# ${printable(line)}`;

/** A name, which may hold no template. */
const text = (value: string): string => printable(value).replace(/\{(?=[{%#])/g, '{ ');

const nameOf = (plan: Plan, { step, fixes }: PlannedStep): string => {
  const titles = plan.fixes.filter(({ id }) => fixes.includes(id)).map(({ title }) => title);
  return text(
    `${fixLines(step)
      .map((line) => line.text)
      .join(' ')} — ${[...new Set(titles)].join('; ')}`,
  );
};

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const stateText = ({ uid, gid, mode }: PathState): string => `${uid} ${gid} ${octal(mode)}`;

function fileTasks(
  facts: Snapshot['facts'],
  plan: Plan,
  one: PlannedStep,
  states: ReadonlyMap<string, readonly PathState[]>,
  checked: Set<string>,
  notify: readonly string[],
): readonly Yaml[] {
  const { step } = one;
  const common = { name: nameOf(plan, one), ...(notify.length === 0 ? {} : { notify }) };
  switch (step.kind) {
    case 'chmod':
    case 'chown':
    case 'chgrp':
    case 'setfacl': {
      const known = states.get(step.path) ?? [];
      const last = known.at(-1);
      const check = checked.has(step.path) ? [] : lookTasks(step.path, known);
      checked.add(step.path);
      if (step.kind === 'setfacl') {
        const { tag, id, permissions } = aclEntryOf(facts, step.entry);
        const letters = ['r', 'w', 'x'].map((letter, bit) => (permissions & (4 >> bit) ? letter : '-')).join('');
        const entry = `${tag}:${id ?? ''}:${letters}`;
        return [
          ...check,
          {
            name: text(`Look at the access control list of ${step.path}`),
            'ansible.builtin.command': { argv: ['getfacl', '-cnE', '--', step.path] },
            register: 'acl',
            changed_when: false,
            check_mode: false,
          },
          {
            ...common,
            'ansible.builtin.command': {
              argv: ['setfacl', '-m', `${tag === 'user' ? 'u' : 'g'}:${id ?? ''}:${letters}`, '--', step.path],
            },
            when: `'${entry}' not in acl.stdout_lines`,
          },
        ];
      }
      // What a later step of the same path changes again is given at once.
      const change: Yaml =
        step.kind === 'chown'
          ? { owner: String(last?.uid ?? 0) }
          : step.kind === 'chgrp'
            ? { group: String(last?.gid ?? 0) }
            : { mode: octal(last?.mode ?? step.to) };
      return [
        ...check,
        {
          ...common,
          'ansible.builtin.file': { path: step.path, state: last?.type ?? 'file', follow: false, ...change },
        },
      ];
    }
    case 'set':
    case 'unset':
      return settingTasks(step, one.expects, common);
    case 'repair':
      return step.edits.flatMap((edit) => editTasks(step.path, edit, common));
    case 'symlink':
      return [
        { ...common, 'ansible.builtin.file': { src: step.target, path: step.path, state: 'link', force: false } },
      ];
    case 'make-directory':
      return [
        {
          ...common,
          'ansible.builtin.file': {
            path: step.path,
            state: 'directory',
            mode: octal(step.mode),
            ...ownerOf(facts, step.path),
          },
        },
      ];
    case 'write':
      return [
        ...lookAtContent(step, one.expects),
        {
          ...common,
          'ansible.builtin.copy': {
            dest: step.path,
            content: step.pem,
            ...(one.expects.kind === 'entry' ? { backup: true } : { ...ownerOf(facts, step.path), mode: '0644' }),
          },
        },
      ];
    case 'write-key':
      return [
        {
          name: common.name,
          'ansible.builtin.fail': { msg: text(`${step.path} needs a new private key, which no playbook holds`) },
        },
      ];
    case 'remove':
      return [{ ...common, 'ansible.builtin.file': { path: step.path, state: 'absent' } }];
    case 'run':
      return [];
  }
}

/** Is a path in one of the states that it passes through. */
function lookTasks(path: string, known: readonly PathState[]): readonly Yaml[] {
  return [
    { name: text(`Look at ${path}`), 'ansible.builtin.stat': { path, follow: false }, register: 'seen' },
    {
      name: text(`Is ${path} as it was looked at, or done`),
      'ansible.builtin.assert': {
        that: [
          'seen.stat.exists',
          `(seen.stat.uid | string) ~ ' ' ~ (seen.stat.gid | string) ~ ' ' ~ seen.stat.mode in ${JSON.stringify([...new Set(known.map(stateText))]).replaceAll('"', "'")}`,
        ],
        quiet: true,
      },
    },
  ];
}

function ownerOf(facts: Snapshot['facts'], path: string): { readonly owner: string; readonly group: string } {
  const { uid, gid } = newOwner(facts, path);
  return { owner: String(uid), group: String(gid) };
}

/** Is a file that is to be replaced what it was, or what it is to be. */
function lookAtContent(
  { path, pem }: Extract<PlannedStep['step'], { readonly kind: 'write' }>,
  expects: Expectation,
): readonly Yaml[] {
  const isDone = `(seen.stat.checksum | default('')) == '${createHash('sha1').update(pem).digest('hex')}'`;
  const was =
    expects.kind === 'entry'
      ? `seen.stat.exists and ${expects.size === undefined ? 'seen.stat.isreg' : `seen.stat.size == ${expects.size}`}`
      : 'not seen.stat.exists';
  return [
    { name: text(`Look at ${path}`), 'ansible.builtin.stat': { path, follow: true }, register: 'seen' },
    {
      name: text(`Is ${path} as it was looked at, or done`),
      'ansible.builtin.assert': { that: [`(${was}) or ${isDone}`], quiet: true },
    },
  ];
}

/** One edit at its place, counted from the beginning of the file; `from` and `to` are not empty, and one may begin as the other does. */
function editTasks(
  path: string,
  { line, column, from, to }: TextEdit,
  common: { readonly [key: string]: Yaml },
): readonly Yaml[] {
  const place = String.raw`\A((?:[^\n]*\n){${line - 1}}[^\n]{${column - 1}})`;
  const undone = to.startsWith(from) ? `${ascii(from)}(?!${ascii(to.slice(from.length))})` : ascii(from);
  const done = from.startsWith(to) ? `${ascii(to)}(?!${ascii(from.slice(to.length))})` : ascii(to);
  return [
    { name: text(`Read ${path}`), 'ansible.builtin.slurp': { src: path }, register: 'file' },
    {
      name: text(`Is line ${line} of ${path} as it was looked at, or done`),
      'ansible.builtin.assert': { that: ['content is search(known)'], quiet: true },
      vars: { content: readContent, known: `${place}(?:${undone}|${done})` },
    },
    {
      ...common,
      'ansible.builtin.replace': {
        path,
        regexp: `${place}${undone}`,
        replace: `\\g<1>${to.replaceAll('\\', '\\\\')}`,
      },
    },
  ];
}

/** A literal of a regular expression of Python, in ASCII. */
const ascii = (literal: string): string =>
  escaped(literal).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);

function settingTasks(
  step: Extract<PlannedStep['step'], { readonly kind: 'set' | 'unset' }>,
  expects: Expectation,
  common: { readonly [key: string]: Yaml },
): readonly Yaml[] {
  const { path, key } = step;
  const was = expects.kind === 'setting' ? expects.value : null;
  const before = was === null ? [] : [writtenPattern(was)];
  const allowed = [...before, ...(step.kind === 'set' ? [escaped(step.value)] : [])];
  // Nothing there is what was before, or what is when it was taken out.
  const mayBeAbsent = was === null || step.kind === 'unset';
  const isAbsent = 'content is not search(any)';
  const isKnown = 'content is search(known)';
  const look: readonly Yaml[] = [
    { name: text(`Read ${path}`), 'ansible.builtin.slurp': { src: path }, register: 'file' },
    {
      name: text(`Is ${key} in ${path} as it was looked at, or done`),
      'ansible.builtin.assert': { that: [mayBeAbsent ? `${isAbsent} or ${isKnown}` : isKnown], quiet: true },
      vars: {
        content: readContent,
        any: statementOf(key),
        known: `${statementOf(key)}(?:${allowed.join('|') || '(?!)'})`,
      },
    },
  ];
  if (step.kind === 'unset') {
    const regexp = String.raw`(?m)^[ \t]*${key}[ \t]*=[ \t]*${anyValue}[ \t]*;?[ \t]*(?:(#[^\n]*)|\r?(?:\n|\Z))`;
    return [...look, { ...common, 'ansible.builtin.replace': { path, regexp, replace: String.raw`\1` } }];
  }
  if (was !== null) {
    const replace = `\\g<1>${step.value.replaceAll('\\', '\\\\')}`;
    const regexp = `${statementOf(key)}${anyValue}`;
    return [...look, { ...common, 'ansible.builtin.replace': { path, regexp, replace } }];
  }
  const line = `${key} = ${step.value}`;
  const places = { regexp: String.raw`^[ \t]*${key}[ \t]*=`, insertafter: String.raw`^[ \t]*#[ \t]*${key}[ \t]*=` };
  return [...look, { ...common, 'ansible.builtin.lineinfile': { path, line, ...places } }];
}

const escaped = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What a value looks like where it stands. */
function writtenPattern(value: ConfigurationValue): string {
  switch (value.type) {
    case 'string':
      return `["']${escaped(value.value)}["']`;
    case 'unsigned':
      return `\\+?0*${value.value}(?![0-9])`;
    case 'signed':
      return `${value.value}(?![0-9])`;
    case 'list':
    case 'redacted':
      return anyValue;
  }
}

const systemd = ({ step }: PlannedStep): { readonly [key: string]: Yaml } => {
  const command = step.kind === 'run' ? step.command : [];
  const [, verb = ''] = command;
  const name = command.at(-1) ?? '';
  const now = command.includes('--now');
  const changes: Readonly<Record<string, { readonly [key: string]: Yaml }>> = {
    'daemon-reload': { daemon_reload: true },
    unmask: { name, masked: false },
    stop: { name, state: 'stopped' },
    start: { name, state: 'started' },
    restart: { name, state: 'restarted' },
    enable: { name, enabled: true, ...(now ? { state: 'started' } : {}) },
    disable: { name, enabled: false, ...(now ? { state: 'stopped' } : {}) },
  };
  const change = command[0] === 'systemctl' ? changes[verb] : undefined;
  return change === undefined
    ? { 'ansible.builtin.command': { argv: command } }
    : { 'ansible.builtin.systemd': change };
};

function runTasks(plan: Plan, one: PlannedStep): readonly Yaml[] {
  const command = one.step.kind === 'run' ? one.step.command : [];
  const name = nameOf(plan, one);
  if (command[0] === 'groupadd')
    return [{ name, 'ansible.builtin.group': { name: command.at(-1) ?? '', system: command.includes('--system') } }];
  return [{ name, ...systemd(one) }];
}

/** Where a socket is open already, its service is left alone. */
function serviceTasks(plan: Plan, services: readonly PlannedStep[]): readonly Yaml[] {
  const commands = services.flatMap(({ step }) => (step.kind === 'run' ? [step.command] : []));
  const { opened } = unitsToOpen(commands);
  const looks: readonly Yaml[] =
    opened.length === 0
      ? []
      : [
          {
            name: text(`Look at ${opened.join(', ')}`),
            'ansible.builtin.command': { argv: ['systemctl', 'is-active', ...opened] },
            register: 'sockets',
            changed_when: false,
            failed_when: false,
            check_mode: false,
          },
        ];
  const when = opened.length === 0 ? {} : { when: "sockets.stdout_lines | unique != ['active']" };
  return [
    ...looks,
    ...services.map((one) => {
      const verb = one.step.kind === 'run' ? one.step.command[1] : '';
      return { name: nameOf(plan, one), ...systemd(one), ...(verb === 'disable' ? {} : when) };
    }),
  ];
}

/** Lines of a document in YAML 1.1; every text is in double quotes, as JSON has it. */
function yaml(value: Yaml, indent: number): readonly string[] {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value)) {
    return (value as readonly Yaml[]).flatMap((item) => {
      const [first = '', ...rest] = yaml(item, indent + 2);
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  }
  if (typeof value !== 'object') return [`${pad}${scalar(value)}`];
  return Object.entries(value as { readonly [key: string]: Yaml }).flatMap(([key, one]) => {
    if (typeof one !== 'object') return [`${pad}${key}: ${scalar(one)}`];
    return [`${pad}${key}:`, ...yaml(one, indent + 2)];
  });
}

/** A path or value of the host that looks like a template must not be run as one. */
const scalar = (value: string | number | boolean): string =>
  typeof value === 'string' && value !== readContent && /\{[{%#]/.test(value)
    ? `!unsafe ${JSON.stringify(value)}`
    : JSON.stringify(value);
