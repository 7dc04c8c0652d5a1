/** The door to everything that needs the X.509 library: loaded with the first certificate or revocation list that is met. */
export { parseCertificateFile } from './certificate-file.ts';
export { parseRevocationListFile } from './revocation-list-file.ts';
export { distinguishedNameOf } from './distinguished-name.ts';
export { parseCertificate } from './x509.ts';
