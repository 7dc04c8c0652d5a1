import type { Certificate } from '../facts/certificates.ts';
import type { Known } from '../facts/facts.ts';
import { statusText, verifyChain, type ChainFault, type ChainVerdict } from './chain-of-trust.ts';
import { endEntityOf, membersOf, type SetContents } from './credential-contents.ts';
import { loadsIdentities, maximumCas } from './libvirt-version.ts';
import { isViewer, type TlsProgram } from '../reference/pki-files.ts';

/** How a set's own certificate stands to its CA file. */
export type OwnChain =
  /** Certificate or CA file is not there to be judged, or the certificate is itself a CA's. */
  | { readonly state: 'not-judged' }
  | { readonly state: 'trusted' }
  /** Only the certificates beyond those that the program reads would make it trusted. */
  | { readonly state: 'beyond-limit'; readonly leaf: Certificate; readonly text: string }
  | {
      readonly state: 'untrusted';
      readonly leaf: Certificate;
      readonly fault: ChainFault;
      readonly text: string;
      /** The certificates that the file adds to the leaf would make it trusted, if the program looked at them. */
      readonly trustedWithFile: boolean;
    };

/** How many certificates of a CA file a program's own check reads; undefined for no limit. GnuTLS itself loads all of them. */
export function caLimit({ software }: Known<'software'>, program: TlsProgram): number | undefined {
  if (isViewer(program)) return undefined;
  const limit = maximumCas(program, software[program]?.version);
  return Number.isFinite(limit) ? limit : undefined;
}

/**
 * What a program's own check makes of its chain: the first certificate of the file alone against the first 16 of the CA file; QEMU 10.1
 * takes all of the CA file, and 10.2 all of both. Source: libvirt virNetTLSCertCheckPair, QEMU qcrypto_tls_creds_check_cert_pair.
 */
export function ownChain(facts: Known<'software' | 'clock'>, contents: SetContents): OwnChain {
  const leaf = endEntityOf(contents);
  const cas = membersOf(contents.ca);
  if (leaf === undefined || contents.ca.state !== 'loaded') return { state: 'not-judged' };
  const { program } = contents.set;
  const limit = caLimit(facts, program);
  const takesChain = program === 'qemu' && loadsIdentities(program, facts.software.qemu?.version);
  const presented = membersOf(contents.certificate);
  const ask = (certificates: readonly Certificate[], anchors: readonly Certificate[]): ChainVerdict =>
    verifyChain({
      certificates,
      anchors,
      at: facts.clock.now,
      options: {
        algorithm: certificates.length > 1 && !takesChain ? 'session' : 'list',
        further: presented.slice(1),
      },
    });
  const verdict = ask(takesChain || isViewer(program) ? presented : [leaf], cas.slice(0, limit));
  if (verdict.trusted) return { state: 'trusted' };
  const text = `Our own certificate ${contents.certificate.state === 'loaded' ? contents.certificate.file.path : ''} failed validation against ${contents.ca.file.path}: ${statusText(verdict.status, program)}`;
  if (limit !== undefined && cas.length > limit && ask([leaf], cas).trusted)
    return { state: 'beyond-limit', leaf, text };
  const trustedWithFile = presented.length > 1 && ask(presented, cas).trusted;
  return { state: 'untrusted', leaf, fault: verdict.fault, text, trustedWithFile };
}
