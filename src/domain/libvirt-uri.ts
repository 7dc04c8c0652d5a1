/** The ways to a daemon that a URI may name (remote_sockets.c remoteDriverTransport). */
export const transports = ['tls', 'unix', 'ssh', 'libssh2', 'ext', 'tcp', 'libssh'] as const;
export type Transport = (typeof transports)[number];

/** What the remote driver takes out of a URI's query; names in any case, the last of a name counts. */
export interface UriParameters {
  /** The URI that the server is asked to open, instead of the one made from this. */
  readonly name?: string;
  readonly pkipath?: string;
  /** no_verify, no_sanity, no_tty: any number but 0. */
  readonly noVerify: boolean;
  readonly noSanity: boolean;
  readonly noTty: boolean;
  readonly tlsPriority?: string;
  readonly auth?: string;
  /** The file with credentials: the first parameter of that name in lower case (virauth.c virAuthGetConfigFilePathURI). */
  readonly authfile?: string;
  readonly mode?: string;
  readonly proxy?: string;
  readonly socket?: string;
  readonly command?: string;
  readonly netcat?: string;
  readonly keyfile?: string;
  readonly sshauth?: string;
  readonly knownHosts?: string;
  readonly knownHostsVerify?: string;
}

export interface UriParameter {
  readonly name: string;
  readonly value: string;
}

/** A URI as libvirt's client goes by it. */
export interface LibvirtUri {
  /** What was parsed. */
  readonly text: string;
  /** The scheme up to a `+`. */
  readonly driver: string;
  /** Who connects: libvirt's remote driver, or a driver inside the client that needs no daemon, of which the rest says nothing. */
  readonly opener: 'remote' | 'client';
  readonly writtenTransport?: Transport;
  /** As written; else TLS to a server that is named, and the local socket without one. */
  readonly transport: Transport;
  /** The host as written, without brackets and escapes; absent where the URI names none. */
  readonly server?: string;
  /** What is dialled, and what certificates must name: `server`, else localhost. */
  readonly host: string;
  /** As errors print it, and by default what the transport has; absent where it uses none (unix, ext). It may exceed 65535. */
  readonly port?: number;
  readonly user?: string;
  /** Empty where there is none. */
  readonly path: string;
  readonly fragment?: string;
  readonly parameters: UriParameters;
  /** Parameters that go to the server with the URI. */
  readonly passedOn: readonly UriParameter[];
  /** The URI that the server is asked to open; empty: it chooses. */
  readonly opens: string;
}

export type ParsedUri =
  | { readonly ok: true; readonly uri: LibvirtUri }
  /** What virsh prints in its last line, without `error: `; `setting` is the one of the configuration that is refused, if it is that. */
  | { readonly ok: false; readonly error: string; readonly setting?: FallbackSetting };

/** Settings of libvirt.conf that hold where the URI says nothing. */
export type FallbackSetting = 'remote_mode' | 'remote_proxy';

/** A setting of libvirt.conf that the URI may override, or virsh's refusal of its value. */
export type FallbackValue =
  { readonly ok: true; readonly value?: string | undefined } | { readonly ok: false; readonly error: string };

export interface UriOptions {
  /** The name that was asked for, when `text` is what an alias made of it; null when nobody asked and `text` is a default. */
  readonly askedFor?: string | null;
  /** The client configuration's remote_mode and remote_proxy, for which the URI may set its own; a refused value is an error. */
  readonly setting?: (key: FallbackSetting) => FallbackValue;
}

/** remote_protocol.x / remote_driver.h: LIBVIRTD_TLS_PORT, LIBVIRTD_TCP_PORT; ssh's own elsewhere. */
const defaultPorts: Readonly<Partial<Record<Transport, number>>> = {
  tls: 16514,
  tcp: 16509,
  ssh: 22,
  libssh: 22,
  libssh2: 22,
};

/** The port in the packet: getaddrinfo(3) takes any number as a service, and 16 bits of it are sent. */
export const dialledPort = (port: number): number => port % 0x1_0000;

/** A name as it is looked up among aliases and then parsed: `xen` has stood for a URI since before there were any. */
export const fullName = (name: string): string =>
  name.toLowerCase() === 'xen' || name === 'xen://' ? 'xen:///system' : name;

/**
 * Reads a URI as virsh and every other client of libvirt do, up to where the remote driver begins with credentials (TLS) or dials, or
 * gives their error. Of libvirt 6.0 to 11.3; the texts have not changed.
 *
 * Sources: src/libvirt.c: virConnectOpenInternal, virConnectCheckURIMissingSlash; src/util/viruri.c: virURIParse;
 * src/remote/remote_sockets.c: remoteSplitURIScheme, remoteGetUNIXSocket; src/remote/remote_driver.c: doRemoteOpen,
 * doRemoteOpenExtractURIArgs.
 */
export function parseLibvirtUri(text: string, { askedFor, setting }: UriOptions = {}): ParsedUri {
  const given = askedFor === undefined ? fullName(text) : text;
  const parts = parseUri(given);
  if (parts === undefined) return refuse('internal error', `Unable to parse URI ${given}`);
  if (parts.scheme === undefined) {
    // g_strdup_vprintf of a null pointer.
    const name = askedFor === null ? '(null)' : (askedFor ?? given);
    return refuse('no connection driver available for', `URI '${name}' does not include a driver name`);
  }
  const { scheme, path = '', query = '' } = parts;
  const server = parts.server === undefined ? undefined : withoutBrackets(parts.server);
  if (['qemu', 'vbox', 'vz'].includes(scheme) && (server === 'session' || server === 'system')) {
    return refuse('internal error', `invalid URI ${given} (maybe you want ${scheme}:///${server})`);
  }
  const written = parameters(query);
  const common: Common = {
    text: given,
    path,
    host: server ?? 'localhost',
    ...(server === undefined ? {} : { server }),
    ...(parts.user === undefined ? {} : { user: parts.user }),
    ...(parts.fragment === undefined ? {} : { fragment: parts.fragment }),
  };
  const client = clientDriver(scheme, server, path, written);
  if (client === 'none') {
    const port = server === undefined || server === '' || parts.port === 0 ? undefined : parts.port;
    return remote({ ...common, ...(port === undefined ? {} : { port }) }, scheme, written, setting);
  }
  if (client !== 'takes it') return client;
  return {
    ok: true,
    uri: {
      ...common,
      driver: scheme,
      opener: 'client',
      transport: 'unix',
      parameters: { noVerify: false, noSanity: false, noTty: false },
      passedOn: [],
      opens: given,
    },
  };
}

type Common = Pick<LibvirtUri, 'text' | 'path' | 'host' | 'server' | 'user' | 'fragment' | 'port'>;

type Refused = Extract<ParsedUri, { ok: false }>;

/** virErrorMsg: what an error's number prints before its text. */
type Category =
  | 'internal error'
  | 'invalid argument'
  | 'unsupported configuration'
  | 'Operation not supported'
  | 'no connection driver available for';

const refuse = (category: Category, text: string): Refused => ({
  ok: false,
  error: `${category}${category.endsWith(' for') ? '' : ':'} ${text}`,
});

/** Drivers inside the client, by scheme: those that only know this host leave a URI with a server to the remote driver, others need one. */
const clientDrivers: Readonly<Record<string, 'local only' | 'remote only'>> = {
  test: 'local only',
  openvz: 'local only',
  vmwareplayer: 'local only',
  vmwarews: 'local only',
  vmwarefusion: 'local only',
  vpx: 'remote only',
  esx: 'remote only',
  gsx: 'remote only',
};

/** Drivers that clients would have inside, had they been built in: in Debian's packages they are not. */
const missingDrivers = ['hyperv', 'parallels'];

/** Does a driver inside the client take the URI before the remote one is asked (the loop of virConnectOpenInternal). */
function clientDriver(
  scheme: string,
  server: string | undefined,
  path: string,
  written: readonly UriParameter[],
): 'takes it' | 'none' | Refused {
  if (path === '/embed') {
    if (!/^[a-z]+$/.test(scheme)) {
      const text = `URI scheme '${scheme}' for embedded driver is not valid`;
      return refuse('no connection driver available for', text);
    }
    const root = written.find(({ name }) => name.toLowerCase() === 'root')?.value;
    if (root === undefined) return refuse('invalid argument', "Missing URI parameter 'root'");
    if (!root.startsWith('/')) return refuse('unsupported configuration', 'root path must be absolute');
    return 'takes it';
  }
  const needs = Object.hasOwn(clientDrivers, scheme) ? clientDrivers[scheme] : undefined;
  if (needs === 'remote only' && server === undefined) {
    return refuse('invalid argument', 'URI is missing the server part');
  }
  if (needs === 'remote only' || (needs === 'local only' && server === undefined)) return 'takes it';
  return missingDrivers.includes(scheme.toLowerCase())
    ? refuse('unsupported configuration', `libvirt was built without the '${scheme}' driver`)
    : 'none';
}

function remote(
  common: Common,
  scheme: string,
  written: readonly UriParameter[],
  setting: UriOptions['setting'],
): ParsedUri {
  const plus = scheme.indexOf('+');
  const driver = plus === -1 ? scheme : scheme.slice(0, plus);
  const { server } = common;
  let transport: Transport | undefined = server === undefined ? 'unix' : 'tls';
  if (plus !== -1) {
    const word = scheme.slice(plus + 1).toLowerCase();
    transport = transports.find((name) => name === word);
    if (transport === undefined) {
      const known = 'tls|unix|ssh|ext|tcp|libssh2|libssh';
      return refuse('invalid argument', `remote_open: transport in URL not recognised (should be ${known})`);
    }
    if (transport === 'unix' && server !== undefined) {
      return refuse('invalid argument', `using unix socket and remote server '${server}' is not supported.`);
    }
  }
  const extracted = extract(written);
  if (!extracted.ok) return extracted;
  const { parameters: taken, passedOn } = extracted;
  const mode = modeAndProxy(taken, setting);
  if (!mode.ok) return mode;
  if (transport === 'ext' && taken.command === undefined) {
    return refuse('invalid argument', "remote_open: for 'ext' transport, command is required");
  }
  if (mode.value === 'direct' && taken.socket === undefined && transport.includes('ssh')) {
    return refuse('Operation not supported', `Cannot use direct socket mode for ${transport} transport`);
  }
  const { port: writtenPort, ...rest } = common;
  const port = transport === 'unix' || transport === 'ext' ? undefined : (writtenPort ?? defaultPorts[transport]);
  return {
    ok: true,
    uri: {
      ...rest,
      driver,
      opener: 'remote',
      ...(plus === -1 ? {} : { writtenTransport: transport }),
      transport,
      ...(port === undefined ? {} : { port }),
      parameters: taken,
      passedOn,
      opens: taken.name ?? (driver === 'remote' ? '' : formatted(driver, common, passedOn)),
    },
  };
}

/**
 * Which daemon's socket to use and how ssh gets at it, of which the first is told; the words are checked for every transport, and also
 * without any URI (doRemoteOpen).
 */
export function modeAndProxy(
  { mode, proxy }: Pick<UriParameters, 'mode' | 'proxy'>,
  setting: UriOptions['setting'],
): Refused | { readonly ok: true; readonly value?: string | undefined } {
  const chosenMode = chosen(mode, 'remote_mode', ['auto', 'legacy', 'direct'], 'Unknown remote mode', setting);
  if (!chosenMode.ok) return chosenMode;
  const chosenProxy = chosen(proxy, 'remote_proxy', ['auto', 'netcat', 'native'], 'Unnkown proxy type', setting);
  return chosenProxy.ok ? chosenMode : chosenProxy;
}

/** One of a few words, of the URI or else of the configuration. */
function chosen(
  written: string | undefined,
  key: FallbackSetting,
  words: readonly string[],
  complaint: string,
  setting: UriOptions['setting'],
): Refused | { readonly ok: true; readonly value?: string | undefined } {
  const fallback = written === undefined ? setting?.(key) : undefined;
  if (fallback?.ok === false) return { ...fallback, setting: key };
  const value = written ?? fallback?.value;
  if (value === undefined || words.includes(value)) return { ok: true, value };
  return {
    ...refuse('invalid argument', `${complaint} '${value}'`),
    ...(written === undefined ? { setting: key } : {}),
  };
}

const stringParameters = {
  name: 'name',
  command: 'command',
  socket: 'socket',
  auth: 'auth',
  sshauth: 'sshauth',
  netcat: 'netcat',
  keyfile: 'keyfile',
  pkipath: 'pkipath',
  known_hosts: 'knownHosts',
  known_hosts_verify: 'knownHostsVerify',
  tls_priority: 'tlsPriority',
  mode: 'mode',
  proxy: 'proxy',
} as const satisfies Record<string, keyof UriParameters>;

const numberParameters = { no_sanity: 'noSanity', no_verify: 'noVerify', no_tty: 'noTty' } as const;

/** virStrToLong_i in base 10: blanks before it and a sign are taken, nothing after it is. */
function integer(text: string): number | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text.trim());
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? value : undefined;
}

/** doRemoteOpenExtractURIArgs. */
function extract(
  written: readonly UriParameter[],
): Refused | { readonly ok: true; readonly parameters: UriParameters; readonly passedOn: readonly UriParameter[] } {
  const strings: { -readonly [K in keyof UriParameters]?: string } = {};
  const flags = { noSanity: false, noVerify: false, noTty: false };
  const passedOn: UriParameter[] = [];
  for (const { name, value } of written) {
    const key = name.toLowerCase();
    if (Object.hasOwn(stringParameters, key)) {
      strings[stringParameters[key as keyof typeof stringParameters]] = value;
    } else if (Object.hasOwn(numberParameters, key)) {
      const number = integer(value);
      if (number === undefined) return refuse('invalid argument', `Failed to parse value of URI component ${name}`);
      flags[numberParameters[key as keyof typeof numberParameters]] = number !== 0;
    } else if (key !== 'authfile') {
      passedOn.push({ name, value });
    }
  }
  const authfile = written.find(({ name }) => name === 'authfile')?.value;
  const parameters = { ...strings, ...(authfile === undefined ? {} : { authfile }), ...flags } as UriParameters;
  return { ok: true, parameters, passedOn };
}

/** virURIFormat of what is left for the server. */
function formatted(driver: string, { path, fragment }: Common, passedOn: readonly UriParameter[]): string {
  const escaped = (text: string, kept: RegExp): string =>
    [...new TextEncoder().encode(text)]
      .map((byte) => {
        const character = String.fromCharCode(byte);
        return kept.test(character) ? character : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
      })
      .join('');
  const query = passedOn.map(({ name, value }) => `${name}=${escaped(value, /[A-Za-z0-9._~-]/)}`).join('&');
  const anchor = fragment === undefined ? '' : `#${escaped(fragment, /[A-Za-z0-9_.!~*'()/;:?@&=+$,[\]-]/)}`;
  return `${driver}://${escaped(path, /[A-Za-z0-9_.!~*'()/;@&=+$,-]/)}${query === '' ? '' : `?${query}`}${anchor}`;
}

interface UriParts {
  readonly scheme?: string;
  readonly user?: string;
  /** With its brackets. */
  readonly server?: string;
  /** 0 where there is none. */
  readonly port: number;
  readonly path?: string;
  /** As written. */
  readonly query?: string;
  readonly fragment?: string;
}

const unreserved = /^[A-Za-z0-9._~-]$/;
const subDelimiters = "!$&'()*+,;=";
const escape = /^%[0-9A-Fa-f]{2}$/;

/** Where a run of unreserved and escaped characters, sub-delimiters and `others` ends. */
function endOfRun(text: string, from: number, others: string): number {
  let at = from;
  for (;;) {
    const character = text[at];
    if (character === undefined) return at;
    if (unreserved.test(character) || subDelimiters.includes(character) || others.includes(character)) at += 1;
    else if (character === '%' && escape.test(text.slice(at, at + 3))) at += 3;
    else return at;
  }
}

/**
 * The grammar of RFC 3986 as libxml2's xmlParseURI has it (uri.c, 2.9.14 of Debian 12 and 13), that is with its liberties: anything between
 * brackets is a host, and a port without a host counts for nothing. Undefined for what it refuses.
 */
function parseUri(text: string): UriParts | undefined {
  const found: { -readonly [K in keyof UriParts]: UriParts[K] } = { port: 0 };
  let at = 0;
  const run = (others: string): string => {
    const start = at;
    at = endOfRun(text, at, others);
    return text.slice(start, at);
  };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1];
  if (scheme !== undefined) {
    found.scheme = scheme;
    at = scheme.length + 1;
  }
  if (text.startsWith('//', at)) {
    at += 2;
    const end = endOfRun(text, at, ':');
    if (text[end] === '@') {
      found.user = unescaped(text.slice(at, end));
      at = end + 1;
    }
    const start = at;
    if (text[at] === '[') {
      at = text.indexOf(']', at) + 1;
      if (at === 0) return undefined;
    } else {
      run('');
    }
    if (at > start) found.server = unescaped(text.slice(start, at));
    if (text[at] === ':') {
      const digits = /^\d+/.exec(text.slice(at + 1))?.[0];
      // INT_MAX.
      if (digits === undefined || Number(digits) > 0x7fff_ffff) return undefined;
      found.port = Number(digits);
      at += 1 + digits.length;
    }
    if (text[at] === '/') found.path = unescaped(run('/:@'));
  } else {
    const start = at;
    // A first segment with a colon would need a scheme before it.
    if (scheme === undefined && text[at] !== '/') run('@');
    if (scheme !== undefined || text[at] === '/') run('/:@');
    found.path = unescaped(text.slice(start, at));
  }
  if (text[at] === '?') {
    at += 1;
    found.query = run('/:@?');
  }
  if (text[at] === '#') {
    at += 1;
    found.fragment = unescaped(run('/:@?[]'));
  }
  return at === text.length ? found : undefined;
}

/** xmlURIUnescapeString; what comes after an escaped NUL is lost, as in every string of C. */
function unescaped(text: string): string {
  if (!text.includes('%')) return text;
  const encoder = new TextEncoder();
  const bytes = text
    .split(/(%[0-9A-Fa-f]{2})/)
    .flatMap((piece, index) => (index % 2 === 0 ? [...encoder.encode(piece)] : [Number.parseInt(piece.slice(1), 16)]));
  const end = bytes.indexOf(0);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    Uint8Array.from(end === -1 ? bytes : bytes.slice(0, end)),
  );
}

/** virStringStripIPv6Brackets. */
const withoutBrackets = (server: string): string => (/^\[.*:.*\]$/s.test(server) ? server.slice(1, -1) : server);

/** virURIParseParams: parted at `&`, and at `;` only after the last `&`; what begins with `=` is passed over. */
function parameters(query: string): readonly UriParameter[] {
  const last = query.lastIndexOf('&');
  const sections = [...(last === -1 ? [] : query.slice(0, last).split('&')), ...query.slice(last + 1).split(';')];
  return sections.flatMap((section) => {
    const equals = section.indexOf('=');
    if (section === '' || equals === 0) return [];
    const name = unescaped(equals === -1 ? section : section.slice(0, equals));
    return [{ name, value: equals === -1 ? '' : unescaped(section.slice(equals + 1)) }];
  });
}

/** The directory of credentials that a URI names, if it is one that can be looked at: a relative one counts from where the client is started. */
export function pkiDirectoriesOf(text: string): readonly string[] {
  const parsed = parseLibvirtUri(text);
  const directory = parsed.ok ? parsed.uri.parameters.pkipath : undefined;
  return directory?.startsWith('/') === true ? [directory] : [];
}

/** A URI without a password that somebody wrote into it: libvirt does not use it, and it is nobody else's business. */
export const withoutPassword = (text: string): string => text.replace(/(:\/\/[^/?#@:]*):[^/?#@]*@/g, '$1:…@');
