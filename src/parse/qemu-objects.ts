import type { QemuAuthorization, QemuObject, QemuSecret, TlsCredentials } from '../facts/qemu-processes.ts';
import { objectTypes } from '../reference/qemu-options.ts';
import { parseQemuJson, type QemuJson } from './qemu-json.ts';
import {
  booleanValue,
  helpText,
  isIdentifier,
  optionId,
  optionParameters,
  QemuArgumentError,
  QemuOptions,
} from './qemu-options.ts';

/** An `-object` that QEMU would take, and whether its id came from key=value, where a repeated one is noticed at once. */
export interface ParsedObject {
  readonly object: QemuObject;
  readonly json: boolean;
  /** Why QEMU cannot complete it, known from its own properties alone. */
  readonly incomplete?: string;
}

/**
 * Reads the argument of `-object`, in key=value or JSON form.
 *
 * Source: QEMU softmmu/vl.c: object_option_parse; qapi/opts-visitor.c, qapi/qobject-input-visitor.c; qapi/crypto.json, authz.json.
 *
 * @throws QemuArgumentError with QEMU's words; a name that may be a piece of a secret is replaced by an ellipsis.
 */
export function parseObject(argument: string, newerQemu: boolean): ParsedObject {
  return argument.startsWith('{') ? fromJson(argument, newerQemu) : fromOptions(argument, newerQemu);
}

/** One by one the properties are taken out; what is left over at the end is not known to QEMU. */
interface Properties {
  text(name: string): string | undefined;
  flag(name: string): boolean | undefined;
  choice<T extends string>(name: string, values: readonly T[]): T | undefined;
  /** Marks as known without looking: its value is a secret, or of no interest. */
  skip(name: string): boolean;
  rules(): (QemuAuthorization & { type: 'authz-list' })['rules'];
  end(secret: boolean): void;
}

function fromOptions(argument: string, newerQemu: boolean): ParsedObject {
  const id = optionId(argument);
  if (id !== undefined && !isIdentifier(id)) throw new QemuArgumentError("Parameter 'id' expects an identifier");
  const parameters = optionParameters(argument, 'qom-type').filter(({ name }) => name !== 'id');
  const options = new QemuOptions(parameters);
  const left = new Set(parameters.map(({ name }) => name));
  const type = options.text('qom-type');
  if (type === undefined) throw missing('qom-type');
  if (type === 'help' || type === '?' || left.has('help') || left.has('?')) throw new QemuArgumentError(helpText);
  const text = (name: string): string | undefined => (left.delete(name) ? options.text(name) : undefined);
  const properties: Properties = {
    text,
    flag(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      return booleanValue(value) ?? refuse(`Parameter '${name}' expects 'on' or 'off'`);
    },
    choice: (name, values) => choose(name, text(name), values),
    skip: (name) => left.delete(name),
    // A list of structures cannot be spelt in this form: `rules.0.match` is no parameter that QEMU knows.
    rules: () => [],
    end(secret) {
      const [name] = left;
      if (name !== undefined) refuse(`Invalid parameter '${secret ? '…' : name}'`);
    },
  };
  left.delete('qom-type');
  checkType(type, newerQemu);
  if (id === undefined) throw missing('id');
  return { ...build(type, id, properties), json: false };
}

function fromJson(argument: string, newerQemu: boolean): ParsedObject {
  const members = parseQemuJson(argument);
  if (!(members instanceof Map)) throw new QemuArgumentError('JSON parse error');
  const properties = jsonProperties(members as ReadonlyMap<string, QemuJson>);
  const type = properties.text('qom-type') ?? refuse("Parameter 'qom-type' is missing");
  checkType(type, newerQemu);
  const id = properties.text('id') ?? refuse("Parameter 'id' is missing");
  return { ...build(type, id, properties), json: true };
}

function jsonProperties(members: ReadonlyMap<string, QemuJson>, path = ''): Properties {
  const left = new Set(members.keys());
  const taken = (name: string): QemuJson | undefined => (left.delete(name) ? members.get(name) : undefined);
  const wrongType = (name: string, expected: string): never =>
    refuse(`Invalid parameter type for '${path}${name}', expected: ${expected}`);
  const text = (name: string): string | undefined => {
    const value = taken(name);
    return value === undefined || typeof value === 'string' ? value : wrongType(name, 'string');
  };
  return {
    text,
    flag(name) {
      const value = taken(name);
      return value === undefined || typeof value === 'boolean' ? value : wrongType(name, 'boolean');
    },
    choice: (name, values) => choose(name, text(name), values),
    skip: (name) => left.delete(name),
    rules() {
      const value = taken('rules');
      if (value === undefined) return [];
      if (!Array.isArray(value)) return wrongType('rules', 'array');
      return (value as readonly QemuJson[]).map((item, index) => {
        if (!(item instanceof Map)) return wrongType(`rules[${index}]`, 'object');
        const rule = jsonProperties(item as ReadonlyMap<string, QemuJson>, `rules[${index}].`);
        const where = `rules[${index}]`;
        const match = rule.text('match') ?? refuse(`Parameter '${where}.match' is missing`);
        const policy = rule.choice('policy', policies) ?? refuse(`Parameter '${where}.policy' is missing`);
        const format = rule.choice('format', ['exact', 'glob']) ?? 'exact';
        rule.end(false);
        return { match, policy, format };
      });
    },
    end(secret) {
      const [name] = left;
      if (name !== undefined) refuse(`Parameter '${path}${secret ? '…' : name}' is unexpected`);
    },
  };
}

function refuse(text: string): never {
  throw new QemuArgumentError(text);
}

const missing = (name: string): QemuArgumentError => new QemuArgumentError(`Parameter '${name}' is missing`);

function choose<T extends string>(name: string, value: string | undefined, values: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  return values.find((one) => one === value) ?? refuse(`Parameter '${name}' does not accept value '${value}'`);
}

/** A later QEMU may have types that are not in our table. */
function checkType(type: string, newerQemu: boolean): void {
  if (!newerQemu && !objectTypes.has(type)) refuse(`Parameter 'qom-type' does not accept value '${type}'`);
}

const policies = ['deny', 'allow'] as const;

function build(type: string, id: string, properties: Properties): Omit<ParsedObject, 'json'> {
  switch (type) {
    case 'tls-creds-x509':
    case 'tls-creds-anon':
    case 'tls-creds-psk':
      return tlsCredentials(type, id, properties);
    case 'secret':
    case 'secret_keyring':
      return secret(type, id, properties);
    case 'authz-simple': {
      const identity = properties.text('identity');
      if (identity === undefined) throw missing('identity');
      properties.end(false);
      return { object: { type, id, identity } };
    }
    case 'authz-list': {
      const policy = properties.choice('policy', policies) ?? 'deny';
      const rules = properties.rules();
      properties.end(false);
      return { object: { type, id, policy, rules } };
    }
    case 'authz-listfile': {
      const filename = properties.text('filename');
      if (filename === undefined) throw missing('filename');
      const refresh = properties.flag('refresh') ?? true;
      properties.end(false);
      // The schema's name for it is not that of the class (authz/listfile.h has authz-list-file), up to 11.1: nobody can make one.
      return { object: { type, id, filename, refresh }, incomplete: `invalid object type: ${type}` };
    }
    case 'authz-pam': {
      const service = properties.text('service');
      if (service === undefined) throw missing('service');
      properties.end(false);
      return { object: { type, id, service } };
    }
    default:
      return { object: { type: 'other', id, qomType: type } };
  }
}

function tlsCredentials(
  type: TlsCredentials['type'],
  id: string,
  properties: Properties,
): { readonly object: TlsCredentials; readonly incomplete?: string } {
  const verifyPeer = properties.flag('verify-peer') ?? true;
  const dir = properties.text('dir');
  const endpoint = properties.choice('endpoint', ['client', 'server']) ?? 'client';
  const priority = properties.text('priority');
  properties.flag('loaded');
  const sanityCheck = type === 'tls-creds-x509' ? (properties.flag('sanity-check') ?? true) : undefined;
  const passwordId = type === 'tls-creds-x509' ? properties.text('passwordid') : undefined;
  const username = type === 'tls-creds-psk' && properties.text('username') !== undefined;
  properties.end(false);
  const object: TlsCredentials = {
    type,
    id,
    ...(dir === undefined ? {} : { dir }),
    endpoint,
    verifyPeer,
    ...(priority === undefined ? {} : { priority }),
    ...(sanityCheck === undefined ? {} : { sanityCheck }),
    ...(passwordId === undefined ? {} : { passwordId }),
  };
  if (username && endpoint === 'server')
    return { object, incomplete: 'username should not be set when endpoint=server' };
  if (dir === undefined && type !== 'tls-creds-anon') return { object, incomplete: "Missing 'dir' property value" };
  return { object };
}

function secret(
  type: QemuSecret['type'],
  id: string,
  properties: Properties,
): { readonly object: QemuSecret; readonly incomplete?: string } {
  properties.flag('loaded');
  properties.choice('format', ['raw', 'base64']);
  const keyId = properties.text('keyid');
  properties.skip('iv');
  const key = keyId === undefined ? {} : { keyId };
  if (type === 'secret_keyring') {
    if (!properties.skip('serial')) throw missing('serial');
    properties.end(true);
    return { object: { type, id, source: 'keyring', ...key } };
  }
  const inline = properties.skip('data');
  const file = properties.text('file');
  properties.end(true);
  const source = inline ? 'inline' : file === undefined ? 'none' : 'file';
  const object: QemuSecret = { type, id, source, ...(file === undefined ? {} : { file }), ...key };
  if (inline && file !== undefined) return { object, incomplete: "'file' and 'data' are mutually exclusive" };
  if (source === 'none') return { object, incomplete: "Either 'file' or 'data' must be provided" };
  return { object };
}
