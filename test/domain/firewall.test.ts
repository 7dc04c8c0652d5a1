import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { treatment } from '../../src/domain/firewall.ts';
import { known } from '../../src/facts/fact.ts';
import type { FirewallCondition, FirewallRule, FirewallTable } from '../../src/facts/firewall.ts';

const attempt = { protocol: 'tcp', port: 16514, family: 'ipv4', address: '192.0.2.10' } as const;
const table = (
  rules: readonly FirewallRule[],
  more: Readonly<Record<string, readonly FirewallRule[]>> = {},
): FirewallTable => ({
  family: 'inet',
  name: 't',
  program: 'nft',
  chains: {
    in: { hook: { name: 'input', priority: 0, policy: 'accept' }, rules },
    ...Object.fromEntries(Object.entries(more).map(([name, own]) => [name, { rules: own }])),
  },
});
const treat = (tables: readonly FirewallTable[], interfaces?: readonly string[]) =>
  treatment({ observed: true, tables: known(tables), ...(interfaces === undefined ? {} : { interfaces }) }, attempt);
const when = (action: FirewallRule['action'], ...conditions: readonly FirewallCondition[]): FirewallRule => ({
  conditions,
  action,
});
const drop = { do: 'drop' } as const;
const accept = { do: 'accept' } as const;
const from = (text: string): FirewallCondition => ({ on: 'source', addresses: [text] });
const odd: FirewallCondition = { on: 'other', text: 'a mark' };
const on = (name: string): FirewallCondition => ({ on: 'interface', names: [name] });

describe('treatment', () => {
  it.each<[string, readonly FirewallRule[], object]>([
    [
      'decides for certain after a doubt that makes no difference',
      [when(drop, odd), when(drop)],
      { outcome: 'dropped' },
    ],
    ['does not know whom an odd rule blocks', [when(drop, odd)], { outcome: 'undecided', depends: 'unknown' }],
    [
      'knows that some are let in before it',
      [when(accept, from('10.0.0.0/8')), when(drop, odd), when(drop)],
      { outcome: 'undecided', depends: 'peer' },
    ],
    [
      'does not trust who is let in after it',
      [when(drop, odd), when(accept, from('10.0.0.0/8')), when(drop)],
      { outcome: 'undecided', depends: 'unknown' },
    ],
    ['lets in whoever is not shut out', [when(drop, from('10.0.0.0/8'))], { outcome: 'undecided', depends: 'peer' }],
    [
      'knows that nobody comes from here',
      [when(drop, from('127.0.0.0/8')), when(drop, on('lo'))],
      { outcome: 'accepted' },
    ],
    [
      'takes addresses as a whole',
      [when(drop, { on: 'destination', addresses: ['192.0.2.0/28', '::/0'] })],
      { outcome: 'dropped' },
    ],
    [
      'and their ranges and masks',
      [when(drop, { on: 'destination', addresses: ['192.0.2.11-192.0.2.20', '192.0.2.0/255.255.255.248'] })],
      { outcome: 'accepted' },
    ],
    [
      'asks whether any combination holds',
      [
        when(drop, {
          on: 'any',
          of: [[odd, { on: 'state', states: ['invalid'] }], [{ on: 'destination-port', ranges: [[1, 20000]] }]],
        }),
      ],
      { outcome: 'dropped' },
    ],
  ])('%s', (_, rules, expected) => expect(treat([table(rules)])).toMatchObject(expected));

  it('does not know the interface where none was seen, but which ones it is not', () => {
    expect(treat([table([when(drop, on('virbr0'))])])).toEqual({ outcome: 'accepted' });
    expect(treat([table([when(drop, on('eth0'))])])).toMatchObject({ depends: 'peer' });
  });

  it('is content with one interface that lets it in, guests’ aside', () => {
    const rules = [when(accept, on('eth1')), when(accept, on('virbr0')), when(drop)];
    expect(treat([table(rules)], ['lo', 'eth0', 'virbr0'])).toMatchObject({ outcome: 'dropped' });
    expect(treat([table(rules)], ['lo', 'eth0', 'eth1'])).toMatchObject({ depends: 'peer' });
  });

  it('ends where chains call each other for ever', () => {
    const both = {
      a: [when({ do: 'jump', chain: 'b' }), when({ do: 'jump', chain: 'b' })],
      b: [when({ do: 'jump', chain: 'a' }), when({ do: 'goto', chain: 'a' })],
    };
    const begin = performance.now();
    expect(treat([table([when({ do: 'jump', chain: 'a' })], both)])).toMatchObject({ depends: 'unknown' });
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it('always gives an answer', () => {
    const condition = fc.constantFrom<FirewallCondition>(
      odd,
      from('10.0.0.0/8'),
      from('::/0'),
      on('eth*'),
      { on: 'family', family: 'ipv6' },
      { on: 'destination', addresses: ['nonsense', '::/200'] },
    );
    const action = fc.constantFrom<FirewallRule['action']>(
      drop,
      accept,
      { do: 'return' },
      { do: 'jump', chain: 'x' },
      { do: 'goto', chain: 'x' },
      { do: 'jump', chain: '__proto__' },
      { do: 'other', text: 'x' },
      { do: 'reject' },
    );
    const rules = fc.array(fc.record({ conditions: fc.array(condition, { maxLength: 2 }), action }), { maxLength: 5 });
    fc.assert(
      fc.property(rules, rules, (base, called) => {
        const { outcome } = treat([table(base, { x: called })], ['eth0']);
        expect(['accepted', 'dropped', 'rejected', 'undecided']).toContain(outcome);
      }),
    );
  });
});
