import { setMaxListeners } from 'node:events';
import { WireError } from './wire-error.ts';

/** One moment at which everything that a probe has open ends, be it by time or because the caller gave up. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  #cancelled = false;

  constructor(milliseconds: number, caller?: AbortSignal) {
    this.#caller = caller;
    // Each connection listens, and so does each probe to its caller: Node takes more than ten listeners for a leak, and says so.
    setMaxListeners(0, this.#controller.signal, ...(caller === undefined ? [] : [caller]));
    this.#timer = setTimeout(() => this.#controller.abort(), milliseconds);
    caller?.addEventListener('abort', this.#cancel);
    if (caller?.aborted === true) this.#cancel();
  }

  /** Aborted when the time is up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why something that was under way at the end has no answer. */
  late(reason: 'filtered' | 'silent' | 'too-slow' | 'name-lookup-failed', detail: string): WireError {
    return this.#cancelled ? new WireError('cancelled', 'the probe was cancelled') : new WireError(reason, detail);
  }

  /** Lets go of the timer and the caller's signal. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#cancel);
  }

  readonly #cancel = (): void => {
    this.#cancelled = true;
    this.#controller.abort();
  };
}
