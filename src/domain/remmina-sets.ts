import type { Known } from '../facts/facts.ts';
import type { RemminaProfile } from '../facts/remmina.ts';
import type { CredentialKind } from '../reference/pki-files.ts';
import { remminaPrograms, remminaSettings } from '../reference/vnc-clients.ts';
import { accountOf, userPkiFile, usersInScope } from './account.ts';
import type { CredentialFacts, CredentialFile, CredentialGap, Credentials, CredentialSet } from './credentials.ts';

/**
 * What libvncclient says of a file that it does not load; Remmina shows no more than that it could not authenticate, and asks for other
 * files. Source: libvncclient 0.9.14, 0.9.15 libvncclient/tls_gnutls.c: CreateX509CertCredential.
 */
export function remminaRefusal(kind: CredentialKind, gnutlsError: string): string {
  switch (kind) {
    case 'ca-certificate':
      return `Cannot load CA credentials: ${gnutlsError}`;
    case 'revocation-list':
      return `Cannot load CRL: ${gnutlsError}`;
    case 'certificate':
    case 'private-key':
      return `Cannot load client certificate or key: ${gnutlsError}`;
  }
}

/** What libvncclient says when its CAs have not issued a server's certificate, as when it has none. */
export const remminaUntrusted = "The certificate hasn't got a known issuer.";

const kinds = Object.keys(remminaSettings) as CredentialKind[];

/** The files of a profile by their kinds; what is relative depends on where Remmina is started. */
const filesIn = (path: string, { files, withoutEncryption }: RemminaProfile): readonly CredentialFile[] =>
  withoutEncryption
    ? []
    : kinds.flatMap((kind) => {
        const key = remminaSettings[kind];
        const named = files[key];
        return named?.path.startsWith('/') === true
          ? [{ kind, path: named.path, setting: { path, key, line: named.line } }]
          : [];
      });

/** Every file that a profile names for use, each as often as it is named. */
export const remminaFiles = ({ remminaProfiles }: Known<'remminaProfiles'>): readonly CredentialFile[] =>
  Object.entries(remminaProfiles).flatMap(([path, profile]) => (profile.known ? filesIn(path, profile.value) : []));

/** A profile that names files for TLS, which shows that somebody opens consoles with it. */
export const remminaEvidence = (facts: Known<'remminaProfiles'>): string | undefined =>
  remminaFiles(facts)[0]?.setting?.path;

/**
 * What each user's Remmina loads: one set for all profiles that name the same files. None of them has a default; without a CA Remmina asks
 * for all of them.
 */
export function remminaSets(facts: CredentialFacts): Credentials {
  const { accounts, remminaProfiles, software } = facts;
  const users = new Map(usersInScope(facts).map((user) => [user.name, user]));
  const sets = new Map<string, CredentialSet>();
  const gaps: CredentialGap[] = [];
  const installed = remminaPrograms.some((program) => software.installed.includes(program));
  const counts = new Map<string, number>();
  for (const [path, profile] of Object.entries(remminaProfiles)) {
    if (!profile.known) {
      if (installed) gaps.push({ path, because: profile });
      continue;
    }
    const files = filesIn(path, profile.value);
    if (files.length === 0) continue;
    for (const name of profile.value.users) {
      const user = users.get(name);
      const identity = JSON.stringify([name, ...files.map((file) => [file.kind, file.path])]);
      if (user === undefined || sets.has(identity)) continue;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const [ca, crl, certificate, key] = kinds.map((kind) => files.find((file) => file.kind === kind));
      sets.set(identity, {
        id: `vnc-client:remmina-profile${count === 1 ? '' : `-${count}`}:${name}`,
        owner: `${name}'s Remmina`,
        role: 'vnc-client',
        endpoint: 'client',
        program: 'remmina',
        readers: [accountOf(accounts, user)],
        ...(ca === undefined ? {} : { ca }),
        ...(certificate === undefined ? {} : { certificate }),
        ...(key === undefined ? {} : { key }),
        ...(crl === undefined ? {} : { crl }),
        ...(user.uid === 0 ? {} : { libvirtDirectory: userPkiFile(user, '').replace(/\/$/, '') }),
      });
    }
  }
  return { sets: [...sets.values()], gaps };
}
