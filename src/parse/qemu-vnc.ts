import type {
  AddressFamily,
  DisplayTls,
  QemuAddress,
  QemuObject,
  RfbSecurityType,
  TlsCredentials,
  VencryptSubtype,
  VncDisplay,
} from '../facts/qemu-processes.ts';
import { legacyVncOptions, vncOptions } from '../reference/qemu-options.ts';
import { canonicalAddress } from '../facts/address.ts';
import { decimalNumber, QemuArgumentError, type QemuOptions } from './qemu-options.ts';

/** Major and minor number of a QEMU. */
export type QemuVersion = readonly [major: number, minor: number];

export const olderThan = ([major, minor]: QemuVersion, [otherMajor, otherMinor]: QemuVersion): boolean =>
  major < otherMajor || (major === otherMajor && minor < otherMinor);

/** What a display refers to. */
export interface DisplaySurroundings {
  readonly objects: ReadonlyMap<string, QemuObject>;
  readonly audioDevices: ReadonlySet<string>;
  readonly version: QemuVersion;
}

/**
 * Opens a display as far as arguments decide: where it listens, what it asks of a client, and what QEMU would refuse first.
 *
 * Source: QEMU ui/vnc.c: vnc_display_open, in its order.
 */
export function openVncDisplay(
  id: string,
  argument: number,
  options: QemuOptions,
  surroundings: DisplaySurroundings,
): { readonly display: VncDisplay; readonly refusal?: string } {
  const { objects, audioDevices, version } = surroundings;
  let refusal: string | undefined;
  const check = (text: string | undefined): void => {
    refusal ??= text;
  };

  const reverse = options.flag('reverse');
  const addresses = readAddresses(options, reverse, version);
  check(addresses.error);

  const passwordSecret = options.text('password-secret');
  if (passwordSecret !== undefined && options.text('password') !== undefined)
    check("'password' flag is redundant with 'password-secret'");
  if (passwordSecret !== undefined) check(secretRefusal(objects, passwordSecret));
  const password = passwordSecret !== undefined || options.flag('password');
  const sasl = options.flag('sasl');

  const tls = displayTls(options, objects, version);
  check(tls.error);
  const tlsAuthz = options.text('tls-authz');
  if (tlsAuthz !== undefined && tls.tls.type === 'none') check("'tls-authz' provided but TLS is not enabled");
  const saslAuthz = options.text('sasl-authz');
  if (saslAuthz !== undefined && !sasl) check("'sasl-authz' provided but SASL auth is not enabled");

  const share = options.text('share') ?? 'allow-exclusive';
  const knownShare = sharePolicies.find((policy) => policy === share);
  if (knownShare === undefined) check('unknown vnc share= option');

  check(tls.unsupported);
  const audioDevice = options.text('audiodev');
  if (audioDevice !== undefined && !audioDevices.has(audioDevice))
    check(`${olderThan(version, [8, 2]) ? 'A' : 'a'}udiodev '${audioDevice}' not found`);

  const { main, websockets } = addresses;
  if (reverse && main.length > 0) {
    if (websockets.length > 0) check('Cannot use websockets in reverse mode');
    if (main.length > 1) check('Expected a single address in reverse mode');
    for (const endpoint of main) check(resolutionError(endpoint, options));
  } else {
    for (const endpoint of [...main, ...websockets]) check(listenError(endpoint, options));
  }

  const authentication = password ? 'vnc-password' : sasl ? 'sasl' : 'none';
  const plain = ({ none: 1, 'vnc-password': 2, sasl: 20 } as const)[authentication];
  const security = securityOf(tls.tls, authentication, plain);
  const listens = addresses.error === undefined && !reverse;
  const [target] = main;
  return {
    display: {
      id,
      argument,
      addresses: listens ? main : [],
      websockets: listens ? websockets : [],
      ...(reverse && target !== undefined ? { connectsTo: target } : {}),
      authentication,
      ...(passwordSecret !== undefined
        ? { passwordFrom: { type: 'secret' as const, id: passwordSecret } }
        : password
          ? { passwordFrom: { type: 'monitor' as const } }
          : {}),
      sasl,
      ...(saslAuthz === undefined ? {} : { saslAuthz }),
      tls: tls.tls,
      ...(tlsAuthz === undefined ? {} : { tlsAuthz }),
      ...security,
      websocketSecurityType: plain,
      share: knownShare ?? 'allow-exclusive',
      connections: options.integer('connections', 32),
      powerControl: options.flag('power-control'),
      legacy: [...new Set(options.parameters.map(({ name }) => name))].filter((name) =>
        Object.hasOwn(legacyVncOptions, name),
      ),
      shortForms: [...new Set(options.parameters.filter(({ short }) => short).map(({ name }) => name))].filter(
        (name) => vncOptions[name] === 'bool',
      ),
    },
    ...(refusal === undefined ? {} : { refusal }),
  };
}

const sharePolicies = ['allow-exclusive', 'force-shared', 'ignore'] as const;

/** crypto/secret_common.c: qcrypto_secret_lookup. */
export function secretRefusal(objects: ReadonlyMap<string, QemuObject>, id: string): string | undefined {
  const object = objects.get(id);
  if (object === undefined) return `No secret with id '${id}'`;
  return object.type === 'secret' || object.type === 'secret_keyring'
    ? undefined
    : `Object with id '${id}' is not a secret`;
}

/** Shared by displays and character devices: the lookup of `tls-creds=`. */
export function tlsCredentialsRefusal(
  objects: ReadonlyMap<string, QemuObject>,
  id: string,
  endpoint: 'client' | 'server',
): string | undefined {
  const object = objects.get(id);
  if (object === undefined) return `No TLS credentials with id '${id}'`;
  if (!isTlsCredentials(object)) return `Object with id '${id}' is not TLS credentials`;
  return object.endpoint === endpoint ? undefined : `Expected TLS credentials for a ${endpoint} endpoint`;
}

const isTlsCredentials = (object: QemuObject): object is TlsCredentials =>
  object.type === 'tls-creds-x509' || object.type === 'tls-creds-anon' || object.type === 'tls-creds-psk';

function displayTls(
  options: QemuOptions,
  objects: ReadonlyMap<string, QemuObject>,
  version: QemuVersion,
): { readonly tls: DisplayTls; readonly error?: string; readonly unsupported?: string } {
  const id = options.text('tls-creds');
  if (id === undefined) return { tls: legacyTls(options, version) };
  const error = tlsCredentialsRefusal(objects, id, 'server');
  const object = objects.get(id);
  const failed = error === undefined ? {} : { error };
  if (object?.type === 'tls-creds-x509') return { tls: { type: 'x509', credentials: object }, ...failed };
  if (object?.type === 'tls-creds-anon') return { tls: { type: 'anonymous', credentials: object }, ...failed };
  if (object?.type === 'tls-creds-psk')
    return { tls: { type: 'unresolved', id }, unsupported: `Unsupported TLS cred type ${object.type}`, ...failed };
  return { tls: { type: 'unresolved', id }, ...failed };
}

/** QEMU before 3.1: `tls` alone is anonymous, `x509=` asks for no client certificate, `x509verify=` does. */
function legacyTls(options: QemuOptions, version: QemuVersion): DisplayTls {
  if (!olderThan(version, legacyVncOptions.tls ?? [0, 0]) || !options.flag('tls')) return { type: 'none' };
  const withoutVerification = options.text('x509');
  const dir = withoutVerification ?? options.text('x509verify');
  const common = { id: '', endpoint: 'server' } as const;
  if (dir === undefined)
    return { type: 'anonymous', credentials: { type: 'tls-creds-anon', ...common, verifyPeer: false } };
  const verifyPeer = withoutVerification === undefined;
  return { type: 'x509', credentials: { type: 'tls-creds-x509', ...common, dir, verifyPeer, sanityCheck: true } };
}

/** ui/vnc.c: vnc_display_setup_auth. */
function securityOf(
  tls: DisplayTls,
  authentication: VncDisplay['authentication'],
  plain: RfbSecurityType,
): { readonly securityType?: RfbSecurityType; readonly vencryptSubtype?: VencryptSubtype } {
  switch (tls.type) {
    case 'none':
      return { securityType: plain };
    case 'anonymous':
      return {
        securityType: 19,
        vencryptSubtype: ({ none: 257, 'vnc-password': 258, sasl: 264 } as const)[authentication],
      };
    case 'x509':
      return {
        securityType: 19,
        vencryptSubtype: ({ none: 260, 'vnc-password': 261, sasl: 263 } as const)[authentication],
      };
    case 'unresolved':
      return {};
  }
}

/** ui/vnc.c: vnc_display_get_addresses. */
function readAddresses(
  options: QemuOptions,
  reverse: boolean,
  version: QemuVersion,
): { readonly main: readonly QemuAddress[]; readonly websockets: readonly QemuAddress[]; readonly error?: string } {
  const last = options.text('vnc');
  if (last === undefined || last === 'none') return { main: [], websockets: [] };
  const main: QemuAddress[] = [];
  const websockets: QemuAddress[] = [];
  try {
    let display: number | undefined;
    for (const text of options.all('vnc')) {
      const { address, number } = displayAddress(text, reverse, options);
      display ??= number;
      main.push(address);
    }
    const [single, second] = main;
    if (second !== undefined) display = undefined;
    // A websocket without a host follows the display only where there is one, and only to a TCP address.
    const host = second === undefined && single?.type === 'tcp' ? single.host : '';
    for (const text of options.all('websocket'))
      websockets.push(websocketAddress(text, display, host, options, version));
    return { main, websockets };
  } catch (error) {
    if (error instanceof QemuArgumentError) return { main, websockets, error: error.message };
    throw error;
  }
}

/** Where `:N` counts from, and where a websocket without a port does. */
const firstPort = { display: 5900, websocket: 5700 } as const;

function displayAddress(
  text: string,
  reverse: boolean,
  options: QemuOptions,
): { readonly address: QemuAddress; readonly number: number } {
  const to = options.integer('to', 0);
  if (text.startsWith('unix:')) return { address: unixAddress(text, to), number: 0 };
  const colon = text.lastIndexOf(':');
  if (colon === -1) throw new QemuArgumentError('no vnc port specified');
  const port = text.slice(colon + 1);
  if (port === '') throw new QemuArgumentError('vnc port cannot be empty');
  const number = decimalNumber(port);
  if (number === undefined) throw new QemuArgumentError(`can't convert to a number: ${port}`);
  const offset = reverse ? 0 : firstPort.display;
  if (number > 65535 || number + offset > 65535) throw new QemuArgumentError(`port ${port} out of range`);
  const address: QemuAddress = {
    ...tcpHost(withoutBrackets(text.slice(0, colon)), options),
    port: number + offset,
    ...(to === 0 || reverse ? {} : { lastPort: to + offset }),
  };
  return { address, number };
}

function unixAddress(text: string, to: number): QemuAddress {
  if (to !== 0) throw new QemuArgumentError('Port range not support with UNIX socket');
  return { type: 'unix', path: text.slice('unix:'.length) };
}

function websocketAddress(
  text: string,
  display: number | undefined,
  displayHost: string,
  options: QemuOptions,
  version: QemuVersion,
): QemuAddress {
  const to = options.integer('to', 0);
  if (text.startsWith('unix:')) {
    if (olderThan(version, [8, 2])) throw new QemuArgumentError('UNIX sockets not supported with websock');
    return unixAddress(text, to);
  }
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  if (colon !== -1 && port === '') throw new QemuArgumentError('vnc port cannot be empty');
  const host = tcpHost(withoutBrackets(text.slice(0, Math.max(colon, 0))) || displayHost, options);
  if (text !== '' && text !== 'on') return { ...host, ...servicePort(port) };
  if (display === undefined) throw new QemuArgumentError('explicit websocket port is required');
  return {
    ...host,
    port: display + firstPort.websocket,
    ...(to === 0 ? {} : { lastPort: to + firstPort.websocket }),
  };
}

/** A number or the name of a service, as getaddrinfo of glibc takes it: numbers beyond 65535 wrap around. */
function servicePort(text: string): { readonly port: number } | { readonly service: string } {
  const digits = /^[ \t\n\v\f\r]*\+?([0-9]{1,15})$/.exec(text)?.[1];
  return digits === undefined ? { service: text } : { port: Number(digits) % 65536 };
}

const withoutBrackets = (host: string): string =>
  host.length > 1 && host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;

function tcpHost(
  host: string,
  options: QemuOptions,
): { readonly type: 'tcp'; readonly host: string; readonly families: readonly AddressFamily[] } {
  const allowed = familiesAllowed(options);
  const literal = literalFamily(host);
  return { type: 'tcp', host, families: literal === undefined ? allowed : allowed.filter((one) => one === literal) };
}

function literalFamily(host: string): AddressFamily | undefined {
  if (canonicalAddress(host) === undefined) return undefined;
  return host.includes(':') ? 'ipv6' : 'ipv4';
}

/** The matrix of util/qemu-sockets.c: inet_ai_family_from_address; empty when both are switched off. */
export function familiesAllowed(options: QemuOptions): readonly AddressFamily[] {
  const ipv4 = options.text('ipv4') === undefined ? undefined : options.flag('ipv4');
  const ipv6 = options.text('ipv6') === undefined ? undefined : options.flag('ipv6');
  if (ipv4 === ipv6) return ipv4 === false ? [] : ['ipv4', 'ipv6'];
  if (ipv6 === true || ipv4 === false) return ['ipv6'];
  return ['ipv4'];
}

/** What the resolver says without a look at the network. */
function resolutionError(address: QemuAddress, options: QemuOptions): string | undefined {
  if (address.type === 'unix' || address.families.length > 0) return undefined;
  if (familiesAllowed(options).length === 0) return 'Cannot disable IPv4 and IPv6 at same time';
  const port = address.service ?? String(address.port);
  return `address resolution failed for ${address.host}:${port}: Address family for hostname not supported`;
}

/** sizeof(sun_path). */
const longestUnixPath = 108;

/** What listening fails with for its arguments alone: QEMU then never comes to try a port. */
function listenError(address: QemuAddress, options: QemuOptions): string | undefined {
  if (address.type === 'unix')
    return new TextEncoder().encode(address.path).length > longestUnixPath
      ? `UNIX socket path '${address.path}' is too long`
      : undefined;
  const { port, lastPort } = address;
  return (
    resolutionError(address, options) ??
    (port !== undefined && lastPort !== undefined && lastPort < port ? 'Failed to create a socket' : undefined)
  );
}
