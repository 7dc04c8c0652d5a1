import { locateStatements, parseConfiguration, type ConfigurationVocabulary } from './configuration.ts';

/** Stands for what is kept back. */
const hidden = '(not shown)';

/** Bytes as characters U+0000 to U+00FF, so that text operations count bytes. */
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Comments in which somebody may have kept a password. */
const mayTell = /pass|pwd|secret|credential/i;

/**
 * The lines of a libvirt configuration file as a person may see them: for the values of secret and of unknown settings, and for comments
 * that may hold one (a setting that was switched off, a note), it says so. There are as many lines as in the file. Not yet safe for a
 * terminal. Of a file that libvirt would not load, all is kept back that is not plainly harmless.
 */
export function shownLines(bytes: Uint8Array, vocabulary: ConfigurationVocabulary): readonly string[] {
  const text = latin1(bytes);
  const places = locateStatements(bytes);
  const decode = (line: string): string => Buffer.from(line.replace(/\r$/, ''), 'latin1').toString('utf8');
  if (places === undefined) return harmlessLines(linesOf(text), vocabulary).map(decode);
  const { settings } = parseConfiguration(bytes, vocabulary);
  const parts: string[] = [];
  let end = 0;
  for (const [index, place] of places.entries()) {
    const value = text.slice(place.value, place.end);
    const mayBeSeen = settings[index] !== undefined && settings[index].value.type !== 'redacted';
    parts.push(withHarmlessComments(text.slice(end, place.start), vocabulary));
    parts.push(text.slice(place.start, place.value));
    // As many lines as there were.
    parts.push(mayBeSeen ? value : value.replace(/[^\n]+/g, hidden));
    end = place.end;
  }
  parts.push(withHarmlessComments(text.slice(end), vocabulary));
  return linesOf(parts.join('')).map(decode);
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

const withHarmlessComments = (text: string, vocabulary: ConfigurationVocabulary): string =>
  text.replace(/#[^\r\n]*/g, (comment) => (isHarmless(comment, vocabulary) ? comment : `# ${hidden}`));

function isHarmless(comment: string, { known, secret }: ConfigurationVocabulary): boolean {
  const [, key] = /^#[#\s]*([A-Za-z_]\w*)\s*=/.exec(comment) ?? [];
  if (key !== undefined && (!known.has(key) || secret.has(key))) return false;
  return !mayTell.test(comment) && ![...secret].some((name) => comment.includes(name));
}

/** Lines of a file that does not load: where a value ends, nobody knows, so that it belongs to the name that stood last. */
function harmlessLines(lines: readonly string[], vocabulary: ConfigurationVocabulary): readonly string[] {
  let mayBeSeen = false;
  return lines.map((line) => {
    if (/^\s*(#|$)/.test(line)) return withHarmlessComments(line, vocabulary);
    const [, before = '', key] = /^(\s*([A-Za-z_]\w*)[ \t]*=?[ \t]*)/.exec(line) ?? [];
    if (key !== undefined) mayBeSeen = vocabulary.known.has(key) && !vocabulary.secret.has(key);
    // Where there are secrets, a quotation mark that is missing may have swallowed one.
    const isPlain = vocabulary.secret.size === 0 || /=\s*("[^"]*"|-?\d+)\s*\r?$/.test(line);
    return mayBeSeen && isPlain && !mayTell.test(line) ? line : (line.includes('=') ? before : '') + hidden;
  });
}
