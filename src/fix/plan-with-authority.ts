import type { HostReport } from '../engine/report.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import { AuthorityError, type CertificateAuthority } from './certificate-authority.ts';
import type { Choice } from './plan.ts';
import type { AuthorityAtHand, IssuedCertificate, Wanted } from './realize.ts';
import { provePlan, type ProvenPlan } from './simulate.ts';

/** More than any host has certificates: planning that wants more goes round in a circle. */
const mostIssued = 200;

/** Plans, has issued what the plan wants, and plans again, until it wants nothing. @throws AuthorityError */
export async function untilIssued<T extends { readonly wanted: readonly Wanted[] }>(
  authority: CertificateAuthority | undefined,
  { at, ...options }: { readonly at: string } & Partial<Pick<AuthorityAtHand, 'host' | 'makesKeys'>>,
  make: (atHand: AuthorityAtHand | undefined) => T,
): Promise<T> {
  if (authority === undefined) return make(undefined);
  const issued = new Map<string, IssuedCertificate | undefined>();
  for (;;) {
    const made = make({ issued, anchor: authority.anchor, makesKeys: true, ...options });
    const fresh = made.wanted.filter(({ id }) => !issued.has(id));
    if (fresh.length === 0) return made;
    if (issued.size > mostIssued) throw new AuthorityError(`more than ${mostIssued} certificates would be needed`);
    for (const wanted of fresh) issued.set(wanted.id, await authority.issue(wanted, at).catch(refusal));
  }
}

/** A name that no certificate can hold spoils no other way out. */
function refusal(error: unknown): undefined {
  if (!(error instanceof AuthorityError)) throw error;
}

/** `provePlan` with a CA at hand, if there is one; certificates are issued as of the time of the host. @throws AuthorityError */
export const planWithAuthority = (
  snapshot: Snapshot,
  judge: (snapshot: Snapshot) => HostReport,
  choice: Choice,
  authority: CertificateAuthority | undefined,
  options: Partial<Pick<AuthorityAtHand, 'host' | 'makesKeys'>> = {},
): Promise<ProvenPlan> =>
  untilIssued(authority, { at: timeOf(snapshot), ...options }, (atHand) =>
    provePlan(snapshot, judge, atHand === undefined ? choice : { ...choice, authority: atHand }),
  );

/** The time of a host when it was looked at, or that is assumed. */
export const timeOf = ({ facts }: Snapshot): string =>
  facts.clock.known ? facts.clock.value.now : new Date().toISOString();
