import { readFileSync } from 'node:fs';
import type { Certificate } from '../../src/facts/certificates.ts';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';

/** A file of fixtures/certificates: decoded text, then PEM. */
export const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/certificates/${name}.pem`, import.meta.url));

/** The armoured part of one. */
export const pemOf = (name: string): string => /-----BEGIN[\s\S]*/.exec(fixture(name).toString('utf8'))?.[0] ?? '';

/** The first certificate of one. */
export function certificate(name: string): Certificate {
  const [first] = parseCertificateFile(fixture(name)).certificates;
  if (first === undefined) throw new Error(`fixtures/certificates/${name}.pem holds no certificate`);
  return first;
}
