import { createDecipheriv } from 'node:crypto';
import { parseQemuJson } from './qemu-json.ts';
import { optionId, optionParameters } from './qemu-options.ts';

/** Where a `secret` object has its value from. It may be the secret itself: it never leaves memory. */
export interface SecretSource {
  readonly data?: string;
  readonly file?: string;
  readonly base64: boolean;
  /** The secret with the key that this one is encrypted with (AES-256-CBC). */
  readonly keyId?: string;
  readonly iv?: string;
}

/** The `secret` objects of an argument vector by their ids; what QEMU could not read is left out. */
export function secretSources(argv: readonly string[]): ReadonlyMap<string, SecretSource> {
  const sources = new Map<string, SecretSource>();
  argv.forEach((word, index) => {
    const argument = argv[index + 1];
    if (!/^--?object$/.test(word) || argument === undefined) return;
    const properties = argument.startsWith('{') ? ofJson(argument) : ofOptions(argument);
    const id = properties.get('id');
    if (properties.get('qom-type') !== 'secret' || id === undefined) return;
    const [data, file, keyId, iv] = ['data', 'file', 'keyid', 'iv'].map((name) => properties.get(name));
    sources.set(id, {
      ...(data === undefined ? {} : { data }),
      ...(file === undefined ? {} : { file }),
      base64: properties.get('format') === 'base64',
      ...(keyId === undefined ? {} : { keyId }),
      ...(iv === undefined ? {} : { iv }),
    });
  });
  return sources;
}

function ofOptions(argument: string): ReadonlyMap<string, string> {
  const id = optionId(argument);
  const parameters = optionParameters(argument, 'qom-type').map(({ name, value }) => [name, value] as const);
  return new Map([...parameters, ...(id === undefined ? [] : [['id', id] as const])]);
}

function ofJson(argument: string): ReadonlyMap<string, string> {
  try {
    const members = parseQemuJson(argument);
    const pairs = members instanceof Map ? [...(members as ReadonlyMap<string, unknown>)] : [];
    return new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  } catch {
    return new Map();
  }
}

/**
 * The value of a secret from its data or its file's content; undefined where QEMU could not make it out.
 *
 * Source: QEMU crypto/secret_common.c: qcrypto_secret_complete, qcrypto_secret_decrypt.
 */
export function decodeSecret(
  input: Buffer,
  { base64, iv, keyId }: SecretSource,
  key: Buffer | undefined,
): Buffer | undefined {
  const bytes = base64 ? decodeBase64(input.toString('latin1')) : input;
  if (keyId === undefined || bytes === undefined) return bytes;
  const vector = decodeBase64(iv ?? '');
  if (key?.length !== 32 || vector?.length !== 16) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, vector);
    return Buffer.concat([decipher.update(bytes), decipher.final()]);
  } catch {
    return undefined;
  }
}

function decodeBase64(text: string): Buffer | undefined {
  const bare = text.replace(/\s/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(bare) ? Buffer.from(bare, 'base64') : undefined;
}
