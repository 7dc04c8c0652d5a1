import type { UnknownReason } from '../facts/fact.ts';

/** A refusal to let us look; collectors let it pass, and the fact becomes unknown for this reason. */
export class AccessError extends Error {
  readonly reason: UnknownReason;

  constructor(reason: UnknownReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'AccessError';
    this.reason = reason;
  }
}
