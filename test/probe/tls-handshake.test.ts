import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TlsHandshake } from '../../src/facts/observation.ts';
import { readServerFlight } from '../../src/parse/tls-handshake.ts';
import { Connection, type Credentials } from '../../src/probe/connection.ts';
import { Deadline } from '../../src/probe/deadline.ts';
import { startServer } from '../support/peer.ts';
import { tlsIdentity, type TlsIdentity } from '../support/tls-identity.ts';

let ca: TlsIdentity, other: TlsIdentity, server: TlsIdentity, client: TlsIdentity;

beforeAll(async () => {
  [ca, other] = await Promise.all([tlsIdentity('One CA'), tlsIdentity('Another CA')]);
  [server, client] = await Promise.all([tlsIdentity('server', ca), tlsIdentity('client', ca)]);
});

const seclevel = 'ALL:@SECLEVEL=0';

/** One handshake with a server of node:tls, and the names of the client certificates that the server saw. */
async function shake(
  options: TlsOptions,
  credentials?: Credentials,
): Promise<{ handshake: TlsHandshake; clients: readonly string[] }> {
  const clients: string[] = [];
  const tls = createServer({
    key: server.key,
    cert: server.certificate,
    rejectUnauthorized: false,
    ...options,
  });
  await using peer = await startServer(tls, 'secureConnection', (socket) => {
    clients.push(String((socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'none'));
  });
  const deadline = new Deadline(5000);
  try {
    const connection = await Connection.open('127.0.0.1', peer.port, deadline);
    const handshake = await connection.startTls(credentials);
    await connection.close();
    await peer.abandoned();
    return { handshake, clients };
  } finally {
    deadline.dispose();
  }
}

describe('a handshake', () => {
  it.each([
    ['TLS1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: seclevel }],
    ['TLS1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: seclevel }],
    ['TLS1.2', { maxVersion: 'TLSv1.2' }],
    ['TLS1.3', { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' }],
    ['TLS1.3', { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384' }],
    ['TLS1.3', { minVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }],
    // The server asks for another group first, with a HelloRetryRequest.
    ['TLS1.3', { minVersion: 'TLSv1.3', ecdhCurve: 'P-521' }],
  ] as const)('%s with %o shows chain and request', async (version, options) => {
    const { handshake, clients } = await shake({
      ...options,
      cert: server.certificate + other.certificate + ca.certificate,
      requestCert: true,
      ca: [ca.certificate, other.certificate],
    });
    expect(handshake).toMatchObject({
      ownCertificate: false,
      outcome: { seen: true },
      version,
      malformedCertificates: 0,
      requestedAuthorities: [{ text: 'CN=One CA' }, { text: 'CN=Another CA' }],
    });
    if ('ciphers' in options && options.ciphers !== seclevel) expect(handshake.cipher).toBe(options.ciphers);
    // As they were served: Node's own list is put in order, and completed.
    expect(handshake.chain.map(({ der }) => der)).toEqual([server, other, ca].map(({ der }) => der.toString('base64')));
    expect(handshake.chain.map(({ position }) => position)).toEqual([0, 1, 2]);
    expect(clients).toEqual(['none']);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('tells by %s that no certificate is asked for', async (maxVersion) => {
    const { handshake } = await shake({ maxVersion });
    expect(handshake.requestedAuthorities).toBeNull();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('sends the certificate by %s, and wipes its key', async (maxVersion) => {
    const key = Buffer.from(client.key);
    const { handshake, clients } = await shake(
      { maxVersion, requestCert: true, ca: [ca.certificate] },
      { certificate: Buffer.from(client.certificate), key },
    );
    expect(handshake).toMatchObject({ ownCertificate: true, outcome: { seen: true } });
    expect(clients).toEqual(['client']);
    expect(key.every((byte) => byte === 0)).toBe(true);
  });

  it('does not come about with a key of another certificate, which says nothing of the key', async () => {
    const key = Buffer.from(other.key);
    const { handshake, clients } = await shake({}, { certificate: Buffer.from(client.certificate), key });
    expect(handshake.outcome).toEqual({
      seen: false,
      reason: 'credentials-unusable',
      detail: 'OpenSSL does not take the certificate and its key (ERR_OSSL_X509_KEY_VALUES_MISMATCH)',
    });
    expect(clients).toEqual([]);
    expect(key.every((byte) => byte === 0)).toBe(true);
  });

  it('is refused by an alert where no cipher suite is shared', async () => {
    const { handshake } = await shake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    expect(handshake.outcome).toMatchObject({ seen: false, reason: 'alert', alert: 'handshake_failure' });
  });

  it('shows what was asked also where the server then refuses', async () => {
    const { handshake } = await shake({
      maxVersion: 'TLSv1.2',
      requestCert: true,
      rejectUnauthorized: true,
      ca: [ca.certificate],
    });
    expect(handshake.outcome).toMatchObject({ seen: false, reason: 'alert' });
    expect(handshake.chain[0]?.subject.text).toBe('CN=server');
    expect(handshake.requestedAuthorities).toMatchObject([{ text: 'CN=One CA' }]);
  });
});

describe('the flight of a server', () => {
  const noise = fc.uint8Array({ maxLength: 300 });
  const record = (type: number, payload: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([type, 3, 3, payload.length >> 8, payload.length & 255]), payload]);
  const message = (type: number, body: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body]);

  it('may be anything', () => {
    const types = fc.constantFrom(20, 21, 22, 23, 24);
    const messages = fc
      .array(fc.tuple(fc.constantFrom(2, 8, 11, 13, 14, 20), noise), { maxLength: 4 })
      .map((list) => Buffer.concat(list.map(([type, body]) => message(type, body))));
    const records = fc
      .array(fc.tuple(types, fc.oneof(noise, messages)), { maxLength: 6 })
      .map((list) => Buffer.concat(list.map(([type, payload]) => record(type, payload))));
    fc.assert(
      fc.property(fc.oneof(noise, records), fc.uint8Array({ minLength: 48, maxLength: 48 }), (bytes, secret) => {
        const { certificates, requestedAuthorities } = readServerFlight(bytes, secret);
        expect(certificates.length).toBeLessThanOrEqual(50);
        expect((requestedAuthorities ?? []).length).toBeLessThanOrEqual(1000);
      }),
    );
  });

  it('is seen as none of TLS by its first byte', () => {
    expect(readServerFlight(Buffer.from('S')).tls).toBe(false);
    expect(readServerFlight(Buffer.from([0x16])).tls).toBe(true);
    expect(readServerFlight(Buffer.from([0x16, 0x40])).tls).toBe(false);
    expect(readServerFlight(Buffer.alloc(0)).tls).toBe(true);
  });

  it('does not say what is asked before it has come so far', () => {
    const hello = message(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(33), Buffer.from([0xc0, 0x2f, 0])]));
    const done = message(14, Buffer.alloc(0));
    expect(readServerFlight(record(22, hello))).toEqual({
      tls: true,
      version: 0x0303,
      cipherSuite: 0xc02f,
      certificates: [],
    });
    expect(readServerFlight(record(22, Buffer.concat([hello, done]))).requestedAuthorities).toBeNull();
    // Messages may be cut into records anywhere.
    const whole = Buffer.concat([hello, done]);
    for (let cut = 1; cut < whole.length; cut += 1)
      expect(
        readServerFlight(Buffer.concat([record(22, whole.subarray(0, cut)), record(22, whole.subarray(cut))]))
          .requestedAuthorities,
      ).toBeNull();
  });
});
