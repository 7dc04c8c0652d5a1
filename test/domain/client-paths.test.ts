import { describe, expect, it } from 'vitest';
import { clientPaths, type ClientAccount } from '../../src/domain/client-paths.ts';
import { unknown } from '../../src/facts/fact.ts';
import { absent, aClient, aUser, dir, entry, facts, link, type Change } from '../support/facts.ts';

const alice: ClientAccount = { name: 'alice', uid: 1000, gids: [1000], home: '/home/alice' };
const own = '/home/alice/.pki/libvirt';

const system = {
  ca: '/etc/pki/CA/cacert.pem',
  revocationList: '/etc/pki/CA/cacrl.pem',
  certificate: '/etc/pki/libvirt/clientcert.pem',
  key: '/etc/pki/libvirt/private/clientkey.pem',
};
const ownPair = { certificate: `${own}/clientcert.pem`, key: `${own}/clientkey.pem` };

/** virnettlscontext.c: virNetTLSContextLocateCredentials. */
describe('clientPaths', () => {
  it.each<[string, ClientAccount, readonly Change[], string | undefined, object]>([
    ['root: the system’s', { name: 'root', uid: 0, gids: [0], home: '/root' }, [aUser], undefined, system],
    ['a user without files of his own', alice, [aClient, absent(`${own}`)], undefined, system],
    ['a user without a home', { name: 'ghost', uid: 4, gids: [4] }, [], undefined, system],
    [
      'a user with all but a revocation list',
      alice,
      [aUser],
      undefined,
      { ca: `${own}/cacert.pem`, revocationList: system.revocationList, ...ownPair },
    ],
    [
      'a certificate without its key does not count',
      alice,
      [aUser, absent(`${own}/clientkey.pem`)],
      undefined,
      { ...system, ca: `${own}/cacert.pem` },
    ],
    [
      'nor a CA that is not there for the pair',
      alice,
      [aUser, absent(`${own}/cacert.pem`)],
      undefined,
      { ...system, ...ownPair },
    ],
    [
      'a dangling link is nothing',
      alice,
      [aUser, link(`${own}/cacert.pem`, 'gone.pem'), absent(`${own}/gone.pem`)],
      undefined,
      { ...system, ...ownPair },
    ],
    [
      'what the account may not see is not there',
      alice,
      [aUser, dir('/home/alice/.pki', { mode: 0o700 })],
      undefined,
      system,
    ],
    ['one slash behind the home is none too many', { ...alice, home: '/home/alice/' }, [aUser], undefined, ownPair],
    [
      'pkipath holds for all four, whatever is there, and for root too',
      { name: 'root', uid: 0, gids: [0] },
      [],
      '/srv/pki',
      {
        ca: '/srv/pki/cacert.pem',
        revocationList: '/srv/pki/cacrl.pem',
        certificate: '/srv/pki/clientcert.pem',
        key: '/srv/pki/clientkey.pem',
      },
    ],
  ])('%s', (_, account, changes, pkipath, expected) => {
    expect(clientPaths(facts(...changes).files, account, pkipath)).toMatchObject({ state: 'found', paths: expected });
  });

  it('is not known where a file could not be seen', () => {
    const { files } = facts(aUser, entry(`${own}/cacert.pem`, unknown('unreadable', 'the disk is broken')));
    expect(clientPaths(files, alice, undefined)).toEqual({
      state: 'unknown',
      because: unknown('unreadable', 'the disk is broken'),
    });
  });
});
