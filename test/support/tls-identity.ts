import 'reflect-metadata';
import { BasicConstraintsExtension, X509CertificateGenerator, type X509Certificate } from '@peculiar/x509';
import { webcrypto } from 'node:crypto';

/** A certificate and its key, made for a test. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly der: Buffer;
  readonly issued: { readonly by: X509Certificate; readonly keys: webcrypto.CryptoKeyPair };
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new key pair with a certificate of that common name, signed by `issuer`, or else by itself and a CA. */
export async function tlsIdentity(name: string, issuer?: TlsIdentity): Promise<TlsIdentity> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.create(
    {
      subject: `CN=${name}`,
      issuer: issuer === undefined ? `CN=${name}` : issuer.issued.by.subject,
      publicKey: keys.publicKey as never,
      signingKey: (issuer?.issued.keys ?? keys).privateKey as never,
      signingAlgorithm: algorithm,
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2045-01-01'),
      extensions: issuer === undefined ? [new BasicConstraintsExtension(true, undefined, true)] : [],
    },
    webcrypto as never,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
    der: Buffer.from(certificate.rawData),
    issued: { by: certificate, keys },
  };
}
