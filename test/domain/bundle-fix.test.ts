import { describe, expect, it } from 'vitest';
import {
  caFileRemedy,
  chainRemedy,
  firstInFile,
  malformedRemedy,
  ownRoot,
  intermediatesRemedy,
} from '../../src/domain/bundle-fix.ts';
import { certificatesOf, credentialContents, type SetContents } from '../../src/domain/credential-contents.ts';
import { pemText } from '../../src/domain/pem-text.ts';
import type { Certificate, CertificateFile } from '../../src/facts/certificates.ts';
import { known } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { certificate as real } from '../support/certificates.ts';
import { absent, aServer, certificate, facts, privateKey, publicKey, type Change } from '../support/facts.ts';

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const other = '/etc/pki/qemu/ca-cert.pem';
const restart = { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] };
const byHand = [{ kind: 'manual', instruction: 'by hand' }] as const;

/** libvirtd with these certificates, whose signatures verify. */
function server(leaf: readonly string[], cas: readonly string[], ...changes: readonly Change[]): [Facts, SetContents] {
  const built = facts(
    aServer,
    certificate(cert, ...leaf.map((name) => real(name))),
    certificate(ca, ...cas.map((name) => real(name))),
    privateKey(key, leaf[0] === undefined ? publicKey('server') : real(leaf[0]).publicKey),
    ...changes,
  );
  return [built, contentsIn(built)];
}

function contentsIn(built: Facts): SetContents {
  const [contents] = credentialContents(built, ['libvirt-server']).sets;
  if (contents === undefined) throw new Error('libvirtd has no credentials');
  return contents;
}

const pem = (...names: readonly string[]): string => pemText(names.map((name) => real(name)));
const isOne =
  (name: string) =>
  ({ fingerprint }: Certificate): boolean =>
    fingerprint === real(name).fingerprint;

describe('a CA file with members at fault', () => {
  it('keeps those that are sound where that is enough', () => {
    const [built, contents] = server(['server'], ['root', 'expired-root']);
    expect(caFileRemedy(built, contents, isOne('expired-root'), byHand)).toEqual({
      applicability: 'unsafe',
      steps: [{ kind: 'write', path: ca, pem: pem('root') }, restart],
    });
  });

  it('loses all that the program would stop at next, so that every rule says the same', () => {
    const [built, contents] = server(['server'], ['root', 'expired-root', 'client']);
    expect(caFileRemedy(built, contents, isOne('client'), byHand)).toEqual(
      caFileRemedy(built, contents, isOne('expired-root'), byHand),
    );
  });

  it('gives way to the CA at hand where none is left', () => {
    const [built, contents] = server(['server'], ['expired-root']);
    expect(caFileRemedy(built, contents, isOne('expired-root'), byHand)).toEqual({
      applicability: 'manual',
      steps: byHand,
      withCa: [{ kind: 'trust', path: ca, how: 'replace' }, restart],
    });
  });

  it('keeps those that are sound, and has the own certificate issued where what goes has issued it', () => {
    const [built, contents] = server(['server'], ['root', 'other-root']);
    expect(caFileRemedy(built, contents, isOne('root'), byHand)).toMatchObject({
      applicability: 'manual',
      steps: byHand,
      withCa: [
        { kind: 'write', path: ca, pem: pem('other-root') },
        { kind: 'issue', path: cert },
        { kind: 'trust', path: ca, how: 'add' },
        restart,
      ],
    });
  });

  it('is left alone with a key in it', () => {
    const file: CertificateFile = { certificates: [real('expired-root')], privateKeyLine: 20 };
    const [built, contents] = server(['server'], [], certificate(ca, known(file)));
    expect(caFileRemedy(built, contents, () => true, byHand)).toEqual({ applicability: 'manual', steps: byHand });
  });
});

describe('the file of the own certificate', () => {
  it('loses a further certificate', () => {
    const [, contents] = server(['server', 'expired-root', 'intermediate'], ['root']);
    const use = certificatesOf(contents)[1];
    expect(use === undefined ? undefined : chainRemedy(contents, use, byHand)).toEqual({
      applicability: 'unsafe',
      steps: [{ kind: 'write', path: cert, pem: pem('server', 'intermediate') }, restart],
    });
  });

  it('gets the right one first, and behind it those who issued it', () => {
    const [, contents] = server(['root', 'other-root', 'intermediate', 'server-under-intermediate'], ['root']);
    expect(firstInFile(contents, real('server-under-intermediate'), byHand)).toEqual({
      applicability: 'unsafe',
      steps: [
        { kind: 'write', path: cert, pem: pem('server-under-intermediate', 'intermediate', 'root', 'other-root') },
        restart,
      ],
    });
  });
});

describe('a file that cannot be read', () => {
  const remedy = (path: string, file: Partial<CertificateFile>, ...changes: readonly Change[]): unknown => {
    const cause = { cause: 'der' } as const;
    const broken = certificate(path, known({ certificates: [], malformation: cause, ...file }));
    const [built, contents] = server(['server'], ['root'], broken, ...changes);
    const content = path === ca ? contents.ca : contents.certificate;
    return content.state === 'malformed' ? malformedRemedy(built, contents, content, byHand) : undefined;
  };
  const manual = { applicability: 'manual', steps: byHand };

  it('is written anew where all of it is known', () => {
    expect(remedy(cert, { recovered: [real('server')] })).toEqual({
      applicability: 'unsafe',
      steps: [{ kind: 'write', path: cert, pem: pem('server') }, restart],
    });
    expect(remedy(ca, { recovered: [real('root')] })).toMatchObject({ steps: [{ pem: pem('root') }, restart] });
  });

  it('is written anew from what stands before the damage where that is enough', () => {
    const cause = { cause: 'truncated' } as const;
    expect(remedy(ca, { certificates: [real('root')], malformation: cause })).toMatchObject({
      steps: [{ kind: 'write', path: ca, pem: pem('root') }, restart],
    });
    expect(remedy(ca, { certificates: [real('other-root')], malformation: cause })).toEqual({
      ...manual,
      withCa: [{ kind: 'trust', path: ca, how: 'replace' }, restart],
    });
  });

  it('is issued anew where the key is that of another', () => {
    const file = { recovered: [real('server')] };
    expect(remedy(cert, file, privateKey(key, publicKey('another')))).toMatchObject({
      ...manual,
      withCa: [{ kind: 'issue', path: cert, key }, { kind: 'trust' }, restart],
    });
  });

  it('is the root of the own certificate where that is in another file', () => {
    const malformation = { cause: 'empty' } as const;
    expect(remedy(ca, { malformation }, certificate(other, real('root')))).toMatchObject({
      applicability: 'unsafe',
      steps: [{ kind: 'write', path: ca, pem: pem('root') }, restart],
    });
  });

  it('is left to a person where it is none', () => {
    expect(remedy(ca, { malformation: { cause: 'not-a-file' } })).toEqual(manual);
  });
});

describe('what another file of the host holds', () => {
  it('is found by its signature, not by its name', () => {
    const missing = absent(ca);
    const [built, contents] = server(['server'], [], missing, certificate(other, real('root')));
    expect(ownRoot(built, contents)).toMatchObject({ fingerprint: real('root').fingerprint });
    const [twin, ofTwin] = server(['server'], [], missing, certificate(other, real('root-same-name-other-key')));
    expect(ownRoot(twin, ofTwin)).toBeUndefined();
  });

  it('is not there where the file is not', () => {
    const [built, contents] = server(['server'], ['root'], absent(ca));
    expect(ownRoot(built, contents)).toBeUndefined();
  });

  it('leads to a trusted CA, or is not taken', () => {
    const [built, contents] = server(['server-under-intermediate'], ['root'], certificate(other, real('intermediate')));
    expect(intermediatesRemedy(built, contents)).toEqual([
      { kind: 'write', path: ca, pem: pem('root', 'intermediate') },
      restart,
    ]);
    const [apart, ofApart] = server(
      ['server-under-intermediate'],
      ['other-root'],
      certificate(other, real('intermediate')),
    );
    expect(intermediatesRemedy(apart, ofApart)).toBeUndefined();
  });
});
