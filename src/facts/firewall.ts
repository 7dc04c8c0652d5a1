import type { Fact } from './fact.ts';

/** First and last, both included. */
export type PortRange = readonly [number, number];

/**
 * What a rule of a packet filter asks of a packet. Addresses are as they are written: one, `address/length`, or `first-last`; an
 * interface may end in `*`.
 */
export type FirewallCondition =
  | { readonly on: 'family'; readonly family: 'ipv4' | 'ipv6' }
  | { readonly on: 'protocol'; readonly names: readonly string[]; readonly negated?: true }
  | {
      readonly on: 'destination-port' | 'source-port';
      readonly ranges: readonly PortRange[];
      readonly negated?: true;
    }
  | { readonly on: 'interface'; readonly names: readonly string[]; readonly negated?: true }
  | { readonly on: 'source' | 'destination'; readonly addresses: readonly string[]; readonly negated?: true }
  /** Of connection tracking, in lower case. */
  | { readonly on: 'state'; readonly states: readonly string[]; readonly negated?: true }
  /** Asks what the first packet of a TCP connection from another host always, or never, is. */
  | { readonly on: 'constant'; readonly holds: boolean; readonly text: string }
  /** One of several combinations: a set of concatenations. */
  | {
      readonly on: 'any';
      readonly of: readonly (readonly FirewallCondition[])[];
      readonly negated?: true;
    }
  /** Depends on who connects, and when. */
  | { readonly on: 'peer'; readonly text: string }
  /** Not understood. */
  | { readonly on: 'other'; readonly text: string };

/** What becomes of a packet that meets all conditions. */
export type FirewallAction =
  | { readonly do: 'accept' | 'drop' | 'return' | 'continue' }
  /** `with` in the words of the program: `tcp reset`, `icmpx admin-prohibited`; absent for its default, an unreachable port. */
  | { readonly do: 'reject'; readonly with?: string }
  | { readonly do: 'jump' | 'goto'; readonly chain: string }
  /** Sends it elsewhere (DNAT, a proxy, a queue), or is not understood. */
  | { readonly do: 'other'; readonly text: string };

export interface FirewallRule {
  readonly conditions: readonly FirewallCondition[];
  readonly action: FirewallAction;
}

/** Where the kernel calls a chain. */
export interface FirewallHook {
  readonly name: 'ingress' | 'prerouting' | 'input';
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Of `ingress`: the only interfaces. */
  readonly devices?: readonly string[];
}

export interface FirewallChain {
  /** Absent for a chain that others call. */
  readonly hook?: FirewallHook;
  readonly rules: readonly FirewallRule[];
}

export interface FirewallTable {
  /** As its program calls it: `inet`, `ip`, `ip6`, `netdev`. */
  readonly family: 'inet' | 'ip' | 'ip6' | 'netdev';
  readonly name: string;
  /** The program that manages it: `nft`, `iptables`, `ip6tables-legacy`. */
  readonly program: string;
  readonly chains: Readonly<Record<string, FirewallChain>>;
}

/** A port or range of a zone or service of firewalld. */
export interface FirewalldPort {
  readonly protocol: string;
  readonly ports: PortRange;
}

/** A rich rule, as far as it may concern a TCP connection to this host. */
export interface FirewalldRichRule {
  readonly family?: 'ipv4' | 'ipv6';
  readonly priority: number;
  /** Address, MAC address or set that the peer is to have, as it is written. */
  readonly source?: string;
  readonly sourceNegated?: true;
  readonly destination?: string;
  readonly service?: string;
  readonly port?: FirewalldPort;
  /** Asks for something else, such as a protocol or an ICMP type. */
  readonly other?: string;
  readonly action: 'accept' | 'reject' | 'drop' | 'none';
}

export interface FirewalldZone {
  readonly target: 'default' | 'ACCEPT' | 'DROP' | 'REJECT';
  readonly interfaces: readonly string[];
  readonly sources: readonly string[];
  readonly services: readonly string[];
  readonly ports: readonly FirewalldPort[];
  readonly sourcePorts: readonly FirewalldPort[];
  /** Protocols that are accepted as a whole. */
  readonly protocols: readonly string[];
  /** TCP ports that are forwarded elsewhere. */
  readonly forwardPorts: readonly PortRange[];
  readonly richRules: readonly FirewalldRichRule[];
}

/** firewalld's own description, from its listing or its files. */
export interface Firewalld {
  readonly defaultZone: string;
  readonly zones: Readonly<Record<string, FirewalldZone>>;
  /** Ports of the services that zones name; one whose definition was not found has no entry. */
  readonly services: Readonly<Record<string, readonly FirewalldPort[]>>;
}

/** The packet filter of this host; nothing is observed of an image that sets none up. */
export type Firewall =
  | { readonly observed: false }
  | {
      readonly observed: true;
      /** All interfaces; absent where they could not be seen. */
      readonly interfaces?: readonly string[];
      /** The rules in force, or those of an image's files; empty where there are none. */
      readonly tables: Fact<readonly FirewallTable[]>;
      /** Where firewalld runs or is switched on, and the rules are not known. */
      readonly firewalld?: Firewalld;
    };
