import type { Certificate, RevocationList } from '../facts/certificates.ts';
import { statusText, verifyChain, type ChainFault, type SecurityProfile } from './chain-of-trust.ts';
import { coversName } from './covers-name.ts';
import { allowedEndpoints } from './key-purpose.ts';
import { matchesPattern } from './name-pattern.ts';
import type { Endpoint } from './own-certificate.ts';

export interface PeerQuestion {
  /** What the peer presents, leaf first; absent when it shows nothing. */
  readonly chain?: readonly Certificate[];
  /** Which end the peer is. */
  readonly peer: Endpoint;
  /** What is trusted here, in the order of the file. */
  readonly anchors: readonly Certificate[];
  readonly revocationLists: readonly RevocationList[];
  readonly profile?: SecurityProfile;
  readonly at: string;
  /** The name that the client dialled, for a server. */
  readonly host?: string;
  /** tls_allowed_dn_list, for a client. */
  readonly allowedNames?: readonly string[];
  readonly requiresKeyEncipherment: boolean;
}

/** Why libvirt turns its peer away. */
export interface PeerRefusal {
  readonly kind:
    'no-certificate' | 'untrusted' | 'no-name' | 'not-allowed' | 'other-host' | 'is-a-ca' | 'key-usage' | 'key-purpose';
  /** The reason in libvirt's words. */
  readonly text: string;
  readonly fault?: ChainFault;
}

/**
 * What libvirt makes of its peer's certificate once the handshake is done, both ways; undefined when it is content. That a peer's certificate
 * has expired it calls "not trusted".
 *
 * Source: libvirt src/rpc/virnettlscontext.c: virNetTLSContextValidCertificate (9.0); src/rpc/virnettlscert.c: virNetTLSCertValidate (11.3).
 */
export function libvirtPeerRefusal(question: PeerQuestion): PeerRefusal | undefined {
  const { chain, peer, anchors, revocationLists, profile, at, host, allowedNames, requiresKeyEncipherment } = question;
  const [leaf] = chain ?? [];
  if (chain === undefined || leaf === undefined)
    return { kind: 'no-certificate', text: 'Unable to verify TLS peer: No certificate was found.' };
  const verdict = verifyChain({
    certificates: chain,
    anchors,
    at,
    options: { algorithm: 'session', revocationLists, ...(profile === undefined ? {} : { profile }) },
  });
  if (!verdict.trusted)
    return {
      kind: 'untrusted',
      text: `Certificate failed validation: ${statusText(verdict.status, 'libvirt')}`,
      fault: verdict.fault,
    };
  if (leaf.subject.text === '')
    return {
      kind: 'no-name',
      text: 'Failed to get certificate [session] distinguished name: The requested data were not available.',
    };
  if (allowedNames !== undefined && !allowedNames.some((pattern) => matchesPattern(pattern, leaf.subject.text)))
    return {
      kind: 'not-allowed',
      text: "Client's Distinguished Name is not on the list of allowed clients (tls_allowed_dn_list).  Use 'virt-pki-query-dn clientcert.pem' to view the Distinguished Name field in the client certificate, or run this daemon with --verbose option.",
    };
  if (host !== undefined && !coversName(leaf, host))
    return { kind: 'other-host', text: `Certificate [session] owner does not match the hostname ${host}` };
  if (leaf.basicConstraints?.ca === true)
    return {
      kind: 'is-a-ca',
      text: `The certificate [session] basic constraints show a CA, but we need one for a ${peer}`,
    };
  const { keyUsage } = leaf;
  if (keyUsage?.critical === true) {
    if (!keyUsage.usages.includes('digitalSignature'))
      return { kind: 'key-usage', text: 'Certificate [session] usage does not permit digital signature' };
    if (requiresKeyEncipherment && !keyUsage.usages.includes('keyEncipherment'))
      return { kind: 'key-usage', text: 'Certificate [session] usage does not permit key encipherment' };
  }
  if (!allowedEndpoints(leaf, 'libvirt')[peer] && leaf.extendedKeyUsage?.critical === true)
    return { kind: 'key-purpose', text: `Certificate [session] purpose does not allow use for with a TLS ${peer}` };
  return undefined;
}

/**
 * What a GnuTLS client sends of its identity: all of it or nothing. The server says which CAs it trusts; the client looks whether one of them
 * issued a certificate of its chain, and whether its own may sign. A server that trusts nobody asks for no CA in particular.
 *
 * Source: gnutls lib/auth/cert.c: find_x509_client_cert, _gnutls_select_client_cert (3.7.9, 3.8.9).
 */
export function sentChain(
  identity: readonly Certificate[] | undefined,
  askedFor: readonly Pick<Certificate, 'subject'>[],
): readonly Certificate[] | undefined {
  const [leaf] = identity ?? [];
  if (identity === undefined || leaf === undefined) return undefined;
  const usages = leaf.keyUsage?.usages ?? [];
  if (usages.length > 0 && !usages.includes('digitalSignature')) return undefined;
  if (askedFor.length === 0) return identity;
  const names = new Set(askedFor.map(({ subject }) => subject.der));
  return identity.some(({ issuer }) => names.has(issuer.der)) ? identity : undefined;
}
