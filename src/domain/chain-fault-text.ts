import type { Certificate } from '../facts/certificates.ts';
import type { ChainFault } from './chain-of-trust.ts';
import { subjectTitle } from './credential-contents.ts';
import { momentText } from './moment-text.ts';

/** Why a chain is not trusted, as a clause for a person. */
export function chainFaultText(fault: ChainFault): string {
  const { certificate } = fault;
  const who = titleOf(certificate);
  switch (fault.kind) {
    case 'other-ca':
      return `${who} was issued by ${fault.issuer}, which is not among the trusted CAs`;
    case 'intermediate-missing':
      return `${who} was issued by the intermediate CA ${fault.issuer}, which is not among the trusted CAs`;
    case 'same-name-other-key':
      return `${who} was issued by a CA of the same name as ${titleOf(fault.anchor)} with another key`;
    case 'expired':
      return `${who} expired at ${momentText(certificate.notAfter)}`;
    case 'not-yet-valid':
      return `${who} is valid only from ${momentText(certificate.notBefore)} on`;
    case 'issuer-not-a-ca':
      return `${who} stands above another certificate and is no CA certificate`;
    case 'issuer-key-usage':
      return `the key usage of ${who} does not let it sign certificates`;
    case 'path-length':
      return `the chain below ${who} is longer than a CA in it allows`;
    case 'name-constraints':
      return `${who} names what the name constraints of its CA exclude`;
    case 'insecure-algorithm':
      return `${who} is signed with ${certificate.signatureAlgorithm}, which GnuTLS takes for insecure`;
    case 'weak-key':
      return `the key of ${who} has ${certificate.publicKey.bits} bits, fewer than are asked for`;
    case 'bad-signature':
      return `the signature on ${who} does not verify`;
    case 'unsupported-algorithm':
      return `${who} is signed with an algorithm that is not known (${certificate.signatureAlgorithm})`;
    case 'unknown-critical-extension':
      return `${who} has a critical extension that GnuTLS does not know (${certificate.unknownCriticalExtensions.join(', ')})`;
    case 'revoked':
      return `${who} has been revoked`;
  }
}

const titleOf = (certificate: Certificate): string => `the certificate ${subjectTitle(certificate)}`;
