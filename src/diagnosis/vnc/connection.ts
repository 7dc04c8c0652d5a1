import type { Step } from '../step.ts';
import { authenticates } from './authentication.ts';
import { handshakeSucceeds } from './handshake.ts';
import { clientIsBelieved, serverIsBelieved } from './identity.ts';
import type { VncQuestion } from './question.ts';
import { isReached } from './reach.ts';
import { clientLoads } from './viewer-files.ts';

/** In the order of gtk-vnc, which looks for its files only when the server has asked for TLS. */
export const connection: readonly Step<VncQuestion>[] = [
  isReached,
  clientLoads,
  handshakeSucceeds,
  serverIsBelieved,
  clientIsBelieved,
  authenticates,
];
