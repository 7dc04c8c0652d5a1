import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likelyStages, recognise, textLimits } from '../../src/explain/recognise.ts';

const ids = (text: string): readonly string[] => recognise(text).map(({ message }) => message.id);
const expired = 'The server certificate /etc/pki/libvirt/servercert.pem has expired';

describe('recognise', () => {
  it.each([
    ['as it is', expired],
    ['virsh’s prefix', `error: ${expired}`],
    ['libvirt’s log', `2026-11-22 02:00:01.123+0000: 1234: error : virNetTLSCertCheckTimes:50 : ${expired}`],
    ['the journal', `Nov 22 02:00:01 kvm1 libvirtd[123]: ${expired}`],
    [
      'journal and log',
      `Nov  2 02:00:01 kvm1 libvirtd[123]: 2026-11-22 02:00:01.123+0000: 123: error : f:1 : ${expired}`,
    ],
    ['ISO journal', `2026-11-22T02:00:01.123456+00:00 kvm1 virtproxyd[7]: ${expired}`],
    ['QEMU', `qemu-system-x86_64: -object tls-creds-x509,id=a,dir=/x: ${expired}`],
    ['QEMU with a time', `2026-11-22T02:00:01.123456Z qemu-system-x86_64: ${expired}`],
    [
      'colours',
      `\u001b[31merror:\u001b[0m The server \u001b[1mcertificate\u001b[0m /etc/pki/libvirt/servercert.pem has expired`,
    ],
    ['a title of a window', `\u001b]0;root@kvm1\u0007error: ${expired}`],
    ['CRLF', `first\r\n${expired}\r\nlast`],
    ['indented, with tabs', `\t\t${expired.replaceAll(' ', '\t')}  `],
    ['quoted in a mail', `> > ${expired}`],
    ['in a sentence', `virsh says "${expired}".`],
    ['wrapped at a space', expired.replace(' has', '\nhas')],
    ['wrapped in the path', expired.replace('server', 'server').replace('/libvirt/', '/lib\nvirt/')],
    ['wrapped twice', expired.replace(' has', '\n  has').replace('certificate ', 'certificate\n  ')],
    [
      'a Python traceback',
      `Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nlibvirt.libvirtError: ${expired}`,
    ],
  ])('%s', (_, text) => {
    const [first, ...others] = recognise(text);
    expect(others).toEqual([]);
    expect(first?.message.id).toBe('server-certificate-expired');
    expect(first?.holes).toEqual({ file: '/etc/pki/libvirt/servercert.pem' });
  });

  it('takes the quotation marks of word processors for plain ones', () => {
    expect(ids('Failed to verify peer’s certificate')).toEqual(['peer-certificate-refused']);
  });

  it.each([
    ["error: authentication failed: Failed to verify peer's certificate", 'client', 'server-identity'],
    [
      "error : virNetTLSContextCheckCertificate:539 : authentication failed: Failed to verify peer's certificate",
      'daemon',
      'client-identity',
    ],
    ["Nov 22 02:00:01 kvm1 virtproxyd[9]: Failed to verify peer's certificate", 'daemon', 'client-identity'],
    ["libvirt.libvirtError: authentication failed: Failed to verify peer's certificate", 'client', 'server-identity'],
    ['qemu-kvm: The CA certificate /srv/ca.pem has expired', 'qemu', 'server-credentials'],
    ["Cannot load CRL '/etc/pki/qemu/ca-crl.pem': Base64 decoding error.", 'qemu', 'server-credentials'],
    ['Unable to import client certificate /home/alice/.pki/libvirt/clientcert.pem', 'client', 'client-credentials'],
  ])('%s is printed by %s, at %s', (text, printer, stage) => {
    const found = recognise(text);
    expect(found[0]?.printer).toBe(printer);
    expect(likelyStages(found)[0]).toBe(stage);
  });

  it('tells by its neighbours who printed a warning', () => {
    const warning =
      'warning : virNetTLSContextCheckCertificate:537 : Certificate check failed Certificate failed validation: The certificate is not trusted.';
    const ofClient = recognise(
      `2026-11-22 02:00:01.1+0000: 1: ${warning}\nerror: failed to connect to the hypervisor\nerror: authentication failed: Failed to verify peer's certificate`,
    );
    expect(ofClient[0]).toMatchObject({ message: { id: 'peer-certificate-not-trusted' }, printer: 'client' });
    const ofDaemon = recognise(`${warning}\nerror : f:1 : authentication failed: Failed to verify peer's certificate`);
    expect(ofDaemon[0]).toMatchObject({ message: { id: 'peer-certificate-not-trusted' }, printer: 'daemon' });
  });

  it('puts the reason before what follows from it, across both sides', () => {
    const found = recognise(`error: failed to connect to the hypervisor
error: Unable to read TLS confirmation: Input/output error

Nov 22 02:00:01 kvm1 libvirtd[123]: Certificate check failed Client's Distinguished Name is not on the list of allowed clients (tls_allowed_dn_list).  Use 'virt-pki-query-dn clientcert.pem' to view the Distinguished Name field in the client certificate, or run this daemon with --verbose option.`);
    expect(found.map(({ message }) => message.id)).toEqual([
      'name-not-allowed',
      'tls-confirmation-not-read',
      'libvirt-connection-failed',
    ]);
    expect(found.find(({ message }) => message.id === 'tls-confirmation-not-read')?.explainedBy).toEqual([
      'name-not-allowed',
    ]);
    expect(likelyStages(found)[0]).toBe('client-identity');
  });

  it('prefers a known reason to the frame that quotes it, and a frame to a fragment', () => {
    expect(
      ids(
        "internal error: process exited while connecting to monitor: qemu-system-x86_64: No TLS credentials with id 'tls0'",
      ),
    ).toEqual(['qemu-credentials-undefined', 'qemu-exited']);
    expect(
      ids('Failed to start SASL negotiation: -1 (SASL(-1): generic failure: GSSAPI Error: x (Clock skew too great))'),
    ).toEqual(['kerberos-clock-skew']);
    expect(ids('TLS handshake failed The private key is invalid.')).toEqual(['tls-handshake-failed']);
  });

  it('counts what is repeated', () => {
    expect(recognise(`${expired}\n`.repeat(50))).toMatchObject([{ count: 50, line: 1 }]);
  });

  it.each([
    '',
    ' ',
    '\n\n',
    'error:',
    'Segmentation fault (core dumped)',
    'the certificate',
    'Certificate',
    'TLS',
    'domain web1 started',
  ])('knows nothing of %j', (text) => {
    expect(recognise(text)).toEqual([]);
  });

  const inTime = (text: string): void => {
    const start = performance.now();
    recognise(text);
    expect(performance.now() - start).toBeLessThan(5_000);
  };

  it.each([
    ['10 MB of one letter', 'a'.repeat(1e7)],
    ['10 MB of spaces', ' '.repeat(1e7)],
    ['10 MB of line feeds', '\n'.repeat(1e7)],
    ['NUL bytes', '\0'.repeat(1e6)],
    ['escapes', '\u001b['.repeat(1e6)],
    ['titles that never end', '\u001b]0;'.repeat(1e6)],
    ['one beginning many times', "unable to connect to server at '".repeat(50_000)],
    [
      'holes that never close',
      `${'Our own certificate '.repeat(2_000)}${' failed validation against '.repeat(2_000)}`.repeat(5),
    ],
    ['prefixes', 'libvirtd: '.repeat(100_000)],
    ['many lines that begin like messages', `${'The server certificate '.repeat(12)}\n`.repeat(10_000)],
    ['many messages', `${expired} `.repeat(5_000)],
    ['many lines of messages', `${expired}x\n`.repeat(20_000)],
    ['lone surrogates', '\ud800\udc80\udfff'.repeat(100_000)],
  ])('takes little time for %s', (_, text) => {
    inTime(text);
  });

  it('finds what stands within its limits and nothing else', () => {
    const far = `${'x'.repeat(textLimits.characters)}\n${expired}`;
    expect(recognise(far)).toEqual([]);
    expect(ids(`${'x'.repeat(100_000)}\n${expired}`)).toEqual(['server-certificate-expired']);
  });

  it('takes any text, and what it gives has no control characters', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(expired, ': ', "'", '\u001b[31m', '\n')), {
          maxLength: 20,
        }),
        (parts) => {
          for (const one of recognise(parts.join(''))) {
            expect(one.stages.length).toBeGreaterThan(0);
            expect(one.causes.length).toBeGreaterThan(0);
            expect([one.text, ...Object.values(one.holes)].join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
