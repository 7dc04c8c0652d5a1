import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallHook,
  FirewallRule,
  FirewallTable,
  PortRange,
} from '../facts/firewall.ts';

/** A ruleset of nftables, and which of its tables have rules that only iptables-nft-save can put into words. */
export interface NftRuleset {
  readonly tables: readonly FirewallTable[];
  readonly foreign: ReadonlySet<FirewallTable>;
}

type Json = Readonly<Record<string, unknown>>;

/** Elements of sets and maps that are kept in all; every rule that names a set has a copy of it. */
const maximumElements = 20_000;
const maximumSources = 16;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Reads what `nft --json list ruleset` prints (libnftables-json(5)); `terse`: without the elements of sets. Only chains that an incoming
 * connection may meet are kept: of families inet, ip, ip6 and netdev. Undefined when it is no such listing.
 */
export function parseNftRuleset(text: string, { terse = false }: { terse?: boolean } = {}): NftRuleset | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const items = isObject(document) ? document['nftables'] : undefined;
  return Array.isArray(items) ? new NftReader(items.filter(isObject), terse).ruleset() : undefined;
}

interface Building {
  readonly family: FirewallTable['family'];
  readonly name: string;
  readonly chains: Map<string, { hook?: FirewallHook; rules: FirewallRule[] }>;
  foreign: boolean;
}

const families: ReadonlySet<unknown> = new Set(['inet', 'ip', 'ip6', 'netdev']);
const hooks: ReadonlySet<unknown> = new Set(['ingress', 'prerouting', 'input']);

class NftReader {
  readonly #items: readonly Json[];
  readonly #terse: boolean;
  readonly #tables = new Map<string, Building>();
  readonly #sets = new Map<string, readonly unknown[] | undefined>();
  #elements = 0;
  #table = '';
  #foreign = false;

  constructor(items: readonly Json[], terse: boolean) {
    this.#items = items;
    this.#terse = terse;
  }

  ruleset(): NftRuleset {
    for (const item of this.#items) {
      const [kind, body] = Object.entries(item)[0] ?? [];
      if (!isObject(body) || !families.has(body['family'])) continue;
      const key = `${String(body['family'])} ${String(kind === 'table' ? body['name'] : body['table'])}`;
      if (kind === 'table') {
        this.#tables.set(key, {
          family: body['family'] as FirewallTable['family'],
          name: String(body['name']),
          chains: new Map(),
          foreign: false,
        });
      } else if (kind === 'chain') this.#chain(key, body);
      else if (kind === 'set' || kind === 'map') {
        const elements = body['elem'];
        // Terse listings leave all elements out, and full ones those of an empty set.
        this.#sets.set(
          `${key} ${String(body['name'])}`,
          Array.isArray(elements) ? elements : this.#terse ? undefined : [],
        );
      }
    }
    for (const item of this.#items) {
      const rule = item['rule'];
      if (isObject(rule)) this.#rule(rule);
    }
    const tables: FirewallTable[] = [];
    const foreign = new Set<FirewallTable>();
    for (const { family, name, chains, foreign: isForeign } of this.#tables.values()) {
      const kept = Object.fromEntries(chains) as Record<string, FirewallChain>;
      const table = { family, name, program: 'nft', chains: kept };
      tables.push(table);
      if (isForeign) foreign.add(table);
    }
    return { tables, foreign };
  }

  #chain(key: string, body: Json): void {
    const hook = hooks.has(body['hook']) ? (body['hook'] as FirewallHook['name']) : undefined;
    // Chains of other hooks see no incoming connection of this host.
    if (hook === undefined && body['hook'] !== undefined) return;
    const device = body['dev'];
    const devices = typeof device === 'string' ? [device] : Array.isArray(device) ? device.map(String) : undefined;
    const priority = body['prio'];
    this.#tables.get(key)?.chains.set(String(body['name']), {
      ...(hook === undefined
        ? {}
        : {
            hook: {
              name: hook,
              priority: typeof priority === 'number' ? priority : 0,
              policy: body['policy'] === 'drop' ? 'drop' : 'accept',
              ...(devices === undefined ? {} : { devices }),
            },
          }),
      rules: [],
    });
  }

  #rule(body: Json): void {
    this.#table = `${String(body['family'])} ${String(body['table'])}`;
    const table = this.#tables.get(this.#table);
    const chain = table?.chains.get(String(body['chain']));
    const statements = body['expr'];
    if (table === undefined || chain === undefined || !Array.isArray(statements)) return;
    const conditions: FirewallCondition[] = [];
    this.#foreign = false;
    let ended = false;
    for (const statement of statements) {
      if (!isObject(statement)) continue;
      const [kind, value] = Object.entries(statement)[0] ?? ['', undefined];
      if (kind === 'vmap') {
        chain.rules.push(...this.#verdictMap(conditions, value));
        ended = true;
        break;
      }
      const action = actionOf(kind, value);
      if (action !== undefined) {
        chain.rules.push({ conditions: [...conditions, ...impliedBy(action)], action });
        ended = true;
        break;
      }
      conditions.push(...this.#statement(kind, value));
    }
    if (!ended && this.#foreign)
      chain.rules.push({ conditions, action: { do: 'other', text: 'a target of iptables' } });
    table.foreign ||= this.#foreign;
  }

  /** What a statement without a verdict asks of the packet. */
  #statement(kind: string, value: unknown): readonly FirewallCondition[] {
    switch (kind) {
      case 'match':
        return isObject(value) ? this.#match(value) : [other('a match')];
      case 'limit':
        return [constant(!isObject(value) || value['inv'] !== true, 'the rate limit')];
      case 'ct count':
        return [constant(!isObject(value) || value['inv'] !== true, 'the number of connections')];
      case 'set': {
        // A set that counts: a first connection is below every limit.
        const inner = isObject(value) && Array.isArray(value['stmt']) ? value['stmt'].filter(isObject) : [];
        return inner.flatMap((one) => {
          const [name, body] = Object.entries(one)[0] ?? ['', undefined];
          return name === 'limit' || name === 'ct count' ? this.#statement(name, body) : [];
        });
      }
      case 'meter': {
        const inner = isObject(value) && isObject(value['stmt']) ? Object.entries(value['stmt'])[0] : undefined;
        return inner === undefined ? [] : this.#statement(...inner);
      }
      case 'quota':
        return [other('a quota')];
      case 'xt':
        if (isObject(value) && value['name'] === 'comment') return [];
        this.#foreign = true;
        return isObject(value) && value['type'] === 'target' ? [] : [other('a match of iptables')];
      default:
        return harmless.has(kind) ? [] : [other(kind)];
    }
  }

  #match({ op, left, right }: Json): readonly FirewallCondition[] {
    if (isObject(left) && Array.isArray(left['concat'])) return this.#concatenation(left['concat'], op, right);
    if (isObject(left) && Array.isArray(left['&'])) {
      const [inner, mask] = left['&'] as readonly unknown[];
      return isPayload(inner, 'tcp', 'flags') ? [flagCondition(op, mask, right)] : [other(describe(inner))];
    }
    return this.#compare(left, op, right);
  }

  /** The condition that one left side puts on a packet; `right` is a value, a set or the name of one. */
  #compare(left: unknown, op: unknown, right: unknown): readonly FirewallCondition[] {
    const name = describe(left);
    const negated: { negated?: true } = op === '!=' ? { negated: true } : {};
    const values = this.#values(right);
    if (values === undefined) return isSource(left) ? [peer(name)] : [other(`${name} in a set that was not listed`)];
    const words = values.map((value) => (typeof value === 'string' || typeof value === 'number' ? String(value) : ''));
    const [payload, meta, ct, fib] = ['payload', 'meta', 'ct', 'fib'].map((kind) =>
      isObject(left) && isObject(left[kind]) ? left[kind] : undefined,
    );
    if (payload !== undefined) {
      const { protocol, field } = payload;
      if ((protocol === 'tcp' || protocol === 'th') && (field === 'dport' || field === 'sport')) {
        const ranges = portRanges(op, values);
        const tcp: readonly FirewallCondition[] = protocol === 'tcp' ? [{ on: 'protocol', names: ['tcp'] }] : [];
        return ranges === undefined
          ? [...tcp, other(name)]
          : [...tcp, { on: field === 'dport' ? 'destination-port' : 'source-port', ranges, ...negated }];
      }
      if (protocol === 'tcp') return field === 'flags' ? [flagCondition(op, undefined, right)] : [other(name)];
      if (protocol === 'ip' || protocol === 'ip6') {
        const family: FirewallCondition = { on: 'family', family: protocol === 'ip' ? 'ipv4' : 'ipv6' };
        if (field === 'protocol' || field === 'nexthdr') return [family, { on: 'protocol', names: words, ...negated }];
        if (field !== 'saddr' && field !== 'daddr') return [family, other(name)];
        const addresses = values.map(addressText);
        if (addresses.includes(undefined)) return [family, field === 'saddr' ? peer(name) : other(name)];
        return field === 'saddr'
          ? [family, { on: 'source', addresses: (addresses as string[]).slice(0, maximumSources), ...negated }]
          : [family, { on: 'destination', addresses: addresses as string[], ...negated }];
      }
      if (protocol === 'ether') return [field === 'saddr' ? peer(name) : other(name)];
      if (protocol === 'vlan' || typeof protocol !== 'string') return [other(name)];
      return [constant(false, name)];
    }
    if (meta !== undefined) {
      switch (meta['key']) {
        case 'l4proto':
          return [{ on: 'protocol', names: words, ...negated }];
        case 'nfproto':
        case 'protocol': {
          const holds = (family: 'ipv4' | 'ipv6') =>
            words.some((word) => word === family || word === (family === 'ipv4' ? 'ip' : 'ip6')) !== (op === '!=');
          const [four, six] = [holds('ipv4'), holds('ipv6')];
          if (four === six) return [constant(four, name)];
          return [{ on: 'family', family: four ? 'ipv4' : 'ipv6' }];
        }
        case 'iif':
        case 'iifname':
          return words.includes('') ? [other(name)] : [{ on: 'interface', names: words, ...negated }];
        case 'pkttype':
          return [constant(words.some((word) => word === 'host' || word === 'unicast') !== (op === '!='), name)];
        default:
          return [other(name)];
      }
    }
    if (ct !== undefined) {
      switch (ct['key']) {
        case 'state':
          return [{ on: 'state', states: words, ...negated }];
        // A connection that begins has none of them; one that was sent elsewhere is not ours.
        case 'status':
          return [constant(op === '!=', name)];
        case 'direction':
          return [constant(words.includes('original') !== (op === '!='), name)];
        default:
          return [other(name)];
      }
    }
    // Further headers of IPv6, which a plain packet does not have.
    if (isObject(left) && isObject(left['exthdr'])) return [constant(right === false, name)];
    if (fib !== undefined) {
      const flags = Array.isArray(fib['flags']) ? fib['flags'] : [fib['flags']];
      if (fib['result'] === 'type')
        return [constant((flags.includes('daddr') && words.includes('local')) !== (op === '!='), name)];
      // Is there a way back to the peer: there is.
      if (typeof right === 'boolean') return [constant((op === '!=') !== right, name)];
      return [other(name)];
    }
    return [other(name)];
  }

  /** `a . b` in a set: an element holds when all of its parts do. */
  #concatenation(parts: readonly unknown[], op: unknown, right: unknown): readonly FirewallCondition[] {
    const name = parts.map(describe).join(' . ');
    const values = this.#values(right);
    if (values === undefined) return parts.some(isSource) ? [peer(name)] : [other(name)];
    const of = values.map((value): readonly FirewallCondition[] => {
      const items = isObject(value) && Array.isArray(value['concat']) ? (value['concat'] as readonly unknown[]) : [];
      return parts.flatMap((part, index) => this.#compare(part, '==', items[index]));
    });
    return [{ on: 'any', of, ...(op === '!=' ? { negated: true } : {}) }];
  }

  /** One rule for each element: keys of a map exclude one another. */
  #verdictMap(before: readonly FirewallCondition[], value: unknown): readonly FirewallRule[] {
    const unread: FirewallRule = { conditions: before, action: { do: 'other', text: 'a verdict map' } };
    if (!isObject(value)) return [unread];
    const { key, data } = value;
    const elements = this.#values(data);
    if (elements === undefined) return [unread];
    return elements.map((element): FirewallRule => {
      const [at, verdict] = Array.isArray(element) ? (element as readonly unknown[]) : [];
      const [kind, body] = isObject(verdict) ? (Object.entries(verdict)[0] ?? []) : [];
      const one = elementValue(at);
      const conditions =
        isObject(key) && Array.isArray(key['concat'])
          ? this.#concatenation(key['concat'], '==', { set: [one] })
          : this.#compare(key, '==', one);
      const action = actionOf(kind ?? '', body) ?? { do: 'other', text: 'a verdict map' };
      return { conditions: one === '*' ? before : [...before, ...conditions], action };
    });
  }

  /** The values behind a right side; undefined when they were not listed, or are too many. */
  #values(right: unknown): readonly unknown[] | undefined {
    let values: readonly unknown[];
    if (typeof right === 'string' && right.startsWith('@')) {
      const set = this.#sets.get(`${this.#table} ${right.slice(1)}`);
      if (set === undefined) return undefined;
      values = set;
    } else if (isObject(right) && Array.isArray(right['set'])) values = right['set'];
    else if (Array.isArray(right)) values = right;
    else values = [right];
    this.#elements += values.length;
    return this.#elements > maximumElements ? undefined : values.map(elementValue);
  }
}

/** Statements that let every packet go on as it is, or change what nobody here asks about. */
const harmless: ReadonlySet<string> = new Set([
  ...['counter', 'log', 'mangle', 'comment', 'ct helper', 'ct timeout', 'ct expectation', 'secmark', 'flow', 'last'],
  ...['dup', 'snat', 'masquerade', 'reset', 'map', 'nat'],
]);

function actionOf(kind: string, value: unknown): FirewallAction | undefined {
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return { do: kind };
    case 'reject': {
      const type = isObject(value) ? textOf(value['type']) : undefined;
      const code = isObject(value) ? textOf(value['expr']) : undefined;
      return type === undefined
        ? { do: 'reject' }
        : { do: 'reject', with: code === undefined ? type : `${type} ${code}` };
    }
    case 'jump':
    case 'goto':
      return { do: kind, chain: isObject(value) ? String(value['target']) : '' };
    case 'queue':
    case 'dnat':
    case 'redirect':
    case 'tproxy':
    case 'fwd':
    case 'synproxy':
    case 'notrack':
      return { do: 'other', text: kind };
    default:
      return undefined;
  }
}

/** The listing leaves out conditions that an action brings along (nft evaluate.c: stmt_evaluate_reject). */
function impliedBy(action: FirewallAction): readonly FirewallCondition[] {
  if (action.do !== 'reject') return [];
  const type = action.with?.split(' ')[0];
  if (type === 'icmp' || type === 'icmpv6') return [{ on: 'family', family: type === 'icmp' ? 'ipv4' : 'ipv6' }];
  return type === 'tcp' ? [{ on: 'protocol', names: ['tcp'] }] : [];
}

const constant = (holds: boolean, text: string): FirewallCondition => ({ on: 'constant', holds, text });
const peer = (text: string): FirewallCondition => ({ on: 'peer', text });
const other = (text: string): FirewallCondition => ({ on: 'other', text: text.slice(0, 80) });

/** An element may carry a comment, a timeout or a counter of its own. */
const elementValue = (element: unknown): unknown =>
  isObject(element) && isObject(element['elem']) ? element['elem']['val'] : element;

const isPayload = (left: unknown, protocol: string, field: string): boolean =>
  isObject(left) &&
  isObject(left['payload']) &&
  left['payload']['protocol'] === protocol &&
  left['payload']['field'] === field;

const isSource = (left: unknown): boolean =>
  isPayload(left, 'ip', 'saddr') || isPayload(left, 'ip6', 'saddr') || isPayload(left, 'ether', 'saddr');

/** A left side in the words of nft's own language, or nearly. */
function describe(left: unknown): string {
  const [kind, body] = isObject(left) ? (Object.entries(left)[0] ?? []) : [];
  if (kind === undefined) return 'an expression';
  if (!isObject(body)) return kind;
  const word = body['field'] ?? body['key'] ?? body['result'] ?? body['name'];
  const first = kind === 'payload' ? body['protocol'] : kind;
  return [first, word].filter((part) => typeof part === 'string').join(' ');
}

function addressText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return undefined;
  const { prefix, range } = value;
  if (isObject(prefix) && typeof prefix['addr'] === 'string') return `${prefix['addr']}/${String(prefix['len'])}`;
  if (Array.isArray(range) && range.every((end) => typeof end === 'string')) return range.join('-');
  return undefined;
}

const maximumPort = 65_535;
const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maximumPort;

function portRanges(op: unknown, values: readonly unknown[]): readonly PortRange[] | undefined {
  const [first] = values;
  switch (op) {
    case '<':
      return isPort(first) ? (first === 0 ? [] : [[0, first - 1]]) : undefined;
    case '<=':
      return isPort(first) ? [[0, first]] : undefined;
    case '>':
      return isPort(first) ? (first === maximumPort ? [] : [[first + 1, maximumPort]]) : undefined;
    case '>=':
      return isPort(first) ? [[first, maximumPort]] : undefined;
  }
  const ranges: PortRange[] = [];
  for (const value of values) {
    const range =
      isObject(value) && Array.isArray(value['range']) ? (value['range'] as readonly unknown[]) : [value, value];
    const [low, high] = range;
    if (!isPort(low) || !isPort(high)) return undefined;
    ranges.push([low, high]);
  }
  return ranges;
}

/** A first packet has the SYN flag and no other. */
function flagCondition(op: unknown, mask: unknown, right: unknown): FirewallCondition {
  const named = (value: unknown): readonly unknown[] => {
    if (isObject(value) && Array.isArray(value['|'])) return value['|'].flatMap(named);
    return Array.isArray(value) ? value : [value];
  };
  const wanted = named(right);
  if (!wanted.every((flag) => typeof flag === 'string' || flag === 0)) return other('tcp flags');
  const flags = wanted.filter((flag) => flag !== 0);
  const seen = mask === undefined || named(mask).includes('syn') ? ['syn'] : [];
  // Bare `tcp flags syn` asks for any of the flags, `!` for none; with a comparison the whole counts.
  const holds =
    op === 'in' || op === '!'
      ? (flags.includes('syn') && seen.length > 0) === (op === 'in')
      : (flags.length === seen.length && flags.every((flag) => seen.includes(flag as string))) !== (op === '!=');
  return constant(holds, 'tcp flags');
}
