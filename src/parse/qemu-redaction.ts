import {
  legacyVncOptions,
  optionsWithArgument,
  optionsWithoutArgument,
  spiceOptions,
  vncOptions,
} from '../reference/qemu-options.ts';
import { parseQemuJson, type QemuJson } from './qemu-json.ts';
import { booleanValue, optionId, optionParameters, type OptionParameter } from './qemu-options.ts';

/** Stands for what is not kept. */
const hidden = '…';

/** Options whose arguments hold no secret and say what a console is, or how guest and process are called. */
const keptOptions: ReadonlySet<string> = new Set([
  'audiodev',
  'audio',
  'name',
  'uuid',
  'machine',
  'M',
  'runas',
  'run-with',
  'readconfig',
]);

/** Objects of TLS and of who is let in: none of their properties is a secret. */
const keptObjects = /^(?:tls-creds-(?:x509|anon|psk)|authz-(?:simple|list|listfile|pam))$/;

const keptProperties: ReadonlySet<string> = new Set(
  'qom-type id dir endpoint verify-peer priority sanity-check passwordid username loaded identity policy rules filename refresh service help ?'.split(
    ' ',
  ),
);

const secretObjects: ReadonlySet<string> = new Set(['secret', 'secret_keyring']);

/** Properties of a `secret` that are none themselves; of `data`, `iv` and `serial` it matters only that they are there. */
const keptOfSecret: ReadonlySet<string> = new Set(['qom-type', 'id', 'file', 'format', 'keyid', 'loaded']);
const namedOfSecret: ReadonlySet<string> = new Set(['data', 'iv', 'serial']);

/**
 * An argument vector without its secrets: as long as it was, and `parseQemuCommandLine` makes the same of it for every version. What may
 * hold a secret, or says nothing of consoles, is an ellipsis.
 */
export function redactArguments(argv: readonly string[]): readonly string[] {
  const kept: string[] = argv.slice(0, 1);
  for (let at = 1; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const name = /^--?(.*)$/s.exec(word)?.[1];
    if (name === undefined) kept.push(hidden);
    else if (optionsWithArgument.has(name)) {
      kept.push(word);
      const value = argv[(at += 1)];
      if (value !== undefined) kept.push(redactValue(name, value));
    } else kept.push(optionsWithoutArgument.has(name) ? word : `-${hidden}`);
  }
  return kept;
}

function redactValue(name: string, value: string): string {
  if (keptOptions.has(name)) return value;
  switch (name) {
    case 'display':
      return value.startsWith('vnc=') ? `vnc=${redactVnc(value.slice('vnc='.length))}` : value;
    case 'vnc':
      return redactVnc(value);
    case 'object':
      return value.startsWith('{') ? redactJsonObject(value) : redactObject(value);
    case 'spice':
      return redactSpice(value);
    case 'chardev':
      return redactCharacterDevice(value);
    case 'incoming':
      return /^(?:defer$|(?:tcp|rdma|unix|vsock|fd|file):)/.test(value)
        ? value
        : value.startsWith('exec:')
          ? `exec:${hidden}`
          : hidden;
    default:
      return hidden;
  }
}

/** Some give a password where only `on` or `off` belongs; a comma in it makes a parameter of its rest. */
function redactVnc(value: string): string {
  const parameters = optionParameters(value, 'vnc');
  const isSecret = ({ name, value: given }: OptionParameter): boolean =>
    name === 'password' && booleanValue(given) === undefined;
  const isKnown = ({ name }: OptionParameter): boolean =>
    Object.hasOwn(vncOptions, name) || Object.hasOwn(legacyVncOptions, name) || name === 'id';
  const first = parameters.findIndex(isSecret);
  if (first === -1) return withoutUnknown(value, parameters, isKnown);
  return written(
    parameters.map((parameter, index) => {
      if (isSecret(parameter)) return { ...parameter, value: hidden };
      if (isKnown(parameter)) return parameter;
      return index < first ? valueless(parameter) : unknownParameter;
    }),
  );
}

/** Of a parameter that QEMU does not know its name alone matters, which QEMU repeats. */
const valueless = (parameter: OptionParameter): OptionParameter =>
  parameter.short ? parameter : { ...parameter, value: hidden };

function withoutUnknown(
  text: string,
  parameters: readonly OptionParameter[],
  isKnown: (parameter: OptionParameter) => boolean,
): string {
  return parameters.every((one) => one.short || isKnown(one))
    ? text
    : written(parameters.map((one) => (isKnown(one) ? one : valueless(one))));
}

function redactSpice(value: string): string {
  const parameters = optionParameters(value);
  if (!parameters.some(({ name }) => spiceSecrets.has(name)))
    return withoutUnknown(value, parameters, ({ name }) => Object.hasOwn(spiceOptions, name) || name === 'id');
  return written(
    parameters.map((parameter) => {
      if (spiceSecrets.has(parameter.name)) return { ...parameter, value: hidden, short: false };
      return Object.hasOwn(spiceOptions, parameter.name) || parameter.name === 'id' ? parameter : unknownParameter;
    }),
  );
}

function redactCharacterDevice(value: string): string {
  const parameters = optionParameters(value, 'backend');
  if (!parameters.some((one) => one.name === 'backend' && one.value === 'socket')) return hidden;
  return withoutUnknown(value, parameters, ({ name }) => socketParameters.has(name));
}

const socketParameters: ReadonlySet<string> = new Set(
  'backend id host port path server websocket tls-creds tls-authz'.split(' '),
);

const spiceSecrets: ReadonlySet<string> = new Set(['password', 'x509-key-password']);

const unknownParameter: OptionParameter = { name: hidden, value: hidden, short: false };

function redactObject(value: string): string {
  const parameters = optionParameters(value, 'qom-type');
  const type = parameters.findLast(({ name }) => name === 'qom-type')?.value ?? '';
  if (keptObjects.test(type)) return withoutUnknown(value, parameters, ({ name }) => keptProperties.has(name));
  const id = optionId(value);
  // QEMU takes the first id, and the object reader only that.
  const ids = id === undefined ? [] : [{ name: 'id', value: id, short: false }];
  const others = parameters.flatMap((parameter): readonly OptionParameter[] => {
    const { name } = parameter;
    if (name === 'id') return [];
    if (name === 'qom-type' || name === 'help' || name === '?') return [parameter];
    if (!secretObjects.has(type)) return [];
    if (keptOfSecret.has(name)) return [parameter];
    return [namedOfSecret.has(name) ? { name, value: hidden, short: false } : unknownParameter];
  });
  return written([...others, ...ids]);
}

function redactJsonObject(value: string): string {
  let members: QemuJson;
  try {
    members = parseQemuJson(value);
  } catch {
    return '{';
  }
  if (!(members instanceof Map)) return '{';
  const object = members as ReadonlyMap<string, QemuJson>;
  const type = object.get('qom-type');
  if (typeof type === 'string' && keptObjects.test(type)) {
    if ([...object.keys()].every((name) => keptProperties.has(name))) return value;
    return `{${[...object].map(([name, given]) => `${JSON.stringify(name)}:${keptProperties.has(name) ? JSON.stringify(plain(given)) : '"…"'}`).join()}}`;
  }
  const isSecret = typeof type === 'string' && secretObjects.has(type);
  const kept: Record<string, unknown> = {};
  for (const [name, given] of object) {
    if (name === 'qom-type' || name === 'id' || (isSecret && keptOfSecret.has(name)))
      // A list or an object where text belongs is refused for its type alone.
      kept[name] = typeof given === 'object' && given !== null ? [] : given;
    else if (isSecret) kept[namedOfSecret.has(name) ? name : hidden] = hidden;
  }
  return JSON.stringify(kept);
}

/** JSON as JavaScript has it. */
const plain = (value: QemuJson): unknown =>
  value instanceof Map
    ? Object.fromEntries([...(value as ReadonlyMap<string, QemuJson>)].map(([name, one]) => [name, plain(one)]))
    : Array.isArray(value)
      ? (value as readonly QemuJson[]).map(plain)
      : value;

/** Parameters as text that `optionParameters` reads back. */
const written = (parameters: readonly OptionParameter[]): string =>
  parameters
    .map(({ name, value, short }) =>
      short ? (value === 'on' ? name : `no${name}`) : `${name}=${value.replaceAll(',', ',,')}`,
    )
    .join(',');
