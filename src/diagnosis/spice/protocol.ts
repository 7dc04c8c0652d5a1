import { observeSpice } from '../observed/spice.ts';
import { cannotTell, pass, skipped, warning } from '../step.ts';
import { unresolvedTake } from '../unresolved-name.ts';
import { resolve } from '../vnc/reach.ts';
import type { Protocol } from '../walk.ts';
import { step, type SpiceQuestion } from './question.ts';

const onlySeen = cannotTell('only a look at the port tells');

/** What remote-viewer shows whenever it does not come to a picture (virt-viewer src/virt-viewer-app.c). */
export const unableText = ({ uri }: SpiceQuestion): string => `Unable to connect to the graphic server ${uri}`;

export const isReached = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the client knock where SPICE listens?',
  source: 'spice-gtk src/spice-session.c: spice_session_channel_open_host; glib gio/gsocketclient.c',
  needs: { client: ['identity'], server: ['qemuProcesses'] },
  take(question, { client, server }) {
    const { host, port, transport } = question;
    const unresolved = unresolvedTake(host, resolve(host, client.identity), unableText(question));
    if (unresolved !== undefined) return unresolved;
    const guests = server.qemuProcesses.observed ? server.qemuProcesses.processes : [];
    const isThere = guests.some(
      ({ commandLine: { spice } }) => spice?.unix === false && spice[transport === 'tls' ? 'tlsPort' : 'port'] === port,
    );
    return isThere
      ? pass(`a guest has SPICE on port ${port}`)
      : cannotTell(`no guest with SPICE on port ${port} was seen`);
  },
});

export const speaksSpice = step({
  stage: 'handshake',
  side: 'server',
  question: 'Does SPICE answer, with TLS or without as the client asks?',
  source:
    'spice-server server/reds.cpp: reds_handle_read_link_done; spice-gtk src/spice-channel.c: spice_channel_coroutine',
  needs: {},
  take: () => onlySeen,
});

export const serverIsBelieved = step({
  stage: 'server-identity',
  side: 'client',
  question: "Does the client believe the server's certificate?",
  source: 'spice-gtk src/spice-channel.c: spice_channel_load_ca; spice-common common/ssl_verify.c: openssl_verify',
  needs: {},
  take: ({ transport }) => (transport === 'tls' ? onlySeen : skipped('without TLS there is no certificate')),
});

export const admitsClient = step({
  stage: 'auth',
  side: 'server',
  question: 'Does the guest let the client in?',
  source: 'QEMU ui/spice-core.c: qemu_spice_init; spice-server server/reds.cpp: reds_handle_ticket',
  needs: { server: ['qemuProcesses'] },
  take({ port }, { server }) {
    const guests = server.qemuProcesses.observed ? server.qemuProcesses.processes : [];
    const spice = guests
      .map(({ commandLine }) => commandLine.spice)
      .find((one) => one !== undefined && (one.port === port || one.tlsPort === port));
    if (spice === undefined) return cannotTell('what the guest asks for shows only when it is given');
    if (spice.sasl) return cannotTell('SASL asks for a login; whether it is right only its owner knows');
    return spice.ticketing
      ? cannotTell('a password (ticket) is asked for; whether it is right only its owner knows')
      : warning('nothing is asked: ticketing is switched off');
  },
});

/** SPICE, as far as its link message: in the clear or in TLS, and before any ticket. */
export const spiceProtocol: Protocol<SpiceQuestion> = {
  serverStart: [],
  clientStart: [],
  connection: [isReached, speaksSpice, serverIsBelieved, admitsClient],
  refused: unableText,
  observe: observeSpice,
};
