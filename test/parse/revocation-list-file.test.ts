import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRevocationListFile } from '../../src/parse/revocation-list-file.ts';
import { certificate, fixture, pemOf } from '../support/certificates.ts';

const list = pemOf('revoked-client');
const read = (text: string) => parseRevocationListFile(Buffer.from(text));

describe('a file of revocation lists', () => {
  it('tells issuer, dates and serial numbers', () => {
    expect(parseRevocationListFile(fixture('revoked-client'))).toEqual({
      lists: [
        {
          issuer: certificate('root').subject,
          thisUpdate: '2024-01-01T00:00:00Z',
          nextUpdate: '2049-12-31T00:00:00Z',
          signatureAlgorithm: 'ECDSA-SHA256',
          revoked: [{ serial: certificate('client').serial, date: '2024-01-01T00:00:00Z' }],
        },
      ],
    });
  });

  it.each([
    ['empty', '', 'empty', 'Base64 decoding error.', 0],
    ['a certificate', pemOf('root'), 'wrong-label', 'Base64 decoding error.', 0],
    ['no END', list.replace(/-----END.*/, ''), 'truncated', 'Base64 decoding error.', 0],
    ['not base64', list.replace('\n', '\n!'), 'base64', 'Base64 decoding error.', 0],
    [
      'a certificate inside',
      pemOf('root').replaceAll(' CERTIFICATE', ' X509 CRL'),
      'structure',
      'ASN1 parser: Error in TAG.',
      0,
    ],
    ['a broken second list', list + list.replace('\n', '\n!'), 'base64', 'Base64 decoding error.', 1],
  ])('is malformed: %s', (_, text, cause, gnutlsError, count) => {
    const file = read(text);
    expect(file.malformation).toMatchObject({ cause, gnutlsError });
    expect(file.lists).toHaveLength(count);
  });

  it('never throws', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(changes, (all) => {
        const bytes = Buffer.from(list);
        for (const [offset, value] of all) bytes[offset % bytes.length] = value;
        parseRevocationListFile(bytes);
      }),
    );
  });
});
