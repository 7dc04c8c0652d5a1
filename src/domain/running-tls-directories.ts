import type { Known } from '../facts/facts.ts';
import type { TlsCredentials } from '../facts/qemu-processes.ts';
import type { Endpoint } from '../reference/pki-files.ts';
import { userName, type Account } from './account.ts';
import { guestName } from './guest-name.ts';

/** A directory from which running guests took X.509 credentials for one end. */
export interface RunningTlsDirectory {
  readonly directory: string;
  readonly endpoint: Endpoint;
  readonly accounts: readonly Account[];
  /** Names of the guests, or what stands for them. */
  readonly guests: readonly string[];
  /** A VNC display uses it. */
  readonly vnc: boolean;
  /** At least one object asks its peers for certificates. */
  readonly verifiesPeers: boolean;
  /** Every object has a pass phrase for the key. */
  readonly hasPassPhrase: boolean;
  /** At least one object looks at its certificates before it uses them. */
  readonly checked: boolean;
}

/** The directories of the tls-creds-x509 objects of running guests; a relative one, whose start nobody knows, is left out. */
export function runningTlsDirectories(
  facts: Known<'qemuProcesses'> & Partial<Known<'accounts'>>,
): readonly RunningTlsDirectory[] {
  const { qemuProcesses, accounts } = facts;
  if (!qemuProcesses.observed) return [];
  const found = new Map<string, RunningTlsDirectory>();
  for (const process of qemuProcesses.processes) {
    const { commandLine, uid, gid, groups } = process;
    const used = new Set(commandLine.vnc.flatMap(({ tls }) => (tls.type === 'x509' ? [tls.credentials.id] : [])));
    const legacy = commandLine.vnc.flatMap(({ tls }) =>
      tls.type === 'x509' && tls.credentials.id === '' ? [tls.credentials] : [],
    );
    const objects = commandLine.objects.filter((object): object is TlsCredentials => object.type === 'tls-creds-x509');
    for (const { id, dir, endpoint, verifyPeer, passwordId, sanityCheck } of [...objects, ...legacy]) {
      const directory = dir?.replace(/(?<=.)\/+$/, '');
      if (directory?.startsWith('/') !== true) continue;
      const key = `${directory}:${endpoint}`;
      const before = found.get(key);
      const name = accounts === undefined ? String(uid) : userName(accounts, uid);
      const others = (before?.accounts ?? []).filter((account) => account.uid !== uid);
      found.set(key, {
        directory,
        endpoint,
        accounts: [...others, { name, uid, gids: [...new Set([gid, ...groups])] }],
        guests: [...new Set([...(before?.guests ?? []), guestName(process)])],
        vnc: before?.vnc === true || used.has(id),
        verifiesPeers: before?.verifiesPeers === true || verifyPeer,
        hasPassPhrase: before?.hasPassPhrase !== false && passwordId !== undefined,
        checked: before?.checked === true || sanityCheck !== false,
      });
    }
  }
  return [...found.values()];
}
