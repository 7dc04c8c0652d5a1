import { describe, expect, it } from 'vitest';
import { permitsNames } from '../../src/domain/name-constraints.ts';
import type { Certificate, GeneralNames, NameSubtree } from '../../src/facts/certificates.ts';
import { certificate } from '../support/certificates.ts';

const none: GeneralNames = { dns: [], ip: [], email: [], uri: [], other: 0 };
const subtree = (text: string): NameSubtree => {
  const [kind = '', value = ''] = text.split('=');
  return { kind: kind as NameSubtree['kind'], value };
};
const constraints = (...texts: string[]) => ({
  critical: true,
  permitted: texts.filter((text) => !text.startsWith('!')).map(subtree),
  excluded: texts.filter((text) => text.startsWith('!')).map((text) => subtree(text.slice(1))),
});

function named(names: Partial<GeneralNames>, commonNames: readonly string[] = []): Certificate {
  return {
    ...certificate('server'),
    subject: { text: '', der: '', commonNames },
    subjectAlternativeName: { ...none, ...names, critical: false },
  };
}

describe('permitsNames', () => {
  it.each<[string[], Partial<GeneralNames>, boolean]>([
    [['dns=example.com'], { dns: ['example.com'] }, true],
    [['dns=example.com'], { dns: ['A.Example.com'] }, true],
    [['dns=example.com'], { dns: ['badexample.com'] }, false],
    [['dns=.example.com'], { dns: ['a.example.com'] }, true],
    [['dns=.example.com'], { dns: ['example.com'] }, false],
    [['dns='], { dns: ['example.com'] }, true],
    [['!dns='], { dns: ['example.com'] }, false],
    [['!dns=example.com'], { dns: ['a.example.com'] }, false],
    [['dns=example.com', '!dns=a.example.com'], { dns: ['a.example.com'] }, false],
    [['dns=example.com'], { dns: ['a.example.com', 'b.example.org'] }, false],
    [['dns=example.com'], { ip: ['192.0.2.1'] }, true],
    [['ip=192.0.2.0/24'], { ip: ['192.0.2.200'] }, true],
    [['ip=192.0.2.0/24'], { ip: ['192.0.3.1'] }, false],
    [['ip=192.0.2.0/24'], { ip: ['2001:db8::1'] }, true],
    [['ip=2001:db8::/32'], { ip: ['2001:db8:1::1'] }, true],
    [['!ip=0.0.0.0/0'], { ip: ['192.0.2.1'] }, false],
    [['email=example.com'], { email: ['a@example.com'] }, true],
    [['email=example.com'], { email: ['a@b.example.com'] }, false],
    [['email=.example.com'], { email: ['a@b.example.com'] }, true],
    [['email=a@example.com'], { email: ['b@example.com'] }, false],
    [['!uri=example.com'], { uri: ['https://other.org'] }, false],
    [['!directory=C=GB'], { dns: ['example.com'] }, false],
  ])('%s for %j: %s', (texts, names, expected) => {
    expect(permitsNames(named(names), [constraints(...texts)])).toBe(expected);
  });

  it('judges a server by its common name where it has no DNS name', () => {
    expect(permitsNames(named({}, ['a.example.com']), [constraints('dns=example.com')])).toBe(true);
    expect(permitsNames(named({}, ['a.example.org']), [constraints('dns=example.com')])).toBe(false);
    expect(permitsNames(named({}, ['a.example.com', 'b.example.com']), [constraints('dns=example.com')])).toBe(false);
  });

  it.each([
    ['C=GB,EMAIL=a@example.com', true],
    ['O=x\\,EMAIL=a@example.org,CN=y', true],
    ['C=GB,EMAIL=a@example.org', false],
    ['EMAIL=a@example.com,EMAIL=a@example.com', false],
    ['O=x+EMAIL=a@example.org', false],
  ])('judges by the e-mail address of the subject where there is none among the alternatives: %s', (text, expected) => {
    const leaf = { ...named({}), subject: { text, der: '', commonNames: [] } };
    expect(permitsNames(leaf, [constraints('email=example.com')])).toBe(expected);
    const withAnother = { ...leaf, subjectAlternativeName: { ...none, email: ['b@example.com'], critical: false } };
    expect(permitsNames(withAnother, [constraints('email=example.com')])).toBe(true);
  });

  it('asks every issuer', () => {
    const both = [constraints('dns=example.com'), constraints('dns=a.example.com')];
    expect(permitsNames(named({ dns: ['x.a.example.com'] }), both)).toBe(true);
    expect(permitsNames(named({ dns: ['x.b.example.com'] }), both)).toBe(false);
  });
});
