import { expect, it } from 'vitest';
import { nearestName } from '../../src/domain/nearest-name.ts';

const names = ['listen_tls', 'listen_tcp', 'tls_no_verify_certificate', 'uri_default'];

it.each([
  ['listen_tsl', 'listen_tls'],
  ['lsten_tcp', 'listen_tcp'],
  ['tls_no_verify_certifcate', 'tls_no_verify_certificate'],
  ['URI_DEFAULT', 'uri_default'],
  ['uri_defualt', 'uri_default'],
  ['something_else', undefined],
  ['', undefined],
])('%s: %s', (text, expected) => {
  expect(nearestName(text, names)).toBe(expected);
});
