import { qemuTlsDirectoryOf } from '../../domain/credentials.ts';
import { resolveName } from '../../domain/name-resolution.ts';
import type { NbdAnswer, ObservedPeer } from '../../facts/observation.ts';
import type { Snapshot } from '../../facts/snapshot.ts';
import { qemuPki } from '../../reference/pki-files.ts';
import { clientIsBelieved, connectText, isReached, resolveText, serverIsBelieved, speaksNbd } from '../nbd/protocol.ts';
import type { NbdQuestion } from '../nbd/question.ts';
import { cannotTell, pass, skipped, warning, type Take } from '../step.ts';
import type { Snapshots } from '../walk.ts';
import { breakingOf } from './broken-handshake.ts';
import { handshakeText } from './handshake-text.ts';
import { reachOf } from './reach.ts';
import { servedIdentity } from './served-identity.ts';
import { Answers, factsOf, type Sight } from './sight.ts';

const who = 'an NBD server';

/** What a look at an NBD server says to the questions of the steps. */
export function observeNbd(question: NbdQuestion, { client }: Snapshots, peer: ObservedPeer): Sight {
  const answers = new Answers('nbd');
  if (peer.asks !== 'nbd') return answers.sight();
  const identity = factsOf(client, ['identity'])?.identity;
  const expected = identity === undefined ? undefined : resolveName(question.host, identity);
  const reached = reachOf<NbdAnswer>(
    peer.observation,
    {
      connect: (error) => connectText(question, error),
      resolve: (error) => resolveText(question, error),
      server: who,
      start: 'qemu-nbd, nbdkit or the backup job of a guest opens it',
      rules: ['port-blocked-by-firewall'],
    },
    expected?.state === 'resolved' ? expected.addresses : undefined,
  );
  answers.give(isReached, reached.name.outcome === 'fail' ? reached.name : reached.reach);
  const answer = reached.peer?.answer;
  if (answer === undefined) return answers.sight();
  const take = speaking(question, answer);
  answers.give(speaksNbd, take);
  if (take.outcome === 'fail' || take.outcome === 'unknown') return answers.sight();
  if (question.transport === 'tcp' || answer.handshake === undefined) {
    for (const step of [serverIsBelieved, clientIsBelieved]) answers.give(step, skipped('the URI asks for no TLS'));
    return answers.sight();
  }
  answers.give(
    serverIsBelieved,
    servedIdentity({ host: question.host, caFiles: caFilesOf(client) }, client, answer.handshake),
  );
  answers.give(clientIsBelieved, admission(answer));
  return answers.sight();
}

/** Of the client's QEMU: the directory for network disks by its qemu.conf. */
function caFilesOf(client: Snapshot | undefined): readonly string[] {
  const facts = factsOf(client, ['configurations', 'files']);
  return facts === undefined ? [] : [`${qemuTlsDirectoryOf(facts, 'nbd').path}/${qemuPki['ca-certificate']}`];
}

function speaking(question: NbdQuestion, { greeting, plain, startTls, handshake }: NbdAnswer): Take {
  const { transport, port } = question;
  const unseen = [greeting, plain, startTls, transport === 'tls' ? handshake?.outcome : undefined].find(
    (one) => one?.seen === false,
  );
  if (unseen?.seen === false) {
    if (unseen.reason === 'cancelled') return cannotTell(unseen.detail);
    const { message, failure } = breakingOf(unseen, port, who, unseen === handshake?.outcome ? 'TLS' : 'NBD');
    return { outcome: 'fail', message, failure };
  }
  if (transport === 'tls') {
    const isOffered = startTls?.seen === true && startTls.value === 'accepted';
    if (!isOffered || handshake === undefined)
      return refuse(
        'the server has no TLS, and the URI asks for it',
        'server',
        'Let the server use TLS',
        withCredentials,
      );
    return pass(`NBD in ${handshakeText(handshake)}`);
  }
  if (plain?.seen === true && plain.value === 'tls-needed')
    return refuse('the server wants TLS, and the URI asks for none', 'client', 'Ask for TLS', withUri);
  const inTheClear = 'NBD answers in the clear: who is on the way reads and changes the disk';
  return greeting.seen && greeting.value === 'newstyle' && plain === undefined
    ? cannotTell('whether the server goes on without TLS was not asked')
    : warning(inTheClear);
}

const withCredentials =
  'Start it with TLS credentials: qemu-nbd --object tls-creds-x509,id=t,endpoint=server,dir=DIRECTORY --tls-creds t; for a backup, backup_tls_x509_cert_dir of qemu.conf';
const withUri = 'Open nbds:// in place of nbd://; of a disk of a guest, <source … tls="yes">';

const refuse = (message: string, side: 'client' | 'server', title: string, instruction: string): Take => ({
  outcome: 'fail',
  message,
  failure: {
    side,
    why: message,
    rules: [],
    fix: { title, applicability: 'manual', steps: [{ kind: 'manual', instruction }] },
  },
});

function admission({ verifyPeer }: NbdAnswer): Take {
  if (verifyPeer === undefined) return cannotTell('whether the server verifies its clients did not show');
  return verifyPeer === 'on'
    ? cannotTell('the server wants a certificate, and the one of the client was not shown')
    : warning('the server asks for no certificate: who reaches the port has the disk');
}
