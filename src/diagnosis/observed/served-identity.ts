import { certifiedNames } from '../../domain/certified-names.ts';
import { chainFaultText } from '../../domain/chain-fault-text.ts';
import { verifyChain } from '../../domain/chain-of-trust.ts';
import { coversName } from '../../domain/covers-name.ts';
import { momentText } from '../../domain/moment-text.ts';
import type { Certificate } from '../../facts/certificates.ts';
import type { TlsHandshake } from '../../facts/observation.ts';
import type { Snapshot } from '../../facts/snapshot.ts';
import type { Failure } from '../diagnosis.ts';
import { isAffairOfTrust, rulesOfFault } from '../rules-of-fault.ts';
import { cannotTell, pass, type Take } from '../step.ts';
import { factsOf } from './sight.ts';

/** Whom a client dials, and the first of these files that it has is what it trusts. */
export interface Believer {
  readonly host: string;
  readonly caFiles: readonly string[];
  /** What it prints when it does not believe. */
  readonly clientText?: string;
}

/**
 * What a client makes of the certificates that it is shown, where only its CA file is known of it: whom they name and until when they
 * hold shows in any case.
 */
export function servedIdentity(
  { host, caFiles, clientText }: Believer,
  client: Snapshot | undefined,
  { chain, malformedCertificates }: TlsHandshake,
): Take {
  const [leaf] = chain;
  if (leaf === undefined || malformedCertificates > 0)
    return cannotTell('not all of the certificates that are served can be read here');
  const facts = factsOf(client, ['certificates', 'clock']);
  if (facts === undefined) return cannotTell('what the client trusts is not known');
  const { now } = facts.clock;
  const evidence = [
    `names: ${namesOf(leaf)}`,
    ...chain.map(({ subject, issuer }) => `${subject.text} by ${issuer.text}`),
  ];
  const refuse = (message: string, failure: Omit<Failure, 'why'>): Take => ({
    outcome: 'fail',
    message,
    evidence,
    ...(clientText === undefined ? {} : { clientText }),
    failure: { why: message, ...failure },
  });
  if (now > leaf.notAfter)
    return refuse(`the certificate has expired on ${momentText(leaf.notAfter)}`, {
      side: 'server',
      rules: ['certificate-expired'],
      fix: newCertificate(host),
    });
  if (now < leaf.notBefore)
    return refuse(`the certificate is not valid before ${momentText(leaf.notBefore)}`, {
      side: 'server',
      rules: ['certificate-not-yet-valid'],
      fix: newCertificate(host),
    });
  if (!coversName(leaf, host))
    return refuse(`the certificate names ${namesOf(leaf)}, not ${host}`, {
      side: 'server',
      rules: ['server-name-mismatch', 'server-name-address-without-san'],
      fix: newCertificate(host),
    });
  const trusted = caFiles.flatMap((path) => {
    const file = Object.hasOwn(facts.certificates, path) ? facts.certificates[path] : undefined;
    return file?.known === true && file.value.certificates.length > 0
      ? [{ path, anchors: file.value.certificates }]
      : [];
  })[0];
  if (trusted === undefined)
    return cannotTell(
      `it names ${host}; whether the client trusts ${leaf.issuer.text} is not known: it has no ${caFiles[0] ?? 'CA file'}`,
    );
  const { path, anchors } = trusted;
  const verdict = verifyChain({
    certificates: chain,
    anchors,
    at: now,
    options: { algorithm: 'session', profile: 'low', revocationLists: [] },
  });
  if (verdict.trusted) return pass(`it leads to a CA of ${path}, and names ${host}`, evidence);
  const why = chainFaultText(verdict.fault);
  return refuse(`${why} (CAs of ${path})`, {
    ...(isAffairOfTrust(verdict.fault)
      ? { side: 'client', rules: [], fix: trustServer(path) }
      : { side: 'server', rules: rulesOfFault(verdict.fault), fix: newCertificate(host) }),
  });
}

const namesOf = (leaf: Certificate): string => certifiedNames(leaf).join(', ') || 'nobody';

const manual = (title: string, instruction: string): NonNullable<Failure['fix']> => ({
  title,
  applicability: 'manual',
  steps: [{ kind: 'manual', instruction }],
});

const newCertificate = (host: string): NonNullable<Failure['fix']> =>
  manual(
    `Have the server a certificate issued that names ${host}`,
    `Issue one with ${host} among its alternative names, put it and its key where the server has its own, and start that again`,
  );

const trustServer = (path: string): NonNullable<Failure['fix']> =>
  manual(
    'Let the client trust the CA of the server',
    `Add the CA certificate of the server to ${path} on the client; compare its fingerprint first`,
  );
