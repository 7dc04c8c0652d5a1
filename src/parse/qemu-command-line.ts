import type {
  IncomingMigration,
  QemuCommandLine,
  QemuObject,
  QemuRefusal,
  SocketCharacterDevice,
  SpiceServer,
  VncDisplay,
} from '../facts/qemu-processes.ts';
import {
  legacyVncOptions,
  nameOptions,
  optionsAddedAfter72,
  optionsRemovedBy10,
  optionsWithArgument,
  optionsWithoutArgument,
  spiceOptions,
  vncOptions,
} from '../reference/qemu-options.ts';
import { parseQemuJson } from './qemu-json.ts';
import { parseObject } from './qemu-objects.ts';
import {
  helpText,
  isIdentifier,
  optionId,
  parseOptions,
  QemuArgumentError,
  QemuOptions,
  type OptionParameter,
  type OptionType,
} from './qemu-options.ts';
import {
  familiesAllowed,
  olderThan,
  openVncDisplay,
  secretRefusal,
  tlsCredentialsRefusal,
  type QemuVersion,
} from './qemu-vnc.ts';

/** The newest QEMU whose source the tables were taken from. */
const newestKnown: QemuVersion = [10, 0];

/**
 * Reads the arguments of a qemu-system (the program first) as that version of QEMU does, in its order: all options, then objects, SPICE,
 * character devices and displays. What comes after the first refusal is read as well as it can be. No secret gets into the result.
 * With `ambiguous` options, which the vector lacks, nobody knows what QEMU refuses.
 *
 * Source: QEMU softmmu/vl.c (system/vl.c): qemu_init.
 */
export function parseQemuCommandLine(
  argv: readonly string[],
  {
    version = newestKnown,
    ambiguous = [],
  }: { readonly version?: QemuVersion; readonly ambiguous?: readonly string[] } = {},
): QemuCommandLine {
  const reader = new CommandLineReader(version);
  reader.read(argv);
  const { refusal, ...commandLine } = reader.finish(argv[0] ?? '');
  if (ambiguous.length > 0)
    return {
      ...commandLine,
      unread: [...commandLine.unread, ...ambiguous.map((name) => ({ option: 'ambiguous', name }) as const)],
    };
  return refusal === undefined ? commandLine : { ...commandLine, refusal };
}

interface GivenOption {
  readonly name: string;
  readonly argument: number;
  readonly value: string;
}

interface GivenDisplay {
  id: string | undefined;
  readonly argument: number;
  readonly options: QemuOptions;
}

class CommandLineReader {
  readonly #version: QemuVersion;
  readonly #newer: boolean;
  readonly #displays: GivenDisplay[] = [];
  readonly #displayIds = new Set<string>();
  readonly #objects: { object: QemuObject; argument: number; incomplete?: string }[] = [];
  readonly #objectIds = new Set<string>();
  readonly #audioDevices = new Set<string>();
  readonly #characterDevices: SocketCharacterDevice[] = [];
  readonly #spice: OptionParameter[] = [];
  readonly #unread: QemuCommandLine['unread'][number][] = [];
  #spiceArgument: number | undefined;
  #nextDisplayNumber = 2;
  #guest: string | undefined;
  #uuid: string | undefined;
  #machine: string | undefined;
  #display: string | undefined;
  #defaultDevices = true;
  #incoming: IncomingMigration | undefined;
  #runsAs: string | undefined;
  #refusal: QemuRefusal | undefined;

  constructor(version: QemuVersion) {
    this.#version = version;
    this.#newer = olderThan(newestKnown, version);
  }

  #refuse(stage: QemuRefusal['stage'], argument: number, text: string | undefined, made?: number): void {
    if (text !== undefined) this.#refusal ??= { argument, stage, text, ...(made === undefined ? {} : { made }) };
  }

  read(argv: readonly string[]): void {
    // QEMU looks at all names before it reads any value, so that a bad name is its first word.
    for (const { name, argument, value } of [...this.#split(argv)]) {
      try {
        this.#take(name, argument, value);
      } catch (error) {
        if (!(error instanceof QemuArgumentError)) throw error;
        this.#refuse('arguments', argument, error.message);
      }
    }
  }

  /** softmmu/vl.c: lookup_opt; words without a dash are disk images. */
  *#split(argv: readonly string[]): Generator<GivenOption> {
    for (let at = 1; at < argv.length; at += 1) {
      const word = argv[at] ?? '';
      if (!word.startsWith('-')) continue;
      const name = word.slice(word.startsWith('--') ? 2 : 1);
      const argument = at;
      if (optionsWithArgument.has(name)) {
        const value = argv[at + 1];
        if (value === undefined) {
          this.#refuse('arguments', argument, 'requires an argument');
          return;
        }
        at += 1;
        if (this.#knows(name)) yield { name, argument, value };
        else this.#refuse('arguments', argument, 'invalid option');
      } else if (optionsWithoutArgument.has(name) && this.#knows(name)) yield { name, argument, value: '' };
      else if (!this.#newer && !olderThan(this.#version, [7, 2])) this.#refuse('arguments', argument, 'invalid option');
      // An option of another QEMU: what follows is taken for its argument unless it looks like an option.
      else if (argv[at + 1]?.startsWith('-') === false) at += 1;
    }
  }

  #knows(name: string): boolean {
    if (!olderThan(this.#version, newestKnown) && optionsRemovedBy10.has(name)) return false;
    return !(optionsAddedAfter72.has(name) && olderThan(this.#version, [7, 3]));
  }

  #take(name: string, argument: number, value: string): void {
    switch (name) {
      case 'vnc':
        this.#vnc(argument, value);
        break;
      case 'display':
        if (value === 'help' || value === '?') this.#refuse('arguments', argument, helpText);
        else if (value.startsWith('vnc=')) this.#vnc(argument, value.slice('vnc='.length));
        else if (value.startsWith('vnc'))
          this.#refuse('arguments', argument, 'VNC requires a display argument vnc=<display>');
        else this.#display = keyvalFirst(value, 'type');
        break;
      case 'nographic':
        this.#display = 'none';
        break;
      case 'object':
        this.#object(argument, value);
        break;
      case 'spice':
        this.#spiceOption(argument, value);
        break;
      case 'chardev':
        this.#characterDevice(argument, value);
        break;
      case 'audiodev':
      case 'audio': {
        const id = identifierOf(value) ?? (name === 'audio' ? 'audiodev0' : undefined);
        if (id !== undefined) this.#audioDevices.add(id);
        break;
      }
      case 'name': {
        const { options, error } = this.#parse(value, 'guest', nameOptions);
        this.#guest = options.text('guest') ?? this.#guest;
        this.#refuse('arguments', argument, optionId(value) === undefined ? error : "Invalid parameter 'id'");
        break;
      }
      case 'uuid':
        if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) this.#uuid = value.toLowerCase();
        else this.#refuse('arguments', argument, 'failed to parse UUID string: wrong format');
        break;
      case 'machine':
      case 'M':
        this.#machine = keyvalFirst(value, 'type') ?? this.#machine;
        break;
      case 'nodefaults':
        this.#defaultDevices = false;
        break;
      case 'incoming':
        this.#incoming = incomingMigration(value);
        break;
      case 'runas':
        this.#runsAs = value;
        break;
      case 'run-with':
        this.#runsAs = parseOptions(value).options.text('user') ?? this.#runsAs;
        break;
      case 'readconfig':
        this.#unread.push({ option: 'readconfig', path: value });
        break;
      case 'set':
        this.#unread.push({ option: 'set' });
        break;
      case 'h':
      case 'help':
      case 'version':
        this.#refuse('arguments', argument, helpText);
        break;
    }
  }

  /** A later QEMU may know parameters that our tables do not, but none of those that were removed. */
  #parse(
    value: string,
    first: string | undefined,
    types: Readonly<Record<string, OptionType>>,
    removed: Readonly<Record<string, unknown>> = {},
  ): { readonly options: QemuOptions; readonly error?: string } {
    const parsed = parseOptions(value, first, types);
    if (parsed.error === undefined || !this.#newer) return parsed;
    const unknown = /^Invalid parameter '(.*)'$/s.exec(parsed.error)?.[1];
    return unknown === undefined || Object.hasOwn(removed, unknown) ? parsed : { options: parsed.options };
  }

  #vnc(argument: number, value: string): void {
    const legacy = Object.entries(legacyVncOptions).filter(([, removed]) => olderThan(this.#version, removed));
    const types: Record<string, OptionType> = { ...vncOptions };
    for (const [name] of legacy) types[name] = name === 'tls' || name === 'acl' ? 'bool' : 'string';
    const { options, error } = this.#parse(value, isHelp(value) ? undefined : 'vnc', types, legacyVncOptions);
    const id = this.#claimDisplayId(argument, optionId(value));
    this.#refuse('arguments', argument, error);
    this.#displays.push({ id, argument, options });
  }

  /** Until 8.0 a display without an id got one at once; later QEMUs wait for all of the others (ui/vnc.c: vnc_parse, vnc_init_func). */
  #claimDisplayId(argument: number, id: string | undefined): string | undefined {
    if (id === undefined) return olderThan(this.#version, [8, 0]) ? this.#newDisplayId() : undefined;
    if (!isIdentifier(id)) this.#refuse('arguments', argument, "Parameter 'id' expects an identifier");
    else if (this.#displayIds.has(id)) this.#refuse('arguments', argument, `Duplicate ID '${id}' for vnc`);
    this.#displayIds.add(id);
    return id;
  }

  #newDisplayId(): string {
    let id = 'default';
    while (this.#displayIds.has(id)) id = `vnc${this.#nextDisplayNumber++}`;
    this.#displayIds.add(id);
    return id;
  }

  #object(argument: number, value: string): void {
    const { object, json, incomplete } = parseObject(value, this.#newer);
    if (!json) {
      if (this.#objectIds.has(object.id)) throw new QemuArgumentError(`Duplicate ID '${object.id}' for object`);
      this.#objectIds.add(object.id);
    }
    const reason = json && !isIdentifier(object.id) ? "Parameter 'id' expects an identifier" : incomplete;
    this.#objects.push({ object, argument, ...(reason === undefined ? {} : { incomplete: reason }) });
  }

  #spiceOption(argument: number, value: string): void {
    this.#spiceArgument ??= argument;
    const types: Record<string, OptionType> = { ...spiceOptions };
    if (!olderThan(this.#version, [8, 0])) delete types['password'];
    const { options, error } = this.#parse(value, undefined, types);
    const unknown = /^Invalid parameter '(.*)'$/s.exec(error ?? '')?.[1];
    // A comma in a password makes a parameter of the rest of it.
    const secret = options.text('password') !== undefined || options.text('x509-key-password') !== undefined;
    const hidden = unknown !== undefined && unknown !== 'password' && secret;
    for (const parameter of options.parameters) this.#spice.push(parameter);
    this.#refuse(
      'arguments',
      argument,
      optionId(value) === undefined ? (hidden ? "Invalid parameter '…'" : error) : "Invalid parameter 'id'",
    );
  }

  #characterDevice(argument: number, value: string): void {
    const { options } = parseOptions(value, 'backend');
    if (options.text('backend') !== 'socket') return;
    const [host, port, path] = [options.text('host'), options.text('port'), options.text('path')];
    const [tlsCredentials, tlsAuthz] = [options.text('tls-creds'), options.text('tls-authz')];
    this.#characterDevices.push({
      id: optionId(value) ?? '',
      argument,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(path === undefined ? {} : { path }),
      server: options.flag('server'),
      websocket: options.flag('websocket'),
      ...(tlsCredentials === undefined ? {} : { tlsCredentials }),
      ...(tlsAuthz === undefined ? {} : { tlsAuthz }),
    });
  }

  finish(program: string): QemuCommandLine {
    const objects = this.#createObjects();
    const spice = this.#openSpice(objects);
    for (const device of this.#characterDevices) this.#checkCharacterDevice(device, objects);
    const vnc = this.#displays.map((given) => this.#openDisplay(given, objects));
    return {
      program,
      ...(this.#guest === undefined ? {} : { guest: this.#guest }),
      ...(this.#uuid === undefined ? {} : { uuid: this.#uuid }),
      ...(this.#machine === undefined ? {} : { machine: this.#machine }),
      ...(this.#display === undefined ? {} : { display: this.#display }),
      defaultDevices: this.#defaultDevices,
      vnc,
      defaultVnc: vnc.length === 0 && spice === undefined && (this.#display ?? 'default') === 'default',
      ...(spice === undefined ? {} : { spice }),
      objects: this.#objects.map(({ object }) => object),
      characterDevices: this.#characterDevices,
      ...(this.#incoming === undefined ? {} : { incoming: this.#incoming }),
      ...(this.#runsAs === undefined ? {} : { runsAs: this.#runsAs }),
      unread: this.#unread,
      ...(this.#refusal === undefined ? {} : { refusal: this.#refusal }),
    };
  }

  /** qom/object_interfaces.c: user_creatable_add_type. */
  #createObjects(): ReadonlyMap<string, QemuObject> {
    const objects = new Map<string, QemuObject>();
    for (const [made, { object, argument, incomplete }] of this.#objects.entries()) {
      const { id } = object;
      const refuse = (text: string | undefined): void => this.#refuse('objects', argument, text, made);
      if (objects.has(id)) {
        refuse(`attempt to add duplicate property '${id}' to object (type 'container')`);
        continue;
      }
      refuse(incomplete);
      const referred = 'keyId' in object ? object.keyId : 'passwordId' in object ? object.passwordId : undefined;
      if (referred !== undefined) refuse(secretRefusal(objects, referred));
      objects.set(id, object);
    }
    return objects;
  }

  /** ui/spice-core.c: qemu_spice_init. */
  #openSpice(objects: ReadonlyMap<string, QemuObject>): SpiceServer | undefined {
    const argument = this.#spiceArgument;
    if (argument === undefined) return undefined;
    const options = new QemuOptions(this.#spice);
    const check = (text: string | undefined): void => this.#refuse('spice', argument, text);
    const [port, tlsPort] = [options.integer('port', 0), options.integer('tls-port', 0)];
    if (port < 0 || port > 65535) check('spice port is out of range');
    if (tlsPort < 0 || tlsPort > 65535) check('spice tls-port is out of range');
    const secret = options.text('password-secret');
    const inline = options.text('password') !== undefined;
    if (secret !== undefined && inline) check("'password' option is mutually exclusive with 'password-secret'");
    if (secret !== undefined) check(secretRefusal(objects, secret));
    const channels = options.parameters.flatMap(({ name, value }) =>
      name === 'tls-channel' || name === 'plaintext-channel'
        ? [{ name: value, security: name === 'tls-channel' ? ('tls' as const) : ('plaintext' as const) }]
        : [],
    );
    if (tlsPort === 0 && channels.some(({ security }) => security === 'tls'))
      check('spice: tried to setup tls-channel without specifying a TLS port');
    const directory = options.text('x509-dir') ?? '.';
    const ciphers = options.text('tls-ciphers');
    const [ipv4, ipv6] = [options.flag('ipv4'), options.flag('ipv6')];
    return {
      argument,
      ...(port === 0 ? {} : { port }),
      ...(tlsPort === 0 ? {} : { tlsPort }),
      address: options.text('addr') ?? '',
      families: ipv4 ? ['ipv4'] : ipv6 ? ['ipv6'] : familiesAllowed(new QemuOptions([])),
      unix: !ipv4 && !ipv6 && options.flag('unix'),
      ticketing: !options.flag('disable-ticketing'),
      sasl: options.flag('sasl'),
      ...(secret !== undefined
        ? { passwordFrom: { type: 'secret' as const, id: secret } }
        : inline
          ? { passwordFrom: { type: 'inline' as const } }
          : {}),
      ...(tlsPort === 0
        ? {}
        : {
            tls: {
              caCertificate: options.text('x509-cacert-file') ?? `${directory}/ca-cert.pem`,
              certificate: options.text('x509-cert-file') ?? `${directory}/server-cert.pem`,
              key: options.text('x509-key-file') ?? `${directory}/server-key.pem`,
              ...(ciphers === undefined ? {} : { ciphers }),
            },
          }),
      channels,
    };
  }

  /** chardev/char-socket.c: qmp_chardev_open_socket, qmp_chardev_validate_socket. */
  #checkCharacterDevice(device: SocketCharacterDevice, objects: ReadonlyMap<string, QemuObject>): void {
    const { argument, tlsCredentials, tlsAuthz, path, server } = device;
    const check = (text: string | undefined): void => this.#refuse('character-devices', argument, text);
    if (tlsCredentials !== undefined) {
      check(tlsCredentialsRefusal(objects, tlsCredentials, server ? 'server' : 'client'));
      if (path !== undefined) check("'tls_creds' option is incompatible with 'unix' address type");
    } else if (tlsAuthz !== undefined) check("'tls_authz' option requires 'tls_creds' option");
  }

  #openDisplay(given: GivenDisplay, objects: ReadonlyMap<string, QemuObject>): VncDisplay {
    const { display, refusal } = openVncDisplay(given.id ?? this.#newDisplayId(), given.argument, given.options, {
      objects,
      audioDevices: this.#audioDevices,
      version: this.#version,
    });
    this.#refuse('displays', given.argument, refusal);
    return display;
  }
}

const isHelp = (value: string): boolean => value === 'help' || value === '?';

/** The id of an option in key=value or JSON form. */
function identifierOf(value: string): string | undefined {
  if (!value.startsWith('{')) return optionId(value);
  const members = parseQemuJson(value);
  const id = members instanceof Map ? (members as ReadonlyMap<string, unknown>).get('id') : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** A parameter that is the implied first one of util/keyval.c, or of a JSON object; the last one counts. */
function keyvalFirst(value: string, key: string): string | undefined {
  if (!value.startsWith('{')) return parseOptions(value, key).options.text(key);
  const members = parseQemuJson(value);
  const found = members instanceof Map ? (members as ReadonlyMap<string, unknown>).get(key) : undefined;
  return typeof found === 'string' ? found : undefined;
}

const protocols = ['tcp', 'rdma', 'unix', 'vsock', 'fd', 'file'] as const;

/** `-incoming`: an address after its protocol (migration/migration.c: qemu_start_incoming_migration). */
function incomingMigration(value: string): IncomingMigration {
  if (value === 'defer') return { protocol: 'defer' };
  if (value.startsWith('exec:')) return { protocol: 'exec' };
  const protocol = protocols.find((one) => value.startsWith(`${one}:`));
  return protocol === undefined ? { protocol: 'other' } : { protocol, address: value.slice(protocol.length + 1) };
}
