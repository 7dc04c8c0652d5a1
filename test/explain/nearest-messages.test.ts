import { describe, expect, it } from 'vitest';
import { explanationOf } from '../../src/explain/explanation.ts';
import { nearestMessages } from '../../src/explain/nearest-messages.ts';

describe('nearestMessages', () => {
  it.each([
    ['server certificate /etc/x.pem is expired', 'server-certificate-expired'],
    ['could not read the TLS confirmation', 'tls-confirmation-not-read'],
    ['The given key and the certificate /x do not match', 'key-pair-mismatch'],
    ['failed to verify the certificate of the peer', 'peer-certificate-refused'],
  ])('%s', (text, id) => {
    expect(nearestMessages(text).map(({ message }) => message.id)).toContain(id);
  });

  it.each(['', 'Segmentation fault (core dumped)', 'hello world', 'x'.repeat(100_000)])(
    'has none for %.40s',
    (text) => {
      expect(nearestMessages(text)).toEqual([]);
    },
  );

  it('is asked only where nothing is known', () => {
    expect(explanationOf('could not read the TLS confirmation')).toMatchObject({
      known: false,
      messages: [],
      stages: [],
    });
    expect(explanationOf('Unable to read TLS confirmation')).toMatchObject({ known: true, nearest: [] });
  });
});
