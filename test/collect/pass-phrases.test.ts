import { createCipheriv, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { memoryHost, type MemoryEntry } from '../support/memory-host.ts';

const passphrase = 'sesame-of-vm1';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const key = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }) as string;
const status = 'Name:\tqemu-system-x86\nUid:\t107\t107\t107\t107\nGid:\t107\t107\t107\t107\nGroups:\t36 \n';
const credentials = ['-object', 'tls-creds-x509,id=t,dir=/etc/pki/qemu/,endpoint=server,passwordid=s0'];

const collected = async (secret: readonly string[], tree: Record<string, MemoryEntry> = {}): Promise<string> => {
  const argv = ['/usr/bin/qemu-system-x86_64', ...secret.flatMap((one) => ['-object', one]), ...credentials];
  const host = memoryHost({
    '/proc/42/comm': 'qemu-system-x86\n',
    '/proc/42/cmdline': `${argv.join('\0')}\0`,
    '/proc/42/status': status,
    '/etc/pki/qemu/server-key.pem': key,
    ...tree,
  });
  const { facts } = await collectSnapshot(host, { tool: { name: 'virt-pki-check', version: '0.0.0' } });
  expect(JSON.stringify(facts)).not.toContain(passphrase);
  const file = facts.privateKeys.known ? facts.privateKeys.value['/etc/pki/qemu/server-key.pem'] : undefined;
  if (file?.known !== true || file.value.state !== 'encrypted') throw new Error('no encrypted key');
  expect(file.value.tried?.every(({ pid, secret: id }) => pid === 42 && id === 's0')).not.toBe(false);
  return file.value.tried?.map(({ outcome }) => outcome).join() ?? 'not tried';
};

describe('the pass phrase that a guest has for its key', () => {
  const master = randomBytes(32);
  const iv = randomBytes(16);
  const encrypt = (text: string): string => {
    const cipher = createCipheriv('aes-256-cbc', master, iv);
    return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
  };
  const libvirt = (text: string): readonly string[] => [
    '{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/run/master-key.aes"}',
    JSON.stringify({ 'qom-type': 'secret', id: 's0', data: encrypt(text), keyid: 'masterKey0', iv: iv.toString('base64'), format: 'base64' }), // prettier-ignore
  ];
  const masterKey = { '/run/master-key.aes': { content: master } };

  it.each<[string, string, readonly string[], Record<string, MemoryEntry>]>([
    ['opens', 'inline', [`secret,id=s0,data=${passphrase}`], {}],
    ['does-not-open', 'inline', ['secret,id=s0,data=open'], {}],
    ['opens', 'in base64', [`secret,id=s0,format=base64,data=${Buffer.from(passphrase).toString('base64')}`], {}],
    ['opens', 'in a file', ['secret,id=s0,file=/run/s'], { '/run/s': passphrase }],
    ['does-not-open', 'in a file', ['secret,id=s0,file=/run/s'], { '/run/s': 'open' }],
    ['newline', 'in a file that ends in a newline', ['secret,id=s0,file=/run/s'], { '/run/s': `${passphrase}\n` }],
    ['opens', 'as libvirt hands it over', libvirt(passphrase), masterKey],
    ['does-not-open', 'as libvirt hands it over', libvirt('open'), masterKey],
    ['not tried', 'with a master key that may not be read', libvirt('open'), { '/run/master-key.aes': { refused: 'permission-denied' } }],
    ['not tried', 'in a file that may not be read', ['secret,id=s0,file=/run/s'], { '/run/s': { refused: 'permission-denied' } }],
    ['not tried', 'in a file that is not there', ['secret,id=s0,file=/run/s'], {}],
    ['not tried', 'in a FIFO', ['secret,id=s0,file=/run/s'], { '/run/s': { type: 'fifo' } }],
    ['not tried', 'beyond ASCII', ['secret,id=s0,data=ö'], {}],
    ['not tried', 'in the keyring', ['secret_keyring,id=s0,serial=1'], {}],
    ['not tried', 'in a circle', ['secret,id=s0,data=AAAA,keyid=s0,iv=AAAA'], {}],
    ['not tried', 'nowhere', [], {}],
  ])('%s: %s', async (outcome, _, secret, tree) => {
    expect(await collected(secret, tree)).toBe(outcome);
  }); // prettier-ignore

  it('is not tried where one try would take minutes', async () => {
    const iterations = Buffer.from('02020800', 'hex');
    const der = Buffer.from(key.replace(/-----.*-----|\s/g, ''), 'base64');
    const at = der.indexOf(iterations);
    expect(at).toBeGreaterThan(0);
    // As long as the sequences around it say: the salt gives the bytes that the number takes.
    const slow = Buffer.concat([der.subarray(0, at - 10), Buffer.from('0406', 'hex'), der.subarray(at - 8, at - 2), Buffer.from('02047fffffff', 'hex'), der.subarray(at + 4)]); // prettier-ignore
    expect(slow).toHaveLength(der.length);
    const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${slow.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
    const before = performance.now();
    expect(await collected([`secret,id=s0,data=${passphrase}`], { '/etc/pki/qemu/server-key.pem': pem })).toBe('not tried'); // prettier-ignore
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
