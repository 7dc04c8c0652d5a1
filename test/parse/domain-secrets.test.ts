import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAuthenticationSecrets, domainSecrets } from '../../src/parse/domain-secrets.ts';

describe('passwords of graphics elements', () => {
  it.each<readonly [string, string, readonly (readonly [number, number])[]]>([
    ['in double quotes', '<graphics type="vnc" passwd="abc"/>', [[1, 3]]],
    ['in single quotes, beyond a line', "<domain>\n<graphics type='vnc'\n  passwd = 'abcd' port='1'>", [[3, 4]]],
    ['with references', '<graphics passwd="a&amp;b&#x41;&lt;"/>', [[1, 5]]],
    ['with a > inside', '<graphics port="1>" passwd="a>b"/>', [[1, 3]]],
    ['empty, which locks', '<graphics passwd=""/>', [[1, 0]]],
    [
      'of several elements',
      '<graphics passwd="a"/>\n\n<graphics port="1"/>\n<graphics passwd="bcd"/>',
      [
        [1, 1],
        [4, 3],
      ],
    ],
    ['in a comment: whoever reads the file reads it', '<!-- <graphics passwd="abc"/> -->', [[1, 3]]],
    ['before the file breaks off', '<graphics passwd="abc"', [[1, 3]]],
    ['not of other elements', '<graphicsx passwd="abc"/><video passwd="x"/>', []],
    ['not of other attributes', '<graphics xpasswd="abc" passwdValidTo="x"/>', []],
    ['not as another attribute’s value', `<graphics port=" passwd='abc'"/>`, []],
    ['not after the element', '<graphics port="1"> passwd="abc" </graphics>', []],
  ])('%s', (_, xml, places) => {
    expect(domainSecrets(xml)).toEqual(places.map(([line, length]) => ({ name: 'graphics passwd', line, length })));
  });

  it('never throw, and never hold the password', () => {
    const piece = fc.constantFrom('<graphics ', 'passwd=', '"', "'", '>', ' ', '\n', 'hunter2', '=', '&amp;', '/');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(JSON.stringify(domainSecrets(pieces.join('')))).not.toContain('hunter2');
      }),
    );
  });

  it.each([
    ['<graphics '],
    ['<graphics a="'],
    [`<graphics a='<graphics b="`],
    ["<graphics passwd='x'/>\n"],
    ['<graphics a=    '],
    [' passwd='],
  ])('take time in proportion to 1 MiB of %j', (unit) => {
    const begin = performance.now();
    domainSecrets(unit.repeat((1 << 20) / unit.length));
    expect(performance.now() - begin).toBeLessThan(3000);
  });
});

describe('passwords of auth.conf', () => {
  it.each<readonly [string, string, readonly (readonly [number, number])[]]>([
    [
      'with and without blanks',
      '[credentials-x]\npassword=abc\n\t password =  abcd \n',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    ['with an equals sign inside', 'password=a=b', [[1, 3]]],
    ['not an empty one', 'password=\npassword=  ', []],
    ['not a comment, nor another key', '# password=abc\nmypassword=x\npassword', []],
  ])('%s', (_, text, places) => {
    expect(clientAuthenticationSecrets(text)).toEqual(
      places.map(([line, length]) => ({ name: 'password', line, length })),
    );
  });

  it('take time in proportion to the text', () => {
    const begin = performance.now();
    clientAuthenticationSecrets(`password=a${' '.repeat(1 << 20)}b`);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
