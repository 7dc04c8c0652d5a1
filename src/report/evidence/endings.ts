import { subjectTitle } from '../../domain/credential-contents.ts';
import { secondsOf, validityAt } from '../../domain/certificate-validity.ts';
import type { Moment } from '../../facts/fact.ts';
import type { Snapshot } from '../../facts/snapshot.ts';
import { printable } from '../printable.ts';
import { listText, standingText } from './certificate.ts';
import type { Evidence, EvidenceRow } from './evidence.ts';

/** Something that will not be in force for ever: a certificate, or a revocation list. */
export interface Ending {
  readonly kind: 'certificate' | 'revocation list';
  readonly title: string;
  /** Every file in which it lies, by the host's index. */
  readonly places: readonly { readonly host: number; readonly path: string }[];
  readonly from: Moment;
  readonly until: Moment;
}

/** Everything of these hosts that ends, soonest first; what lies in several files is listed once. All texts are printable. */
export function endings(snapshots: readonly Snapshot[]): readonly Ending[] {
  const found = new Map<string, { ending: Omit<Ending, 'places'>; places: Ending['places'][number][] }>();
  const add = (key: string, place: Ending['places'][number], ending: Omit<Ending, 'places'>): void => {
    const known = found.get(key);
    if (known === undefined) found.set(key, { ending: { ...ending, title: printable(ending.title) }, places: [place] });
    else known.places.push(place);
  };
  for (const [host, { facts }] of snapshots.entries()) {
    for (const [path, file] of Object.entries(facts.certificates.known ? facts.certificates.value : {})) {
      for (const one of file.known ? file.value.certificates : []) {
        const ending = {
          kind: 'certificate' as const,
          title: subjectTitle(one),
          from: one.notBefore,
          until: one.notAfter,
        };
        add(one.fingerprint, { host, path: printable(path) }, ending);
      }
    }
    for (const [path, file] of Object.entries(facts.revocationLists.known ? facts.revocationLists.value : {})) {
      for (const { issuer, thisUpdate, nextUpdate } of file.known ? file.value.lists : []) {
        if (nextUpdate === undefined) continue;
        const title = `revocations by ${issuer.text}`;
        const ending = { kind: 'revocation list' as const, title, from: thisUpdate, until: nextUpdate };
        add(`${issuer.der} ${thisUpdate} ${nextUpdate}`, { host, path: printable(path) }, ending);
      }
    }
  }
  return [...found.values()]
    .map(({ ending, places }) => ({ ...ending, places }))
    .sort((one, other) => secondsOf(one.until) - secondsOf(other.until) || (one.title < other.title ? -1 : 1));
}

/** What ends when, as a list: the day, how long still, what it is and where it lies. */
export const endingsEvidence = (all: readonly Ending[], at: Moment): Evidence => ({
  title: all.length === 0 ? 'nothing here ends: no certificate and no revocation list is known' : 'what ends when',
  rows: all.map(({ title, places, from, until }): EvidenceRow => {
    const standing = validityAt({ notBefore: from, notAfter: until }, at);
    const paths = [...new Set(places.map(({ path }) => path))];
    return {
      ...(standing === 'valid' ? {} : { sign: 'error' }),
      label: until.slice(0, 10),
      text: `${standingText({ notBefore: from, notAfter: until }, at)} · ${title} · ${listText(paths)}`,
    };
  }),
});
