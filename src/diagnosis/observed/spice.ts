import type { ObservedPeer, SpiceAnswer } from '../../facts/observation.ts';
import { spiceDirectory, spiceTrust } from '../../reference/spice-clients.ts';
import { admitsClient, isReached, serverIsBelieved, speaksSpice, unableText } from '../spice/protocol.ts';
import type { SpiceQuestion } from '../spice/question.ts';
import { cannotTell, pass, skipped, warning, type Take } from '../step.ts';
import { resolve } from '../vnc/reach.ts';
import type { Snapshots } from '../walk.ts';
import { breakingOf } from './broken-handshake.ts';
import { handshakeText } from './handshake-text.ts';
import { reachOf } from './reach.ts';
import { servedIdentity } from './served-identity.ts';
import { Answers, factsOf, type Sight } from './sight.ts';

const who = 'a guest with SPICE';

/** What a look at a port of SPICE says to the questions of the steps. */
export function observeSpice(question: SpiceQuestion, { client }: Snapshots, peer: ObservedPeer): Sight {
  const answers = new Answers('spice');
  if (peer.asks !== 'spice') return answers.sight();
  const identity = factsOf(client, ['identity'])?.identity;
  const expected = identity === undefined ? undefined : resolve(question.host, identity);
  const unable = (): string => unableText(question);
  const reached = reachOf<SpiceAnswer>(
    peer.observation,
    {
      connect: unable,
      resolve: unable,
      server: who,
      start:
        'virsh domdisplay --all GUEST says where a guest has its display; one that listens on 127.0.0.1 is reached through ssh alone',
      rules: ['port-blocked-by-firewall'],
    },
    expected?.state === 'resolved' ? expected.addresses : undefined,
  );
  answers.give(isReached, reached.name.outcome === 'fail' ? reached.name : reached.reach);
  const answer = reached.peer?.answer;
  if (answer === undefined) return answers.sight();
  const take = question.transport === 'tls' ? inTls(question, answer) : inTheClear(question, answer);
  answers.give(speaksSpice, take);
  if (take.outcome === 'fail' || take.outcome === 'unknown') return answers.sight();
  const handshake = question.transport === 'tls' ? answer.tls?.handshake : undefined;
  const { home = '/' } = question.account;
  answers.give(
    serverIsBelieved,
    handshake === undefined
      ? skipped('without TLS there is no certificate')
      : servedIdentity(
          {
            host: question.host,
            caFiles: [`${spiceDirectory(home)}/${spiceTrust['ca-certificate']}`],
            clientText: unable(),
          },
          client,
          handshake,
        ),
  );
  answers.give(
    admitsClient,
    cannotTell('which password (ticket) or login the guest asks for shows only when it is given'),
  );
  return answers.sight('it runs: SPICE answers');
}

function inTls(question: SpiceQuestion, { tls }: SpiceAnswer): Take {
  if (tls === undefined) return cannotTell('TLS was not asked for');
  const { handshake, link } = tls;
  const { outcome } = handshake;
  const unseen = !outcome.seen ? outcome : !link.seen ? link : undefined;
  if (unseen?.reason === 'cancelled') return cannotTell(unseen.detail);
  if (unseen !== undefined) return broken(question, unseen, outcome.seen ? 'SPICE' : 'TLS');
  if (link.seen && (link.value === 'error' || link.value === 'plain-needed'))
    return refused(question, 'SPICE answers with an error inside TLS');
  return pass(`SPICE in ${handshakeText(handshake)}`);
}

function inTheClear(question: SpiceQuestion, { plain, tls }: SpiceAnswer): Take {
  if (plain === undefined) return cannotTell('SPICE was not asked in the clear');
  if (!plain.seen) {
    if (plain.reason === 'cancelled') return cannotTell(plain.detail);
    return tls?.link.seen === true
      ? refused(question, `port ${question.port} is one for TLS, and the URI asks for none`, ofTlsPort(question))
      : broken(question, plain, 'SPICE');
  }
  switch (plain.value) {
    case 'ok':
      return warning(
        'SPICE answers in the clear: who is on the way sees the screen and every key',
        'spice-without-encryption',
      );
    case 'tls-needed':
      return refused(question, 'SPICE wants TLS, and the URI names no port for it', ofTlsPort(question));
    case 'plain-needed':
    case 'error':
      return refused(question, 'SPICE answers with an error');
  }
}

const ofTlsPort = ({ host }: SpiceQuestion): string =>
  `On the server, virsh domdisplay --all GUEST has the tls-port; open spice://${host}?tls-port=PORT`;

const refused = (question: SpiceQuestion, message: string, instruction?: string): Take => ({
  outcome: 'fail',
  message,
  clientText: unableText(question),
  failure: {
    side: 'client',
    why: message,
    rules: [],
    fix: {
      title: 'Dial the port that the guest has for this',
      applicability: 'manual',
      steps: [{ kind: 'manual', instruction: instruction ?? ofTlsPort(question) }],
    },
  },
});

function broken(question: SpiceQuestion, unseen: Parameters<typeof breakingOf>[0], expected: string): Take {
  const { message, failure } = breakingOf(unseen, question.port, who, expected);
  // A client that waits prints nothing.
  const waits = unseen.reason === 'silent' || unseen.reason === 'too-slow';
  return { outcome: 'fail', message, ...(waits ? {} : { clientText: unableText(question) }), failure };
}
