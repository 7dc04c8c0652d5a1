/** One `Key=value` of a unit file; the line of its key, from 1. */
export interface UnitDirective {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/**
 * Reads a systemd unit file or drop-in (src/shared/conf-parser.c config_parse): sections, comments, continued lines. Lines that are none
 * of these are passed over, as systemd does with a warning.
 */
export function parseUnitFile(text: string): readonly UnitDirective[] {
  const directives: UnitDirective[] = [];
  let section = '';
  let pending: string[] = [];
  let pendingLine = 0;
  const take = (line: string, at: number): void => {
    const header = /^\[([^\]]*)\]$/.exec(line);
    if (header !== null) {
      section = header[1] ?? '';
      return;
    }
    const equals = line.indexOf('=');
    const key = line.slice(0, Math.max(equals, 0)).trim();
    if (section !== '' && key !== '') directives.push({ section, key, value: line.slice(equals + 1).trim(), line: at });
  };
  const lines = text.split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    // A comment in the middle of a continued line is left out, and the line goes on.
    if (line.startsWith('#') || line.startsWith(';')) continue;
    if (pending.length === 0) pendingLine = index + 1;
    if (endsInBackslash(raw)) {
      pending.push(raw.slice(0, -1), ' ');
      continue;
    }
    pending.push(raw);
    take(pending.join('').trim(), pendingLine);
    pending = [];
  }
  if (pending.length > 0) take(pending.join('').trim(), pendingLine);
  return directives;
}

/** An odd number of backslashes at the end; an even one escapes itself. */
const endsInBackslash = (line: string): boolean => {
  let count = 0;
  while (count < line.length && line.charAt(line.length - 1 - count) === '\\') count += 1;
  return count % 2 === 1;
};

/**
 * The values of a list such as ListenStream=, ExecStart= or EnvironmentFile= after the unit file and its drop-ins, given in the order in
 * which systemd reads them: each assignment adds one, an empty one drops all before it.
 */
export function unitList(
  files: readonly (readonly UnitDirective[])[],
  section: string,
  key: string,
): readonly string[] {
  let values: string[] = [];
  for (const directive of files.flat()) {
    if (directive.section !== section || directive.key !== key) continue;
    if (directive.value === '') values = [];
    else values.push(directive.value);
  }
  return values;
}

/** As `unitList`, for lists of words: Also=, WantedBy=, Service=. */
export const unitWords = (
  files: readonly (readonly UnitDirective[])[],
  section: string,
  key: string,
): readonly string[] => unitList(files, section, key).flatMap((value) => value.split(/[ \t]+/));

/** The last value of a setting such as SocketMode= or SocketGroup=; undefined when it is not set, or reset to its default. */
export const unitValue = (
  files: readonly (readonly UnitDirective[])[],
  section: string,
  key: string,
): string | undefined => unitList(files, section, key).at(-1);
