import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import { libvirtGroup } from '../reference/libvirt-group.ts';
import { pkiDirectory, qemuTlsUses, systemPki, type QemuTlsUse } from '../reference/pki-files.ts';
import { gtkVncNames, gtkVncPki, gtkVncSystemDirectory } from '../reference/vnc-clients.ts';
import { audience, trusting, type Audience, type Trusted } from './access.ts';
import { accountOf, groupNamed, rootAccount, usersInScope, type Account } from './account.ts';
import {
  credentialFacts,
  credentials,
  qemuTlsDirectoryOf,
  type CredentialFacts,
  type CredentialGap,
} from './credentials.ts';
import { inHome } from './home-directory.ts';
import { qemuAccount } from './qemu-account.ts';
import { walk, type Walk } from './walk.ts';

/** The facts from which it follows where private keys lie and who needs them. */
export const privateKeyFacts = [...credentialFacts, 'privateKeys'] as const;
export type PrivateKeyFacts = CredentialFacts & Known<'privateKeys'>;

/** A private key on this host, with who is meant to read it and who besides can. */
export interface KeyInPlace {
  /** The first path by which a program looks it up. */
  readonly path: string;
  readonly way: Walk & { readonly outcome: 'found' };
  /** For people, to stand after "of". */
  readonly owner: string;
  /** To whom the file should belong. */
  readonly holder: Account;
  /** The account that must go on reading it besides its holder, if there is one. */
  readonly reader?: Account;
  readonly trusted: Trusted;
  readonly exposedTo: Audience;
  /** QEMU needs it, and nobody knows as whom QEMU runs. */
  readonly readerUnknown: boolean;
  /** It is for clients of this host: who can read it may be connecting with it. */
  readonly isClients: boolean;
  /** Its holder, a person, has chosen by a link out of the home directory what this is. */
  readonly isChosen: boolean;
}

/** What is known of one path before paths that lead to the same file are put together. */
interface Need {
  readonly path: string;
  readonly owner: string;
  readonly holder: Account;
  readonly reader?: Account;
  readonly meant: readonly Account[];
  readonly gids: readonly number[];
  readonly readerUnknown?: boolean;
  readonly isClients?: boolean;
  /** Is a path in the home directory of the person whose it is. */
  readonly isOwn?: (path: string) => boolean;
}

/**
 * Every file at which a program looks for a private key, and every private key found beside them. QEMU's keys are for QEMU's account and its
 * group, a user's for that user, the system's client keys for root and libvirt's group, all others for root; `groups` names more.
 * That QEMU can read the daemon's own key is another question.
 */
export function privateKeysInPlace(
  facts: PrivateKeyFacts,
  roles: readonly Role[],
  groups: readonly string[],
): { readonly keys: readonly KeyInPlace[]; readonly gaps: readonly CredentialGap[] } {
  const { accounts } = facts;
  const { sets, gaps } = credentials(facts, roles);
  const unseen: { path: string; because: Unknown }[] = [...gaps];
  const byFile = new Map<string, { way: KeyInPlace['way']; needs: Need[] }>();
  const inSets = new Map(sets.flatMap(({ key, owner }) => (key === undefined ? [] : [[key.path, owner] as const])));
  const daemonKeys = sets.flatMap(({ id, key }) => (id === 'libvirt-server' && key !== undefined ? [key.path] : []));
  const named = new Map(
    sets.flatMap(({ program, key, readers: [reader] }) =>
      program === 'remmina' && key !== undefined && reader !== undefined ? [[key.path, reader] as const] : [],
    ),
  );
  const needOf = keyNeeds(facts, [systemPki.server['private-key'], ...daemonKeys], named);
  for (const path of new Set([...inSets.keys(), ...Object.keys(facts.privateKeys)])) {
    const content = facts.privateKeys[path];
    if (content?.known === true && content.value.state === 'malformed') continue;
    const way = walk(facts.files, path);
    if (way.outcome === 'unknown') unseen.push({ path, because: way.because });
    if (way.outcome !== 'found' || way.entry.type !== 'file') continue;
    const need = needOf(path, way.entry.uid);
    if (need === undefined) continue;
    const file = byFile.get(way.path) ?? { way, needs: [] };
    file.needs.push({ ...need, owner: inSets.get(path) ?? need.owner });
    byFile.set(way.path, file);
  }
  const trustedGroups = groups.flatMap((name) => groupNamed(accounts, name)?.gid ?? []);
  const keys = [...byFile.values()].flatMap(({ way, needs }): KeyInPlace[] => {
    const [first] = needs;
    if (first === undefined) return [];
    const meant = needs.flatMap((need) => need.meant);
    const trusted = trusting(accounts, meant, [...trustedGroups, ...needs.flatMap(({ gids }) => gids)]);
    const reader = needs.find((need) => need.reader !== undefined)?.reader;
    const { path, owner, holder } = first;
    const exposedTo = audience(way, accounts, 'read', trusted);
    return [
      {
        path,
        way,
        owner,
        holder,
        ...(reader === undefined ? {} : { reader }),
        trusted,
        exposedTo,
        readerUnknown: needs.some((need) => need.readerUnknown === true),
        isClients: needs.some((need) => need.isClients === true),
        isChosen: needs.some(({ isOwn }) => isOwn?.(way.path) === false),
      },
    ];
  });
  return { keys, gaps: unseen };
}

/**
 * Who needs a key, by its path and owner; `inProfiles` are keys with the users whose Remmina is told to use them. What such a user names
 * outside of the home directory is a key of that user only where it is the user's file, and else not for us to judge.
 */
function keyNeeds(
  facts: PrivateKeyFacts,
  daemonKeys: readonly string[],
  inProfiles: ReadonlyMap<string, Account>,
): (path: string, uid: number) => Need | undefined {
  const { accounts } = facts;
  const qemu = qemuAccount(facts);
  const forQemu = qemu === undefined ? [] : [qemu];
  const qemuGids = qemu?.gids.slice(0, 1) ?? [];
  const directories = (Object.keys(qemuTlsUses) as QemuTlsUse[]).map((use) => qemuTlsDirectoryOf(facts, use).path);
  const users = usersInScope(facts).filter(({ uid, home }) => uid !== 0 && home.replace(/\/+$/, '') !== '');
  const gtkVncKeys = gtkVncNames.map((name) => `${gtkVncSystemDirectory}/${gtkVncPki(name)['private-key']}`);
  return (path, uid) => {
    const user = users.find(({ home }) => path.startsWith(`${home.replace(/\/+$/, '')}/.`));
    if (user !== undefined) {
      const account = accountOf(accounts, user);
      return { path, owner: user.name, holder: account, meant: [account], gids: [], isOwn: inHome(facts, account) };
    }
    const person = inProfiles.get(path);
    const isOwn = person === undefined || person.uid === 0 ? undefined : inHome(facts, person);
    const ofPerson =
      person === undefined ? undefined : { path, owner: person.name, holder: person, meant: [person], gids: [] };
    if (ofPerson !== undefined && isOwn?.(path) === true) return { ...ofPerson, isOwn };
    if (path === systemPki.client['private-key'] || gtkVncKeys.includes(path)) {
      const libvirt = groupNamed(accounts, libvirtGroup)?.gid;
      return {
        path,
        owner: path === systemPki.client['private-key'] ? 'libvirt clients' : 'VNC clients',
        holder: rootAccount,
        meant: [],
        gids: libvirt === undefined ? [] : [libvirt],
        isClients: true,
      };
    }
    if (directories.some((directory) => path.startsWith(`${directory}/`))) {
      const reader = qemu === undefined ? {} : { reader: qemu };
      return {
        path,
        owner: 'QEMU',
        holder: rootAccount,
        ...reader,
        meant: forQemu,
        gids: qemuGids,
        readerUnknown: qemu === undefined,
      };
    }
    // The daemon's own key in QEMU's hands has a rule of its own.
    if (daemonKeys.includes(path))
      return { path, owner: 'libvirtd', holder: rootAccount, meant: forQemu, gids: qemuGids };
    if (ofPerson !== undefined && !path.startsWith(`${pkiDirectory}/`))
      return ofPerson.holder.uid === uid ? ofPerson : undefined;
    return { path, owner: 'root', holder: rootAccount, meant: [], gids: [] };
  };
}
