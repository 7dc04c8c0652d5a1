import type { Role } from '../facts/role.ts';
import type { CredentialKind } from '../reference/pki-files.ts';
import { access } from './access.ts';
import { homeOf, type Account } from './account.ts';
import { isChosenElsewhere } from './home-directory.ts';
import { credentials, filesOf, type CredentialFacts, type CredentialGap, type CredentialSet } from './credentials.ts';
import { walk, type Walk } from './walk.ts';

/** A file that one account must be able to read, which is there. */
export interface Reading {
  readonly set: CredentialSet;
  readonly kind: CredentialKind;
  readonly path: string;
  readonly way: Walk & { readonly outcome: 'found' };
  readonly reader: Account;
  /** The reader is a person with a client, not a service. */
  readonly isPerson: boolean;
  /** The person has led the program to it (`isChosenElsewhere`). */
  readonly isElsewhere: boolean;
  /** Is a path there for this reader: in QEMU's directory, or below the person's home. */
  belongs(path: string): boolean;
}

/** Which accounts must read which files of the sets in use; root, to whom every file is open, is left out. */
export interface Readings {
  readonly readings: readonly Reading[];
  readonly gaps: readonly CredentialGap[];
  /** Files whose reader is an account of QEMU's that this host does not know. */
  readonly unknownReaders: readonly string[];
  /** Canonical path of the daemon's own private key. */
  readonly daemonKey: string | undefined;
}

/** Files of these kinds with the accounts that must read them. What is not there, or is not a regular file, is another question. */
export function filesToRead(
  facts: CredentialFacts,
  roles: readonly Role[],
  kinds: readonly CredentialKind[],
): Readings {
  const { sets, gaps } = credentials(facts, roles);
  const readings: Reading[] = [];
  const unseen: CredentialGap[] = [...gaps];
  const unknownReaders: string[] = [];
  for (const set of sets) {
    for (const { kind, path } of filesOf(set).filter((one) => kinds.includes(one.kind))) {
      const way = walk(facts.files, path);
      if (way.outcome === 'unknown') unseen.push({ path, because: way.because });
      if (way.outcome !== 'found' || way.entry.type !== 'file') continue;
      if (set.readers.length === 0) unknownReaders.push(path);
      for (const reader of set.readers.filter(({ uid }) => uid !== 0)) {
        const isPerson = set.program !== 'qemu';
        const root = isPerson ? homeOf(facts.accounts, reader) : directoryOf(path);
        // The system's files that a VNC client finds and cannot read are vnc-client-file-shadowed.
        if (set.program === 'gtk-vnc' && root !== undefined && !path.startsWith(`${root}/`)) continue;
        const belongs = (at: string): boolean =>
          root !== undefined && (at === root ? !isPerson : at.startsWith(`${root}/`));
        const isElsewhere = isChosenElsewhere(facts, { ...set, readers: [reader] }, path);
        readings.push({ set, kind, path, way, reader, isPerson, isElsewhere, belongs });
      }
    }
  }
  const server = sets.find(({ id }) => id === 'libvirt-server')?.key;
  const found = server === undefined ? undefined : walk(facts.files, server.path);
  return { readings, gaps: unseen, unknownReaders, daemonKey: found?.outcome === 'found' ? found.path : undefined };
}

/**
 * Would opening it show a person a file of somebody else's: who owns a directory can give any file in it the name that is looked for, so
 * that nobody but a person should decide it.
 */
export const isOfOthers = ({ isPerson, way, reader }: Reading): boolean => isPerson && way.entry.uid !== reader.uid;

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** A reading that fails, and the component that stops it. */
export interface Refusal {
  readonly reading: Reading;
  readonly at: string;
  /** Stopped by a directory on the way, not by the file itself. */
  readonly onTheWay: boolean;
}

/** Readings that fail: of those that one directory stops for one account only the first, since there is one thing to mend. */
export function refusals(readings: readonly Reading[]): {
  readonly refused: readonly Refusal[];
  readonly gaps: readonly CredentialGap[];
} {
  const refused: Refusal[] = [];
  const gaps: CredentialGap[] = [];
  const seen = new Set<string>();
  for (const reading of readings) {
    const answer = access(reading.way, reading.reader, 'read');
    if (answer.may === undefined) gaps.push({ path: reading.path, because: answer.because });
    if (answer.may !== false) continue;
    const identity = `${reading.reader.uid}:${answer.at}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    refused.push({ reading, at: answer.at, onTheWay: answer.permission === 'search' });
  }
  return { refused, gaps };
}
