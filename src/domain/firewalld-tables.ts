import type {
  Firewalld,
  FirewalldPort,
  FirewalldRichRule,
  FirewalldZone,
  FirewallAction,
  FirewallChain,
  FirewallCondition,
  FirewallRule,
  FirewallTable,
} from '../facts/firewall.ts';

const tcpPort = ({ protocol, ports }: FirewalldPort): readonly FirewallCondition[] | undefined =>
  protocol === 'tcp'
    ? [
        { on: 'protocol', names: ['tcp'] },
        { on: 'destination-port', ranges: [ports] },
      ]
    : undefined;

const accept: FirewallAction = { do: 'accept' };
const refusal: FirewallAction = { do: 'reject', with: 'icmpx admin-prohibited' };
const rule = (action: FirewallAction, ...conditions: readonly FirewallCondition[]): FirewallRule => ({
  conditions,
  action,
});

/**
 * The table that firewalld makes of its zones, as far as incoming TCP connections go.
 * Source: firewalld 1.3 and 2.3 src/firewall/core/nftables.py, fw_zone.py, fw_policy.py; firewalld.richlanguage(5).
 */
export function firewalldTable({ zones, defaultZone, services }: Firewalld): FirewallTable {
  const chains: Record<string, FirewallChain> = {};
  const entry = (name: string): FirewallAction => ({ do: 'goto', chain: `filter_IN_${name}` });
  const all = Object.entries(zones);
  chains['filter_INPUT'] = {
    hook: { name: 'input', priority: 10, policy: 'accept' },
    rules: [
      rule(accept, { on: 'state', states: ['established', 'related'] }),
      rule(accept, { on: 'interface', names: ['lo'] }),
      rule({ do: 'jump', chain: 'filter_INPUT_ZONES' }),
      rule(refusal),
    ],
  };
  chains['filter_INPUT_ZONES'] = {
    rules: [
      ...all.flatMap(([name, zone]) => zone.sources.map((source) => rule(entry(name), sourceCondition(source)))),
      ...all.flatMap(([name, zone]) =>
        zone.interfaces.map((one) => rule(entry(name), { on: 'interface', names: [one.replace(/\+$/, '*')] })),
      ),
      rule(entry(defaultZone)),
    ],
  };
  for (const [name, zone] of all) Object.assign(chains, zoneChains(name, zone, services));
  return { family: 'inet', name: 'firewalld', program: 'firewall-cmd', chains };
}

const sourceCondition = (source: string, negated = false): FirewallCondition =>
  /^[0-9a-f.:]+(?:\/\d{1,3})?$/i.test(source) && !/^(?:[0-9a-f]{2}:){5}/i.test(source)
    ? { on: 'source', addresses: [source], ...(negated ? { negated } : {}) }
    : { on: 'peer', text: `source ${source}` };

function zoneChains(
  name: string,
  zone: FirewalldZone,
  services: Firewalld['services'],
): Readonly<Record<string, FirewallChain>> {
  const chain = `filter_IN_${name}`;
  const byPriority = [...zone.richRules].sort((a, b) => a.priority - b.priority);
  const rich = (keep: (one: FirewalldRichRule) => boolean) =>
    byPriority.filter(keep).flatMap((one) => richRules(one, services));
  const denies = ({ action }: FirewalldRichRule) => action === 'drop' || action === 'reject';
  const ofServices = zone.services.flatMap((service) => serviceRules(service, services, []));
  const last: Readonly<Record<FirewalldZone['target'], FirewallAction>> = {
    default: refusal,
    REJECT: refusal,
    DROP: { do: 'drop' },
    ACCEPT: accept,
  };
  const jump = (part: string) => rule({ do: 'jump', chain: `${chain}_${part}` });
  return {
    [chain]: {
      rules: [
        ...zone.forwardPorts.map((ports) =>
          rule({ do: 'other', text: 'a forwarded port' }, ...(tcpPort({ protocol: 'tcp', ports }) ?? [])),
        ),
        ...['pre', 'deny', 'allow', 'post'].map(jump),
        rule(last[zone.target]),
      ],
    },
    [`${chain}_pre`]: { rules: rich(({ priority }) => priority < 0) },
    [`${chain}_deny`]: { rules: rich((one) => one.priority === 0 && denies(one)) },
    [`${chain}_allow`]: {
      rules: [
        ...ofServices,
        ...zone.ports.flatMap((port) => portRules(port, accept, [])),
        ...zone.protocols.map((protocol) => rule(accept, { on: 'protocol', names: [protocol] })),
        ...zone.sourcePorts.flatMap(({ protocol, ports }) =>
          protocol === 'tcp' ? [rule(accept, { on: 'source-port', ranges: [ports] })] : [],
        ),
        ...rich((one) => one.priority === 0 && !denies(one)),
      ],
    },
    [`${chain}_post`]: { rules: rich(({ priority }) => priority > 0) },
  };
}

const portRules = (
  port: FirewalldPort,
  action: FirewallAction,
  before: readonly FirewallCondition[],
): readonly FirewallRule[] => {
  const conditions = tcpPort(port);
  return conditions === undefined ? [] : [rule(action, ...before, ...conditions)];
};

function serviceRules(
  service: string,
  services: Firewalld['services'],
  before: readonly FirewallCondition[],
  action: FirewallAction = accept,
): readonly FirewallRule[] {
  const ports = services[service];
  if (ports === undefined) return [rule(action, ...before, { on: 'other', text: `the service ${service}` })];
  return ports.flatMap((port) => portRules(port, action, before));
}

function richRules(one: FirewalldRichRule, services: Firewalld['services']): readonly FirewallRule[] {
  if (one.action === 'none') return [];
  const action: FirewallAction = one.action === 'reject' ? { do: 'reject' } : { do: one.action };
  const before: readonly FirewallCondition[] = [
    ...(one.family === undefined ? [] : [{ on: 'family', family: one.family } as const]),
    ...(one.source === undefined ? [] : [sourceCondition(one.source, one.sourceNegated)]),
    ...(one.destination === undefined
      ? []
      : [
          one.destination.startsWith('not ')
            ? ({ on: 'destination', addresses: [one.destination.slice(4)], negated: true } as const)
            : ({ on: 'destination', addresses: [one.destination] } as const),
        ]),
  ];
  if (one.service !== undefined) return serviceRules(one.service, services, before, action);
  if (one.port !== undefined) return portRules(one.port, action, before);
  if (one.other !== undefined) return [];
  return [rule(action, ...before)];
}
