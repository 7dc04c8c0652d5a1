import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNftRuleset } from '../../src/parse/nft-ruleset.ts';

const listing = (...items: readonly object[]): string =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, ...items] });
const table = { table: { family: 'inet', name: 't' } };
const chain = {
  chain: { family: 'inet', table: 't', name: 'in', type: 'filter', hook: 'input', prio: 0, policy: 'drop' },
};
const rule = (...expr: readonly object[]) => ({ rule: { family: 'inet', table: 't', chain: 'in', expr } });
const match = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } });
const dport = { payload: { protocol: 'tcp', field: 'dport' } };
const accept = { accept: null };
const tcp = { on: 'protocol', names: ['tcp'] };

const rulesOf = (text: string, options?: { terse: boolean }) =>
  parseNftRuleset(text, options)?.tables[0]?.chains['in']?.rules;

describe('parseNftRuleset', () => {
  it('reads chains that incoming packets meet, and those that others call', () => {
    const elsewhere = { chain: { family: 'inet', table: 't', name: 'out', type: 'filter', hook: 'output', prio: 0 } };
    const called = { chain: { family: 'inet', table: 't', name: 'sub' } };
    const bridge = { table: { family: 'bridge', name: 'b' } };
    const tables = parseNftRuleset(listing(table, bridge, chain, elsewhere, called))?.tables;
    expect(tables).toEqual([
      {
        family: 'inet',
        name: 't',
        program: 'nft',
        chains: { in: { hook: { name: 'input', priority: 0, policy: 'drop' }, rules: [] }, sub: { rules: [] } },
      },
    ]);
  });

  it.each([
    ['a port', [match(dport, 16514), accept], [tcp, { on: 'destination-port', ranges: [[16514, 16514]] }]],
    [
      'ports but those',
      [match(dport, { set: [22, { range: [5900, 5999] }] }, '!='), accept],
      [
        tcp,
        {
          on: 'destination-port',
          ranges: [
            [22, 22],
            [5900, 5999],
          ],
          negated: true,
        },
      ],
    ],
    [
      'elements with comments',
      [match(dport, { set: [{ elem: { val: 22, comment: 'ssh' } }] }), accept],
      [tcp, { on: 'destination-port', ranges: [[22, 22]] }],
    ],
    [
      'addresses',
      [match({ payload: { protocol: 'ip', field: 'saddr' } }, { prefix: { addr: '10.0.0.0', len: 8 } }), accept],
      [
        { on: 'family', family: 'ipv4' },
        { on: 'source', addresses: ['10.0.0.0/8'] },
      ],
    ],
    [
      'states',
      [match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), accept],
      [{ on: 'state', states: ['established', 'related'] }],
    ],
    [
      'interfaces',
      [match({ meta: { key: 'iifname' } }, 'virbr*', '!='), accept],
      [{ on: 'interface', names: ['virbr*'], negated: true }],
    ],
    [
      'a protocol that is not TCP',
      [match({ payload: { protocol: 'udp', field: 'dport' } }, 53, '!='), accept],
      [{ on: 'constant', holds: false, text: 'udp dport' }],
    ],
    ['what it does not know', [match({ meta: { key: 'mark' } }, 1), accept], [{ on: 'other', text: 'meta mark' }]],
    ['a statement that it does not know', [{ novelty: {} }, accept], [{ on: 'other', text: 'novelty' }]],
    [
      'a set that is nowhere',
      [match(dport, '@gone'), accept],
      [{ on: 'other', text: 'tcp dport in a set that was not listed' }],
    ],
  ])('understands %s', (_, expr, conditions) => {
    expect(rulesOf(listing(table, chain, rule(...expr)))).toEqual([{ conditions, action: { do: 'accept' } }]);
  });

  it('knows that a terse listing leaves out what is in sets', () => {
    const set = { set: { family: 'inet', name: 's', table: 't', type: 'inet_service' } };
    const text = listing(table, set, chain, rule(match(dport, '@s'), accept));
    expect(rulesOf(text)?.[0]?.conditions).toContainEqual({ on: 'destination-port', ranges: [] });
    expect(rulesOf(text, { terse: true })?.[0]?.conditions).toEqual([
      { on: 'other', text: 'tcp dport in a set that was not listed' },
    ]);
  });

  it('sees which family a reject is for, which the listing leaves out', () => {
    expect(rulesOf(listing(table, chain, rule({ reject: { type: 'icmpv6', expr: 'port-unreachable' } })))).toEqual([
      { conditions: [{ on: 'family', family: 'ipv6' }], action: { do: 'reject', with: 'icmpv6 port-unreachable' } },
    ]);
  });

  it('names the tables that only iptables can put into words', () => {
    const foreign = rule(
      match({ meta: { key: 'l4proto' } }, 'tcp'),
      { xt: { type: 'match', name: 'multiport' } },
      accept,
    );
    expect(parseNftRuleset(listing(table, chain, foreign))?.foreign.size).toBe(1);
    const comment = rule({ xt: { type: 'match', name: 'comment' } }, accept);
    expect(parseNftRuleset(listing(table, chain, comment))?.foreign.size).toBe(0);
  });

  it.each(['', 'Error: Operation not permitted', '[]', '{"nftables": 3}', '{}', `${'['.repeat(200_000)}`])(
    'takes %.20j for no ruleset',
    (text) => expect(parseNftRuleset(text)).toBeUndefined(),
  );

  it('keeps within bounds where rules name a large set', () => {
    const elements = Array.from({ length: 10_000 }, (_, index) => index);
    const set = { set: { family: 'inet', name: 's', table: 't', elem: elements } };
    const rules = Array.from({ length: 500 }, () => rule(match(dport, '@s'), accept));
    const begin = performance.now();
    const kept = JSON.stringify(rulesOf(listing(table, set, chain, ...rules)));
    expect(kept.length).toBeLessThan(1_000_000);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it('never throws, whatever the JSON', () => {
    const node = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>('@s', 22, 'tcp', null, true, '*', '10.0.0.0'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'match',
            'left',
            'right',
            'op',
            'payload',
            'meta',
            'key',
            'protocol',
            'field',
            'set',
            'vmap',
            'data',
            'elem',
            'val',
            'range',
            'prefix',
            'concat',
            '&',
            'ct',
            'fib',
            'flags',
            'result',
            'jump',
            'target',
            'meter',
            'stmt',
            'limit',
            'reject',
          ),
          tie('value'),
          { maxKeys: 3 },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(fc.array(node, { maxLength: 4 }), node, (expr, elem) => {
        const text = JSON.stringify({
          nftables: [
            table,
            chain,
            { set: { family: 'inet', table: 't', name: 's', elem } },
            { rule: { family: 'inet', table: 't', chain: 'in', expr } },
          ],
        });
        expect(parseNftRuleset(text)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
