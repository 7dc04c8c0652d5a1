import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProgram, runProgram } from '../../src/host/run-program.ts';
import { lockedKey } from '../../src/parse/encrypted-private-key.ts';
import { directoryTree } from '../support/directory-tree.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const passphrase = 'sesame';
const pem = (type: 'pkcs8' | 'sec1', cipher: string): string =>
  privateKey.export({ format: 'pem', type, cipher, passphrase } as { format: 'pem'; type: 'pkcs8' }) as string;
const outcomes = (text: string) => {
  const key = lockedKey(Buffer.from(text));
  return key === undefined ? undefined : [key.opens(Buffer.from(passphrase)), key.opens(Buffer.from('open'))];
};

describe('an encrypted key', () => {
  it.each([
    ['PKCS #8, AES-256', pem('pkcs8', 'aes-256-cbc')],
    ['PKCS #8, AES-128', pem('pkcs8', 'aes-128-cbc')],
    ['PKCS #8, 3DES', pem('pkcs8', 'des-ede3-cbc')],
    ['traditional, AES-128', pem('sec1', 'aes-128-cbc')],
    ['traditional, 3DES', pem('sec1', 'des-ede3-cbc')],
    ['one with text before it', `Key of vm1\n${pem('pkcs8', 'aes-256-cbc')}`],
  ])('opens by its pass phrase alone: %s', (_, text) => {
    expect(outcomes(text)).toEqual([true, false]);
  });

  it('tells how much work a try is', () => {
    expect(lockedKey(Buffer.from(pem('pkcs8', 'aes-256-cbc')))?.rounds).toBe(2048);
    expect(lockedKey(Buffer.from(pem('sec1', 'aes-128-cbc')))?.rounds).toBe(1);
  });

  it.each([
    ['a plain key', privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
    ['nothing', ''],
    [
      'a cipher of which GnuTLS and OpenSSL know different things',
      pem('sec1', 'aes-128-cbc').replace('AES-128-CBC', 'DES-CBC'),
    ],
    ['damage', pem('pkcs8', 'aes-256-cbc').replace(/\nMI/, '\nAA')],
  ])('is not tried: %s', (_, text) => {
    expect(outcomes(text)).toBeUndefined();
  });

  it.skipIf(findProgram('openssl') === undefined)('is not tried with scrypt (openssl)', async () => {
    const tree = directoryTree({ '/k.pem': privateKey.export({ format: 'pem', type: 'pkcs8' }) as string });
    const convert = async (...how: readonly string[]): Promise<string> =>
      (
        await runProgram('openssl', ['pkcs8', '-topk8', '-in', `${tree}/k.pem`, '-passout', 'pass:sesame', ...how])
      ).toString();
    expect(outcomes(await convert('-scrypt'))).toBeUndefined();
    expect(outcomes(await convert('-v1', 'PBE-SHA1-3DES'))).toEqual([true, false]);
    expect(lockedKey(Buffer.from(await convert('-iter', '5000')))?.rounds).toBe(5000);
  });

  it.skipIf(findProgram('certtool') === undefined).each([['aes-256'], ['3des-pkcs12'], ['3des']])(
    'may come from certtool: %s',
    async (cipher) => {
      const args = [
        '--generate-privkey',
        '--key-type',
        'ecdsa',
        '--pkcs8',
        '--password',
        passphrase,
        '--pkcs-cipher',
        cipher,
      ];
      expect(outcomes((await runProgram('certtool', args)).toString())).toEqual([true, false]);
    },
  );

  it('never throws', () => {
    const text = pem('pkcs8', 'aes-256-cbc');
    fc.assert(
      fc.property(fc.nat({ max: text.length }), fc.string(), (at, more) => {
        lockedKey(Buffer.from(text.slice(0, at) + more + text.slice(at + more.length)));
      }),
    );
  });
});
