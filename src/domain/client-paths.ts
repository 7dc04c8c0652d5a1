import type { Unknown } from '../facts/fact.ts';
import type { Files } from '../facts/files.ts';
import { flatPki, systemPki, userPkiDirectory } from '../reference/pki-files.ts';
import { access } from './access.ts';
import type { Account } from './account.ts';
import type { CredentialPaths } from './load-credentials.ts';
import { walk } from './walk.ts';

/** Who runs a client, and where its own files lie. */
export interface ClientAccount extends Account {
  /** Absent where nobody knows of a home directory. */
  readonly home?: string;
}

export type ClientPaths =
  | { readonly state: 'found'; readonly paths: Required<CredentialPaths> }
  | { readonly state: 'unknown'; readonly because: Unknown };

/**
 * The files that libvirt's client takes for an account: all four from the URI's pkipath; root's from the system; other users' own CA and
 * revocation list one by one, and their own pair only when both halves are there. What the account cannot see is not there.
 *
 * Source: libvirt src/rpc/virnettlscontext.c: virNetTLSContextLocateCredentials (9.0); src/rpc/virnettlsconfig.c (11.3).
 */
export function clientPaths(files: Files, account: ClientAccount, pkipath: string | undefined): ClientPaths {
  if (pkipath !== undefined) return { state: 'found', paths: flat(pkipath) };
  const system: Required<CredentialPaths> = {
    ca: systemPki['ca-certificate'],
    revocationList: systemPki['revocation-list'],
    certificate: systemPki.client.certificate,
    key: systemPki.client['private-key'],
  };
  if (account.uid === 0 || account.home === undefined) return { state: 'found', paths: system };
  const own = flat(`${account.home.replace(/\/+$/, '')}/${userPkiDirectory}`);
  const seen = {
    ca: sees(files, account, own.ca),
    revocationList: sees(files, account, own.revocationList),
    certificate: sees(files, account, own.certificate),
    key: sees(files, account, own.key),
  };
  const because = Object.values(seen).find((one) => typeof one !== 'boolean');
  if (because !== undefined) return { state: 'unknown', because };
  const hasPair = seen.certificate === true && seen.key === true;
  return {
    state: 'found',
    paths: {
      ca: seen.ca === true ? own.ca : system.ca,
      revocationList: seen.revocationList === true ? own.revocationList : system.revocationList,
      certificate: hasPair ? own.certificate : system.certificate,
      key: hasPair ? own.key : system.key,
    },
  };
}

const flat = (directory: string): Required<CredentialPaths> => ({
  ca: `${directory}/${flatPki['ca-certificate']}`,
  revocationList: `${directory}/${flatPki['revocation-list']}`,
  certificate: `${directory}/${flatPki.client.certificate}`,
  key: `${directory}/${flatPki.client['private-key']}`,
});

/** access(2) with F_OK. */
function sees(files: Files, account: Account, path: string): boolean | Unknown {
  const way = walk(files, path);
  const answer = access(way, account, 'see');
  if (answer.may === undefined) return answer.because;
  return answer.may && way.outcome === 'found';
}
