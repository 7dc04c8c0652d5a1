import type {
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallHook,
  FirewallRule,
  FirewallTable,
  PortRange,
} from '../facts/firewall.ts';

/** Priorities of the chains that an incoming connection meets (linux netfilter_ipv4.h: nf_ip_hook_priorities). */
const hooks: Readonly<Record<string, Omit<FirewallHook, 'policy'>>> = {
  'raw PREROUTING': { name: 'prerouting', priority: -300 },
  'mangle PREROUTING': { name: 'prerouting', priority: -150 },
  'nat PREROUTING': { name: 'prerouting', priority: -100 },
  'mangle INPUT': { name: 'input', priority: -150 },
  'filter INPUT': { name: 'input', priority: 0 },
  'security INPUT': { name: 'input', priority: 50 },
  'nat INPUT': { name: 'input', priority: 100 },
};
/** Built-in chains that it does not meet. */
const elsewhere: ReadonlySet<string> = new Set(['FORWARD', 'OUTPUT', 'POSTROUTING']);

const maximumLines = 200_000;

/**
 * Reads what iptables-save or ip6tables-save prints, or a file in its grammar; `program` is what changes these rules. Lines that are no
 * such thing are passed over, and an option that is not known makes its rule one that is not understood.
 */
export function parseIptablesSave(text: string, program: string): readonly FirewallTable[] {
  const family = program.startsWith('ip6') ? 'ip6' : 'ip';
  const tables: { name: string; chains: Map<string, { hook?: FirewallHook; rules: FirewallRule[] }> }[] = [];
  for (const line of text.split('\n', maximumLines)) {
    const table = tables.at(-1);
    if (line.startsWith('*')) tables.push({ name: line.slice(1).trim(), chains: new Map() });
    else if (table === undefined) continue;
    else if (line.startsWith(':')) {
      const [name = '', policy] = line.slice(1).split(' ');
      if (elsewhere.has(name)) continue;
      const hook = hooks[`${table.name} ${name}`];
      table.chains.set(name, {
        ...(hook === undefined ? {} : { hook: { ...hook, policy: policy === 'DROP' ? 'drop' : 'accept' } }),
        rules: [],
      });
    } else {
      const words = wordsOf(line.replace(/^\[\d+:\d+\]\s*/, ''));
      const [append, chain = ''] = words;
      if (append !== '-A' && append !== '--append') continue;
      table.chains.get(chain)?.rules.push(ruleOf(words.slice(2), (name) => table.chains.has(name)));
    }
  }
  return tables.map(({ name, chains }) => ({
    family,
    name,
    program,
    chains: Object.fromEntries(chains) as Record<string, FirewallChain>,
  }));
}

/** Words as iptables-restore splits them: quotation marks with backslashes inside (xshared.c: add_param_to_argv). */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s"]+/g)].map(([whole, quoted]) =>
    quoted === undefined ? whole : quoted.replace(/\\(.)/g, '$1'),
  );
}

/** Options by how many arguments they take, where that is not one. */
const arities: Readonly<Record<string, number>> = {
  '--syn': 0,
  '--tcp-flags': 2,
  '--match-set': 2,
  '--set': 0,
  '--rsource': 0,
  '--rdest': 0,
  '--rcheck': 0,
  '--update': 0,
  '--remove': 0,
  '--rttl': 0,
  '--reap': 0,
  '--connlimit-saddr': 0,
  '--connlimit-daddr': 0,
  '--transparent': 0,
  '--nowildcard': 0,
  '--restore-skmark': 0,
  '--validmark': 0,
  '--loose': 0,
  '--accept-local': 0,
  '--invert': 0,
  '--physdev-is-in': 0,
  '--physdev-is-out': 0,
  '--physdev-is-bridged': 0,
  '--limit-iface-in': 0,
  '--fragment': 0,
  '-f': 0,
  '--notrack': 0,
  '--return-nomatch': 0,
};

function ruleOf(words: readonly string[], isChain: (name: string) => boolean): FirewallRule {
  const conditions: FirewallCondition[] = [];
  let action: FirewallAction = { do: 'continue' };
  let not = false;
  let module = '';
  for (let at = 0; at < words.length;) {
    const option = words[at] ?? '';
    at += 1;
    if (option === '!') {
      not = true;
      continue;
    }
    const values = words.slice(at, at + (Object.hasOwn(arities, option) ? (arities[option] ?? 1) : 1));
    at += values.length;
    if (option === '-m' || option === '--match') {
      module = values[0] ?? '';
      if (module === 'rpfilter') conditions.push(...rpfilter(words.slice(at)));
    } else if (option === '-j' || option === '--jump') {
      const rest = words.slice(at);
      action = targetOf(values[0] ?? '', rest, isChain);
      break;
    } else if (option === '-g' || option === '--goto') action = { do: 'goto', chain: values[0] ?? '' };
    else conditions.push(...conditionOf(option, values, not, module));
    not = false;
  }
  return { conditions, action };
}

/** The way back to the peer is the one on which it came; `--invert` asks for the contrary. */
const rpfilter = (rest: readonly string[]): readonly FirewallCondition[] => [
  constant(!rest.includes('--invert'), 'the reverse path'),
];

function targetOf(target: string, options: readonly string[], isChain: (name: string) => boolean): FirewallAction {
  if (isChain(target)) return { do: 'jump', chain: target };
  switch (target) {
    case 'ACCEPT':
    case 'DROP':
    case 'RETURN':
      return { do: target.toLowerCase() as 'accept' | 'drop' | 'return' };
    case 'REJECT': {
      const how = options[options.indexOf('--reject-with') + 1];
      return options.includes('--reject-with') && how !== undefined
        ? { do: 'reject', with: how.replace(/^tcp-re?se?t$/, 'tcp reset') }
        : { do: 'reject' };
    }
    case 'CT':
      return options.includes('--notrack') ? { do: 'other', text: 'notrack' } : { do: 'continue' };
    case 'LOG':
    case 'NFLOG':
    case 'ULOG':
    case 'MARK':
    case 'CONNMARK':
    case 'CONNSECMARK':
    case 'SECMARK':
    case 'SET':
    case 'AUDIT':
    case 'TCPMSS':
    case 'CLASSIFY':
    case 'DSCP':
    case 'TOS':
    case 'TTL':
    case 'HL':
    case 'CHECKSUM':
    case 'TRACE':
    case 'TEE':
    case 'SNAT':
    case 'MASQUERADE':
    case '':
      return { do: 'continue' };
    default:
      return { do: 'other', text: `-j ${target.slice(0, 40)}` };
  }
}

const constant = (holds: boolean, text: string): FirewallCondition => ({ on: 'constant', holds, text });

function conditionOf(
  option: string,
  values: readonly string[],
  not: boolean,
  module: string,
): readonly FirewallCondition[] {
  const value = values[0] ?? '';
  const text = [...(not ? ['!'] : []), option, ...values].join(' ').slice(0, 80);
  const negated: { negated?: true } = not ? { negated: true } : {};
  const list = value.split(',');
  const fixed = (holds: boolean) => [constant(holds !== not, text)];
  switch (option) {
    case '-p':
    case '--protocol':
      return value === 'all' || value === '0' ? fixed(true) : [{ on: 'protocol', names: [value], ...negated }];
    case '-s':
    case '--source':
      return [{ on: 'source', addresses: [value], ...negated }];
    case '-d':
    case '--destination':
      return [{ on: 'destination', addresses: [value], ...negated }];
    case '-i':
    case '--in-interface':
      return [{ on: 'interface', names: [value.replace(/\+$/, '*')], ...negated }];
    case '--dport':
    case '--destination-port':
    case '--dports':
    case '--destination-ports':
    case '--sport':
    case '--source-port':
    case '--sports':
    case '--source-ports': {
      const ranges = list.map(portRange);
      if (ranges.includes(undefined)) return [{ on: 'other', text }];
      const on = /^--d/.test(option) ? 'destination-port' : 'source-port';
      return [{ on, ranges: ranges as PortRange[], ...negated }];
    }
    case '--state':
    case '--ctstate': {
      const states = list.map((state) => state.toLowerCase());
      return [{ on: 'state', states, ...negated }];
    }
    case '--ctstatus':
      return fixed(list.includes('NONE'));
    case '--ctdir':
      return fixed(value === 'ORIGINAL');
    case '--syn':
      return fixed(true);
    case '--tcp-flags': {
      const asked = list.includes('SYN') || value === 'ALL';
      const set = (values[1] ?? '').split(',').filter((flag) => flag !== 'NONE');
      return fixed(asked ? set.length === 1 && set[0] === 'SYN' : set.length === 0);
    }
    case '--dst-type':
      return fixed(list.includes('LOCAL'));
    case '--src-type':
      return fixed(list.includes('UNICAST'));
    case '--pkt-type':
      return fixed(value === 'unicast');
    case '--connlimit-above':
    case '--hashlimit-above':
      return fixed(false);
    case '--connlimit-upto':
    case '--hashlimit-upto':
    case '--limit':
      return fixed(true);
    case '--comment':
    case '--limit-burst':
    case '--limit-iface-in':
    case '--connlimit-mask':
    case '--connlimit-saddr':
    case '--connlimit-daddr':
    case '--validmark':
    case '--loose':
    case '--accept-local':
    case '--invert':
    case '--return-nomatch':
      return [];
    // A plain packet has none of the headers of IPv6 that these ask for.
    case '--rt-type':
    case '--icmp-type':
    case '--icmpv6-type':
      return [constant(false, text)];
    case '--mac-source':
      return [{ on: 'peer', text }];
    case '--src-range':
      return [{ on: 'source', addresses: [value], ...negated }];
    case '--dst-range':
      return [{ on: 'destination', addresses: [value], ...negated }];
    case '--match-set':
      return [{ on: /^src\b/.test(values[1] ?? '') ? 'peer' : 'other', text }];
    case '--transparent':
    case '--nowildcard':
      return fixed(false);
    case '--pol':
      return fixed(value === 'none');
    case '--dir':
      return [];
  }
  if (module === 'hashlimit') return [];
  if (module === 'recent') return option === '--rcheck' || option === '--update' ? [{ on: 'peer', text }] : [];
  if (module === 'geoip') return [{ on: 'peer', text }];
  return [{ on: 'other', text }];
}

function portRange(text: string): PortRange | undefined {
  const match = /^(\d{0,5})(?:(:)(\d{0,5}))?$/.exec(text);
  if (match === null || text === '') return undefined;
  const low = match[1] === '' ? 0 : Number(match[1]);
  const high = match[2] === undefined ? low : match[3] === '' ? 65_535 : Number(match[3]);
  return low > 65_535 || high > 65_535 ? undefined : [low, high];
}
