import type { AclEntry } from '../facts/files.ts';
import { AccessError } from './access-error.ts';
import type { ExtendedAttributes } from './host-access.ts';
import { decodeLatin1, isUtf8 } from './path-bytes.ts';
import { findProgram, runProgram } from './run-program.ts';

/**
 * ACLs and, when asked for, SELinux contexts of paths of this machine; a path without any has no entry, nor has a symbolic link an ACL.
 *
 * ACLs come from getfacl; where that is not installed, GNU ls tells which paths have one (`acl: 'unread'`). Node itself has no
 * way to see an extended attribute.
 * @throws AccessError when neither program is there or answers within 5 s.
 */
export const readExtendedAttributes = async (
  paths: readonly string[],
  { labels }: { labels: boolean },
): Promise<Map<string, ExtendedAttributes>> => {
  const passable = paths.filter((path) => isUtf8(path) && !path.includes('\0'));
  const attributes = new Map<string, ExtendedAttributes>();
  const note = (path: string, more: ExtendedAttributes) => attributes.set(path, { ...attributes.get(path), ...more });
  const [acls, contexts] = await Promise.all([readAcls(passable), labels ? readContexts(passable) : []]);
  for (const [path, acl] of acls) note(path, { acl });
  for (const [path, label] of contexts) note(path, { label });
  // Bytes that are not UTF-8 cannot be handed to a program by Node, so nobody can say that there is no ACL.
  for (const path of paths) if (!isUtf8(path)) note(path, { acl: 'unread' });
  return attributes;
};

type Acls = readonly (readonly [path: string, acl: readonly AclEntry[] | 'unread'])[];

const readAcls = async (paths: readonly string[]): Promise<Acls> => {
  if (paths.length === 0) return [];
  const getfacl = findProgram('getfacl');
  const ls = findProgram('ls');
  if (getfacl !== undefined) {
    try {
      const options = ['--access', '--skip-base', '--numeric', '--absolute-names', '--physical'];
      return (await inBatches(getfacl, options, paths)).flatMap(parseGetfacl);
    } catch (error) {
      if (!(error instanceof AccessError) || ls === undefined) throw error;
    }
  }
  if (ls === undefined)
    throw new AccessError('unsupported', 'neither getfacl nor ls is installed, so ACLs cannot be seen');
  return (await inBatches(ls, ['-lndUQ'], paths)).flatMap(parseLs);
};

const readContexts = async (paths: readonly string[]): Promise<(readonly [path: string, label: string])[]> => {
  const stat = findProgram('stat');
  if (stat === undefined) return [];
  return (await inBatches(stat, ['--printf=%C\\t%n\\0'], paths)).flatMap(parseContexts);
};

/** Linux takes 128 KiB in one argument and, with the usual stack, 2 MiB in all. */
const batchBytes = 96 * 1024;

const inBatches = async (program: string, options: readonly string[], paths: readonly string[]): Promise<string[]> => {
  const batches: string[][] = [];
  let room = 0;
  for (const path of paths) {
    room -= Buffer.byteLength(path) + 1;
    if (room < 0) {
      batches.push([]);
      room = batchBytes;
    }
    batches.at(-1)?.push(path);
  }
  const end = performance.now() + 5_000;
  const outputs: string[] = [];
  for (const batch of batches) {
    const milliseconds = Math.max(1, Math.round(end - performance.now()));
    const output = await runProgram(program, [...options, '--', ...batch], { milliseconds, limit: 16 << 20 });
    outputs.push(output.toString('latin1'));
  }
  return outputs;
};

/** Output of `getfacl --numeric`, bytes as latin1, where `\\` and `\NNN` stand in names; ACLs of three entries say what the mode says. */
export const parseGetfacl = (output: string): Acls => {
  const acls: [string, AclEntry[]][] = [];
  let current: AclEntry[] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith('# file: ')) {
      current = [];
      acls.push([decodeLatin1(unquote(line.slice('# file: '.length))), current]);
      continue;
    }
    const match = /^(user|group|mask|other):(\d*):([r-])([w-])([x-])/.exec(line);
    if (match === null) continue;
    const [, kind, id, r, w, x] = match as unknown as [
      string,
      'user' | 'group' | 'mask' | 'other',
      string,
      string,
      string,
      string,
    ];
    const permissions = (r === 'r' ? 4 : 0) + (w === 'w' ? 2 : 0) + (x === 'x' ? 1 : 0);
    if (kind === 'mask' || kind === 'other') current.push({ tag: kind, permissions });
    else current.push(id === '' ? { tag: `${kind}-object`, permissions } : { tag: kind, id: Number(id), permissions });
  }
  return acls.filter(([, acl]) => acl.length > 3);
};

/** Output of GNU `ls -lndQ`, bytes as latin1: a plus sign after the mode says that there is an ACL. */
export const parseLs = (output: string): Acls =>
  output.split('\n').flatMap((line) => {
    const quoted = /^[^l].{9}\+ [^"]*"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    return quoted === undefined ? [] : [[decodeLatin1(unquote(quoted)), 'unread'] as const];
  });

/** Output of `stat --printf='%C\t%n\0'`, bytes as latin1; `?` stands where there is no context. */
export const parseContexts = (output: string): (readonly [path: string, label: string])[] =>
  output.split('\0').flatMap((record) => {
    const tab = record.indexOf('\t');
    const label = record.slice(0, Math.max(0, tab));
    return label === '' || label === '?' ? [] : [[decodeLatin1(record.slice(tab + 1)), label] as const];
  });

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\x07' };

const unquote = (text: string): string =>
  text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
