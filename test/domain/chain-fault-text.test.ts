import { describe, expect, it } from 'vitest';
import { chainFaultText } from '../../src/domain/chain-fault-text.ts';
import type { ChainFault } from '../../src/domain/chain-of-trust.ts';
import { aCertificate } from '../support/facts.ts';

const leaf = aCertificate('kvm1', { notAfter: '2026-03-01T00:00:00.000Z', notBefore: '2026-02-01T00:00:00.000Z' });
const who = 'the certificate O=Example,CN=kvm1';

describe('chainFaultText', () => {
  const cases: readonly (readonly [ChainFault, string])[] = [
    [
      { kind: 'other-ca', certificate: leaf, issuer: 'CN=X' },
      `${who} was issued by CN=X, which is not among the trusted CAs`,
    ],
    [
      { kind: 'intermediate-missing', certificate: leaf, issuer: 'CN=I', intermediate: leaf },
      `${who} was issued by the intermediate CA CN=I, which is not among the trusted CAs`,
    ],
    [
      { kind: 'same-name-other-key', certificate: leaf, anchor: aCertificate('CA') },
      `${who} was issued by a CA of the same name as the certificate O=Example,CN=CA with another key`,
    ],
    [{ kind: 'expired', certificate: leaf }, `${who} expired at 2026-03-01 00:00:00 UTC`],
    [{ kind: 'not-yet-valid', certificate: leaf }, `${who} is valid only from 2026-02-01 00:00:00 UTC on`],
    [{ kind: 'revoked', certificate: leaf }, `${who} has been revoked`],
    [{ kind: 'weak-key', certificate: leaf }, `the key of ${who} has 2048 bits, fewer than are asked for`],
    [
      { kind: 'unknown-critical-extension', certificate: { ...leaf, unknownCriticalExtensions: ['1.2.3'] } },
      `${who} has a critical extension that GnuTLS does not know (1.2.3)`,
    ],
  ];
  it.each(cases.map(([fault, text]) => ({ kind: fault.kind, fault, text })))('$kind', ({ fault, text }) => {
    expect(chainFaultText(fault)).toBe(text);
  });

  it('names a certificate without a name by its serial number', () => {
    const nameless = { ...leaf, subject: { text: '', der: '', commonNames: [] }, serial: '2a' };
    expect(chainFaultText({ kind: 'revoked', certificate: nameless })).toContain(
      'with serial number 2a has been revoked',
    );
  });
});
