/** QEMU's words for what it does not take, without the place that it prints before them. */
export class QemuArgumentError extends Error {}

/** One parameter of an option; `short` when it stood there without a value. */
export interface OptionParameter {
  readonly name: string;
  readonly value: string;
  readonly short: boolean;
}

export type OptionType = 'string' | 'number' | 'bool';

const isHelp = (name: string): boolean => name === 'help' || name === '?';

/**
 * Splits `key=value,key,nokey,…` as QEMU does: the first parameter may do without its key, a doubled comma stands for one inside a value,
 * a key alone is `on` and with `no` before it `off`.
 *
 * Source: QEMU util/qemu-option.c: get_opt_name_value, get_opt_value.
 */
export function optionParameters(text: string, firstName?: string): readonly OptionParameter[] {
  const parameters: OptionParameter[] = [];
  const delimiter = /[=,]/g;
  let implied = firstName;
  for (let at = 0; at < text.length;) {
    delimiter.lastIndex = at;
    const end = delimiter.exec(text)?.index ?? text.length;
    const key = text.slice(at, end);
    if (text[end] === '=') {
      const { value, next } = optionValue(text, end + 1);
      parameters.push({ name: key, value, short: false });
      at = next;
    } else if (implied !== undefined) {
      const { value, next } = optionValue(text, at);
      parameters.push({ name: implied, value, short: false });
      at = next;
    } else {
      const off = key.startsWith('no');
      parameters.push({ name: off ? key.slice(2) : key, value: off ? 'off' : 'on', short: true });
      at = end;
    }
    implied = undefined;
    if (text[at] === ',') at += 1;
  }
  return parameters;
}

/** A value up to the next single comma. */
function optionValue(text: string, start: number): { readonly value: string; readonly next: number } {
  const pieces: string[] = [];
  let at = start;
  for (;;) {
    const comma = text.indexOf(',', at);
    if (comma === -1) return { value: pieces.join('') + text.slice(at), next: text.length };
    if (text[comma + 1] !== ',') return { value: pieces.join('') + text.slice(at, comma), next: comma };
    pieces.push(text.slice(at, comma + 1));
    at = comma + 2;
  }
}

/** The first `id`, looked for as if the first parameter could not do without its key (util/qemu-option.c: opts_parse_id). */
export const optionId = (text: string): string | undefined =>
  optionParameters(text).find(({ name }) => name === 'id')?.value;

/** Letters, digits, `-`, `.`, `_`, a letter first (util/id.c: id_wellformed). */
export const isIdentifier = (id: string): boolean => /^[A-Za-z][A-Za-z0-9._-]*$/.test(id);

/** An option's parameters after QEMU's checks of names and types; repeated ones are all there, and the last one counts. */
export class QemuOptions {
  readonly parameters: readonly OptionParameter[];
  readonly #last = new Map<string, string>();

  constructor(parameters: readonly OptionParameter[]) {
    this.parameters = parameters;
    for (const { name, value } of parameters) this.#last.set(name, value);
  }

  text(name: string): string | undefined {
    return this.#last.get(name);
  }

  all(name: string): readonly string[] {
    return this.parameters.filter((parameter) => parameter.name === name).map(({ value }) => value);
  }

  /** A value that is no boolean was refused before; it counts as the default here. */
  flag(name: string, byDefault = false): boolean {
    const value = this.#last.get(name);
    return (value === undefined ? undefined : booleanValue(value)) ?? byDefault;
  }

  /** As an `int` of C holds it. */
  integer(name: string, byDefault: number): number {
    const value = this.#last.get(name);
    const number = value === undefined ? undefined : unsignedNumber(value);
    return typeof number === 'bigint' ? Number(BigInt.asIntN(32, number)) : byDefault;
  }
}

/** What of an option's argument QEMU refuses first, if anything; all parameters are there nevertheless, `id` excepted. */
export interface ParsedOptions {
  readonly options: QemuOptions;
  readonly error?: string;
}

/**
 * Parameters checked against a table of names and types; without a table every name is a string.
 *
 * Source: QEMU util/qemu-option.c: opts_do_parse, opt_validate, qemu_opt_parse.
 */
export function parseOptions(
  text: string,
  firstName?: string,
  types?: Readonly<Record<string, OptionType>>,
): ParsedOptions {
  const parameters: OptionParameter[] = [];
  let error: string | undefined;
  for (const parameter of optionParameters(text, firstName)) {
    const { name, value, short } = parameter;
    if (error === undefined && types !== undefined && short && value === 'on' && isHelp(name)) error = helpText;
    if (name === 'id') continue;
    parameters.push(parameter);
    if (types === undefined) continue;
    error ??= Object.hasOwn(types, name)
      ? valueError(types[name] ?? 'string', name, value)
      : `Invalid parameter '${name}'`;
  }
  return { options: new QemuOptions(parameters), ...(error === undefined ? {} : { error }) };
}

/** Our words where QEMU prints its help and ends. */
export const helpText = 'help was asked for';

function valueError(type: OptionType, name: string, value: string): string | undefined {
  if (type === 'bool')
    return booleanValue(value) === undefined ? `Parameter '${name}' expects 'on' or 'off'` : undefined;
  if (type !== 'number') return undefined;
  const number = unsignedNumber(value);
  if (number === 'range') return `Value '${value}' is too large for parameter '${name}'`;
  return number === 'syntax' ? `Parameter '${name}' expects a number` : undefined;
}

/** qapi/qapi-util.c: qapi_bool_parse. */
export function booleanValue(value: string): boolean | undefined {
  if (['on', 'yes', 'true', 'y'].includes(value)) return true;
  return ['off', 'no', 'false', 'n'].includes(value) ? false : undefined;
}

const wrap = (number: bigint, negative: boolean): bigint => BigInt.asUintN(64, negative ? -number : number);

/** util/cutils.c: qemu_strtou64 with base 0; a minus sign wraps around. */
function unsignedNumber(text: string): bigint | 'syntax' | 'range' {
  const match = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (match === null) return 'syntax';
  const digits = match[2] ?? '';
  // Longer ones are out of range, and a BigInt of a whole argument would take its time.
  if (digits.replace(/^0[xX]?0*/, '').length > 22) return 'range';
  const [prefix, body] = /^0[xX]/.test(digits) ? ['0x', digits.slice(2)] : [digits.startsWith('0') ? '0o' : '', digits];
  const number = BigInt(prefix + (body.replace(/^0+/, '') || '0'));
  return number > 0xffff_ffff_ffff_ffffn ? 'range' : wrap(number, match[1] === '-');
}

/** util/cutils.c: parse_uint_full with base 10: blanks and a plus sign first; undefined where QEMU cannot convert it. */
export function decimalNumber(text: string): number | undefined {
  const digits = /^[ \t\n\v\f\r]*\+?([0-9]+)$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const significant = digits.replace(/^0+(?=.)/, '');
  if (significant.length > 20 || BigInt(significant) > 0xffff_ffff_ffff_ffffn) return undefined;
  return Number(significant);
}
