import type { Step } from '../step.ts';
import { authenticates } from './authentication.ts';
import { driverOpens } from './driver-opens.ts';
import { clientMakesSession, handshakeSucceeds } from './handshake.ts';
import { clientIsBelieved, serverIsBelieved } from './identity.ts';
import type { LibvirtQuestion } from './question.ts';
import { isReached, nameResolves } from './reach.ts';

/** What both do together, once the daemon serves and the client dials. */
export const connection: readonly Step<LibvirtQuestion>[] = [
  nameResolves,
  isReached,
  clientMakesSession,
  handshakeSucceeds,
  serverIsBelieved,
  clientIsBelieved,
  authenticates,
  driverOpens,
];
