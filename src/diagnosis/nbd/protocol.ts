import { resolveName } from '../../domain/name-resolution.ts';
import { observeNbd } from '../observed/nbd.ts';
import { cannotTell, skipped } from '../step.ts';
import { unresolvedTake } from '../unresolved-name.ts';
import type { Protocol } from '../walk.ts';
import { step, type NbdQuestion } from './question.ts';

const onlySeen = cannotTell('only a look at the port tells');
const withoutTls = skipped('the URI asks for no TLS');

/** QEMU's words (util/qemu-sockets.c: inet_connect_addr, inet_parse_connect_saddr). */
export const connectText = ({ host, port }: NbdQuestion, error: string): string =>
  `Failed to connect to '${host}:${port}': ${error}`;
export const resolveText = ({ host, port }: NbdQuestion, error: string): string =>
  `address resolution failed for ${host}:${port}: ${error}`;

export const isReached = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the client knock where an NBD server listens?',
  source: 'QEMU util/qemu-sockets.c: inet_connect_saddr',
  needs: { client: ['identity'] },
  take(question, { client }) {
    const resolution = resolveName(question.host, client.identity);
    const error = resolution.state === 'resolved' ? '' : resolution.error;
    return unresolvedTake(question.host, resolution, resolveText(question, error)) ?? onlySeen;
  },
});

export const speaksNbd = step({
  stage: 'handshake',
  side: 'server',
  question: 'Does an NBD server answer, with TLS or without as the client asks?',
  source: 'QEMU nbd/server.c: nbd_negotiate_options; nbd/client.c: nbd_start_negotiate',
  needs: {},
  take: () => onlySeen,
});

export const serverIsBelieved = step({
  stage: 'server-identity',
  side: 'client',
  question: "Does the client believe the server's certificate?",
  source: 'QEMU crypto/tlssession.c: qcrypto_tls_session_check_certificate',
  needs: {},
  take: ({ transport }) => (transport === 'tls' ? onlySeen : withoutTls),
});

export const clientIsBelieved = step({
  stage: 'client-identity',
  side: 'server',
  question: "Does the server let the client's certificate in?",
  source:
    'QEMU nbd/server.c: nbd_negotiate_handle_starttls; crypto/tlssession.c: qcrypto_tls_session_check_certificate',
  needs: {},
  take: ({ transport }) => (transport === 'tls' ? onlySeen : withoutTls),
});

export const hasExport = step({
  stage: 'auth',
  side: 'server',
  question: 'Does the server have the export?',
  source: 'QEMU nbd/server.c: nbd_negotiate_handle_info',
  needs: {},
  take: () => cannotTell('no export is asked for: whether there is one of that name shows only when it is opened'),
});

/** NBD, as far as its options: with TLS or without, and before any export is opened. */
export const nbdProtocol: Protocol<NbdQuestion> = {
  serverStart: [],
  clientStart: [],
  connection: [isReached, speaksNbd, serverIsBelieved, clientIsBelieved, hasExport],
  refused: (question) => connectText(question, 'Connection refused'),
  observe: observeNbd,
};
