import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

/**
 * The grammar against libvirt's own parser: virsh of an ordinary user reads $XDG_CONFIG_HOME/libvirt/libvirt.conf before it opens even
 * its test driver, and prints the parser's complaint. Root's virsh reads another file, so root becomes `nobody` for it.
 */
const virshVersion = spawnSync('virsh', ['--version'], { encoding: 'utf8' });
const installed = virshVersion.status === 0;
const isRoot = process.getuid?.() === 0;
const nobody = 65534;

const seed = runSeed();
const runs = 400;
const parallel = 3;

let scratch = '';

/** What libvirt says of a file: undefined when it loads. */
type Complaint = { readonly line: number; readonly text: string } | undefined;

function askVirsh(content: Uint8Array, slot: number): Promise<Complaint> {
  const home = join(scratch, String(slot));
  const path = join(home, 'libvirt', 'libvirt.conf');
  writeFileSync(path, content);
  return new Promise((resolve, reject) => {
    const child = spawn('virsh', ['-c', 'test:///default', 'uri'], {
      env: {
        PATH: process.env.PATH,
        LC_ALL: 'C',
        HOME: home,
        XDG_CONFIG_HOME: home,
        XDG_CACHE_HOME: home,
        XDG_RUNTIME_DIR: home,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    child.on('error', reject);
    child.on('close', () => {
      const complaint = /error: [a-z ]+: ([^\n]*?)\/libvirt\.conf:(\d+): ([^\n]*)/.exec(errors);
      if (complaint !== null) resolve({ line: Number(complaint[2]), text: complaint[3] ?? '' });
      else if (output.startsWith('test:///default')) resolve(undefined);
      else reject(new Error(`virsh said neither yes nor no: ${errors}`));
    });
  });
}

const nothingKnown = { known: new Set<string>(), secret: new Set<string>() };

function ask(content: Uint8Array, overflow: 'wraps' | 'refused'): Complaint {
  const { error } = parseConfiguration(content, nothingKnown, { overflow });
  return error === undefined ? undefined : { line: error.line, text: error.expected };
}

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const blank = pick('', '', ' ', '\t', '  ');
const gap = pick('', ' ', '\n', '\r\n', ' \n\t', '\r', '\n\n');
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/);
const text = fc.string({ unit: pick('a', 'Z', '7', '\\', '#', ';', ' ', 'é', '/', '=', '[', ']', ','), maxLength: 8 });
const string = fc.oneof(
  fc.string({ unit: pick('a', '\\', "'", '#', ' ', 'ü', '='), maxLength: 6 }).map((body) => `"${body}"`),
  fc.string({ unit: pick('a', '"', '\\', '#', ' ', 'ü', '='), maxLength: 6 }).map((body) => `'${body}'`),
  fc.string({ unit: pick('a', '\n', '\r\n', "'", '#', ' '), maxLength: 9 }).map((body) => `"""${body}"""`),
);
const integer = fc
  .tuple(
    pick('', '', '-', '+'),
    pick('0', '1', '007', '4294967296', '9223372036854775807', '9223372036854775808', '99999999999999999999999'),
  )
  .map((parts) => parts.join(''));
const { value } = fc.letrec<{ value: string; list: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, string, integer, tie('list')),
  list: fc
    .tuple(
      gap,
      fc.array(
        fc.tuple(tie('value'), gap, gap).map((parts) => parts),
        { maxLength: 3 },
      ),
      fc.boolean(),
      gap,
    )
    .map(
      ([before, items, trailing, after]) =>
        `[${before}${items.map(([item, a]) => `${item}${a}`).join(`,${after}`)}${trailing && items.length > 0 ? ',' : ''}${after}]`,
    ),
}));
const comment = text.map((body) => `#${body}`);
const statement = fc
  .tuple(blank, name, blank, blank, value, blank, fc.option(comment, { nil: '' }))
  .map(([a, key, b, c, written, d, note]) => `${a}${key}${b}=${c}${written}${d}${note}`);
const line = fc.oneof({ arbitrary: statement, weight: 5 }, comment);
const ending = pick('\n', '\n', '\n\n', '\r\n', ';', '; ', ';\n', '\n  \n', '\r');
const wellFormed = fc
  .array(fc.tuple(line, ending), { maxLength: 6 })
  .chain((lines) =>
    fc.boolean().map((ends) => lines.map(([a, b], i) => (ends || i + 1 < lines.length ? a + b : a)).join('')),
  );

/** Fragments that break a file, or seem to. */
const shard = pick(
  '"', "'", '"""', '[', ']', ',', ';', '#', '=', '-', '+', '.', '\n', '\r', '\0', ' ', '\u{feff}', 'é', 'x', '1', 'yes', 'a = yes',
  'a = ""', 'a = """"""', 'a = """', '[1 2]', '[ # note\n1 ]', "'it''s'", '"a\\"b"', '1x', '-\n', '[section]', 'a-b = 1', 'a.b = 1',
); // prettier-ignore
const broken = fc
  .tuple(wellFormed, fc.array(fc.tuple(fc.nat(), fc.nat(3), shard), { minLength: 1, maxLength: 3 }))
  .map(([source, cuts]) =>
    cuts.reduce((whole, [at, removed, inserted]) => {
      const position = whole.length === 0 ? 0 : at % (whole.length + 1);
      return whole.slice(0, position) + inserted + whole.slice(position + removed);
    }, source),
  );
const soup = fc.array(shard, { maxLength: 8 }).map((shards) => shards.join(''));
const truncated = fc.tuple(wellFormed, fc.nat()).map(([source, at]) => source.slice(0, at % (source.length + 1)));
const bytes = fc.uint8Array({ maxLength: 24 });

const encode = (source: string): Uint8Array => new TextEncoder().encode(source);
const file = fc.oneof(
  { arbitrary: wellFormed.map(encode), weight: 4 },
  { arbitrary: broken.map(encode), weight: 6 },
  { arbitrary: truncated.map(encode), weight: 3 },
  { arbitrary: soup.map(encode), weight: 3 },
  { arbitrary: bytes, weight: 1 },
);

/** Ends and quirks that chance might miss. */
const corners: readonly string[] = [
  '', ' ', '\n', '\n\n', '# only a comment', '# comment\n  ', 'a', 'a ', 'a\n= 1', 'a =', 'a =\n1', 'a = ', 'a = 1', 'a = 1 # note',
  'a = 1 b = 2', 'a = 1; b = 2', 'a = 1;', ';', 'a = 1;;', '\u{feff}a = 1', 'a = """"""', 'a = """"""\n', 'a = """x"""', 'a = """x""',
  'a = """\n\n\nx""', 'a = """\n\n\n', 'a = """\nx\n"\n"', 'a = "x\ny"', "a = 'x", 'a = [', 'a = [\n\n', 'a = [1', 'a = [1\n,', 'a = [1,]', 'a = [,]',
  'a = [,1]', 'a = [1,,2]', 'a = [[1],[]]', 'a = [[1]', 'a = ["x"\n# note\n]', 'a = -', 'a = +1', 'a = --1', 'a = 0x10', 'a = 1.5', '_a = 1',
  'a_1 = 1', '1a = 1', 'a = 1\0', 'a\0 = 1', 'a = "x\0y"', '\0', 'a = \0', 'a = [\0]', 'a = 1\r\nb = 2\r\n', 'a = 1\rb = 2', 'a = 1\rb', 'A=1#x\rB=x',
  'a = "é" ; b', 'é = 1', 'a = 1 é',
]; // prettier-ignore

describe.skipIf(!installed)(installed ? 'libvirt reads what we read' : 'virsh is not installed', () => {
  let overflow: 'wraps' | 'refused' = 'refused';

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'configuration-grammar-'));
    chmodSync(scratch, 0o755);
    for (let slot = 0; slot < parallel; slot += 1) {
      mkdirSync(join(scratch, String(slot), 'libvirt'), { recursive: true });
      chmodSync(join(scratch, String(slot)), 0o777);
    }
    // 9.0 wraps around where 11.3 refuses: the installed one says which it is.
    overflow = (await askVirsh(encode('a = 9223372036854775808\n'), 0)) === undefined ? 'wraps' : 'refused';
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it(`agrees on ${runs} random files and ${corners.length} corners (SEED=${seed})`, { timeout: 60_000 }, async () => {
    const files = [...corners.map(encode), ...fc.sample(file, { seed, numRuns: runs })];
    const disagreements: unknown[] = [];
    let refused = 0;
    const queue = files.entries();
    const work = async (slot: number): Promise<void> => {
      for (const [index, content] of queue) {
        const theirs = await askVirsh(content, slot);
        const ours = ask(content, overflow);
        if (theirs !== undefined) refused += 1;
        if (theirs?.line !== ours?.line || theirs?.text !== ours?.text) {
          disagreements.push({ index, content: JSON.stringify(new TextDecoder().decode(content)), theirs, ours });
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, slot) => work(slot)));
    expect(disagreements).toEqual([]);
    // The generator must keep making both kinds.
    expect(refused).toBeGreaterThan(files.length / 5);
    expect(files.length - refused).toBeGreaterThan(files.length / 5);
  });
});
