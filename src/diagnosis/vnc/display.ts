import type { Certificate } from '../../facts/certificates.ts';
import type { VncDisplay } from '../../facts/qemu-processes.ts';
import type { LoadingOutcome } from '../../domain/load-credentials.ts';
import { sentChain } from '../../domain/peer-verification.ts';
import { defaultPriority, handshake, type Handshake, type HandshakeEnd } from '../../domain/tls-handshake.ts';
import { cannotTell, skipped } from '../step.ts';
import {
  askedGuest,
  credentialsOfViewer,
  displayCredentials,
  type VncClientFacts,
  type VncQuestion,
  type VncServerFacts,
} from './question.ts';

/** The display that is asked for. */
export const displayOf = (question: VncQuestion, server: VncServerFacts): VncDisplay | undefined =>
  askedGuest(question, server)?.display;

/** The answer of every step where nobody knows which display answers. */
export const noDisplay = cannotTell('which display answers is not known');
/** The answer of steps on certificates where the display has none. */
export const withoutCertificates = skipped('the display uses no certificates');

/** QEMU tells nobody why it turns a client away, but its trace event vnc_client_auth_fail (ui/vnc-auth-vencrypt.c: vnc_tls_handshake_done). */
export const unlogged = (reason: string): readonly string[] => [`trace event vnc_client_auth_fail of QEMU: ${reason}`];

/** What the two ends make of each other's priorities and keys. */
export function handshakeOf(question: VncQuestion, client: VncClientFacts, server: VncServerFacts): Handshake {
  const tls = displayOf(question, server)?.tls;
  const priority = tls === undefined || !('credentials' in tls) ? undefined : tls.credentials.priority;
  const usesCertificates = tls?.type === 'x509';
  // Both append the exchange that does without certificates, which TLS 1.3 does not have.
  const isAnonymous = tls?.type === 'anonymous';
  const [viewer, guest] = [credentialsOfViewer(question, client), displayCredentials(question, server)];
  const end = (outcome: LoadingOutcome | undefined, gnutls: string | undefined): HandshakeEnd => ({
    ...(usesCertificates && outcome?.state === 'loaded'
      ? {
          leaf: outcome.identity?.chain[0] ?? 'none',
          ...(outcome.identity?.isNoPair === true ? { isNoPair: true } : {}),
        }
      : {}),
    ...(gnutls === undefined ? {} : { gnutls }),
  });
  return handshake(
    {
      ...end(viewer, client.software.gnutls?.version),
      ...(isAnonymous ? { priority: `${defaultPriority}:-VERS-TLS1.3:+ANON-DH` } : {}),
    },
    {
      ...end(guest, server.software.gnutls?.version),
      ...(isAnonymous
        ? { priority: `${priority ?? defaultPriority}:+ANON-DH` }
        : priority === undefined
          ? {}
          : { priority }),
    },
    { isAnonymous },
  );
}

/** What the client shows of itself: nothing where QEMU would not take it, or it cannot sign as both have enabled. */
export function shownChain(
  question: VncQuestion,
  client: VncClientFacts,
  server: VncServerFacts,
): readonly Certificate[] | undefined {
  const [viewer, own] = [credentialsOfViewer(question, client), displayCredentials(question, server)];
  if (viewer.state !== 'loaded' || own?.state !== 'loaded') return undefined;
  const outcome = handshakeOf(question, client, server);
  if (outcome.state === 'agreed' && outcome.clientProof === 'withholds') return undefined;
  return sentChain(viewer.identity?.chain, own.anchors);
}
