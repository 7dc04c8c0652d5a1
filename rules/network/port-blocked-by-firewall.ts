import { placeText, treatment, type Place, type Treatment } from '../../src/domain/firewall.ts';
import { openingSteps } from '../../src/domain/firewall-opening.ts';
import { calledAddresses, openedPortFacts, openedPorts, type OpenedPorts } from '../../src/domain/opened-ports.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { Known } from '../../src/facts/facts.ts';
import type { PortRange } from '../../src/facts/firewall.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file, type Subject } from '../../src/rule/subject.ts';

const familyNames = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;
type Family = keyof typeof familyNames;
type Blocked = Extract<Treatment, { outcome: 'dropped' | 'rejected' }>;

export default defineRule({
  id: 'port-blocked-by-firewall',
  title: 'The firewall of this host blocks a port that its configuration opens',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...openedPortFacts, 'operatingSystem', 'firewall', 'observations'],
  rationale:
    'What listens answers programs of the same host, so that all looks well there, while the packets of other hosts never arrive.',
  remedy: 'Let the firewall accept new connections to the port, from those networks only that clients are in.',
  references: [
    { title: 'libvirt: remote support', url: 'https://libvirt.org/remote.html' },
    { title: 'firewalld: services', url: 'https://firewalld.org/documentation/service/' },
  ],
  sources: [
    'nftables libnftables-json(5); linux net/netfilter/nf_tables_core.c: nft_do_chain',
    'iptables-save(8), iptables-extensions(8)',
    'firewalld 1.3 and 2.3 src/firewall/core/nftables.py; config/services/{libvirt,libvirt-tls,vnc-server}.xml',
    'observed with nftables 1.0.6, iptables 1.8.9 and firewalld 1.3.3',
  ],
  messages: {
    blocked: (d: {
      ports: string;
      use: string;
      over: string;
      verb: 'drops' | 'rejects';
      by: string;
      error: string;
    }) => ({
      message: `The firewall ${d.verb} connections${d.over} to ${d.ports}, ${d.use}`,
      seen: `new connections from other hosts are ${d.verb === 'drops' ? 'dropped' : 'rejected'} by ${d.by}`,
      needed: `a rule that accepts new TCP connections to ${d.ports}`,
      effect: `clients of other hosts ${d.error}`,
    }),
    seen: (d: { ports: string; use: string; host: string; verb: 'dropped' | 'rejected' }) => ({
      message: `Connections to ${d.ports}, ${d.use}, do not arrive even from this host`,
      seen: `an attempt from here to ${d.host} was ${d.verb} (scan --probe); the rules themselves are not known`,
      needed: `a rule that accepts new TCP connections to ${d.ports}`,
      effect: `clients of other hosts ${d.verb === 'dropped' ? 'wait, and then see: Connection timed out' : 'see: No route to host'}`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const { firewall } = facts;
    if (!firewall.observed) return notApplicable('no firewall is set up in this image');
    const { opened, gaps } = openedPorts(facts);
    const unseen = gaps.map(({ path, because }) => undetermined(file(path), because));
    if (opened.length === 0) return unseen.length > 0 ? unseen : notApplicable('this host opens no port to others');
    // Without the rules, only what becomes of a connection tells; from this host more arrive than from others.
    const felt = ({ ports, use }: OpenedPorts): Violation | undefined => {
      const sight = blockedSight(facts, ports);
      if (sight === undefined) return undefined;
      const { host, port, verb } = sight;
      const text = portsText(ports);
      return violation(
        'seen',
        { kind: 'endpoint', host, port },
        { ports: text, use, host, verb },
        {
          fix: {
            title: `Let the firewall accept connections to ${text}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `as root, firewall-cmd --list-all, nft list ruleset and iptables-save show what keeps connections away; let it accept new ones to ${text} from the networks that clients are in`,
              },
            ],
          },
        },
      );
    };
    if (!firewall.tables.known && firewall.firewalld === undefined) {
      const verdicts = distinct(opened).map(felt);
      const kept = verdicts.filter((one) => one !== undefined);
      return [
        ...unseen,
        ...kept,
        ...(kept.length === verdicts.length ? [] : [undetermined({ kind: 'host' }, firewall.tables)]),
      ];
    }
    const judged = distinct(opened).map((one): Violation | Undetermined | undefined => {
      const { ports, address, use, kind, guarded } = one;
      const [first, last] = ports;
      const families = calledAddresses(facts, address).map(({ family, addresses }) => ({
        family,
        result: best(
          addresses.flatMap((called) =>
            // The ends of a range speak for it.
            [...new Set(ports)].map((port) =>
              treatment(firewall, {
                protocol: 'tcp',
                port,
                family,
                ...(called === undefined ? {} : { address: called }),
              }),
            ),
          ),
          kind === 'migration',
        ),
      }));
      const subject: Subject = { kind: 'endpoint', host: address ?? '0.0.0.0', port: first };
      const blocked = families.filter((each): each is { family: Family; result: Blocked } => isBlocked(each.result));
      const [worst] = blocked;
      if (worst === undefined) {
        const doubt = families
          .map(({ result }) => result)
          .find((result) => result.outcome === 'undecided' && result.depends === 'unknown');
        return doubt?.outcome === 'undecided'
          ? (felt(one) ?? undetermined(subject, unknown('unsupported', doubt.because)))
          : undefined;
      }
      const places = distinctPlaces(blocked.map(({ result }) => result.by));
      return violation(
        'blocked',
        subject,
        {
          ports: portsText(ports),
          use,
          over: blocked.length === families.length ? '' : ` over ${familyNames[worst.family]}`,
          verb: worst.result.outcome === 'dropped' ? 'drops' : 'rejects',
          by: places.map(placeText).join(' and '),
          error: errorText(worst.result),
        },
        {
          fix: {
            title:
              first === last
                ? `Let the firewall accept connections to port ${first}`
                : 'Let the firewall accept connections to these ports',
            applicability: guarded ? 'unsafe' : 'manual',
            steps: [
              ...(guarded ? [] : [{ kind: 'manual' as const, instruction: caution(kind, first) }]),
              ...places.flatMap((place) => openingSteps(place, ports, facts)),
            ],
          },
        },
      );
    });
    return [...unseen, ...judged.filter((one) => one !== undefined)];
  },
});

const portsText = ([first, last]: PortRange): string =>
  first === last ? `port ${first}` : `ports ${first} to ${last}`;

interface BlockedSight {
  readonly host: string;
  readonly port: number;
  readonly verb: 'dropped' | 'rejected';
}

/** A port of these on which every connection from this host to itself was kept away; undefined where none was tried, or one arrived. */
function blockedSight({ observations }: Known<'observations'>, [first, last]: PortRange): BlockedSight | undefined {
  const tried = observations.flatMap(({ observation: { host, port, addresses } }) =>
    port < first || port > last ? [] : addresses.map(({ connection }) => ({ host, port, connection })),
  );
  if (tried.some(({ connection }) => connection.seen || connection.reason === 'refused')) return undefined;
  return tried.flatMap(({ host, port, connection }): readonly BlockedSight[] => {
    if (connection.seen) return [];
    if (connection.reason === 'filtered') return [{ host, port, verb: 'dropped' }];
    // To its own addresses every host has a way.
    return connection.reason === 'unreachable' || connection.reason === 'not-permitted'
      ? [{ host, port, verb: 'rejected' }]
      : [];
  })[0];
}

const isBlocked = ({ outcome }: Treatment): boolean => outcome === 'dropped' || outcome === 'rejected';

/** The best of several addresses is what counts, for a client may take any; of a range of ports that are all needed it is the worst. */
function best(treatments: readonly Treatment[], all: boolean): Treatment {
  const blocked = treatments.find(isBlocked);
  const undecided = treatments.filter((one) => one.outcome === 'undecided');
  const doubt = undecided.find(({ depends }) => depends === 'unknown') ?? undecided[0];
  const accepted = treatments.find(({ outcome }) => outcome === 'accepted');
  return (all ? (blocked ?? doubt ?? accepted) : (accepted ?? doubt ?? blocked)) ?? { outcome: 'accepted' };
}

/** The same port for several displays, or by qemu.conf and by a guest, is one port. */
const distinct = (opened: readonly OpenedPorts[]): readonly OpenedPorts[] =>
  opened.filter(
    (one, index) =>
      opened.findIndex(({ ports, address }) => ports[0] === one.ports[0] && address === one.address) === index,
  );

const distinctPlaces = (places: readonly Place[]): readonly Place[] =>
  places.filter((one, index) => places.findIndex((other) => placeText(other) === placeText(one)) === index);

function errorText(blocked: Blocked): string {
  if (blocked.outcome === 'dropped') return 'wait, and then see: Connection timed out';
  if (/reset|port-unreach|port unreach/.test(blocked.how)) return 'see: Connection refused';
  return /net-/.test(blocked.how) ? 'see: Network is unreachable' : 'see: No route to host';
}

function caution(kind: OpenedPorts['kind'], port: number): string {
  switch (kind) {
    case 'tcp':
      return `decide whether clients need port ${port} at all: it is not encrypted but by SASL with GSSAPI; TLS on port 16514 does without it`;
    case 'nbd':
      return `decide who needs port ${port}, and open it for these addresses only: what an NBD server asks of its clients is not seen here`;
    case 'migration':
      return 'decide from which hosts guests come, and open the ports for these only: migration here is not set to TLS';
    case 'tls':
    case 'console':
      return `decide whether others need port ${port}: this console is not encrypted by TLS`;
  }
}
