import type { User } from '../facts/accounts.ts';
import type { Known } from '../facts/facts.ts';
import type { CredentialKind } from '../reference/pki-files.ts';
import { tigerVncDirectories, tigerVncPki, tigerVncPrograms } from '../reference/vnc-clients.ts';
import { accountOf, usersInScope } from './account.ts';
import type { CredentialFacts, CredentialFile, CredentialGap, Credentials, CredentialSet } from './credentials.ts';
import { exists, walk } from './walk.ts';

/** What TigerVNC's viewer logs of a file that it does not load; it then goes on. Source: 1.12 common/rfb/CSecurityTLS.cxx: setParam. */
export const tigerVncRefusal = (kind: CredentialKind): string =>
  kind === 'revocation-list'
    ? 'Could not load user specified certificate revocation list'
    : 'Could not load user specified certificate authority';

/** The directories of a user in which TigerVNC may have its files, the newer first. */
export const tigerVncDirectoriesOf = (home: string): readonly string[] =>
  tigerVncDirectories.map((directory) => `${home.replace(/\/+$/, '')}/${directory}`);

/** The directory that counts: the older one where the newer is not there; undefined where neither is. */
const directoryInUse = ({ files }: Known<'files'>, { home }: User): string | undefined =>
  tigerVncDirectoriesOf(home).find((directory) => exists(files, directory) !== false);

/** A file that only TigerVNC reads, which shows that somebody uses it. */
export const tigerVncEvidence = (facts: Known<'files' | 'accounts' | 'caller'>): string | undefined =>
  tigerVncSetsOf(facts)
    .flatMap(({ set: { ca, crl } }) => [ca, crl])
    .find((file) => file !== undefined)?.path;

/**
 * What each user's TigerVNC viewer trusts besides the system's CAs, and by which list: it has no certificate of its own, wants none of its
 * files, and goes on without what it cannot load.
 */
export function tigerVncSets(facts: CredentialFacts): Credentials {
  const found = tigerVncSetsOf(facts);
  const installed = tigerVncPrograms.some((program) => facts.software.installed.includes(program));
  return {
    sets: found.map(({ set }) => set).filter(({ ca, crl }) => ca !== undefined || crl !== undefined),
    gaps: installed ? found.flatMap(({ gaps }) => gaps) : [],
  };
}

function tigerVncSetsOf(
  facts: Known<'files' | 'accounts' | 'caller'>,
): readonly { readonly set: CredentialSet; readonly gaps: readonly CredentialGap[] }[] {
  return usersInScope(facts).flatMap((user) => {
    const directory = directoryInUse(facts, user);
    if (directory === undefined) return [];
    const gaps: CredentialGap[] = [];
    const file = (kind: keyof typeof tigerVncPki): CredentialFile | undefined => {
      const path = `${directory}/${tigerVncPki[kind]}`;
      const way = walk(facts.files, path);
      if (way.outcome === 'unknown') gaps.push({ path, because: way.because });
      return way.outcome === 'found' ? { kind, path } : undefined;
    };
    const ca = file('ca-certificate');
    const crl = file('revocation-list');
    const set: CredentialSet = {
      id: `vnc-client:tigervnc:${user.name}`,
      owner: `${user.name}'s TigerVNC`,
      role: 'vnc-client',
      endpoint: 'client',
      program: 'tigervnc',
      readers: [accountOf(facts.accounts, user)],
      ...(ca === undefined ? {} : { ca }),
      ...(crl === undefined ? {} : { crl }),
    };
    return { set, gaps };
  });
}
