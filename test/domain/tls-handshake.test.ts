import { describe, expect, it } from 'vitest';
import { handshake } from '../../src/domain/tls-handshake.ts';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { encodeCertificate, keyPair, keyUsage, pem, type KeyType } from '../support/random-scenarios/x509.ts';

/** A certificate of a type of key, signed by itself; `usage` counts the bits of its key usage. */
function leaf(type: KeyType, usage?: readonly number[]) {
  const key = keyPair(type, 0);
  const name = [{ type: 'CN', value: type }];
  const [notBefore, notAfter] = [new Date('2024-01-01'), new Date('2049-01-01')];
  const extensions = usage === undefined ? [] : [keyUsage(usage)];
  const shape = { version: 3, serial: 1, subject: name, issuer: name, notBefore, notAfter, key, extensions } as const;
  return parseCertificateFile(Buffer.from(pem('CERTIFICATE', encodeCertificate(shape, key, 'sha256'))))
    .certificates[0]!;
}
const keys = {
  rsa: leaf('rsa1024'),
  'rsa that signs': leaf('rsa1024', [0]),
  'rsa that enciphers': leaf('rsa1024', [2]),
  'ec that agrees': leaf('p256', [4]),
  p256: leaf('p256'),
  p384: leaf('p384'),
  ed25519: leaf('ed25519'),
  none: 'none',
} as const;
type Key = keyof typeof keys;

const noSuites = 'No supported cipher suites have been found.';
const onlyEcdsa = 'NORMAL:-SIGN-ALL:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256';
const onlyRsa = 'NORMAL:-SIGN-ALL:+SIGN-RSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256';
const v12 = 'NORMAL:-VERS-ALL:+VERS-TLS1.2';

/** As the real libvirtd 9.0.0 and virsh with GnuTLS 3.7.9 did. */
describe('a handshake of two ends with GnuTLS', () => {
  it.each<[string, Key, string, Key, string]>([
    ['NORMAL', 'rsa', 'NORMAL', 'p256', 'TLS1.3 found'],
    ['NORMAL', 'rsa', v12, 'p256', 'TLS1.2 found'],
    ['NORMAL', 'rsa', 'NORMAL:-VERS-TLS1.2:-VERS-TLS1.3', 'rsa', 'TLS1.1 found'],
    ['NORMAL', 'rsa that enciphers', 'NORMAL', 'rsa', 'TLS1.2 found'],
    ['NORMAL', 'rsa', 'NORMAL', 'rsa that enciphers', 'TLS1.2 found'],
    ['NORMAL', 'ec that agrees', 'NORMAL', 'rsa', noSuites],
    ['NORMAL', 'none', 'NORMAL', 'rsa', noSuites],
    ['NORMAL:-VERS-ALL:+VERS-TLS1.3', 'rsa', v12, 'rsa', noSuites],
    [
      'NORMAL:-VERS-ALL:+VERS-TLS1.3',
      'rsa',
      'NORMAL:-VERS-TLS1.2:-VERS-TLS1.3',
      'rsa',
      'A packet with illegal or unsupported version was received.',
    ],
    // The newest version of both counts, although only older ones have a suite.
    ['NORMAL:-CIPHER-ALL:+AES-128-CBC', 'rsa', 'NORMAL', 'rsa', noSuites],
    ['NORMAL:-MAC-ALL:+SHA1', 'rsa', 'NORMAL', 'rsa', noSuites],
    [`${v12}:-CIPHER-ALL:+AES-128-CBC`, 'rsa', 'NORMAL', 'rsa', 'TLS1.2 found'],
    ['NORMAL:-MAC-ALL:+AEAD', 'rsa', 'NORMAL:-VERS-TLS1.2:-VERS-TLS1.3', 'rsa', noSuites],
    [
      'NORMAL:-GROUP-ALL:+GROUP-X25519',
      'p384',
      'NORMAL:-GROUP-ALL:+GROUP-FFDHE2048',
      'p256',
      'No common key share with peer.',
    ],
    ['NORMAL', 'rsa', 'NORMAL:-GROUP-ALL', 'rsa', 'client: The curve is unsupported'],
    [onlyRsa, 'rsa', 'NORMAL', 'rsa', 'TLS1.3 found'],
    [onlyRsa, 'ed25519', 'NORMAL', 'rsa', noSuites],
    [onlyRsa, 'rsa', 'NORMAL', 'p256', 'TLS1.3 withholds'],
    [onlyEcdsa, 'p256', 'NORMAL', 'p256', 'TLS1.3 found'],
    [onlyEcdsa, 'p256', 'NORMAL', 'p384', 'TLS1.3 withholds'],
    [onlyEcdsa, 'p384', 'NORMAL', 'p256', noSuites],
    ['NORMAL', 'p256', onlyEcdsa, 'p256', 'TLS1.3 found'],
    ['NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA384', 'rsa', 'NORMAL', 'rsa', 'TLS1.3 withholds'],
    [`${v12}:-KX-ALL:+ECDHE-ECDSA`, 'rsa', 'NORMAL', 'rsa', noSuites],
    [`${v12}:-KX-ALL:+ECDHE-ECDSA`, 'ed25519', 'NORMAL', 'rsa', 'TLS1.2 found'],
    [`${v12}:-KX-ALL:+RSA`, 'rsa that signs', 'NORMAL', 'rsa', noSuites],
    [`${v12}:-KX-ALL:+DHE-RSA`, 'rsa', 'NORMAL', 'rsa', 'TLS1.2 found'],
    [`${v12}:-KX-ALL:+DHE-RSA`, 'rsa', 'NORMAL:-GROUP-ALL:+GROUP-X25519', 'rsa', noSuites],
    [v12, 'rsa', 'NORMAL', 'ed25519', 'TLS1.2 withholds'],
    ['SUITEB192', 'p256', 'NORMAL', 'rsa', 'TLS1.2 withholds'],
    ['NORMAL', 'p256', 'SUITEB192', 'rsa', 'TLS1.2 gives-up'],
    [
      'NORMAL',
      'ed25519',
      'NORMAL:-VERS-TLS1.2:-VERS-TLS1.3',
      'rsa',
      'An algorithm that is not enabled was negotiated.',
    ],
    [
      'NORMAL:-SIGN-ALL:+SIGN-EDDSA-ED25519',
      'ed25519',
      `${v12}:-KX-ALL:+ECDHE-ECDSA`,
      'rsa',
      'client: An unknown public key algorithm was encountered.',
    ],
  ])('server %s with %s, client %s with %s: %s', (priority, own, clientPriority, clientOwn, expected) => {
    const outcome = handshake({ priority: clientPriority, leaf: keys[clientOwn] }, { priority, leaf: keys[own] });
    const said =
      outcome.state === 'agreed'
        ? `${outcome.version} ${outcome.clientProof}`
        : outcome.state === 'failed'
          ? (outcome.server ?? `client: ${outcome.client}`)
          : outcome.state;
    expect(said).toBe(expected);
  });

  it.each([
    ['NORMAL:+ANON-DH', 'NORMAL:-VERS-TLS1.3:+ANON-DH', 'agreed'],
    ['NORMAL:-GROUP-ALL:+GROUP-SECP256R1:+ANON-DH', 'NORMAL:-VERS-TLS1.3:+ANON-DH', 'failed'],
    [
      'NORMAL:-GROUP-ALL:+GROUP-SECP256R1:+ANON-DH',
      'NORMAL:-VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP256R1:+ANON-DH',
      'agreed',
    ],
    ['NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305:+ANON-DH', 'NORMAL:-VERS-TLS1.3:+ANON-DH', 'failed'],
    ['NORMAL', 'NORMAL:-VERS-TLS1.3:+ANON-DH', 'failed'],
  ])('without certificates, server %s and client %s: %s', (priority, clientPriority, state) => {
    const outcome = handshake({ priority: clientPriority }, { priority }, { isAnonymous: true });
    expect(outcome.state).toBe(state);
    if (outcome.state === 'failed') expect(outcome.server).toBe('No supported cipher suites have been found.');
  });

  it('fails where a key is not that of its certificate', () => {
    const ofAnother = { leaf: keys.ed25519, isNoPair: true } as const;
    expect(handshake({}, ofAnother)).toMatchObject({
      state: 'failed',
      client: 'Public key signature verification has failed.',
    });
    expect(handshake(ofAnother, { leaf: keys.rsa })).toMatchObject({ state: 'agreed', clientProof: 'is-wrong' });
  });

  it('does not begin where a priority string is none', () => {
    expect(handshake({ priority: 'NONSENSE' }, {})).toMatchObject({ state: 'refused-priority', end: 'client' });
    expect(handshake({}, { priority: 'NORMAL:+NONSENSE' })).toMatchObject({ state: 'refused-priority', end: 'server' });
  });
});
