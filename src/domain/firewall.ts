import type {
  Firewall,
  FirewallCondition,
  FirewallHook,
  FirewallRule,
  FirewallTable,
  PortRange,
} from '../facts/firewall.ts';
import { canonicalAddress, isIPv4 } from '../facts/address.ts';
import { firewalldTable } from './firewalld-tables.ts';

/** The first packet of a TCP connection from another host. */
export interface Attempt {
  readonly protocol: 'tcp';
  readonly port: number;
  readonly family: 'ipv4' | 'ipv6';
  /** The address of this host to which it goes; absent when it may be any. */
  readonly address?: string;
}

/** What decided: a rule, or the policy of a chain of the kernel's where `rule` is absent. */
export interface Place {
  readonly table: FirewallTable;
  readonly chain: string;
  readonly rule?: FirewallRule;
  /** The chains that led there, the kernel's own first. */
  readonly path: readonly string[];
}

/**
 * What a packet filter does to a connection that begins. Undecided `peer`: some are let in and some are not, by who they are or which way
 * they come; `unknown`: rules were not understood, or their listing was not complete.
 */
export type Treatment =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'dropped'; readonly by: Place }
  /** `how` in the program's words, such as `tcp reset`. */
  | { readonly outcome: 'rejected'; readonly how: string; readonly by: Place }
  | { readonly outcome: 'undecided'; readonly depends: 'peer' | 'unknown'; readonly because: string };

/** NFT_JUMP_STACK_SIZE of the kernel, below which iptables stays too. */
const maximumDepth = 16;
/** Rules that are looked at for one connection; hostile chains may call each other without end. */
const maximumSteps = 200_000;

/**
 * Names of interfaces behind which are guests, containers or this host itself, not the network from which clients come: libvirt's,
 * Docker's, Podman's, LXD's and Kubernetes' own.
 */
const inner =
  /^(?:lo|virbr\d.*|vnet\d.*|macvtap\d.*|tap\d.*|veth.*|docker.*|br-[0-9a-f]{8,}|podman.*|cni.*|flannel.*|cali.*|lxcbr\d.*|lxdbr\d.*|ovs-system|dummy\d.*)$/;

/** What becomes of a connection from another host, on whichever interface it comes; one that lets it in is enough. */
export function treatment(firewall: Extract<Firewall, { observed: true }>, attempt: Attempt): Treatment {
  const { tables, firewalld } = firewall;
  let judged: readonly FirewallTable[];
  if (firewalld !== undefined && !tables.known) judged = [firewalldTable(firewalld)];
  else if (!tables.known) return { outcome: 'undecided', depends: 'unknown', because: tables.detail };
  else judged = tables.value;
  const outer = (firewall.interfaces ?? []).filter((name) => !inner.test(name));
  const ways = outer.length === 0 ? [undefined] : outer;
  const treatments = ways.map((way) => treatmentOn(judged, attempt, way));
  const [first] = treatments;
  const accepted = treatments.filter(({ outcome }) => outcome === 'accepted');
  if (accepted.length === treatments.length) return { outcome: 'accepted' };
  // Part of the interfaces let it in, and which way clients come is not known.
  if (accepted.length > 0) return { outcome: 'undecided', depends: 'peer', because: 'it depends on the interface' };
  const undecided = treatments.filter((one) => one.outcome === 'undecided');
  return undecided.find(({ depends }) => depends === 'peer') ?? undecided[0] ?? first ?? { outcome: 'accepted' };
}

interface Packet extends Attempt {
  readonly way?: string;
}

type Doubt = { readonly depends: 'peer' | 'unknown'; readonly because: string };
/** Does a packet meet a condition: for certain, for certain not, or there is a doubt. */
type Met = boolean | Doubt;

interface Verdict {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'elsewhere';
  readonly how?: string;
  readonly place: Place;
  /** Why it may be another one. */
  readonly doubt?: Doubt;
}

const hookOrder: readonly FirewallHook['name'][] = ['ingress', 'prerouting', 'input'];

function treatmentOn(tables: readonly FirewallTable[], attempt: Attempt, way: string | undefined): Treatment {
  const packet: Packet = { ...attempt, ...(way === undefined ? {} : { way }) };
  const starts = tables
    .filter(({ family }) => family !== (attempt.family === 'ipv4' ? 'ip6' : 'ip'))
    .flatMap((table) =>
      Object.entries(table.chains).flatMap(([name, { hook }]) => (hook === undefined ? [] : [{ table, name, hook }])),
    )
    .sort(
      (a, b) => hookOrder.indexOf(a.hook.name) - hookOrder.indexOf(b.hook.name) || a.hook.priority - b.hook.priority,
    );
  let open: Treatment = { outcome: 'accepted' };
  for (const { table, name, hook } of starts) {
    const walk = new ChainWalk(table, packet);
    const arrival: Met = hook.devices === undefined ? true : meets({ on: 'interface', names: hook.devices }, packet);
    const verdicts = arrival === false ? [] : walk.base(name, hook, arrival === true ? undefined : arrival);
    const one = summary(verdicts, walk);
    // What is sent elsewhere meets the rules that follow as another packet.
    if (verdicts.some(({ verdict }) => verdict === 'elsewhere')) return one;
    if (one.outcome === 'dropped' || one.outcome === 'rejected') return one;
    if (one.outcome === 'undecided' && !(open.outcome === 'undecided' && open.depends === 'unknown')) open = one;
  }
  return open;
}

/** One base chain's verdicts, which is what the kernel goes by: accepting ends a chain, and dropping ends the packet. */
function summary(verdicts: readonly Verdict[], { exhausted, doubts }: ChainWalk): Treatment {
  if (exhausted) return { outcome: 'undecided', depends: 'unknown', because: 'there are too many rules' };
  const elsewhere = verdicts.find(({ verdict }) => verdict === 'elsewhere');
  const accepting = verdicts.filter(({ verdict }) => verdict === 'accept');
  const blocking = verdicts.filter(({ verdict }) => verdict === 'drop' || verdict === 'reject');
  if (elsewhere !== undefined) {
    const what = elsewhere.place.rule?.action;
    const because = `${what?.do === 'other' ? what.text : 'a rule'} in ${placeText(elsewhere.place)}`;
    return { outcome: 'undecided', depends: 'unknown', because };
  }
  const [first] = blocking;
  if (first === undefined) return { outcome: 'accepted' };
  if (accepting.length === 0) {
    // The last one is what is left when all doubts go the other way.
    const { verdict, how, place } = blocking.find(({ doubt }) => doubt === undefined) ?? first;
    return verdict === 'drop'
      ? { outcome: 'dropped', by: place }
      : { outcome: 'rejected', how: how ?? 'port unreachable', by: place };
  }
  // Whoever is let in for certain, or by who it is, is let in.
  const entrance = accepting.find(({ doubt }) => doubt?.depends !== 'unknown');
  const because = doubts.find(({ depends }) => depends === (entrance === undefined ? 'unknown' : 'peer')) ?? doubts[0];
  return {
    outcome: 'undecided',
    depends: entrance === undefined ? 'unknown' : 'peer',
    because: because?.because ?? 'rules differ',
  };
}

/** How a chain was left: at its end, or by a verdict for certain. */
type Left = 'fell' | 'ended';

/** Follows one packet through a chain of the kernel's and those that it calls, with every doubt both ways. */
class ChainWalk {
  readonly #table: FirewallTable;
  readonly #packet: Packet;
  readonly #verdicts: Verdict[] = [];
  #steps = 0;
  exhausted = false;
  /** Everything that was not certain and mattered. */
  readonly doubts: Doubt[] = [];
  /** Somebody may have been blocked for a reason that nobody understood: who is let in afterwards is not certain. */
  #shadow: Doubt | undefined;

  constructor(table: FirewallTable, packet: Packet) {
    this.#table = table;
    this.#packet = packet;
  }

  base(name: string, hook: FirewallHook, doubt: Doubt | undefined): readonly Verdict[] {
    const left = this.#chain(name, [name], doubt);
    if (left === 'fell') this.#add(hook.policy, { table: this.#table, chain: name, path: [name] }, doubt);
    if (doubt !== undefined) this.#add('accept', { table: this.#table, chain: name, path: [name] }, undefined);
    return this.#verdicts;
  }

  #add(verdict: Verdict['verdict'], place: Place, doubt: Doubt | undefined, how?: string): void {
    const blocks = verdict === 'drop' || verdict === 'reject';
    const shadowed = blocks ? doubt : worse(doubt, this.#shadow);
    this.#verdicts.push({
      verdict,
      place,
      ...(how === undefined ? {} : { how }),
      ...(shadowed === undefined ? {} : { doubt: shadowed }),
    });
    if (blocks && doubt?.depends === 'unknown') this.#shadow ??= doubt;
  }

  #chain(name: string, path: readonly string[], doubt: Doubt | undefined): Left {
    const chain = Object.hasOwn(this.#table.chains, name) ? this.#table.chains[name] : undefined;
    if (path.length > maximumDepth || chain === undefined) {
      this.exhausted ||= path.length > maximumDepth;
      return 'fell';
    }
    let falls = false;
    for (const rule of chain.rules) {
      this.#steps += 1;
      if (this.#steps > maximumSteps) this.exhausted = true;
      if (this.exhausted) return 'ended';
      const met = meetsAll(rule.conditions, this.#packet);
      if (met === false) continue;
      const certain = met === true;
      const own = certain ? doubt : worse(met, doubt);
      if (!certain && rule.action.do !== 'continue') this.doubts.push(met);
      const place: Place = { table: this.#table, chain: name, rule, path };
      const { action } = rule;
      switch (action.do) {
        case 'continue':
          break;
        case 'return':
          if (certain) return 'fell';
          falls = true;
          if (met.depends === 'unknown') this.#shadow ??= met;
          break;
        case 'accept':
        case 'drop':
          this.#add(action.do, place, own);
          if (certain) return falls ? 'fell' : 'ended';
          break;
        case 'reject':
          this.#add('reject', place, own, action.with);
          if (certain) return falls ? 'fell' : 'ended';
          break;
        case 'jump':
          if (this.#chain(action.chain, [...path, action.chain], own) === 'ended' && certain)
            return falls ? 'fell' : 'ended';
          break;
        case 'goto':
          // Comes back to where this chain was called from.
          if (this.#chain(action.chain, [...path, action.chain], own) === 'fell') falls = true;
          if (certain) return falls ? 'fell' : 'ended';
          break;
        case 'other':
          this.#add('elsewhere', place, own);
          if (certain) return 'ended';
          break;
      }
    }
    return 'fell';
  }
}

const worse = (one: Doubt | undefined, another: Doubt | undefined): Doubt | undefined =>
  one?.depends === 'unknown' || another === undefined
    ? one
    : another.depends === 'unknown'
      ? another
      : (one ?? another);

function meetsAll(conditions: readonly FirewallCondition[], packet: Packet): Met {
  let doubt: Doubt | undefined;
  for (const condition of conditions) {
    const met = meets(condition, packet);
    if (met === false) return false;
    if (met !== true) doubt = worse(met, doubt);
  }
  return doubt ?? true;
}

function meets(condition: FirewallCondition, packet: Packet): Met {
  const met = plainly(condition, packet);
  return 'negated' in condition && condition.negated === true && typeof met === 'boolean' ? !met : met;
}

function plainly(condition: FirewallCondition, packet: Packet): Met {
  switch (condition.on) {
    case 'family':
      return condition.family === packet.family;
    case 'protocol':
      return condition.names.some((name) => name === 'tcp' || name === '6');
    case 'destination-port':
      return holds(condition.ranges, packet.port);
    case 'source-port':
      return coversAllPorts(condition.ranges) || { depends: 'peer', because: 'it depends on the port of the client' };
    case 'interface':
      return onInterface(condition.names, packet.way);
    case 'source':
      return fromSource(condition.addresses);
    case 'destination':
      return toDestination(condition.addresses, packet);
    case 'state':
      return condition.states.includes('new');
    case 'constant':
      return condition.holds;
    case 'any': {
      const each = condition.of.map((conditions) => meetsAll(conditions, packet));
      return each.includes(true) ? true : (each.find((met): met is Doubt => typeof met !== 'boolean') ?? false);
    }
    case 'peer':
      return { depends: 'peer', because: `it depends on who connects (${condition.text})` };
    case 'other':
      return { depends: 'unknown', because: `${condition.text} in a rule is not understood` };
  }
}

const holds = (ranges: readonly PortRange[], port: number): boolean =>
  ranges.some(([low, high]) => low <= port && port <= high);

/** Clients take a port of their own choice, never one of the first 1024. */
const coversAllPorts = (ranges: readonly PortRange[]): boolean =>
  ranges.some(([low, high]) => low <= 1024 && high >= 65_535);

function onInterface(names: readonly string[], way: string | undefined): Met {
  if (way !== undefined)
    return names.some((name) => (name.endsWith('*') ? way.startsWith(name.slice(0, -1)) : name === way));
  if (names.includes('*')) return true;
  // `virbr*` is meant for virbr0 and others.
  if (names.every((name) => inner.test(name.replace(/\*$/, '0')))) return false;
  return { depends: 'peer', because: `it depends on the interface (${names.join(', ')})` };
}

function fromSource(addresses: readonly string[]): Met {
  if (addresses.some((address) => /^(?:0\.0\.0\.0|::)\/0$/.test(address))) return true;
  if (addresses.every((address) => /^(?:127\.|::1(?:\/128)?$)/.test(address))) return false;
  return { depends: 'peer', because: `it depends on the address of the client (${addresses.slice(0, 3).join(', ')})` };
}

function toDestination(addresses: readonly string[], { address, family }: Packet): Met {
  if (addresses.some((one) => /^(?:0\.0\.0\.0|::)\/0$/.test(one))) return true;
  const number = address === undefined ? undefined : addressNumber(address);
  if (number === undefined)
    return {
      depends: 'peer',
      because: `it depends on the address that is called (${addresses.slice(0, 3).join(', ')})`,
    };
  let readable = true;
  for (const one of addresses) {
    const range = addressRange(one);
    if (range === undefined) readable = false;
    else if (range.family === family && range.first <= number && number <= range.last) return true;
  }
  return readable ? false : { depends: 'unknown', because: `the addresses ${addresses.slice(0, 3).join(', ')}` };
}

function addressNumber(text: string): bigint | undefined {
  const canonical = canonicalAddress(text);
  if (canonical === undefined) return undefined;
  if (isIPv4(canonical)) return canonical.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  const [head = '', tail] = canonical.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** First and last address of one, of `address/length`, `address/mask` or `first-last`. */
function addressRange(
  text: string,
): { readonly family: 'ipv4' | 'ipv6'; readonly first: bigint; readonly last: bigint } | undefined {
  const [start = '', end] = text.split('-');
  const [address = '', mask] = start.split('/');
  const first = addressNumber(address);
  if (first === undefined) return undefined;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (end !== undefined) {
    const last = addressNumber(end);
    return last === undefined ? undefined : { family, first, last };
  }
  const bits = family === 'ipv4' ? 32 : 128;
  const length = mask === undefined ? bits : /^\d{1,3}$/.test(mask) ? Number(mask) : maskLength(mask);
  if (length === undefined || length > bits) return undefined;
  const size = 1n << BigInt(bits - length);
  const base = first - (first % size);
  return { family, first: base, last: base + size - 1n };
}

/** `255.255.255.0`, as iptables-save prints no more, and files may. */
function maskLength(mask: string): number | undefined {
  const number = isIPv4(mask) ? addressNumber(mask) : undefined;
  if (number === undefined) return undefined;
  const digits = number.toString(2).padStart(32, '0');
  return /^1*0*$/.test(digits) ? digits.lastIndexOf('1') + 1 : undefined;
}

/** For people, to stand after "by": which rule of which chain, or whose policy. */
export function placeText({ table, chain, rule, path }: Place): string {
  const zone = firewalldZone(path);
  if (zone !== undefined) return `the zone ${zone} of firewalld`;
  const where = `chain ${chain} of the ${table.program === 'nft' ? 'nftables' : table.program} table ${table.program === 'nft' ? `${table.family} ` : ''}${table.name}`;
  return rule === undefined ? `the policy of ${where}` : `a rule of ${where}${ruleText(rule)}`;
}

/** The zone to whose chains firewalld sent the packet; its chains are `filter_IN_ZONE`, with iptables `IN_ZONE`. */
export const firewalldZone = (path: readonly string[]): string | undefined =>
  path.some((name) => /(?:^|_)INPUT_ZONES$/.test(name))
    ? path.flatMap((name) => /^(?:filter_)?IN_(.+?)(?:_(?:pre|log|deny|allow|post))?$/.exec(name)?.[1] ?? [])[0]
    : undefined;

function ruleText({ conditions, action }: FirewallRule): string {
  const parts = conditions.flatMap((condition): readonly string[] => {
    const not = 'negated' in condition && condition.negated === true ? '!= ' : '';
    switch (condition.on) {
      case 'destination-port':
      case 'source-port': {
        const ranges = condition.ranges
          .slice(0, 4)
          .map(([low, high]) => (low === high ? String(low) : `${low}-${high}`));
        return [`${condition.on === 'destination-port' ? 'dport' : 'sport'} ${not}${ranges.join(',')}`];
      }
      case 'interface':
        return [`interface ${not}${condition.names.slice(0, 4).join(',')}`];
      case 'source':
      case 'destination':
        return [`${condition.on} ${not}${condition.addresses.slice(0, 4).join(',')}`];
      case 'protocol':
        return [`${not}${condition.names.slice(0, 4).join(',')}`];
      case 'family':
      case 'state':
      case 'constant':
      case 'any':
      case 'peer':
      case 'other':
        return [];
    }
  });
  const what = action.do === 'reject' && action.with !== undefined ? `reject with ${action.with}` : action.do;
  return ` (${[...new Set([...parts, what])].join(' ')})`;
}
