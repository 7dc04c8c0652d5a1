import type { User } from '../facts/accounts.ts';
import type { CredentialKind } from '../reference/pki-files.ts';
import { access, sees } from './access.ts';
import { accountOf, usersInScope, type Account } from './account.ts';
import type { CredentialFacts, CredentialGap } from './credentials.ts';
import { gtkVncFiles, gtkVncPaths } from './vnc-client-files.ts';
import { vncClientsInUse } from './vnc-client-sets.ts';
import { walk, type Walk } from './walk.ts';

/** A file below /etc/pki that users' VNC clients find and cannot read. */
export interface ClosedSystemFile {
  readonly path: string;
  readonly kind: CredentialKind;
  readonly way: Walk & { readonly outcome: 'found' };
  /** The applications, for people. */
  readonly clients: readonly string[];
  /** Names of the users, in the order of passwd. */
  readonly users: readonly string[];
  /** A file of one of these users that is not looked at for it. */
  readonly own?: string;
}

/** Somebody who may sit before this host, as opposed to a service. */
const isPerson = ({ uid, shell }: User): boolean => uid >= 1000 && uid !== 65534 && !/\/(nologin|false)$/.test(shell);

const nobodyInParticular: Account = { name: 'others', uid: -1, gids: [] };

/**
 * What stops people's VNC clients among the system's files: of certificate and key only both together are read.
 *
 * Source: gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_tls_initialize_cert_cred.
 */
export function closedSystemFiles(facts: CredentialFacts): {
  readonly closed: readonly ClosedSystemFile[];
  readonly gaps: readonly CredentialGap[];
  readonly asked: boolean;
} {
  const { files, accounts } = facts;
  const closed = new Map<string, { -readonly [P in keyof ClosedSystemFile]: ClosedSystemFile[P] }>();
  const gaps: CredentialGap[] = [];
  const clients = vncClientsInUse(facts);
  const people = usersInScope(facts).filter(isPerson);
  for (const { name, title } of clients) {
    const ways = (['ca-certificate', 'revocation-list', 'certificate', 'private-key'] as const).flatMap((kind) => {
      const { system: path } = gtkVncPaths('', name, kind);
      const way = walk(files, path);
      // Mostly there is nothing, or all may read it: then nobody need be asked.
      return way.outcome !== 'found' || access(way, nobodyInParticular, 'read').may === true
        ? []
        : [{ kind, path, way }];
    });
    if (ways.length === 0) continue;
    for (const user of people) {
      const account = accountOf(accounts, user);
      const found = gtkVncFiles(files, account, user.home, name);
      const hasPair = found.certificate.state === 'found' && found.key.state === 'found';
      for (const { kind, path, way } of ways) {
        const isOfPair = kind === 'certificate' || kind === 'private-key';
        const one = {
          'ca-certificate': found.ca,
          'revocation-list': found.crl,
          certificate: found.certificate,
          'private-key': found.key,
        }[kind];
        if ((isOfPair && !hasPair) || one.state !== 'found' || one.path !== path) continue;
        const answer = access(way, account, 'read');
        if (answer.may === undefined) gaps.push({ path, because: answer.because });
        if (answer.may !== false) continue;
        const { user: mine } = gtkVncPaths(user.home, name, kind);
        const own = sees(files, account, mine) === true ? mine : undefined;
        const seen = closed.get(path) ?? { path, kind, way, clients: [], users: [] };
        if (!seen.clients.includes(title)) seen.clients = [...seen.clients, title];
        if (!seen.users.includes(user.name)) seen.users = [...seen.users, user.name];
        if (seen.own === undefined && own !== undefined) seen.own = own;
        closed.set(path, seen);
      }
    }
  }
  return { closed: [...closed.values()], gaps, asked: clients.length > 0 };
}
