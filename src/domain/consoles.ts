import { posix } from 'node:path';
import type { DomainGraphics, GraphicsListen } from '../facts/domains.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { QemuAddress, QemuCommandLine, QemuProcess, VncDisplay } from '../facts/qemu-processes.ts';
import { canonicalAddress } from '../facts/address.ts';
import { consolePolicy, type ConsolePolicy, type DisplayPolicy } from './console-policy.ts';
import { guestName } from './guest-name.ts';
import { qemuTlsDirectoryOf } from './credentials.ts';
import { remembering } from './remembering.ts';

/** The facts that say which consoles this host has. */
export const consoleFacts = ['configurations', 'software', 'files', 'qemuProcesses', 'domains'] as const;
export type ConsoleFacts = Known<(typeof consoleFacts)[number]>;

/** Who can knock: holders of the right to a Unix socket, accounts of this host, anybody. */
export type Reach = 'unix' | 'loopback' | 'network';

/** Where a console listens. */
export interface ConsoleAddress {
  readonly reach: Reach;
  /** Host as it is written, empty for all; absent for a Unix socket and where a virtual network gives it. */
  readonly host?: string;
  readonly port?: number;
  /** For people. */
  readonly text: string;
}

interface Terms {
  readonly kind: 'vnc' | 'spice';
  /** For people, to stand as a subject: `the VNC display of vm1`. */
  readonly name: string;
  /** Empty where nothing listens. */
  readonly addresses: readonly ConsoleAddress[];
  readonly websockets: readonly ConsoleAddress[];
  /** What is asked of a client; a password keeps SASL from being used. */
  readonly authentication: 'none' | 'password' | 'sasl';
  /** SASL is switched on, in force or not. */
  readonly sasl: boolean;
  readonly encryption: 'none' | 'anonymous' | 'x509' | 'unresolved';
  /** Directory of the certificates. */
  readonly directory?: string;
  /** Clients must show a certificate of the CA. */
  readonly verifiesClients: boolean;
  /** Names of clients are compared with a list. */
  readonly authorizes: boolean;
}

/** One display: what qemu.conf gives every guest, what a guest's own XML makes of it, or what runs. */
export type Console = Terms &
  (
    | { readonly origin: 'policy'; readonly path: string; readonly policy: ConsolePolicy }
    | {
        readonly origin: 'guest';
        readonly path: string;
        readonly line: number;
        readonly guest: string;
        /** The XML says itself where to listen, or with which password. */
        readonly ownListen: boolean;
        readonly ownPassword?: { readonly length: number };
        readonly graphics: DomainGraphics;
      }
    | {
        readonly origin: 'running';
        readonly guest: string;
        readonly process: QemuProcess;
        readonly display?: VncDisplay;
      }
  );

export type GuestConsole = Extract<Console, { origin: 'guest' }>;
export type RunningConsole = Extract<Console, { origin: 'running' }>;

export interface Consoles {
  readonly consoles: readonly Console[];
  /** What could not be looked at. */
  readonly gaps: readonly { readonly path: string; readonly because: Unknown }[];
  /** Running guests whose arguments are not all known: `-readconfig` or `-set`. */
  readonly unread: readonly { readonly process: QemuProcess; readonly because: Unknown }[];
}

/**
 * Every VNC and SPICE display of this host, configured or running. A process with arguments that QEMU refuses has none: that is a
 * fault of its own.
 *
 * Source: libvirt src/qemu/qemu_command.c: qemuBuildGraphicsVNCCommandLine, qemuBuildGraphicsSPICECommandLine; QEMU ui/vnc.c.
 */
export const consoles = remembering(consoleFacts, (facts): Consoles => {
  const answer = consolePolicy(facts);
  const found: Console[] = [];
  const gaps: { path: string; because: Unknown }[] = [];
  if (answer.state === 'unknown') gaps.push({ path: answer.path, because: answer.because });
  if (answer.state === 'loaded') {
    const { policy } = answer;
    if (policy.written) found.push(policyConsole(facts, policy, 'vnc'), policyConsole(facts, policy, 'spice'));
    for (const [path, file] of Object.entries(facts.domains)) {
      if (!file.known) gaps.push({ path, because: file });
      else if ('domain' in file.value && file.value.domain.status === undefined) {
        const guest = file.value.domain.name ?? posix.basename(path, '.xml');
        for (const graphics of file.value.domain.graphics) {
          if (graphics.type === 'vnc' || graphics.type === 'spice')
            found.push(guestConsole(facts, policy, path, guest, graphics, graphics.type));
        }
      }
    }
  }
  const unread: { process: QemuProcess; because: Unknown }[] = [];
  for (const process of facts.qemuProcesses.observed ? facts.qemuProcesses.processes : []) {
    if (process.commandLine.refusal !== undefined) continue;
    const [more] = process.commandLine.unread;
    if (more !== undefined) {
      unread.push({ process, because: { known: false, reason: 'not-collected', detail: unreadText(more) } });
    }
    found.push(...runningConsoles(process));
  }
  return { consoles: found, gaps, unread };
});

function unreadText(more: QemuCommandLine['unread'][number]): string {
  switch (more.option) {
    case 'readconfig':
      return `-readconfig ${more.path} was not followed`;
    case 'set':
      return '-set was not followed';
    case 'ambiguous':
      return `the listing of processes does not say where the argument of -${more.name} ends`;
  }
}

/** The VNC displays that rules judge: guests only where their XML differs from qemu.conf, which speaks for all the others. */
export const vncConsoles = (facts: ConsoleFacts): Consoles => {
  const all = consoles(facts);
  return {
    ...all,
    consoles: all.consoles.filter(
      (one) => one.kind === 'vnc' && (one.origin !== 'guest' || one.ownListen || one.ownPassword !== undefined),
    ),
  };
};

/** Can anybody beyond this host reach it. */
export const isOnNetwork = ({ addresses }: Pick<Console, 'addresses'>): boolean =>
  addresses.some(({ reach }) => reach === 'network');

/** Does anything stand between whoever reaches the console and the guest. */
export const isOpen = ({ authentication, encryption, verifiesClients }: Console): boolean =>
  authentication === 'none' && !(encryption === 'x509' && verifiesClients);

/** A console's terms for people: where it listens, and under what terms. */
export function consoleText({ addresses, authentication, encryption, verifiesClients }: Console): string {
  const where = addresses.length === 0 ? 'no listener' : `listens on ${addresses.map(({ text }) => text).join(', ')}`;
  const asks = { none: 'no password', password: 'a VNC password', sasl: 'SASL' }[authentication];
  const tls = {
    none: 'no TLS',
    anonymous: 'anonymous TLS',
    unresolved: 'TLS with unknown credentials',
    x509: verifiesClients ? 'TLS with client certificates' : 'TLS without client certificates',
  }[encryption];
  return `${where}, ${asks}, ${tls}`;
}

function policyConsole(facts: ConsoleFacts, policy: ConsolePolicy, kind: 'vnc' | 'spice'): Console {
  const display = policy[kind];
  return {
    origin: 'policy',
    kind,
    name: `the ${kind.toUpperCase()} display of every guest`,
    path: policy.path,
    policy,
    addresses: [display.autoUnixSocket ? { reach: 'unix', text: 'a Unix socket' } : tcpAddress(display.listen)],
    websockets: [],
    ...termsOf(facts, display, kind, display.password !== undefined),
  };
}

const termsOf = (facts: ConsoleFacts, display: DisplayPolicy, kind: 'vnc' | 'spice', password: boolean) =>
  ({
    authentication: password ? 'password' : display.sasl ? 'sasl' : 'none',
    sasl: display.sasl,
    encryption: display.tls ? 'x509' : 'none',
    ...(display.tls ? { directory: qemuTlsDirectoryOf(facts, kind).path } : {}),
    verifiesClients: display.tls && display.verify,
    authorizes: false,
  }) as const;

function guestConsole(
  facts: ConsoleFacts,
  policy: ConsolePolicy,
  path: string,
  guest: string,
  graphics: DomainGraphics,
  kind: 'vnc' | 'spice',
): GuestConsole {
  const display = policy[kind];
  const addresses = graphics.listens.flatMap((listen) => listenAddress(listen, graphics, display) ?? []);
  const ownListen = graphics.listens.some(
    (listen) => listen.type === 'network' || (listen.type === 'address' && listen.address !== undefined),
  );
  const { password, websocket } = graphics;
  const [first] = addresses;
  // libvirt gives no host with the port: it is the display's where that is one TCP address, and otherwise all.
  const websockets =
    websocket === undefined
      ? []
      : [tcpAddress(first?.host === undefined ? '' : first.host, websocket > 0 ? websocket : undefined)];
  return {
    origin: 'guest',
    kind,
    name: `the ${kind.toUpperCase()} display of ${guest}`,
    path,
    line: graphics.line,
    guest,
    ownListen,
    ...(password === undefined ? {} : { ownPassword: { length: password.length } }),
    graphics,
    addresses,
    websockets,
    ...termsOf(facts, display, kind, password !== undefined || display.password !== undefined),
  };
}

function listenAddress(
  listen: GraphicsListen,
  { port }: DomainGraphics,
  display: DisplayPolicy,
): ConsoleAddress | undefined {
  switch (listen.type) {
    case 'none':
      return undefined;
    case 'socket':
      return { reach: 'unix', text: listen.socket ?? 'a Unix socket' };
    case 'network':
      return {
        reach: 'network',
        text: `the address of the network ${listen.network ?? ''}`.trimEnd(),
      };
    case 'address':
      if (listen.address === undefined && display.autoUnixSocket) return { reach: 'unix', text: 'a Unix socket' };
      return tcpAddress(listen.address ?? display.listen, port !== undefined && port > 0 ? port : undefined);
  }
}

function runningConsoles(process: QemuProcess): readonly Console[] {
  const { commandLine } = process;
  const guest = guestName(process);
  const consoles: Console[] = commandLine.vnc.map((display) => ({
    origin: 'running',
    kind: 'vnc',
    name: `the running VNC display of ${guest}`,
    guest,
    process,
    display,
    addresses: display.addresses.map(qemuAddress),
    websockets: display.websockets.map(qemuAddress),
    authentication: display.authentication === 'vnc-password' ? 'password' : display.authentication,
    sasl: display.sasl,
    encryption: display.tls.type,
    ...(display.tls.type === 'x509' && display.tls.credentials.dir !== undefined
      ? { directory: display.tls.credentials.dir.replace(/(?<=.)\/+$/, '') }
      : {}),
    verifiesClients: display.tls.type === 'x509' && display.tls.credentials.verifyPeer,
    authorizes: display.tlsAuthz !== undefined,
  }));
  const { spice } = commandLine;
  if (spice !== undefined) {
    const ports = spice.unix ? [undefined] : [spice.port, spice.tlsPort].filter((port) => port !== undefined);
    consoles.push({
      origin: 'running',
      kind: 'spice',
      name: `the running SPICE display of ${guest}`,
      guest,
      process,
      addresses: ports.map((port) =>
        spice.unix ? { reach: 'unix', text: spice.address } : tcpAddress(spice.address, port),
      ),
      websockets: [],
      authentication: spice.sasl ? 'sasl' : spice.ticketing ? 'password' : 'none',
      sasl: spice.sasl,
      encryption: spice.tls === undefined ? 'none' : 'x509',
      verifiesClients: false,
      authorizes: false,
    });
  }
  return consoles;
}

const qemuAddress = (address: QemuAddress): ConsoleAddress =>
  address.type === 'unix'
    ? { reach: 'unix', text: address.path === '' ? 'a Unix socket' : address.path }
    : tcpAddress(address.host, address.port);

/** A TCP address; an empty host is all of them. */
export function tcpAddress(host: string, port?: number): ConsoleAddress {
  const shown = host === '' ? 'all addresses' : port !== undefined && host.includes(':') ? `[${host}]` : host;
  return {
    reach: isLoopback(host) ? 'loopback' : 'network',
    host,
    ...(port === undefined ? {} : { port }),
    text: port === undefined ? shown : host === '' ? `${shown}, port ${port}` : `${shown}:${port}`,
  };
}

const loopbackNames: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost6',
  'ip6-localhost',
  'ip6-loopback',
]);

function isLoopback(host: string): boolean {
  const address = canonicalAddress(host);
  if (address === undefined) return loopbackNames.has(host.toLowerCase());
  return /^127\./.test(address) || address === '::1' || /^::ffff:7f[0-9a-f]{2}:/.test(address);
}
