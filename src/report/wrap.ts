import columnsOf from 'fast-string-width';

/** A space that holds a word together while a text is divided; private use, so no printable text of ours has a meaning for it. */
const bond = '\uE0A0';

/**
 * Divides prose into lines of at most `width` columns, at spaces only: a word that is wider stands alone on its line, unbroken.
 * Spans in backquotes and every text of `keep` (paths with spaces, for example) stay whole.
 */
export function wrap(text: string, width: number, keep: readonly string[] = []): readonly string[] {
  let bonded = text.replace(/`[^`]*`/g, (span) => span.replaceAll(' ', bond));
  for (const whole of keep) {
    if (whole.includes(' ')) bonded = bonded.replaceAll(whole, whole.replaceAll(' ', bond));
  }
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of bonded.split(' ').filter((part) => part !== '')) {
    const size = columnsOf(word);
    if (line !== '' && used + 1 + size > width) {
      lines.push(line);
      line = '';
    }
    used = line === '' ? size : used + 1 + size;
    line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines.map((each) => each.replaceAll(bond, ' '));
}
