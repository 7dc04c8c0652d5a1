import { isSelfIssued, subjectTitle } from '../../domain/credential-contents.ts';
import { daysLeft, validityAt } from '../../domain/certificate-validity.ts';
import type { Certificate, PrivateKeyFile, PublicKeyInfo, RevocationList } from '../../facts/certificates.ts';
import type { Moment } from '../../facts/fact.ts';
import { purposeNames } from '../../reference/purpose-names.ts';
import type { Evidence, EvidenceRow } from './evidence.ts';

/** The parts of a certificate that can be at fault. */
export type CertificatePart =
  'subject' | 'names' | 'valid' | 'key' | 'usages' | 'purposes' | 'issuer' | 'CA' | 'signed' | 'serial' | 'sha256';

/** More names than this are counted, not listed. */
const most = 24;

/** A list for a person, its end counted when it is long. */
export const listText = (items: readonly string[]): string =>
  items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;

/** `2026-06-13`, or with the time where a day decides nothing. */
const day = (moment: Moment): string => moment.slice(0, 10);

/** How long something is, roughly, as a person says it. */
export function durationText(days: number): string {
  if (days < 1) return 'less than a day';
  if (days < 100) return days === 1 ? '1 day' : `${days} days`;
  if (days < 730) return `${Math.round(days / 30.44)} months`;
  return `${Math.round(days / 365.25)} years`;
}

/** How something with a beginning and an end stands at a moment: `12 days left`, `expired 3 days ago`, `valid in 5 days`. */
export function standingText(span: Pick<Certificate, 'notBefore' | 'notAfter'>, at: Moment): string {
  const days = Math.abs(daysLeft(span, at));
  switch (validityAt(span, at)) {
    case 'valid':
      return `${durationText(days)} left`;
    case 'expired':
      return `expired ${durationText(Math.max(0, days - 1))} ago`;
    case 'not-yet-valid':
      return `valid only in ${durationText(Math.abs(daysLeft({ notAfter: span.notBefore }, at)))}`;
  }
}

/** Bits and curve or kind of a key. */
export const keyText = ({ algorithm, bits, curve }: PublicKeyInfo): string =>
  [algorithm, ...(curve === undefined ? [] : [curve]), `${bits} bits`].join(' ');

/** `digitalSignature` as `digital signature`; abbreviations stay. */
const usageText = (usage: string): string =>
  usage
    .replace(/^cRLSign$/, 'CRL sign')
    .replace(/([a-z])([A-Z])/g, (_, low: string, high: string) => `${low} ${high.toLowerCase()}`);

const critical = (extension: { readonly critical: boolean }): string => (extension.critical ? ' (critical)' : '');

function namesText({ subjectAlternativeName: names }: Certificate): string {
  if (names === undefined) return 'none beside the common name';
  const all = [
    ...names.dns.map((name) => `DNS ${name}`),
    ...names.ip.map((name) => `IP ${name}`),
    ...names.email.map((name) => `e-mail ${name}`),
    ...names.uri.map((name) => `URI ${name}`),
    ...(names.other === 0 ? [] : [`${names.other} of other kinds`]),
  ];
  return (all.length === 0 ? 'none' : listText(all)) + critical(names);
}

function authorityText({ basicConstraints }: Certificate): string {
  if (basicConstraints === undefined) return 'not said';
  const { ca, pathLength } = basicConstraints;
  if (!ca) return `no${critical(basicConstraints)}`;
  const below = pathLength === undefined ? '' : `, at most ${pathLength} more below it`;
  return `yes${below}${critical(basicConstraints)}`;
}

/** A certificate as a person reads it; `faults` are the parts that are marked. */
export function certificateEvidence(
  certificate: Certificate,
  {
    path,
    count,
    at,
    faults,
  }: {
    readonly path: string;
    /** How many certificates its file holds. */
    readonly count: number;
    readonly at: Moment;
    readonly faults: readonly CertificatePart[];
  },
): Evidence {
  const { position, line, subject, issuer, keyUsage, extendedKeyUsage, notBefore, notAfter } = certificate;
  const parts: readonly (readonly [CertificatePart, string])[] = [
    ['subject', subject.text === '' ? 'empty' : subject.text],
    ['names', namesText(certificate)],
    ['valid', `${day(notBefore)} to ${day(notAfter)} · ${standingText(certificate, at)}`],
    ['key', keyText(certificate.publicKey)],
    [
      'usages',
      keyUsage === undefined ? 'any (not limited)' : listText(keyUsage.usages.map(usageText)) + critical(keyUsage),
    ],
    [
      'purposes',
      extendedKeyUsage === undefined
        ? 'any (not limited)'
        : listText(extendedKeyUsage.purposes.map((oid) => purposeNames[oid] ?? oid)) + critical(extendedKeyUsage),
    ],
    ['issuer', isSelfIssued(certificate) ? 'itself' : issuer.text],
    ['CA', authorityText(certificate)],
    ['signed', certificate.signatureAlgorithm],
    ['serial', certificate.serial],
    ['sha256', certificate.fingerprint],
  ];
  return {
    title: `certificate ${path}:${line}${count > 1 ? ` (${position + 1} of ${count})` : ''}`,
    rows: parts.map(([label, text]): EvidenceRow => ({
      ...(faults.includes(label) ? { sign: 'error' } : {}),
      label,
      text,
    })),
  };
}

/** Of a private key what its public half tells, held against the certificate beside it. */
export function keyEvidence(
  key: PrivateKeyFile,
  path: string,
  beside: { readonly path: string; readonly certificate: Certificate } | undefined,
): Evidence {
  const rows: EvidenceRow[] = [];
  if (key.state === 'encrypted')
    rows.push({ label: 'key', text: `encrypted (${key.format}), so that its public half is not known` });
  if (key.state === 'malformed')
    rows.push({ sign: 'error', label: 'key', text: `none that GnuTLS reads (${key.malformation.cause})` });
  if (key.state === 'readable') {
    rows.push({ label: 'key', text: `${keyText(key.publicKey)} (${key.format})` });
    rows.push({ label: 'public half', text: `sha256 ${key.publicKey.fingerprint}` });
    if (beside !== undefined) {
      const { publicKey } = beside.certificate;
      const isSame = publicKey.fingerprint === key.publicKey.fingerprint;
      rows.push({
        sign: isSame ? 'pass' : 'error',
        label: 'certificate',
        text: `${beside.path}: ${isSame ? 'of this key' : `of another key, ${keyText(publicKey)}, sha256 ${publicKey.fingerprint}`}`,
      });
    }
  }
  return { title: `private key ${path}`, rows };
}

/** Revocation lists of a file; `revoked` is the certificate that is looked for in them. */
export function revocationListEvidence(
  list: RevocationList,
  {
    path,
    at,
    fault,
    revoked,
  }: {
    readonly path: string;
    readonly at: Moment;
    readonly fault: 'valid' | 'issuer' | undefined;
    readonly revoked: Certificate | undefined;
  },
): Evidence {
  const { thisUpdate, nextUpdate } = list;
  const mark = (part: string): Pick<EvidenceRow, 'sign'> => (part === fault ? { sign: 'error' } : {});
  const entry = revoked === undefined ? undefined : list.revoked.find(({ serial }) => serial === revoked.serial);
  const standing =
    nextUpdate === undefined
      ? `since ${day(thisUpdate)}, without an end`
      : `${day(thisUpdate)} to ${day(nextUpdate)} · ${standingText({ notBefore: thisUpdate, notAfter: nextUpdate }, at)}`;
  return {
    title: `revocation list ${path}`,
    rows: [
      { ...mark('issuer'), label: 'issuer', text: list.issuer.text },
      { ...mark('valid'), label: 'valid', text: standing },
      { label: 'signed', text: list.signatureAlgorithm },
      { label: 'revoked', text: `${list.revoked.length} certificate${list.revoked.length === 1 ? '' : 's'}` },
      ...(entry === undefined || revoked === undefined
        ? []
        : [
            {
              sign: 'error' as const,
              label: 'among them',
              text: `${subjectTitle(revoked)}, serial ${entry.serial}, since ${day(entry.date)}`,
            },
          ]),
    ],
  };
}
