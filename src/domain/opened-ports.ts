import { canonicalAddress, isIPv4 } from '../facts/address.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { PortRange } from '../facts/firewall.ts';
import { qemuPki, qemuTlsDirectory } from '../reference/pki-files.ts';
import { consoleFacts, consoles, isOpen, type Console } from './consoles.ts';
import { listening, type Listener } from './listening.ts';
import { qemuDriverFile } from './qemu-driver-file.ts';
import { configurationFacts } from './remote-configuration.ts';
import { effectiveSetting, stringSetting } from './setting-value.ts';
import { exists } from './walk.ts';

/** The facts that say which ports this host opens to others. */
export const openedPortFacts = [...new Set([...configurationFacts, ...consoleFacts, 'identity' as const])] as const;
export type OpenedPortFacts = Known<(typeof openedPortFacts)[number]>;

/** TCP ports that this host's configuration opens to other hosts. */
export interface OpenedPorts {
  readonly ports: PortRange;
  readonly kind: 'tls' | 'tcp' | 'console' | 'migration' | 'nbd';
  /** For people, to stand after a port: `where libvirtd serves TLS`. */
  readonly use: string;
  /** An address as it is written; absent for all of them. */
  readonly address?: string;
  /** What is served there is encrypted and asks who comes, so that letting others in is what was meant. */
  readonly guarded: boolean;
}

/** The ports, and what of the configuration could not be seen. */
export interface OpenedPortsAnswer {
  readonly opened: readonly OpenedPorts[];
  readonly gaps: readonly { readonly path: string; readonly because: Unknown }[];
}

/** What lets anybody in unasked is left out: there a closed firewall is no fault. */
export function openedPorts(facts: OpenedPortFacts): OpenedPortsAnswer {
  const answer = listening(facts);
  const all = consoles(facts);
  const gaps: { path: string; because: Unknown }[] = [...all.gaps];
  if (answer.state === 'unknown') gaps.push({ path: answer.path, because: answer.because });
  const listeners = answer.state === 'determined' ? [answer.tls, answer.tcp].filter((one) => one !== undefined) : [];
  const opened = [
    ...listeners.flatMap((listener) => ofListener(listener, answer.daemon)),
    ...ofConsoles(facts, all.consoles),
    ...ofMigration(facts),
    ...ofNbd(facts),
  ];
  return { opened: opened.filter(({ address }) => !isLoopback(address)), gaps };
}

const isLoopback = (address: string | undefined): boolean =>
  address !== undefined &&
  (/^(?:127\.|::1$|::ffff:7f)/i.test(canonicalAddress(address) ?? '') || /^localhost\b/i.test(address));

const isAny = (address: string | undefined): boolean =>
  address === undefined || /^(?:0\.0\.0\.0|::|\*)?$/.test(address);

function ofListener({ transport, addresses, authentication }: Listener, daemon: string): readonly OpenedPorts[] {
  if (transport === 'tcp' && authentication === 'none') return [];
  return addresses.flatMap(({ port, address }) =>
    port === undefined || port === 0
      ? []
      : {
          ports: [port, port] as const,
          kind: transport,
          use: `where ${daemon} serves ${transport === 'tls' ? 'TLS' : 'plain TCP'}`,
          ...(address === undefined ? {} : { address }),
          guarded: transport === 'tls',
        },
  );
}

function ofConsoles(facts: OpenedPortFacts, found: readonly Console[]): readonly OpenedPorts[] {
  const asking = found.filter((one) => !isOpen(one));
  const certain = asking.flatMap((one) =>
    [...one.addresses, ...one.websockets].flatMap(({ reach, host, port }): readonly OpenedPorts[] =>
      reach !== 'network' || port === undefined || host === undefined
        ? []
        : [
            {
              ports: [port, port],
              kind: 'console',
              use: `for ${one.name}`,
              ...(isAny(host) ? {} : { address: host }),
              guarded: one.encryption === 'x509',
            },
          ],
    ),
  );
  if (certain.length > 0) return certain;
  // Without a port of its own a guest gets the first that is free.
  const policy = asking.find(
    (one) => one.origin === 'policy' && one.kind === 'vnc' && one.addresses[0]?.reach === 'network',
  );
  if (policy === undefined) return [];
  const file = qemuDriverFile(facts);
  const first = file.state === 'loaded' ? portSetting(file, 'remote_display_port_min', 5900) : 5900;
  const host = policy.addresses[0]?.host;
  return [
    {
      ports: [first, first],
      kind: 'console',
      use: 'for the VNC display of the first guest',
      ...(isAny(host) || host === undefined ? {} : { address: host }),
      guarded: policy.encryption === 'x509',
    },
  ];
}

function portSetting(
  { file }: { readonly file: Parameters<typeof effectiveSetting>[0] },
  key: string,
  byDefault: number,
): number {
  const value = effectiveSetting(file, key)?.value;
  return value?.type === 'unsigned' && value.value <= 65_535 ? value.value : byDefault;
}

/** Settings that nobody writes who does not migrate guests to this host. */
const migrationSettings = [
  ...['migration_address', 'migration_host', 'migration_port_min', 'migration_port_max'],
  ...['migrate_tls_x509_cert_dir', 'migrate_tls_force'],
];

/** Every host may take a guest: only one that is prepared for it is meant to. Disks that are copied along use the same ports. */
function ofMigration(facts: OpenedPortFacts): readonly OpenedPorts[] {
  const answer = qemuDriverFile(facts);
  if (answer.state !== 'loaded') return [];
  const { file } = answer;
  const tls =
    exists(facts.files, `${qemuTlsDirectory('migrate')}/${qemuPki.server.certificate}`) === true ||
    effectiveSetting(file, 'migrate_tls_x509_cert_dir') !== undefined;
  if (!tls && !migrationSettings.some((key) => effectiveSetting(file, key) !== undefined)) return [];
  const address = stringSetting(file, 'migration_address');
  return [
    {
      ports: migrationPorts(facts),
      kind: 'migration',
      use: 'where guests that migrate to this host arrive',
      ...(address.ok && !isAny(address.value) && address.value !== undefined ? { address: address.value } : {}),
      guarded: tls,
    },
  ];
}

/** Ports from which guests that arrive, and the disks that are copied along with them, get theirs: by qemu.conf. */
export function migrationPorts(facts: Known<'configurations' | 'software'>): PortRange {
  const answer = qemuDriverFile(facts);
  const [min, max] = [49_152, 49_215];
  if (answer.state !== 'loaded') return [min, max];
  const low = portSetting(answer, 'migration_port_min', min);
  return [low, Math.max(low, portSetting(answer, 'migration_port_max', max))];
}

/** NBD's own port. */
export const nbdPort = 10_809;

/** Servers of qemu-nbd show only by what listens. */
function ofNbd({ runtime }: OpenedPortFacts): readonly OpenedPorts[] {
  if (!runtime.observed || !runtime.listening.known) return [];
  const socket = runtime.listening.value.find(({ address, port }) => port === nbdPort && !isLoopback(address));
  if (socket === undefined) return [];
  const { address } = socket;
  return [
    {
      ports: [nbdPort, nbdPort],
      kind: 'nbd',
      use: 'where an NBD server listens',
      ...(isAny(address) ? {} : { address }),
      guarded: false,
    },
  ];
}

/** Where clients may call: the addresses of this host at which a port is open, by family; `undefined` in place of those that are not known. */
export function calledAddresses(
  { identity }: Pick<OpenedPortFacts, 'identity'>,
  address: string | undefined,
): readonly { readonly family: 'ipv4' | 'ipv6'; readonly addresses: readonly (string | undefined)[] }[] {
  const familyOf = (text: string) => (isIPv4(text) ? ('ipv4' as const) : ('ipv6' as const));
  const canonical = address === undefined ? undefined : canonicalAddress(address);
  if (canonical !== undefined && !isAny(canonical)) return [{ family: familyOf(canonical), addresses: [canonical] }];
  const own = (identity.addresses ?? []).filter((one) => !isLoopback(one) && !/^(?:fe80:|169\.254\.)/i.test(one));
  const families = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const addresses = own.filter((one) => familyOf(one) === family).slice(0, 16);
    if (canonical === '0.0.0.0' && family === 'ipv6') return [];
    return addresses.length === 0 ? [] : [{ family, addresses }];
  });
  return families.length === 0 ? [{ family: 'ipv4', addresses: [undefined] }] : families;
}
