import { describe, expect, it } from 'vitest';
import { libvirtPeerRefusal, sentChain, type PeerQuestion } from '../../src/domain/peer-verification.ts';
import { chainFaultText } from '../../src/domain/chain-fault-text.ts';
import type { Certificate } from '../../src/facts/certificates.ts';
import { certificate } from '../support/certificates.ts';
import { aCertificate, aRevocationList, caCertificate } from '../support/facts.ts';

const server = certificate('server');
const root = certificate('root');
/** A leaf that GnuTLS trusts, whatever else stands in it: it is an anchor itself. */
const trusted = (changes: Partial<Certificate>): Partial<PeerQuestion> => {
  const leaf = { ...server, ...changes };
  return { chain: [leaf], anchors: [leaf] };
};

const weakName = certificate('server-weak').subject.commonNames[0] ?? '';

const refusal = (changes: Partial<PeerQuestion>) =>
  libvirtPeerRefusal({
    chain: [server],
    peer: 'server',
    anchors: [root],
    revocationLists: [],
    at: '2030-01-01T00:00:00Z',
    host: 'kvm1.example.com',
    requiresKeyEncipherment: false,
    ...changes,
  });

const nobody = { text: '', der: 'MAA=', commonNames: [] };
const usage = (...usages: NonNullable<Certificate['keyUsage']>['usages']) => ({ critical: true, usages });
const notOnTheList = expect.stringMatching(
  /^Client's Distinguished Name is not on the list of allowed clients \(tls_allowed_dn_list\)\. {2}Use /,
) as unknown as string;

/** virnettlscontext.c: virNetTLSContextValidCertificate, in this order. */
describe('libvirtPeerRefusal', () => {
  it('is content with a sound server', () => {
    expect(refusal({})).toBeUndefined();
  });

  it.each<[string, Partial<PeerQuestion>, string, string]>([
    ['nothing shown', { chain: [] }, 'no-certificate', 'Unable to verify TLS peer: No certificate was found.'],
    [
      'an expired one has no words of its own',
      { at: '2099-01-01T00:00:00Z' },
      'untrusted',
      'Certificate failed validation: The certificate is not trusted.',
    ],
    [
      'another CA',
      { anchors: [certificate('other-root')] },
      'untrusted',
      "Certificate failed validation: The certificate hasn't got a known issuer.",
    ],
    [
      'a revoked one',
      {
        revocationLists: [
          aRevocationList(root, { revoked: [{ serial: server.serial, date: '2026-01-01T00:00:00Z' }] }),
        ],
      },
      'untrusted',
      'Certificate failed validation: The certificate has been revoked.',
    ],
    [
      'a signature with SHA-1',
      { chain: [certificate('server-sha1')] },
      'untrusted',
      'Certificate failed validation: The certificate uses an insecure algorithm',
    ],
    [
      'a key that is too weak for the profile, and only with it',
      { chain: [certificate('server-weak')], profile: 'medium' },
      'untrusted',
      'Certificate failed validation: The certificate uses an insecure algorithm',
    ],
    [
      'an empty name',
      { ...trusted({ subject: nobody }), allowedNames: [] },
      'no-name',
      'Failed to get certificate [session] distinguished name: The requested data were not available.',
    ],
    ['nobody is allowed', { allowedNames: [] }, 'not-allowed', notOnTheList],
    ['somebody else is', { allowedNames: ['CN=somebody'], host: 'other' }, 'not-allowed', notOnTheList],
    [
      'another host before a CA',
      { ...trusted({ basicConstraints: { critical: true, ca: true } }), host: 'kvm9.example.com' },
      'other-host',
      'Certificate [session] owner does not match the hostname kvm9.example.com',
    ],
    [
      'a CA before its usage',
      trusted({ basicConstraints: { critical: true, ca: true }, keyUsage: usage('keyCertSign') }),
      'is-a-ca',
      'The certificate [session] basic constraints show a CA, but we need one for a server',
    ],
    [
      'no signatures',
      trusted({ keyUsage: usage('keyEncipherment') }),
      'key-usage',
      'Certificate [session] usage does not permit digital signature',
    ],
    [
      'no key encipherment, where the version asks for it',
      { ...trusted({ keyUsage: usage('digitalSignature') }), requiresKeyEncipherment: true },
      'key-usage',
      'Certificate [session] usage does not permit key encipherment',
    ],
    [
      'a critical purpose that is not its own',
      trusted({ extendedKeyUsage: { critical: true, purposes: ['1.3.6.1.5.5.7.3.2'] } }),
      'key-purpose',
      'Certificate [session] purpose does not allow use for with a TLS server',
    ],
  ])('%s', (_, changes, kind, text) => {
    expect(refusal(changes)).toMatchObject({ kind, text });
  });

  it.each<[string, Partial<PeerQuestion>]>([
    ['key usage that is not critical', trusted({ keyUsage: { critical: false, usages: ['keyEncipherment'] } })],
    ['no key encipherment, where the version does not ask', trusted({ keyUsage: usage('digitalSignature') })],
    [
      'a purpose that is not critical',
      trusted({ extendedKeyUsage: { critical: false, purposes: ['1.3.6.1.5.5.7.3.2'] } }),
    ],
    ['a pattern on the list', { allowedNames: ['nobody', '*kvm1*'] }],
    ['a weak key without a profile', { chain: [certificate('server-weak')], host: weakName }],
  ])('lets in %s', (_, changes) => {
    expect(refusal(changes)).toBeUndefined();
  });

  it('explains what the daemon only calls "not trusted"', () => {
    const fault = refusal({ at: '2099-01-01T00:00:00Z' })?.fault;
    expect(fault && chainFaultText(fault)).toMatch(/^the certificate .*CN=.* expired at \d{4}-/);
  });
});

/** lib/auth/cert.c: find_x509_client_cert. */
describe('sentChain', () => {
  const ca = caCertificate();
  const leaf = aCertificate('alice');
  const intermediate = aCertificate('Intermediate', { subject: aCertificate('Intermediate').subject });
  const below = aCertificate('bob', { issuer: intermediate.subject });

  it.each<[string, readonly Certificate[] | undefined, readonly Certificate[], number | undefined]>([
    ['nothing without a certificate', undefined, [ca], undefined],
    ['nothing of an empty file', [], [ca], undefined],
    ['its certificate to a server that trusts its CA', [leaf], [ca], 1],
    ['nothing to a server with other CAs', [leaf], [aCertificate('Other CA')], undefined],
    ['its certificate to a server that asks for no CA in particular', [leaf], [], 1],
    ['all of it where an intermediate leads to a CA of the server', [below, intermediate], [ca], 2],
    ['nothing where the intermediate was left out', [below], [ca], undefined],
    [
      'nothing that may not sign, critical or not',
      [aCertificate('alice', { keyUsage: { critical: false, usages: ['keyEncipherment'] } })],
      [ca],
      undefined,
    ],
    ['what names no usage at all', [aCertificate('alice', { keyUsage: { critical: true, usages: [] } })], [ca], 1],
  ])('sends %s', (_, identity, askedFor, count) => {
    expect(sentChain(identity, askedFor)?.length).toBe(count);
  });
});
