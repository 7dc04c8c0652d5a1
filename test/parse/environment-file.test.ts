import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastAssignment, parseEnvironmentFile, splitArguments } from '../../src/parse/environment-file.ts';

const pairs = (text: string) => parseEnvironmentFile(text).map(({ name, value }) => [name, value]);

describe('assignments', () => {
  it.each<[string, string, [string, string][]]>([
    ['bare', 'A=x y  \n', [['A', 'x y']]],
    ['double quotes', 'A="--timeout 120"', [['A', '--timeout 120']]],
    ['single quotes', "A='--listen'", [['A', '--listen']]],
    ['quotes keep blanks', 'A=" x "', [['A', ' x ']]],
    ['pieces are joined', `A="x"'y'z`, [['A', 'xyz']]],
    ['blanks around', '  A =  x', [['A', 'x']]],
    [
      'empty',
      'A=\nB=',
      [
        ['A', ''],
        ['B', ''],
      ],
    ],
    ['comments', '# A=1\n; B=2\n#C=3', []],
    ['a number sign later on is none', 'A=x # y', [['A', 'x # y']]],
    [
      'continued',
      'A=x\\\ny\nB=1',
      [
        ['A', 'xy'],
        ['B', '1'],
      ],
    ],
    ['continued in quotes', 'A="x\\\ny"', [['A', 'xy']]],
    ['a line break in quotes', 'A="x\ny"', [['A', 'x\ny']]],
    ['escapes in double quotes', 'A="\\$x \\"q\\" \\n \\\\"', [['A', '$x "q" \\n \\']]],
    ['escapes outside quotes', 'A=x\\ \\"y', [['A', 'x "y']]],
    ['no escapes in single quotes', "A='\\n'", [['A', '\\n']]],
    ['an open quote', 'A="x\nB=1', [['A', 'x\nB=1']]],
    ['export is no name', 'export A=1', []],
    ['no assignment', 'A\nB=1', [['B', '1']]],
    ['a name that is none', '1A=1\nA-B=2\n=3', []],
    [
      'CRLF',
      'A=1\r\nB=2\r\n',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
    ['a comment with a backslash at its end', '# A \\\nB=1', [['B', '1']]],
  ])('%s: %j', (_, text, expected) => {
    expect(pairs(text)).toEqual(expected);
  });

  it('lets the last of a name count, and says where it stands', () => {
    const assignments = parseEnvironmentFile(
      '#LIBVIRTD_ARGS="--timeout 120"\nLIBVIRTD_ARGS="x"\n\nLIBVIRTD_ARGS="--listen"\n',
    );
    expect(lastAssignment(assignments, 'LIBVIRTD_ARGS')).toEqual({ name: 'LIBVIRTD_ARGS', value: '--listen', line: 4 });
    expect(lastAssignment(assignments, 'OTHER')).toBeUndefined();
  });

  it('reads back any value in single quotes', () => {
    const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(value, (text) => {
        expect(pairs(`A='${text}'\n`)).toEqual([['A', text]]);
      }),
    );
  });
});

describe('words of $NAME', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  --listen   --verbose ', ['--listen', '--verbose']],
    ['-f "/etc/my conf"', ['-f', '/etc/my conf']],
    [`a"b c"'d e'`, ['ab cd e']],
    ['""', ['']],
    ['a\\ b', ['a b']],
    ['"open word', ['open word']],
    ['\\', ['']],
  ])('%j: %j', (value, words) => {
    expect(splitArguments(value)).toEqual(words);
  });
});

it('never throws', () => {
  const text = fc.string({ unit: fc.constantFrom('A', '=', '"', "'", '\\', '\n', ' ', '#', '$', '\0') });
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (source) => {
      for (const { value, line } of parseEnvironmentFile(source)) {
        expect(line).toBeLessThanOrEqual(source.split('\n').length);
        splitArguments(value);
      }
    }),
  );
});
