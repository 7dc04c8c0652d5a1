import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialledPort, parseLibvirtUri, transports, type LibvirtUri } from '../../src/domain/libvirt-uri.ts';

const read = (text: string): LibvirtUri => {
  const parsed = parseLibvirtUri(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.uri;
};

/** What virsh prints is held to the real one in test/peers/virsh-uri.test.ts; here is what it does not print. */
describe('parseLibvirtUri', () => {
  it.each([
    ['qemu+tls://kvm1/system', { driver: 'qemu', writtenTransport: 'tls', transport: 'tls', host: 'kvm1', port: 16514, path: '/system' }],
    ['qemu://kvm1/system', { transport: 'tls', server: 'kvm1', port: 16514 }],
    ['qemu+TCP://kvm1/system', { writtenTransport: 'tcp', port: 16509 }],
    ['qemu+tls:///system', { host: 'localhost', port: 16514 }],
    ['qemu+tls://:99/system', { host: 'localhost', port: 16514 }],
    ['qemu+tls://kvm1:0/system', { port: 16514 }],
    ['qemu+tls://kvm1:99999/system', { port: 99999 }],
    ['qemu+libssh2://kvm1/system', { transport: 'libssh2', port: 22 }],
    ['qemu+tls://tux@[2001:db8::10]:99/system', { user: 'tux', server: '2001:db8::10', host: '2001:db8::10', port: 99 }],
    ['qemu+tls://[fe80::1%25eth0]/', { host: 'fe80::1%eth0' }],
    ['qemu+tls://[kvm1]/', { host: '[kvm1]' }],
    ['qemu+tls://kvm%31.example%00.com/', { host: 'kvm1.example' }],
    ['qemu+tls://kvm1', { path: '', opens: 'qemu://' }],
    ['qemu+tls://kvm1/system?x=a%26b&No_Verify=1#top', { passedOn: [{ name: 'x', value: 'a&b' }], fragment: 'top', opens: 'qemu:///system?x=a%26b#top' }],
    ['qemu+tls://kvm1/?name=xen:///', { opens: 'xen:///' }],
    ['remote+tls://kvm1/', { opens: '' }],
    ['test:///default', { opener: 'client' }],
    ['test://kvm1/default', { opener: 'remote', transport: 'tls' }],
    ['XEN', { text: 'xen:///system', transport: 'unix' }],
  ] as const)('%s', (text, expected) => {
    expect(read(text)).toMatchObject(expected);
  }); // prettier-ignore

  it('has no port where none is used', () => {
    expect(read('qemu:///system')).not.toHaveProperty('port');
    expect(read('qemu+ext://kvm1:9/?command=x')).not.toHaveProperty('port');
  });

  it.each([
    ['no_verify=1', { noVerify: true }],
    ['no_verify=0&NO_SANITY=-2', { noVerify: false, noSanity: true }],
    ['no_verify=1&no_verify=0', { noVerify: false }],
    ['pkipath=/a&PkiPath=/b', { pkipath: '/b' }],
    ['pkipath', { pkipath: '' }],
    ['tls_priority=NORMAL:-VERS-TLS1.3:%2BAES', { tlsPriority: 'NORMAL:-VERS-TLS1.3:+AES' }],
    ['authfile=/a&authfile=/b&AUTHFILE=/c', { authfile: '/a' }],
    ['auth=sasl.GSSAPI;pkipath=/x', { auth: 'sasl.GSSAPI', pkipath: '/x' }],
    ['auth=sasl;pkipath=/x&known_hosts=y', { auth: 'sasl;pkipath=/x', knownHosts: 'y' }],
  ])('takes %s', (query, expected) => {
    expect(read(`qemu+tls://kvm1/system?${query}`).parameters).toMatchObject(expected);
  });

  it('keeps what it was written from', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
    const uri = fc.record({
      driver: word,
      transport: fc.constantFrom(...transports.filter((one) => one !== 'unix' && one !== 'ext')),
      host: fc.oneof(
        word,
        fc.ipV4(),
        fc.ipV6().map((address) => `[${address}]`),
      ),
      port: fc.integer({ min: 1, max: 65535 }),
      value: fc.string({ unit: 'grapheme' }),
    });
    fc.assert(
      fc.property(uri, ({ driver, transport, host, port, value }) => {
        const text = `${driver}+${transport}://${host}:${port}/x?pkipath=${encodeURIComponent(value)}`;
        const found = read(text);
        expect(found).toMatchObject({ driver, transport, host: host.replace(/[[\]]/g, ''), port });
        expect(found.parameters.pkipath).toBe(value.split('\0', 1)[0]);
      }),
    );
  });

  it('answers whatever it is given', () => {
    const unit = fc.constantFrom(
      'qemu',
      '+',
      'tls',
      ':',
      '//',
      '/',
      '@',
      '[',
      ']',
      '%',
      '%41',
      '%00',
      '?',
      '#',
      '&',
      ';',
      '=',
      '1',
      '\0',
      '\n',
      'ü',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(unit, { maxLength: 20 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const parsed = parseLibvirtUri(text);
          expect(parsed.ok ? parsed.uri.driver : parsed.error).not.toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    'qemu+tls://'.padEnd(1_000_000, 'a'),
    'x:'.padEnd(1_000_000, '%41'),
    `x://h/?${'a=1&'.repeat(250_000)}`,
    '['.repeat(1_000_000),
  ])('is done with a megabyte in time', (text) => {
    const begin = performance.now();
    parseLibvirtUri(text);
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  it('cuts a port to what a packet holds', () => {
    expect([16514, 65536, 99999].map(dialledPort)).toEqual([16514, 0, 34463]);
  });
});
