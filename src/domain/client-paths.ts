import type { Unknown } from '../facts/fact.ts';
import type { Files } from '../facts/files.ts';
import { flatPki, numberedFile, numberedIdentities, systemPki, userPkiDirectory } from '../reference/pki-files.ts';
import { sees } from './access.ts';
import type { Account } from './account.ts';
import { loadsIdentities } from './libvirt-version.ts';
import type { CredentialPaths, IdentityPaths } from './load-credentials.ts';

/** Who runs a client, and where its own files lie. */
export interface ClientAccount extends Account {
  /** Absent where nobody knows of a home directory. */
  readonly home?: string;
}

export type ClientPaths =
  | {
      readonly state: 'found';
      readonly paths: Required<CredentialPaths>;
      /** The numbered identities of the same place, of a version that loads them. */
      readonly further?: readonly IdentityPaths[];
    }
  | { readonly state: 'unknown'; readonly because: Unknown };

/**
 * The files that libvirt's client takes for an account: all four from the URI's pkipath; root's from the system; other users' own CA and
 * revocation list one by one, and their own pair only when both halves are there. What the account cannot see is not there. Since 11.10
 * their own identities count as soon as there is any half of one, numbered ones too; what is then missing is an error.
 *
 * Source: libvirt src/rpc/virnettlscontext.c: virNetTLSContextLocateCredentials (9.0); src/rpc/virnettlsconfig.c (11.3).
 */
export function clientPaths(
  files: Files,
  account: ClientAccount,
  pkipath: string | undefined,
  version?: string,
): ClientPaths {
  const severally = loadsIdentities('libvirt', version);
  const found = (paths: Required<CredentialPaths>): ClientPaths => ({
    state: 'found',
    paths,
    ...(severally ? { further: numberedIdentitiesOf(paths) } : {}),
  });
  if (pkipath !== undefined) return found(flat(pkipath));
  const system: Required<CredentialPaths> = {
    ca: systemPki['ca-certificate'],
    revocationList: systemPki['revocation-list'],
    certificate: systemPki.client.certificate,
    key: systemPki.client['private-key'],
  };
  if (account.uid === 0 || account.home === undefined) return found(system);
  const own = flat(`${account.home.replace(/\/+$/, '')}/${userPkiDirectory}`);
  const seen = {
    ca: sees(files, account, own.ca),
    revocationList: sees(files, account, own.revocationList),
    certificate: sees(files, account, own.certificate),
    key: sees(files, account, own.key),
  };
  const because = Object.values(seen).find((one) => typeof one !== 'boolean');
  if (because !== undefined) return { state: 'unknown', because };
  const [first] = numberedIdentitiesOf(own);
  const halves = [seen.certificate, seen.key];
  if (severally && first !== undefined)
    halves.push(sees(files, account, first.certificate), sees(files, account, first.key));
  const unclear = halves.find((one) => typeof one !== 'boolean');
  if (unclear !== undefined) return { state: 'unknown', because: unclear };
  const isOwn = severally ? halves.includes(true) : seen.certificate === true && seen.key === true;
  return found({
    ca: seen.ca === true ? own.ca : system.ca,
    revocationList: seen.revocationList === true ? own.revocationList : system.revocationList,
    certificate: isOwn ? own.certificate : system.certificate,
    key: isOwn ? own.key : system.key,
  });
}

/** The numbered identities beside that of a certificate and key without number. */
export const numberedIdentitiesOf = ({ certificate, key }: IdentityPaths): readonly IdentityPaths[] =>
  numberedIdentities.map((number) => ({
    certificate: numberedFile(certificate, number, 'libvirt'),
    key: numberedFile(key, number, 'libvirt'),
  }));

const flat = (directory: string): Required<CredentialPaths> => ({
  ca: `${directory}/${flatPki['ca-certificate']}`,
  revocationList: `${directory}/${flatPki['revocation-list']}`,
  certificate: `${directory}/${flatPki.client.certificate}`,
  key: `${directory}/${flatPki.client['private-key']}`,
});
