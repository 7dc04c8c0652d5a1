import type { Certificate } from '../facts/certificates.ts';
import type { Known } from '../facts/facts.ts';
import type { Role } from '../facts/role.ts';
import { contentFacts, credentialContents, type Content, type Gap, type SetContents } from './credential-contents.ts';
import type { CredentialSet } from './credentials.ts';
import { isViewer, type CredentialKind } from '../reference/pki-files.ts';
import { requiresKeyEncipherment } from './libvirt-version.ts';
import { checkLoading, checkOwnCertificate, type Refusal, type RefusalKind } from './own-certificate.ts';
import { effectiveBool, remoteConfiguration } from './remote-configuration.ts';
import { remembering } from './remembering.ts';
import { remminaRefusal } from './remmina-sets.ts';
import { gtkVncRefusal } from './vnc-client-files.ts';

/** The facts from which it follows what programs make of their own credentials. */
export const ownCredentialFacts = [...contentFacts, 'clock'] as const;
export type OwnCredentialFacts = Known<(typeof ownCredentialFacts)[number]>;

/** A credential set, what its files hold and what its program says of them when it starts. */
export interface OwnCredentials extends SetContents {
  /** Does the program look at its own certificates before it loads them (tls_no_sanity_certificate is not 1). */
  readonly checked: boolean;
  /** What its own check finds fatal; when it does not check, its peers meet most of it later. */
  readonly refusals: readonly Refusal[];
  /** What its own check only warns of. */
  readonly warnings: readonly Refusal[];
  /** What stops the loading of the files. */
  readonly loading: readonly Refusal[];
  /** What comes of a refusal at start, as a clause. */
  readonly consequence: string;
}

/** Every set in use with what its program makes of it; gaps are the files of it that could not be looked at. */
export const ownCredentials = remembering(
  ownCredentialFacts,
  (facts, roles: readonly Role[]): { readonly sets: readonly OwnCredentials[]; readonly gaps: readonly Gap[] } => {
    const { sets, gaps } = credentialContents(facts, roles);
    return { sets: sets.map((contents) => judged(facts, contents)), gaps };
  },
);

function judged(facts: OwnCredentialFacts, contents: SetContents): OwnCredentials {
  const { set } = contents;
  const { program, endpoint } = set;
  const consequence = consequenceOf(set);
  const certificate = fileOf(contents.certificate);
  const ca = fileOf(contents.ca);
  const key = fileOf(contents.key);
  const crl = fileOf(contents.crl);
  const files = {
    ...(certificate === undefined ? {} : { certificate }),
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined ? {} : { key }),
    ...(crl === undefined ? {} : { crl }),
  };
  if (program === 'tigervnc') return unchecked(contents);
  if (isViewer(program)) {
    // They check nothing themselves, and load in QEMU's order; gtk-vnc has one text for whatever GnuTLS refuses.
    const loading = checkLoading({ program: 'qemu', ...files }).map((one) => ({
      ...one,
      text: program === 'gtk-vnc' ? gtkVncRefusal : remminaRefusal(loadedAs(one.kind), gnutlsErrorOf(one)),
    }));
    return { ...contents, checked: false, refusals: [], warnings: [], loading, consequence };
  }
  const { refusals, warnings } = checkOwnCertificate({
    program,
    endpoint,
    ...(certificate === undefined ? {} : { certificate }),
    ...(ca === undefined ? {} : { ca }),
    at: facts.clock.now,
    requiresKeyEncipherment: demandsKeyEncipherment(facts, set) ?? true,
    version: facts.software[program]?.version,
  });
  const loading = checkLoading({ program, ...files, version: facts.software[program]?.version });
  const checked = isChecked(facts, set);
  return { ...contents, checked, refusals, warnings, loading, consequence };
}

/** Which call to GnuTLS refuses. */
const loadedAs = (kind: RefusalKind): CredentialKind =>
  kind === 'ca-malformed' ? 'ca-certificate' : kind === 'crl-malformed' ? 'revocation-list' : 'private-key';

/** GnuTLS' part of what QEMU says. */
const gnutlsErrorOf = ({ text }: Refusal): string => text.slice(text.lastIndexOf("': ") + 3);

/** What a viewer does with files that it only adds to the trust of the system: nothing in them stops it. */
export const unchecked = (contents: SetContents): OwnCredentials => ({
  ...contents,
  checked: false,
  refusals: [],
  warnings: [],
  loading: [],
  consequence: consequenceOf(contents.set),
});

/** Only what is loaded is judged here; what is malformed has its own literal text (`malformedText`). */
const fileOf = <T>(content: Content<T>): { readonly path: string; readonly file: T } | undefined =>
  content.state === 'loaded' ? { path: content.file.path, file: content.value } : undefined;

/** Does the program that reads a set demand key encipherment; undefined when its version is not known. */
export const demandsKeyEncipherment = (
  { software }: Known<'software'>,
  { program }: Pick<CredentialSet, 'program'>,
): boolean | undefined => (isViewer(program) ? false : requiresKeyEncipherment(program, software[program]?.version));

function isChecked(facts: OwnCredentialFacts, set: CredentialSet): boolean {
  if (set.running !== undefined) return set.running.checked;
  if (set.role !== 'libvirt-server') return true;
  const configuration = remoteConfiguration(facts);
  return configuration.state !== 'loaded' || !effectiveBool(configuration, 'tls_no_sanity_certificate').value;
}

/** The refusal of one kind, of a certificate where one is given. */
export const refusalOf = (
  { refusals, loading }: Pick<OwnCredentials, 'refusals' | 'loading'>,
  kinds: readonly RefusalKind[],
  certificate?: Certificate,
): Refusal | undefined =>
  [...refusals, ...loading].find(
    (one) => kinds.includes(one.kind) && (certificate === undefined || one.certificate === certificate),
  );

const qemuConsequences: Readonly<Record<string, string>> = {
  vnc: 'guests whose VNC display uses TLS do not start',
  spice: 'guests whose SPICE display uses TLS do not start',
  chardev: 'guests whose character devices use TLS do not start',
  migrate: 'migration over TLS fails',
  backup: 'backups over TLS fail',
  nbd: 'disks that are reached over NBD with TLS fail to open',
};

/** What an administrator sees when a program refuses its own files, as a clause. */
export function consequenceOf(set: Pick<CredentialSet, 'program' | 'endpoint' | 'owner' | 'id'>): string {
  if (set.program === 'qemu') return qemuConsequences[set.id.replace(/[-:].*$/, '')] ?? 'QEMU does not start';
  if (set.program === 'tigervnc') return `${set.owner} goes on without it`;
  if (set.program === 'gtk-vnc') return `${set.owner} opens no console over TLS`;
  if (set.program === 'remmina') return `${set.owner} does not get in, and asks for other files`;
  return set.endpoint === 'server'
    ? `${set.owner} does not start`
    : 'connections over TLS fail before anything is sent';
}
