import type { Known } from '../../facts/facts.ts';
import { clientPaths, numberedIdentitiesOf, type ClientAccount, type ClientPaths } from '../../domain/client-paths.ts';
import { credentialFacts, credentials, namedServerFiles } from '../../domain/credentials.ts';
import type { LibvirtUri } from '../../domain/libvirt-uri.ts';
import { loadsIdentities, requiresKeyEncipherment } from '../../domain/libvirt-version.ts';
import {
  loadCredentials,
  loadingFacts,
  type CredentialPaths,
  type IdentityPaths,
  type LoadingOutcome,
} from '../../domain/load-credentials.ts';
import { rootAccount } from '../../domain/account.ts';
import { effectiveBool, remoteConfiguration } from '../../domain/remote-configuration.ts';
import type { Snapshot } from '../../facts/snapshot.ts';
import { systemPki } from '../../reference/pki-files.ts';
import { defineStep } from '../step.ts';

/** One connection of libvirt's client. */
export interface LibvirtQuestion {
  readonly uri: LibvirtUri;
  /** The account that runs the client. */
  readonly account: ClientAccount;
  /** The priority string that the client hands to GnuTLS: the URI's, else that of its libvirt.conf. */
  readonly tlsPriority?: string;
}

export const step = defineStep<LibvirtQuestion>();

/** Facts of the client that its own credentials rest on. */
export const clientCredentialFacts = [...loadingFacts, 'clock', 'software'] as const;
type ClientCredentialFacts = Known<(typeof clientCredentialFacts)[number]>;

/** Which files the client looks for. */
export const pathsOfClient = (
  { uri, account }: LibvirtQuestion,
  { files, software }: Known<'files'> & Partial<Known<'software'>>,
): ClientPaths => clientPaths(files, account, uri.parameters.pkipath, software?.libvirt?.version);

/** What the client makes of its files before it dials. */
export function credentialsOfClient(question: LibvirtQuestion, facts: ClientCredentialFacts): LoadingOutcome {
  const found = pathsOfClient(question, facts);
  if (found.state === 'unknown') return found;
  const { software, clock } = facts;
  return loadCredentials(facts, {
    program: 'libvirt',
    endpoint: 'client',
    paths: found.paths,
    ...(found.further === undefined ? {} : { further: found.further }),
    version: software.libvirt?.version ?? null,
    account: question.account,
    checks: !question.uri.parameters.noSanity,
    at: clock.now,
    requiresKeyEncipherment: requiresKeyEncipherment('libvirt', software.libvirt?.version),
  });
}

/** Facts of the server that the daemon's credentials rest on. */
export const serverCredentialFacts = [...new Set([...credentialFacts, ...loadingFacts, 'clock'] as const)];
export type ServerCredentialFacts = Known<(typeof serverCredentialFacts)[number]>;

/** Which files the daemon looks for: none where its configuration names only part of them. */
export function pathsOfServer(facts: ServerCredentialFacts): CredentialPaths {
  const set = credentials(facts, ['libvirt-server']).sets.find(({ id }) => id === 'libvirt-server');
  return {
    ...(set?.ca === undefined ? {} : { ca: set.ca.path }),
    ...(set?.crl === undefined ? {} : { revocationList: set.crl.path }),
    ...(set?.certificate === undefined ? {} : { certificate: set.certificate.path }),
    ...(set?.key === undefined ? {} : { key: set.key.path }),
  };
}

/** The same of a version that loads several identities: an empty string is a path there, and the default ones have numbered ones besides. */
function identitiesOfServer(facts: ServerCredentialFacts): {
  readonly paths: CredentialPaths;
  readonly further: readonly IdentityPaths[];
  readonly isNamed: boolean;
} {
  const named = namedServerFiles(facts);
  if (named?.ca === undefined && named?.certificate === undefined && named?.key === undefined) {
    const paths = {
      ca: systemPki['ca-certificate'],
      revocationList: systemPki['revocation-list'],
      certificate: systemPki.server.certificate,
      key: systemPki.server['private-key'],
    };
    return { paths, further: numberedIdentitiesOf(paths), isNamed: false };
  }
  const { ca, certificate, key, crl, further } = named;
  return {
    paths: {
      ...(ca === undefined ? {} : { ca: ca.path }),
      ...(crl === undefined ? {} : { revocationList: crl.path }),
      ...(certificate === undefined || key === undefined ? {} : { certificate: certificate.path, key: key.path }),
    },
    further: further.map((pair) => ({ certificate: pair.certificate.path, key: pair.key.path })),
    isNamed: true,
  };
}

/** Does the daemon look at its own certificates before it loads them. */
export function daemonChecks(facts: ServerCredentialFacts): boolean {
  const configuration = remoteConfiguration(facts);
  return configuration.state !== 'loaded' || !effectiveBool(configuration, 'tls_no_sanity_certificate').value;
}

/** What the daemon makes of its files when it starts. */
export const credentialsOfServer = (facts: ServerCredentialFacts): LoadingOutcome =>
  loadCredentials(facts, {
    program: 'libvirt',
    endpoint: 'server',
    ...(loadsIdentities('libvirt', facts.software.libvirt?.version)
      ? identitiesOfServer(facts)
      : { paths: pathsOfServer(facts) }),
    version: facts.software.libvirt?.version ?? null,
    account: rootAccount,
    checks: daemonChecks(facts),
    at: facts.clock.now,
    requiresKeyEncipherment: requiresKeyEncipherment('libvirt', facts.software.libvirt?.version),
  });

/** Files of the client that a connection uses. */
export function clientFilesOf(question: LibvirtQuestion, client: Snapshot | undefined): readonly string[] {
  const files = client?.facts.files;
  const software = client?.facts.software;
  if (question.uri.transport !== 'tls' || files?.known !== true) return [];
  const found = pathsOfClient(question, {
    files: files.value,
    ...(software?.known === true ? { software: software.value } : {}),
  });
  return found.state === 'found' ? Object.values(found.paths) : [];
}
