import type { FirewalldPort, FirewalldRichRule, FirewalldZone, PortRange } from '../facts/firewall.ts';
import { parseXml, XmlError, type XmlElement } from './xml.ts';

type Building<T> = { -readonly [K in keyof T]: T[K] };

const emptyZone = (): Building<FirewalldZone> => ({
  target: 'default',
  interfaces: [],
  sources: [],
  services: [],
  ports: [],
  sourcePorts: [],
  protocols: [],
  forwardPorts: [],
  richRules: [],
});

const targetOf = (text: string | undefined): FirewalldZone['target'] =>
  text === 'ACCEPT' || text === 'DROP' ? text : text === '%%REJECT%%' || text === 'REJECT' ? 'REJECT' : 'default';

/** A port or range such as `5900-5903`; undefined for anything else, names of services included. */
function portsOf(text: string | undefined): PortRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '');
  if (match === null) return undefined;
  const [low, high] = [Number(match[1]), Number(match[2] ?? match[1])];
  return low <= 65_535 && high <= 65_535 ? [low, high] : undefined;
}

function portOf(ports: string | undefined, protocol: string | undefined): readonly FirewalldPort[] {
  const range = portsOf(ports);
  return range === undefined || protocol === undefined ? [] : [{ protocol, ports: range }];
}

/** A document's root, if it is the element of that name; undefined for what is no XML. */
function rootOf(text: string, name: string): XmlElement | undefined {
  try {
    const root = parseXml(text);
    return root.name === name ? root : undefined;
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

/** A zone's file (firewalld.zone(5)); undefined when it is none. */
export function parseFirewalldZone(text: string): FirewalldZone | undefined {
  const root = rootOf(text, 'zone');
  if (root === undefined) return undefined;
  const children = (name: string) => root.children.filter((child) => child.name === name);
  const values = (element: string, attribute: string) =>
    children(element).flatMap(({ attributes }) => attributes.get(attribute) ?? []);
  const ports = (element: string) =>
    children(element).flatMap(({ attributes }) => portOf(attributes.get('port'), attributes.get('protocol')));
  return {
    target: targetOf(root.attributes.get('target')),
    interfaces: values('interface', 'name'),
    sources: children('source').flatMap(
      ({ attributes }) => attributes.get('address') ?? attributes.get('mac') ?? attributes.get('ipset') ?? [],
    ),
    services: values('service', 'name'),
    ports: ports('port'),
    sourcePorts: ports('source-port'),
    protocols: values('protocol', 'value'),
    forwardPorts: ports('forward-port').flatMap(({ protocol, ports: range }) => (protocol === 'tcp' ? [range] : [])),
    richRules: children('rule').map(richRuleOfXml),
  };
}

/** The ports of a service's file, and the services that it includes (firewalld.service(5)); undefined when it is none. */
export function parseFirewalldService(
  text: string,
): { readonly ports: readonly FirewalldPort[]; readonly includes: readonly string[] } | undefined {
  const root = rootOf(text, 'service');
  if (root === undefined) return undefined;
  return {
    ports: root.children.flatMap(({ name, attributes }) =>
      name === 'port' ? portOf(attributes.get('port'), attributes.get('protocol')) : [],
    ),
    includes: root.children.flatMap(({ name, attributes }) =>
      name === 'include' ? (attributes.get('service') ?? []) : [],
    ),
  };
}

/** The default zone of firewalld.conf; its own default where there is none. */
export const parseDefaultZone = (text: string): string => /^\s*DefaultZone\s*=\s*(\S+)/m.exec(text)?.[1] ?? 'public';

const maximumRichRules = 1000;

/** What `firewall-cmd --list-all-zones` prints, by zone, and the default one where newer versions mark it. */
export function parseZoneListing(text: string): {
  readonly zones: Readonly<Record<string, FirewalldZone>>;
  readonly defaultZone?: string;
} {
  const zones = new Map<string, Building<FirewalldZone>>();
  let zone: Building<FirewalldZone> | undefined;
  let defaultZone: string | undefined;
  for (const line of text.split('\n', 100_000)) {
    const head = /^([^\s:(]+)(?: \(([^)]*)\))?$/.exec(line);
    if (head?.[1] !== undefined) {
      zone = emptyZone();
      zones.set(head[1], zone);
      if (head[2]?.split(', ').includes('default') === true) defaultZone = head[1];
      continue;
    }
    if (zone === undefined) continue;
    const rich = /^\s+(rule\b.*)$/.exec(line)?.[1];
    if (rich !== undefined) {
      if (zone.richRules.length < maximumRichRules) zone.richRules = [...zone.richRules, parseRichRule(rich)];
      continue;
    }
    const setting = /^ {2}([a-z -]+): ?(.*)$/.exec(line);
    const words = (setting?.[2] ?? '').split(' ').filter((word) => word !== '');
    const ports = () => words.flatMap((word) => portOf(word.split('/')[0], word.split('/')[1]));
    switch (setting?.[1] ?? '') {
      case 'target':
        zone.target = targetOf(words[0]);
        break;
      case 'interfaces':
        zone.interfaces = words;
        break;
      case 'sources':
        zone.sources = words;
        break;
      case 'services':
        zone.services = words;
        break;
      case 'ports':
        zone.ports = ports();
        break;
      case 'source-ports':
        zone.sourcePorts = ports();
        break;
      case 'protocols':
        zone.protocols = words;
        break;
    }
    const forwarded = /\bport=([\d-]+):proto=tcp:/.exec(line)?.[1];
    const range = portsOf(forwarded);
    if (range !== undefined) zone.forwardPorts = [...zone.forwardPorts, range];
  }
  return {
    zones: Object.fromEntries(zones) as Record<string, FirewalldZone>,
    ...(defaultZone === undefined ? {} : { defaultZone }),
  };
}

const elements: ReadonlySet<string> = new Set([
  ...[
    'service',
    'port',
    'protocol',
    'icmp-block',
    'icmp-type',
    'masquerade',
    'forward-port',
    'source-port',
    'tcp-mss-clamp',
  ],
]);

/** A rich rule as firewalld.richlanguage(5) writes it. */
export function parseRichRule(text: string): FirewalldRichRule {
  const rule: Building<FirewalldRichRule> = { priority: 0, action: 'none' };
  let element = 'rule';
  let not = false;
  for (const [, name, quoted, bare, word] of text.slice(0, 4096).matchAll(/([a-z-]+)=(?:"([^"]*)"|(\S+))|([^\s=]+)/g)) {
    if (word !== undefined) {
      if (word === 'NOT' || word === 'not') not = true;
      else element = begin(rule, word);
    } else {
      attribute(rule, element, name ?? '', quoted ?? bare ?? '', not);
      not = false;
    }
  }
  return rule;
}

function richRuleOfXml(root: XmlElement): FirewalldRichRule {
  const rule: Building<FirewalldRichRule> = { priority: 0, action: 'none' };
  for (const [name, value] of root.attributes) attribute(rule, 'rule', name, value, false);
  for (const child of root.children) {
    begin(rule, child.name);
    const inverted = /^(?:yes|true|1)$/i.test(child.attributes.get('invert') ?? '');
    for (const [name, value] of child.attributes) attribute(rule, child.name, name, value, inverted);
  }
  return rule;
}

/** What an element's name alone says. */
function begin(rule: Building<FirewalldRichRule>, element: string): string {
  if (element === 'accept' || element === 'reject' || element === 'drop') rule.action = element;
  else if (elements.has(element) && element !== 'service' && element !== 'port') rule.other = element;
  return element;
}

function attribute(
  rule: Building<FirewalldRichRule>,
  element: string,
  name: string,
  value: string,
  not: boolean,
): void {
  switch (`${element} ${name}`) {
    case 'rule family':
      if (value === 'ipv4' || value === 'ipv6') rule.family = value;
      break;
    case 'rule priority':
      rule.priority = /^-?\d{1,5}$/.test(value) ? Number(value) : 0;
      break;
    case 'source address':
    case 'source mac':
    case 'source ipset':
      rule.source = value;
      if (not) rule.sourceNegated = true;
      break;
    case 'destination address':
    case 'destination ipset':
      rule.destination = not ? `not ${value}` : value;
      break;
    case 'service name':
      rule.service = value;
      break;
    case 'port port': {
      const ports = portsOf(value);
      if (ports === undefined) rule.other = 'port';
      else rule.port = { protocol: rule.port?.protocol ?? 'tcp', ports };
      break;
    }
    case 'port protocol':
      rule.port = { protocol: value, ports: rule.port?.ports ?? [0, 65_535] };
      break;
  }
}
