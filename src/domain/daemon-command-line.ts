import type { RemoteDaemon } from './remote-daemon.ts';

/** What a daemon makes of its arguments: it goes on, with another configuration file if that is named, or ends. */
export type CommandLine =
  | { readonly state: 'taken'; readonly configuration?: string }
  /** `error` is what it prints, without its name; nothing where it ends because that is all it was asked to do. */
  | { readonly state: 'ends'; readonly word: string; readonly error?: string };

/** Options by their long names; those with a value have `true`. */
const options: Readonly<Record<string, boolean>> = {
  verbose: false,
  daemon: false,
  listen: false,
  config: true,
  timeout: true,
  'pid-file': true,
  version: false,
  help: false,
};
const letters: Readonly<Record<string, string>> = {
  v: 'verbose',
  d: 'daemon',
  l: 'listen',
  f: 'config',
  t: 'timeout',
  p: 'pid-file',
  V: 'version',
  h: 'help',
};

/** The most milliseconds that fit an int, in seconds. */
const maximumTimeout = Math.floor((2 ** 31 - 1) / 1000);

/**
 * Reads a daemon's arguments with getopt_long(3): options may be shortened as long as they stay unique, and may stand anywhere. virtproxyd
 * has no `--listen`. Source: libvirt src/remote/remote_daemon.c: main.
 */
export function daemonCommandLine(daemon: RemoteDaemon, words: readonly string[]): CommandLine {
  const has = (name: string): boolean => Object.hasOwn(options, name) && (name !== 'listen' || daemon === 'libvirtd');
  const left = [...words];
  const strangers: string[] = [];
  let configuration: string | undefined;
  let ending: CommandLine | undefined;
  const take = (name: string, word: string, value: string | undefined): void => {
    if (name === 'config') configuration = value;
    else if (name === 'version' || name === 'help') ending = { state: 'ends', word };
    else if (
      name === 'timeout' &&
      !(/^\s*[+-]?\d+$/.test(value ?? '') && Number(value) >= 0 && Number(value) <= maximumTimeout)
    )
      ending = { state: 'ends', word, error: 'Invalid value for timeout' };
  };
  const fail = (word: string, error: string): CommandLine => ({ state: 'ends', word, error });
  for (let word = left.shift(); word !== undefined && ending === undefined; word = left.shift()) {
    if (word === '--') {
      strangers.push(...left);
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const written = word.slice(2, equals === -1 ? undefined : equals);
      const fitting = Object.keys(options).filter((name) => has(name) && name.startsWith(written));
      const name = fitting.includes(written) ? written : fitting[0];
      if (name === undefined) return fail(word, `unrecognized option '--${written}'`);
      if (fitting.length > 1 && name !== written) return fail(word, `option '--${written}' is ambiguous`);
      const takesValue = options[name] === true;
      if (!takesValue && equals !== -1) return fail(word, `option '--${name}' doesn't allow an argument`);
      const value = !takesValue ? undefined : equals === -1 ? left.shift() : word.slice(equals + 1);
      if (takesValue && value === undefined) return fail(word, `option '--${name}' requires an argument`);
      take(name, word, value);
    } else if (word.startsWith('-') && word !== '-') {
      for (let at = 1; at < word.length && ending === undefined; at += 1) {
        const letter = word[at] ?? '';
        const name = Object.hasOwn(letters, letter) ? (letters[letter] ?? '') : '';
        if (!has(name)) return fail(word, `invalid option -- '${letter}'`);
        if (options[name] !== true) {
          take(name, word, undefined);
          continue;
        }
        const value = at + 1 < word.length ? word.slice(at + 1) : left.shift();
        if (value === undefined) return fail(word, `option requires an argument -- '${letter}'`);
        take(name, word, value);
        break;
      }
    } else strangers.push(word);
  }
  if (ending !== undefined) return ending;
  const [stranger] = strangers;
  if (stranger !== undefined) return fail(stranger, 'unexpected, non-option, command line arguments');
  return { state: 'taken', ...(configuration === undefined ? {} : { configuration }) };
}
