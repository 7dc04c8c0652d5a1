import { observeVnc } from '../observed/vnc.ts';
import type { Protocol } from '../walk.ts';
import { connection } from './connection.ts';
import { unansweredText } from './reach.ts';
import type { VncQuestion } from './question.ts';
import { serverStart } from './server-start.ts';

/** VNC, with a client that is built on gtk-vnc. */
export const vncProtocol: Protocol<VncQuestion> = {
  serverStart,
  clientStart: [],
  connection,
  refused: (question, { client }) =>
    client?.facts.identity.known === true ? unansweredText(question, client.facts.identity.value) : undefined,
  observe: observeVnc,
};
