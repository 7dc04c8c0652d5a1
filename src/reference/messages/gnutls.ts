import { onClient, onServer, onItsSide, worded, type Cause, type KnownMessage } from './message.ts';

/**
 * GnuTLS' own texts where they stand alone or in a frame that is not known here.
 *
 * Source: GnuTLS 3.7.9 and 3.8.9 lib/errors.c, lib/cert-session.c, lib/x509/verify-high.c.
 */

const text = (
  id: string,
  words: readonly [string, ...string[]],
  causes: readonly [Cause, ...Cause[]],
): KnownMessage => ({
  id: `gnutls-${id}`,
  wordings: worded(...words),
  example: `${words[0]}.`,
  printedBy: ['daemon', 'client', 'qemu', 'viewer'],
  kind: 'reason',
  part: 'fragment',
  causes,
  source: 'GnuTLS lib/errors.c: gnutls_strerror',
});

export const gnutlsMessages: readonly KnownMessage[] = [
  text(
    'key-does-not-match',
    ['The certificate and the given key do not match'],
    onItsSide({
      why: 'Certificate and private key are not a pair, or the file does not begin with the own certificate',
      look: 'the certificate and the key of the program that prints it',
      rules: ['private-key-mismatch'],
      fix: 'Put the pair together again; the own certificate comes first in its file',
    }),
  ),
  text(
    'file-not-read',
    ['Error while reading file'],
    onItsSide({
      why: 'The program’s account cannot read a certificate or key, or the file is not there',
      look: 'owner and mode along the path',
      rules: ['private-key-unreadable', 'certificate-unreadable'],
      fix: 'Give that account the right to read it',
      commands: ['namei -l FILE'],
    }),
  ),
  text(
    'not-pem',
    ['Base64 unexpected header error', 'Base64 decoding error'],
    onItsSide({
      why: 'The file is no PEM, empty, or damaged',
      look: 'the file that the line names',
      rules: ['certificate-malformed', 'private-key-malformed', 'crl-malformed'],
      fix: 'Convert or copy it again',
    }),
  ),
  text(
    'no-common-cipher',
    ['No supported cipher suites have been found', 'Could not negotiate a supported cipher suite'],
    [
      onServer('handshake', {
        why: 'The two sides have no cipher suite in common: a priority string, a crypto policy, or a key that fits none',
        look: 'tls_priority of both sides; key type and key usage of the server’s certificate',
        rules: ['tls-priority-weak', 'tls-priority-invalid', 'key-usage-insufficient'],
        fix: 'Take tls_priority out on both sides',
      }),
    ],
  ),
  text(
    'fatal-alert',
    ['A TLS fatal alert has been received'],
    [
      onServer('handshake', {
        why: 'The other side broke the handshake off and said so; its own log has the reason',
        look: 'the log of the other side',
        rules: ['tls-priority-invalid', 'certificate-untrusted'],
        fix: 'Read the reason there',
      }),
      onClient('server-identity', {
        why: 'A client that does not trust the server’s certificate says it with an alert',
        look: 'the client’s CA file',
        rules: ['certificate-untrusted'],
        fix: 'Give it the CA certificate',
      }),
    ],
  ),
  text(
    'terminated',
    ['The TLS connection was non-properly terminated', 'Error in the pull function', 'Error in the push function'],
    [
      onServer('handshake', {
        why: 'The other side hung up; its own log has the reason',
        look: 'the log of the other side',
        rules: ['tls-priority-invalid', 'certificate-untrusted'],
        fix: 'Read the reason there',
      }),
      onClient('client-identity', {
        why: 'The server wanted a client certificate and got none that it knows',
        look: 'the client’s certificate',
        rules: ['client-certificate-missing', 'certificate-untrusted'],
        fix: 'Give the client a certificate of the server’s CA',
      }),
    ],
  ),
  text(
    'version-unsupported',
    ['A packet with illegal or unsupported version was received'],
    [
      onServer('handshake', {
        why: 'No TLS version in common, or the other side speaks no TLS at all',
        look: 'tls_priority and crypto policy of both; what listens on the port',
        rules: ['tls-priority-weak', 'tls-priority-invalid'],
        fix: 'Let both allow TLS 1.2 and 1.3',
      }),
    ],
  ),
  text(
    'no-tls',
    ['An unexpected TLS packet was received', 'A TLS record packet with invalid length was received'],
    [
      onServer('reach', {
        why: 'The other side does not speak TLS on this port',
        look: 'port and transport',
        rules: ['port-not-listening', 'tls-not-listening'],
        fix: 'Use the TLS port',
      }),
    ],
  ),
  text(
    'certificate-required',
    ['Certificate is required', 'No certificate was found', 'Insufficient credentials for that request'],
    [
      onClient('client-identity', {
        why: 'A client certificate is asked for, and none was sent',
        look: 'the client’s certificate and key',
        rules: ['client-certificate-missing', 'client-key-missing', 'certificate-untrusted'],
        fix: 'Give the client a certificate of the server’s CA',
      }),
    ],
  ),
  text(
    'certificate-error',
    ['Error in the certificate verification', 'Error in the certificate', 'Could not authenticate peer'],
    [
      onClient('server-identity', {
        why: 'The other side’s certificate was refused',
        look: 'the CA file of the side that prints it',
        rules: ['certificate-untrusted', 'certificate-expired', 'server-name-mismatch'],
        fix: 'Look at dates, issuer and names of the certificate',
      }),
    ],
  ),
  text(
    'decryption-failed',
    ['Decryption has failed', 'Error in provided password for key to be loaded in TPM'],
    onItsSide({
      why: 'A private key is protected by a pass phrase that nobody gave, or gave wrong',
      look: 'the first lines of the key',
      rules: ['private-key-encrypted'],
      fix: 'Store the key without a pass phrase, readable by its account alone',
    }),
  ),
  text(
    'security-level',
    ['One of the involved algorithms has insufficient security level'],
    [
      onServer('handshake', {
        why: 'The system-wide crypto policy refuses a key or a signature as too weak',
        look: 'key and signature of the certificates on both sides',
        rules: ['weak-key', 'weak-signature'],
        fix: 'Issue the certificates anew with RSA 3072 or ECDSA P-256 and SHA-256',
        commands: ['update-crypto-policies --show'],
      }),
    ],
  ),
  text(
    'key-usage-violation',
    ['Key usage violation in certificate has been detected'],
    [
      onServer('handshake', {
        why: 'The key usage of a certificate forbids what the handshake needs: digital signature for TLS 1.3 and ECDHE',
        look: 'key usage of the server’s and the client’s certificate',
        rules: ['key-usage-insufficient'],
        fix: 'Issue the certificate anew with signing_key (and encryption_key)',
      }),
    ],
  ),
  text(
    'priorities-not-set',
    ['No or insufficient priorities were set'],
    [
      onServer('handshake', {
        why: 'A priority string leaves nothing: a misspelt name, or a system policy that does not exist here',
        look: 'tls_priority',
        rules: ['tls-priority-invalid'],
        fix: 'Take it out',
      }),
    ],
  ),
  text(
    'signature-algorithm',
    ['The signature algorithm is not supported', 'The encryption algorithm is not supported'],
    [
      onServer('handshake', {
        why: 'A certificate is signed in a way that the other side does not know or no longer accepts',
        look: 'signature algorithm of the chain',
        rules: ['weak-signature'],
        fix: 'Issue it anew with SHA-256',
      }),
    ],
  ),
];
