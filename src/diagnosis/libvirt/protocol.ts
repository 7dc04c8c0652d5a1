import { observeLibvirt } from '../observed/libvirt.ts';
import type { Protocol } from '../walk.ts';
import { clientStart } from './client-start.ts';
import { connection } from './connection.ts';
import type { LibvirtQuestion } from './question.ts';
import { unansweredText } from './reach.ts';
import { serverStart } from './server-start.ts';

/** libvirt's remote driver over TLS or plain TCP. */
export const libvirtProtocol: Protocol<LibvirtQuestion> = {
  serverStart,
  clientStart,
  connection,
  refused: (question, { client }) =>
    client?.facts.identity.known === true ? unansweredText(question, client.facts.identity.value) : undefined,
  observe: observeLibvirt,
};
