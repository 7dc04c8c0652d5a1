import type { ConfigurationValue } from '../facts/configurations.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { fixLines, quote, shellCommand } from '../report/fix-commands.ts';
import { printable } from '../report/printable.ts';
import { isFileCommand, unitsToOpen } from './commands.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { pathStates, type PathState } from './path-states.ts';
import { aclEntryOf, newOwner } from './step-effect.ts';

/** What the script needs beside its steps; `awk` holds the editor of configuration files. */
const preamble = String.raw`set -eu
LC_ALL=C
export LC_ALL
umask 077

changed=no
surprise() {
  printf 'stopped, for this is not as it was looked at: %s\n' "$1" >&2
  exit 1
}
# shellcheck disable=SC2034 # changed: for services, which not every plan has
did() {
  printf 'done: %s\n' "$*"
  changed=yes
}
[ "$(id -u)" -eq 0 ] || surprise 'run this as root'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# state PATH: mode, owner and group as ls -n has them, and + where there is an access control list
state() {
  # shellcheck disable=SC2012 # stat is not in POSIX, and the name is not read
  ls -dn -- "$1" 2>/dev/null | awk 'NR == 1 { print substr($1, 1, 10) (substr($1, 11, 1) == "+" ? "+" : ""), $3, $4 }'
}
# access PATH BEFORE DONE COMMAND...: runs the command where PATH is as BEFORE says; DONE lists the states, between bars, in which it was
access() {
  path=$1 before=$2 after=$3
  shift 3
  now=$(state "$path")
  case "|$after|" in *"|$now|"*) return 0 ;; esac
  [ "$now" = "$before" ] || surprise "$path is '$now', and was '$before'"
  "$@" || surprise "$* fails"
  did "$@"
}
# link PATH TARGET
link() {
  if [ -L "$1" ] && [ "$(readlink -- "$1")" = "$2" ]; then return 0; fi
  if [ -e "$1" ] || [ -L "$1" ]; then surprise "$1 is there"; fi
  ln -s -- "$2" "$1" || surprise "$1 cannot be made"
  did ln -s "$2" "$1"
}
# directory PATH MODE OWNER
directory() {
  if [ -d "$1" ]; then return 0; fi
  mkdir -m "$2" -- "$1" || surprise "$1 cannot be made"
  chown "$3" "$1"
  did mkdir "$1"
}
# content FILE OWNER BEFORE SIZE: puts standard input into FILE, of which state and size were these, or makes it where they are empty. What
# stood there stays beside it, with .OLD after its name.
content() {
  cat >"$work/new"
  file=$(readlink -f -- "$1") || surprise "$1 leads to nothing"
  if cmp -s -- "$file" "$work/new"; then return 0; fi
  if [ -z "$3" ]; then
    [ ! -e "$file" ] || surprise "$1 is there"
    cat "$work/new" >"$file.new-virt-pki-check"
    chown "$2" "$file.new-virt-pki-check"
    chmod 0644 "$file.new-virt-pki-check"
  else
    [ -f "$file" ] || surprise "$1 is not there"
    [ "$(state "$file")" = "$3" ] || surprise "$1 is '$(state "$file")', and was '$3'"
    [ -z "$4" ] || [ "$(wc -c <"$file" | tr -d ' ')" = "$4" ] || surprise "$1 has changed"
    cp -a -- "$file" "$file.new-virt-pki-check"
    cat "$work/new" >"$file.new-virt-pki-check"
    cp -a -- "$file" "$file.OLD"
  fi
  mv -- "$file.new-virt-pki-check" "$file"
  did "$1"
}
# setting FILE KEY VALUE WAS: gives KEY this value, or takes it out where VALUE is empty; WAS is the value before, empty where there was
# none, ? where it does not matter. No copy is kept: the file may hold passwords.
setting() {
  file=$(readlink -f -- "$1")
  [ -f "$file" ] || surprise "$1 is not there"
  KEY=$2 VALUE=$3 WAS=$4 awk "$editor" "$file" >"$work/new" || surprise "$2 in $1"
  if cmp -s -- "$file" "$work/new"; then return 0; fi
  # Owner, mode, access control list and label are copied with the file, then its content is replaced in one step.
  cp -a -- "$file" "$file.new-virt-pki-check"
  cat "$work/new" >"$file.new-virt-pki-check"
  mv -- "$file.new-virt-pki-check" "$file"
  did "$2 in $1"
}
`;

/** What the script needs to mend a file that does not load. */
const mending = String.raw`# mend FILE LINE COLUMN FROM TO: puts TO in the place of FROM, which stands there, in bytes
mend() {
  file=$(readlink -f -- "$1")
  [ -f "$file" ] || surprise "$1 is not there"
  LINE=$2 COLUMN=$3 FROM=$4 TO=$5 awk "$mender" "$file" >"$work/new" || surprise "line $2 of $1"
  if cmp -s -- "$file" "$work/new"; then return 0; fi
  cp -a -- "$file" "$file.new-virt-pki-check"
  cat "$work/new" >"$file.new-virt-pki-check"
  mv -- "$file.new-virt-pki-check" "$file"
  did "line $2 of $1"
}
# shellcheck disable=SC2016 # a program of awk
mender='
BEGIN {
  RS = "\001"
  from = ENVIRON["FROM"]
  to = ENVIRON["TO"]
}
{ text = text $0 }
END {
  at = ENVIRON["COLUMN"] + 0
  for (line = 1; line < ENVIRON["LINE"] + 0; line++) {
    feed = index(substr(text, at - ENVIRON["COLUMN"] + 1), "\n")
    if (!feed) exit 3
    at += feed
  }
  isThere = substr(text, at, length(from)) == from
  isDone = substr(text, at, length(to)) == to
  if (length(to) > length(from) ? isDone : isDone && !isThere) { printf "%s", text; exit 0 }
  if (!isThere) exit 3
  printf "%s%s%s", substr(text, 1, at - 1), to, substr(text, at + length(from))
}
'
`;

/** Edits what `editConfiguration` edits, one statement a line; what it cannot be sure of ends it with status 3. */
const editor = String.raw`
function plain(text) {
  sub(/^[ \t]+/, "", text)
  sub(/[ \t\r]+$/, "", text)
  if (text ~ /^\047[^\047]*\047$/) text = "\"" substr(text, 2, length(text) - 2) "\""
  return text
}
function place(text) {
  return match(text, "(^|\n)[ \t]*" key "[ \t]*=")
}
BEGIN {
  RS = "\001"
  key = ENVIRON["KEY"]
  value = ENVIRON["VALUE"]
  was = ENVIRON["WAS"]
  string = "(\"[^\"\n\r]*\"|\047[^\047\n\r]*\047)"
  any = "^[ \t]*(" string "|[-+]?[0-9]+|\\[([^]\"\047#]|" string ")*\\])"
}
{ text = text $0 }
END {
  if (index(text, "\"\"\"") || text ~ ("(^|\n)[^#\n]*;[ \t]*" key "[ \t]*=")) exit 3
  end = (text ~ /\r\n/) ? "\r\n" : "\n"
  if (!place(text)) {
    if (value == "") { printf "%s", text; exit 0 }
    if (was != "" && was != "?") exit 3
    count = split(text, lines, "\n")
    after = 0
    for (i = 1; i <= count; i++) if (lines[i] ~ ("^[ \t]*#[ \t]+" key "[ \t]*=")) after = i
    for (i = 1; i <= count; i++) if (lines[i] ~ ("^[ \t]*#" key "[ \t]*=")) after = i
    if (after && lines[after] ~ /=[ \t]*\[[^]]*$/) {
      for (i = after + 1; i <= count && lines[i] ~ /^[ \t]*#/; i++) if (lines[i] ~ /\]/) { after = i; break }
    }
    line = key " = " value
    if (!after) {
      open = text != "" && text !~ /\n$/
      printf "%s%s%s%s", text, (open ? end : ""), line, (open ? "" : end)
      exit 0
    }
    for (i = 1; i <= count; i++) {
      printf "%s%s", lines[i], (i < count ? "\n" : "")
      if (i == after) printf "%s%s%s", (i < count ? "" : end), line, (i < count ? end : "")
    }
    exit 0
  }
  first = 1
  out = ""
  while (place(text)) {
    head = substr(text, 1, RSTART + RLENGTH - 1)
    tail = substr(text, RSTART + RLENGTH)
    start = RSTART
    if (!match(tail, any)) exit 3
    old = substr(tail, 1, RLENGTH)
    tail = substr(tail, RLENGTH + 1)
    if (tail !~ /^[ \t]*;?[ \t\r]*(#|\n|$)/) exit 3
    if (first && plain(old) != plain(value) && was != "?" && plain(old) != plain(was)) exit 3
    first = 0
    if (value != "") {
      if (plain(old) == plain(value)) { printf "%s%s%s", head, old, tail; exit 0 }
      match(old, /^[ \t]*/)
      printf "%s%s%s%s", head, substr(old, 1, RLENGTH), value, tail
      exit 0
    }
    before = substr(text, 1, start - 1)
    if (substr(text, start, 1) == "\n") before = before "\n"
    sub(/^[ \t]*;?[ \t\r]*/, "", tail)
    sub(/^\n/, "", tail)
    text = before tail
  }
  if (text !~ /[^ \t\r\n]/) text = ""
  printf "%s", text
}
`;

/**
 * A plan as a POSIX shell script to be read and run as root on the host: it looks at each place before it changes it, stops where that is
 * not what was seen, and may be run again. What a person has to do stands at its end.
 */
export function planScript(
  facts: Snapshot['facts'],
  plan: Plan,
  about: { readonly tool: string; readonly host: string },
): string {
  const states = pathStates(facts, plan.steps);
  const passed = new Map<string, number>();
  const files = plan.steps.filter(({ step }) => step.kind !== 'run');
  const early = plan.steps.filter(({ step }) => step.kind === 'run' && isFileCommand(step.command, 'before'));
  const relabels = plan.steps.filter(({ step }) => step.kind === 'run' && isFileCommand(step.command, 'after'));
  const services = plan.steps.filter(
    (one) => one.step.kind === 'run' && !early.includes(one) && !relabels.includes(one),
  );
  const steps = [...early, ...files, ...relabels].flatMap((one) => [
    '',
    ...commentOf(plan, one),
    stepLine(facts, one, states, passed),
  ]);
  return `${[
    '#!/bin/sh',
    ...comment(`Written by ${about.tool} for ${about.host}. Read it, then run it as root on that host.`),
    ...comment('It stops at the first surprise and may be run again: what is done is passed over.'),
    `${preamble}# shellcheck disable=SC2016 # a program of awk\neditor='${editor}'`,
    ...(plan.steps.some(({ step }) => step.kind === 'repair') ? [mending.trimEnd()] : []),
    ...steps,
    ...serviceLines(plan, services, files.length > 0),
    ...toldLines(plan),
    '',
    "printf '%s\\n' 'all steps are done'",
  ].join('\n')}\n`;
}

const comment = (text: string): readonly string[] => [`# ${printable(text).replaceAll('\n', ' ')}`];

function commentOf(plan: Plan, { fixes, undo, interrupts }: PlannedStep): readonly string[] {
  const mended = plan.fixes.filter(({ id }) => fixes.includes(id));
  const rules = [...new Set(mended.flatMap(({ findings }) => findings.map(({ rule }) => rule)))].join(', ');
  return [
    ...mended.flatMap(({ title }) => comment(`${title} (${rules})`)),
    ...interrupts.flatMap((text) => comment(`Mind: ${text}`)),
    ...comment(`To undo: ${undo}`),
  ];
}

const typeLetters: Readonly<Record<string, string>> = { file: '-', directory: 'd' };

/** As `ls -n` has it. */
function stateText({ type, uid, gid, mode, hasAcl }: PathState): string {
  const triple = (bits: number, special: boolean, letter: string): string =>
    `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${special ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? 'x' : '-'}`;
  const letters = [
    triple(mode >> 6, (mode & 0o4000) !== 0, 's'),
    triple(mode >> 3, (mode & 0o2000) !== 0, 's'),
    triple(mode, (mode & 0o1000) !== 0, 't'),
  ].join('');
  return `${typeLetters[type] ?? '?'}${letters}${hasAcl ? '+' : ''} ${uid} ${gid}`;
}

function stepLine(
  facts: Snapshot['facts'],
  { step, expects }: PlannedStep,
  states: ReadonlyMap<string, readonly PathState[]>,
  passed: Map<string, number>,
): string {
  switch (step.kind) {
    case 'chmod':
    case 'chown':
    case 'chgrp':
    case 'setfacl': {
      const all = (states.get(step.path) ?? []).map(stateText);
      const at = passed.get(step.path) ?? 0;
      passed.set(step.path, at + 1);
      const before = all[at] ?? '';
      // A state that comes again says nothing of how far it is; an entry of an ACL is asked for itself.
      const after = all.slice(at + 1).filter((state) => state !== before);
      const line = shellCommand(['access', step.path, before, after.join('|')]);
      const own = fixLines(step)
        .map(({ text }) => text)
        .join('');
      if (step.kind !== 'setfacl') return `${line} ${own}`;
      const { tag, id, permissions } = aclEntryOf(facts, step.entry);
      const entry = `${tag}:${id ?? ''}:${['r', 'w', 'x'].map((letter, bit) => (permissions & (4 >> bit) ? letter : '-')).join('')}`;
      const asked = `getfacl -cnE -- ${quote(step.path)} | grep -qx ${quote(entry)}`;
      return `if ! ${asked}; then\n  ${shellCommand(['access', step.path, before, ''])} ${own}\nfi`;
    }
    case 'repair':
      return step.edits
        .map(({ line, column, from, to }) => shellCommand(['mend', step.path, String(line), String(column), from, to]))
        .join('\n');
    case 'set':
    case 'unset': {
      const was = expects.kind === 'setting' ? writtenValue(expects.value) : '?';
      return shellCommand(['setting', step.path, step.key, step.kind === 'set' ? step.value : '', was]);
    }
    case 'symlink':
      return shellCommand(['link', step.path, step.target]);
    case 'make-directory':
      return shellCommand([
        'directory',
        step.path,
        step.mode.toString(8).padStart(4, '0'),
        ownerText(facts, step.path),
      ]);
    case 'write': {
      const { type = 'absent', uid = 0, gid = 0, mode = 0, size } = expects.kind === 'entry' ? expects : {};
      const hasAcl = expects.kind === 'entry' && expects.acl !== undefined;
      const before = type === 'absent' ? '' : stateText({ type, uid, gid, mode, hasAcl });
      const line = shellCommand([
        'content',
        step.path,
        ownerText(facts, step.path),
        before,
        size === undefined ? '' : String(size),
      ]);
      return `${line} <<'END'\n${step.pem}END`;
    }
    case 'write-key':
      return shellCommand(['surprise', `${step.path} needs a new private key, which no script holds`]);
    case 'remove':
      return `if [ -e ${quote(step.path)} ]; then\n  rm -- ${quote(step.path)} && did rm ${quote(step.path)}\nfi`;
    case 'run': {
      const [program, ...args] = step.command;
      const name = args.at(-1) ?? '';
      if (program === 'groupadd')
        return `getent group ${quote(name)} >/dev/null || { ${shellCommand(step.command)} && did ${shellCommand(step.command)}; }`;
      return shellCommand(step.command);
    }
  }
}

function ownerText(facts: Snapshot['facts'], path: string): string {
  const { uid, gid } = newOwner(facts, path);
  return `${uid}:${gid}`;
}

/** A value as it may stand in a file, for comparison: `?` where the facts do not have it. */
function writtenValue(value: ConfigurationValue | null): string {
  if (value === null) return '';
  if (value.type === 'string') return /["\n]/.test(value.value) ? '?' : `"${value.value}"`;
  return value.type === 'unsigned' || value.type === 'signed' ? String(value.value) : '?';
}

/** Services are touched only when something changed, or something is not yet as it is to be. */
function serviceLines(plan: Plan, services: readonly PlannedStep[], changesFiles: boolean): readonly string[] {
  if (services.length === 0) return [];
  const commands = services.flatMap(({ step }) => (step.kind === 'run' ? [step.command] : []));
  const { opened, closed } = unitsToOpen(commands);
  const conditions = [
    ...(changesFiles ? ['[ "$changed" = yes ]'] : []),
    ...opened.map((unit) => `! systemctl is-active --quiet ${quote(unit)}`),
    ...closed.map((unit) => `systemctl is-active --quiet ${quote(unit)}`),
  ];
  const body = services.flatMap((one) => [
    ...commentOf(plan, one),
    ...(one.step.kind === 'run' ? [`${shellCommand(one.step.command)} && did ${shellCommand(one.step.command)}`] : []),
  ]);
  return conditions.length === 0
    ? ['', ...body]
    : ['', `if ${conditions.join(' || ')}; then`, ...body.map((line) => `  ${line}`), 'fi'];
}

function toldLines({ fixes }: Plan): readonly string[] {
  const told = fixes.filter((fix) => fix.told.length > 0);
  if (told.length === 0) return [];
  return [
    '',
    ...comment('What only a person can do:'),
    ...told.flatMap((fix) => [
      ...comment(`- ${fix.title} (${[...new Set(fix.findings.map(({ rule }) => rule))].join(', ')})`),
      ...fix.told.flatMap(fixLines).flatMap(({ text }) => text.split('\n').flatMap((line) => comment(`    ${line}`))),
    ]),
  ];
}
