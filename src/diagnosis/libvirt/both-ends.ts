import { listening } from '../../domain/listening.ts';
import type { LoadingOutcome } from '../../domain/load-credentials.ts';
import { effectiveString, type LoadedConfiguration } from '../../domain/remote-configuration.ts';
import { defaultPriority } from '../../domain/tls-handshake.ts';
import { cannotTell, skipped } from '../step.ts';
import {
  clientCredentialFacts,
  credentialsOfClient,
  credentialsOfServer,
  serverCredentialFacts,
  type LibvirtQuestion,
  type ServerCredentialFacts,
} from './question.ts';

/** The daemon's configuration, where it loads. */
export const configurationIn = (facts: ServerCredentialFacts): LoadedConfiguration | undefined => {
  const answer = listening(facts);
  return answer.state === 'determined' ? answer.configuration : undefined;
};

/** What each end has in its hands; undefined where that is not known or one of them gave up before. */
export function ends(
  question: LibvirtQuestion,
  client: Parameters<typeof credentialsOfClient>[1],
  server: ServerCredentialFacts,
): { readonly client: Loaded; readonly server: Loaded } | undefined {
  const [ofClient, ofServer] = [credentialsOfClient(question, client), credentialsOfServer(server)];
  return ofClient.state === 'loaded' && ofServer.state === 'loaded'
    ? { client: ofClient, server: ofServer }
    : undefined;
}
/** Files that were loaded. */
export type Loaded = Extract<LoadingOutcome, { state: 'loaded' }>;

/** What a step needs that compares both ends. */
export const both = { client: clientCredentialFacts, server: serverCredentialFacts } as const;

/** The priority string that the client hands to GnuTLS. */
export const clientPriority = ({ tlsPriority }: LibvirtQuestion): string => tlsPriority ?? defaultPriority;

/** The one of the daemon. */
export const serverPriority = (server: ServerCredentialFacts): string => {
  const configuration = configurationIn(server);
  return (
    (configuration === undefined ? undefined : effectiveString(configuration, 'tls_priority').value) ?? defaultPriority
  );
};

/** The answer of every step on TLS where there is none. */
export const withoutTls = skipped('plain TCP: nothing is encrypted, and nobody shows a certificate');
export const notLoaded = cannotTell('what both ends have loaded is not known');
