import type { AclEntry, FileEntry } from '../facts/files.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { shownLines } from '../parse/shown-lines.ts';
import { configurationFiles, type ConfigurationName } from '../reference/configuration-files.ts';
import { vocabularies } from '../reference/settings.ts';
import { certificateLine } from '../report/fix-commands.ts';
import { printable } from '../report/printable.ts';
import { editedBy, isEdit, type Splice } from './edit-configuration.ts';
import type { Plan } from './plan.ts';
import { afterStep, entryAt, NoSuchPlace } from './step-effect.ts';

/** A line of a diff: taken away, put there, left as it is, or where it stands. */
export interface DiffLine {
  readonly sign: '-' | '+' | ' ' | '@';
  /** Safe for a terminal. */
  readonly text: string;
}

/** What a step changes, as a diff; a command changes nothing that could be shown. */
export interface StepPreview {
  /** The step's id. */
  readonly step: string;
  /** Owner and mode of a path; its name, as when it is made or replaced; its text; or nothing that is known. */
  readonly of: 'status' | 'place' | 'content' | 'nothing';
  readonly path: string;
  readonly lines: readonly DiffLine[];
}

/** Longer lines are cut. */
const longestLine = 400;
/** Lines around a change of a file. */
const around = 2;

type Facts = Snapshot['facts'];

/**
 * What each step of a plan changes, when the steps before it are done. `contents` are the configuration files as they are now, by the path
 * in the step; of one that is missing there, only the new line is shown. Secrets are not.
 */
export function planPreviews(
  facts: Facts,
  { steps }: Pick<Plan, 'steps'>,
  contents: ReadonlyMap<string, Uint8Array>,
): readonly StepPreview[] {
  const texts = new Map(contents);
  let current = facts;
  return steps.map(({ id, step }) => {
    const before = current;
    try {
      current = afterStep(current, step);
    } catch (error) {
      if (!(error instanceof NoSuchPlace)) throw error;
    }
    const path = 'path' in step ? step.path : '';
    if (step.kind === 'run') return { step: id, of: 'nothing', path, lines: [] };
    if (!isEdit(step)) {
      const isStatus = ['chmod', 'chown', 'chgrp', 'setfacl'].includes(step.kind);
      return { step: id, of: isStatus ? 'status' : 'place', path, lines: changeOf(path, before, current) };
    }
    const content = texts.get(path);
    if (content === undefined) {
      const lines: readonly DiffLine[] = step.kind === 'set' ? [line('+', `${step.key} = ${step.value}`)] : [];
      return { step: id, of: 'content', path, lines };
    }
    const edited = editedBy(content, step);
    if (!edited.edited) return { step: id, of: 'content', path, lines: [line(' ', edited.because)] };
    texts.set(path, edited.content);
    return { step: id, of: 'content', path, lines: contentDiff(path, content, edited.content, edited.splices) };
  });
}

/** Paths of configuration files that a plan edits. */
export const editedFiles = ({ steps }: Pick<Plan, 'steps'>): readonly string[] => [
  ...new Set(steps.flatMap(({ step }) => (isEdit(step) ? [step.path] : []))),
];

const line = (sign: DiffLine['sign'], text: string): DiffLine => ({
  sign,
  text: printable(text.length > longestLine ? `${text.slice(0, longestLine)}…` : text),
});

function contentDiff(
  path: string,
  before: Uint8Array,
  after: Uint8Array,
  splices: readonly Splice[],
): readonly DiffLine[] {
  const name = (Object.keys(configurationFiles) as ConfigurationName[]).find((one) => configurationFiles[one] === path);
  const vocabulary = vocabularies[name ?? 'libvirt'];
  const [was, is] = [shownLines(before, vocabulary), shownLines(after, vocabulary)];
  const [old, fresh] = [Buffer.from(before).toString('latin1'), Buffer.from(after).toString('latin1')];
  let shift = 0;
  return splices.flatMap(({ at, out, in: put }) => {
    let [from, to] = [lineAt(old, at), lineAt(old, at + out.length) + 1];
    let [begin, end] = [lineAt(fresh, at + shift), lineAt(fresh, at + shift + put.length) + 1];
    shift += put.length - out.length;
    [to, end] = [Math.min(to, was.length), Math.min(end, is.length)];
    while (from < to && begin < end && was[from] === is[begin]) [from, begin] = [from + 1, begin + 1];
    while (from < to && begin < end && was[to - 1] === is[end - 1]) [to, end] = [to - 1, end - 1];
    return [
      line('@', `${path}, line ${begin + 1}`),
      ...was.slice(Math.max(0, from - around), from).map((text) => line(' ', text)),
      ...was.slice(from, to).map((text) => line('-', text)),
      ...is.slice(begin, end).map((text) => line('+', text)),
      ...was.slice(to, to + around).map((text) => line(' ', text)),
    ];
  });
}

/** How many lines end before a place. */
function lineAt(text: string, place: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < place; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

function changeOf(path: string, before: Facts, after: Facts): readonly DiffLine[] {
  const [was, is] = [listed(before, path), listed(after, path)];
  const [had, has] = [certificatesAt(before, path), certificatesAt(after, path)];
  return [...(same(was, is) ? [] : difference(was, is)), ...(same(had, has) ? [] : difference(had, has))];
}

/** What goes, what stays, what comes. */
const difference = (before: readonly string[], after: readonly string[]): readonly DiffLine[] => [
  ...before.filter((text) => !after.includes(text)).map((text) => line('-', text)),
  ...before.filter((text) => after.includes(text)).map((text) => line(' ', text)),
  ...after.filter((text) => !before.includes(text)).map((text) => line('+', text)),
];

const same = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

/** What ls -l says of a path, and getfacl where there is an access control list; nothing when nothing is there. */
function listed(facts: Facts, path: string): readonly string[] {
  let entry: FileEntry;
  try {
    entry = entryAt(facts, path);
  } catch (error) {
    if (error instanceof NoSuchPlace) return [];
    throw error;
  }
  if (entry.type === 'absent') return [];
  const { users, groups } = facts.accounts.known ? facts.accounts.value : { users: [], groups: [] };
  const user = (id: number | undefined): string => users.find(({ uid }) => uid === id)?.name ?? nameless(id);
  const group = (id: number | undefined): string => groups.find(({ gid }) => gid === id)?.name ?? nameless(id);
  const acl = entry.acl === undefined || entry.acl === 'unread' ? [] : entry.acl;
  const target = entry.type === 'symlink' ? ` -> ${entry.target}` : '';
  return [
    `${modeText(entry)}${acl.length > 0 ? '+' : ''} ${user(entry.uid)} ${group(entry.gid)} ${path}${target}`,
    ...acl.flatMap(({ tag, id, permissions }) =>
      tag === 'user' || tag === 'group' || tag === 'mask'
        ? [`  ${tag}:${tag === 'mask' ? '' : (tag === 'user' ? user : group)(id)}:${letters(permissions)}`]
        : [],
    ),
  ];
}

const nameless = (id: number | undefined): string => (id === 0 ? 'root' : String(id ?? ''));

const letters = (permissions: AclEntry['permissions']): string =>
  `${permissions & 4 ? 'r' : '-'}${permissions & 2 ? 'w' : '-'}${permissions & 1 ? 'x' : '-'}`;

/** coreutils' `filemodestring`, for what a fix touches. */
function modeText({ type, mode }: { readonly type: string; readonly mode: number }): string {
  const kind = { directory: 'd', symlink: 'l', socket: 's', fifo: 'p' }[type] ?? '-';
  const special = (set: number, shift: number, sign: string): string => {
    const own = letters((mode >> shift) & 7);
    if ((mode & set) === 0) return own;
    return own.slice(0, 2) + (own.endsWith('x') ? sign : sign.toUpperCase());
  };
  return kind + special(0o4000, 6, 's') + special(0o2000, 3, 's') + special(0o1000, 0, 't');
}

/** The certificates that a file holds, a line for each. */
function certificatesAt({ certificates }: Facts, path: string): readonly string[] {
  const file = certificates.known && Object.hasOwn(certificates.value, path) ? certificates.value[path] : undefined;
  return file?.known === true ? file.value.certificates.map(certificateLine) : [];
}
