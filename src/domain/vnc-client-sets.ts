import type { User } from '../facts/accounts.ts';
import type { Known } from '../facts/facts.ts';
import { flatPki, systemPki, userPkiDirectory, type CredentialKind } from '../reference/pki-files.ts';
import { gtkVncNames, vncClients } from '../reference/vnc-clients.ts';
import { accountOf, rootAccount, userPkiFile, usersInScope, type Account } from './account.ts';
import type { CredentialFacts, CredentialFile, CredentialGap, Credentials, CredentialSet } from './credentials.ts';
import { remembering } from './remembering.ts';
import { gtkVncDirectory, gtkVncFiles, gtkVncPaths, type GtkVncFile } from './vnc-client-files.ts';
import { exists, meant } from './walk.ts';

/** A name by which gtk-vnc looks for certificates on this host. */
export interface VncClientInUse {
  readonly name: string;
  /** The application, for people. */
  readonly title: string;
  readonly installed: boolean;
  /** Files that nothing else reads. */
  readonly evidence: readonly string[];
}

/** Applications on gtk-vnc that are installed, or for which somebody has put a certificate or key. */
export const vncClientsInUse = remembering(
  ['files', 'accounts', 'caller', 'software'],
  (facts): readonly VncClientInUse[] => {
    const { files, software } = facts;
    const homes = usersWithFiles(facts).map(({ home }) => home);
    return gtkVncNames.flatMap((name) => {
      const clients = vncClients.filter(({ gtkVncName }) => gtkVncName === name);
      const installed = clients.some(({ programs }) =>
        programs.some((program) => software.installed.includes(program)),
      );
      const pairs = (['certificate', 'private-key'] as const).flatMap((kind) => [
        gtkVncPaths('', name, kind).system,
        ...homes.map((home) => gtkVncPaths(home, name, kind).user),
      ]);
      const evidence = pairs.filter((path) => !isLibvirts(path) && meant(files, path) === true);
      const title = clients[0]?.title ?? name;
      return installed || evidence.length > 0 ? [{ name, title, installed, evidence }] : [];
    });
  },
);

/** Most of many users have nothing. */
const usersWithFiles = (facts: Known<'files' | 'accounts' | 'caller'>): readonly User[] =>
  usersInScope(facts).filter(({ home }) => exists(facts.files, gtkVncDirectory(home)) !== false);

/** libvirt's own client looks there too: the whole pair of the system, and the certificate of a user. */
const isLibvirts = (path: string): boolean =>
  path === systemPki.client.certificate ||
  path === systemPki.client['private-key'] ||
  path.endsWith(`/${userPkiDirectory}/${flatPki.client.certificate}`);

/**
 * What VNC clients on gtk-vnc use: for each application that is in use the system's pair, for which everybody's viewer looks, and a set for
 * each user who has files of gtk-vnc, or the pair of a libvirt client and a viewer that looks elsewhere.
 */
export function vncClientSets(facts: CredentialFacts): Credentials {
  const sets: CredentialSet[] = [];
  const gaps: CredentialGap[] = [];
  for (const client of vncClientsInUse(facts)) {
    const { name, title } = client;
    const at = (kind: CredentialKind): string => gtkVncPaths('', name, kind).system;
    const there = (kind: CredentialKind): boolean => meant(facts.files, at(kind)) === true;
    if ((there('certificate') || there('private-key')) && (client.installed || !isLibvirts(at('private-key')))) {
      sets.push({
        id: `vnc-client:${name}`,
        owner: title,
        role: 'vnc-client',
        endpoint: 'client',
        program: 'gtk-vnc',
        readers: [rootAccount],
        ...(there('ca-certificate') ? { ca: { kind: 'ca-certificate', path: at('ca-certificate') } } : {}),
        certificate: { kind: 'certificate', path: at('certificate') },
        key: { kind: 'private-key', path: at('private-key') },
        ...(there('revocation-list') ? { crl: { kind: 'revocation-list', path: at('revocation-list') } } : {}),
      });
    }
    for (const user of usersWithFiles(facts)) {
      const found = userSet(facts, client, user);
      if (found === undefined) continue;
      sets.push(found.set);
      gaps.push(...found.gaps);
    }
  }
  return { sets, gaps };
}

/** A user's set; undefined where the user has nothing of the kind. */
function userSet(
  facts: CredentialFacts,
  { name, title, installed }: VncClientInUse,
  user: User,
): { readonly set: CredentialSet; readonly gaps: readonly CredentialGap[] } | undefined {
  const { files, accounts } = facts;
  const own = (kind: CredentialKind): string => gtkVncPaths(user.home, name, kind).user;
  const has = (path: string): boolean => meant(files, path) === true;
  const hasPair = (['certificate', 'private-key'] as const).some(
    (kind) => has(own(kind)) && (installed || !isLibvirts(own(kind))),
  );
  const hasAuthority = installed && (has(own('ca-certificate')) || has(own('revocation-list')));
  const libvirts = (file: string): boolean => user.uid !== 0 && has(userPkiFile(user, file));
  const hasLibvirts = installed && libvirts(flatPki.client.certificate) && libvirts(flatPki.client['private-key']);
  if (!hasPair && !hasAuthority && !hasLibvirts) return undefined;

  const account: Account = accountOf(accounts, user);
  const found = gtkVncFiles(files, account, user.home, name);
  const gaps: CredentialGap[] = [];
  const file = (kind: CredentialKind, seen: GtkVncFile, otherwise: string | undefined): CredentialFile | undefined => {
    if (seen.state === 'unknown') gaps.push({ path: seen.path, because: seen.because });
    const path = seen.state === 'found' ? seen.path : seen.state === 'absent' ? otherwise : undefined;
    return path === undefined ? undefined : { kind, path };
  };
  const wanted = (kind: CredentialKind): string | undefined =>
    hasPair || hasLibvirts || has(own(kind)) ? own(kind) : undefined;
  // Whoever has a CA for libvirt's client alone has it in the wrong place; else one for everybody is what is missing.
  const authority =
    libvirts(flatPki['ca-certificate']) || has(own('ca-certificate'))
      ? own('ca-certificate')
      : gtkVncPaths(user.home, name, 'ca-certificate').system;
  const ca = file('ca-certificate', found.ca, authority);
  const certificate = file('certificate', found.certificate, wanted('certificate'));
  const key = file('private-key', found.key, wanted('private-key'));
  const crl = file('revocation-list', found.crl, has(own('revocation-list')) ? own('revocation-list') : undefined);
  const set: CredentialSet = {
    id: `vnc-client:${name}:${user.name}`,
    owner: `${user.name}'s ${title}`,
    role: 'vnc-client',
    endpoint: 'client',
    program: 'gtk-vnc',
    readers: [account],
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(crl === undefined ? {} : { crl }),
    ...(user.uid === 0 ? {} : { libvirtDirectory: userPkiFile(user, '').replace(/\/$/, '') }),
  };
  return { set, gaps };
}
