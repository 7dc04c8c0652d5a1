import type { TriedPassPhrase } from '../facts/certificates.ts';
import type { QemuProcess, QemuProcesses } from '../facts/qemu-processes.ts';
import { AccessError } from '../host/access-error.ts';
import type { HostView } from '../host/host-view.ts';
import { lockedKey } from '../parse/encrypted-private-key.ts';
import { decodeSecret, secretSources, type SecretSource } from '../parse/qemu-secrets.ts';
import { qemuPki } from '../reference/pki-files.ts';
import { qemuArguments } from './qemu-arguments.ts';

/** Rounds of hashing in one look at a host, about three seconds: beyond, a pass phrase is not tried. */
const roundsAtMost = 2_000_000;

/** A key that waits to be opened, by a secret of a guest that runs. */
interface Use {
  readonly process: QemuProcess;
  readonly secret: string;
}

/**
 * Tries on encrypted keys the pass phrases that running guests have for them, in memory, and says of each only whether it opens the key.
 * What cannot be learnt or would take too long is not tried.
 */
export class PassPhrases {
  readonly #view: HostView;
  readonly #uses = new Map<string, Use[]>();
  #rounds = roundsAtMost;

  constructor(view: HostView, qemuProcesses: QemuProcesses) {
    this.#view = view;
    for (const process of qemuProcesses.observed ? qemuProcesses.processes : []) {
      for (const object of process.commandLine.objects) {
        if (object.type !== 'tls-creds-x509' || object.passwordId === undefined || object.dir === undefined) continue;
        const path = `${object.dir.replace(/(?<=.)\/+$/, '')}/${qemuPki[object.endpoint]['private-key']}`;
        this.#uses.set(path, [...(this.#uses.get(path) ?? []), { process, secret: object.passwordId }]);
      }
    }
  }

  /** The outcomes for the key at a path, with this content. */
  async tryOn(path: string, content: Uint8Array): Promise<readonly TriedPassPhrase[]> {
    const uses = this.#uses.get(path);
    const key = uses === undefined ? undefined : lockedKey(content);
    if (uses === undefined || key === undefined) return [];
    const tried: TriedPassPhrase[] = [];
    for (const { process, secret } of uses) {
      const passPhrase = await this.#valueOf(process.pid, secret);
      if (passPhrase === undefined || !isPlain(passPhrase)) continue;
      const attempt = (candidate: Buffer): boolean | undefined => {
        this.#rounds -= key.rounds;
        return key.rounds > 0 && this.#rounds >= 0 ? key.opens(candidate) : undefined;
      };
      const opens = attempt(passPhrase);
      if (opens !== undefined) {
        const bare = passPhrase.subarray(0, passPhrase.at(-1) === 0x0a ? -1 : undefined);
        const newline = !opens && bare.length < passPhrase.length && attempt(bare) === true;
        tried.push({ pid: process.pid, secret, outcome: opens ? 'opens' : newline ? 'newline' : 'does-not-open' });
      }
      passPhrase.fill(0);
    }
    return tried;
  }

  async #valueOf(pid: number, id: string): Promise<Buffer | undefined> {
    const given = await qemuArguments(this.#view, pid);
    return given === undefined ? undefined : this.#decoded(secretSources(given.arguments), id, 0);
  }

  /** A secret may be encrypted with another one, which stands before it. */
  async #decoded(sources: ReadonlyMap<string, SecretSource>, id: string, depth: number): Promise<Buffer | undefined> {
    const source = sources.get(id);
    if (source === undefined || depth > 3) return undefined;
    const input = source.data === undefined ? await this.#fileOf(source) : Buffer.from(source.data);
    if (input === undefined) return undefined;
    const key = source.keyId === undefined ? undefined : await this.#decoded(sources, source.keyId, depth + 1);
    return decodeSecret(input, source, key);
  }

  async #fileOf({ file }: SecretSource): Promise<Buffer | undefined> {
    if (file?.startsWith('/') !== true) return undefined;
    try {
      const walked = await this.#view.walk(file);
      // Not through the view: nothing of it stays in memory.
      return walked.outcome === 'found' ? Buffer.from(await this.#view.host.read(walked.path, 4096)) : undefined;
    } catch (error) {
      if (error instanceof AccessError) return undefined;
      throw error;
    }
  }
}

/** Of others GnuTLS makes another form first (lib/str-unicode.c), or QEMU takes none (secret_common.c: qcrypto_secret_lookup_as_utf8). */
const isPlain = (passPhrase: Buffer): boolean =>
  passPhrase.length > 0 && passPhrase.length <= 1024 && passPhrase.every((byte) => byte > 0 && byte < 0x80);
