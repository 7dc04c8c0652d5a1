import type { Unknown } from '../facts/fact.ts';
import type { Files } from '../facts/files.ts';
import type { CredentialKind } from '../reference/pki-files.ts';
import { gtkVncPki, gtkVncSystemDirectory, gtkVncUserDirectory } from '../reference/vnc-clients.ts';
import { sees } from './access.ts';
import type { Account } from './account.ts';

/**
 * All that gtk-vnc says of files that do not load (vnc_connection_start_tls), unless it is run with --gvnc-debug. Only then a connection ends:
 * one that needs no X.509 credentials does not look at them.
 */
export const gtkVncRefusal = 'Failed to allocate credentials';

/** What gtk-vnc finds of one file. */
export type GtkVncFile =
  | { readonly state: 'found'; readonly path: string; readonly at: 'system' | 'user' }
  /** Nothing that the account can see at any of the paths. */
  | { readonly state: 'absent' }
  /** Nobody can say whether something is at `path`, so that this file or the user's own comes to use. */
  | { readonly state: 'unknown'; readonly path: string; readonly because: Unknown };

/** The files that one application on gtk-vnc uses. */
export interface GtkVncFiles {
  /** Absent: the system's trust store is used instead. */
  readonly ca: GtkVncFile;
  /** Absent: none is used. */
  readonly crl: GtkVncFile;
  /** Used only together with `key`; absent: no certificate is sent. */
  readonly certificate: GtkVncFile;
  readonly key: GtkVncFile;
}

/**
 * Where an application that gives `name` to gtk-vnc (`gtkVncName` in the reference of VNC clients) finds its files for `account`: of each file
 * by itself the system's if stat() finds it, else the one below `home`, which is the home directory of passwd, not $HOME. What the
 * account may not stat() is not there for it; what it may stat() and not read is chosen all the same, and loading it then fails.
 *
 * Without an entry in passwd (`home` undefined) gtk-vnc looks for nothing, the system's files included, and waits for ever.
 *
 * Source: gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_set_credential_x509, vnc_connection_best_path.
 */
export function gtkVncFiles(files: Files, account: Account, home: string | undefined, name: string): GtkVncFiles {
  const find = (kind: CredentialKind): GtkVncFile => {
    if (home === undefined) return { state: 'absent' };
    for (const at of ['system', 'user'] as const) {
      const path = gtkVncPaths(home, name, kind)[at];
      const seen = sees(files, account, path);
      if (typeof seen !== 'boolean') return { state: 'unknown', path, because: seen };
      if (seen) return { state: 'found', path, at };
    }
    return { state: 'absent' };
  };
  return {
    ca: find('ca-certificate'),
    crl: find('revocation-list'),
    certificate: find('certificate'),
    key: find('private-key'),
  };
}

/** The directory below which a user's own files lie. */
export const gtkVncDirectory = (home: string): string => `${home.replace(/\/+$/, '')}/${gtkVncUserDirectory}`;

/** Does a file of gtk-vnc lie where everybody's are. */
export const isGtkVncSystemFile = (path: string): boolean => path.startsWith(`${gtkVncSystemDirectory}/`);

/** Both places of one of gtk-vnc's files, in the order in which they are tried. */
export const gtkVncPaths = (
  home: string,
  name: string,
  kind: CredentialKind,
): { readonly system: string; readonly user: string } => {
  const file = gtkVncPki(name)[kind];
  return { system: `${gtkVncSystemDirectory}/${file}`, user: `${gtkVncDirectory(home)}/${file}` };
};
