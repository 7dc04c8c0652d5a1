import { canonicalAddress } from '../facts/address.ts';
import type { Known } from '../facts/facts.ts';
import type { Certificate } from '../facts/certificates.ts';
import type { Endpoint } from '../reference/pki-files.ts';
import { lacksAlternativeNames } from './certified-names.ts';
import { contentsOf, leafOf, type FileContentFacts } from './credential-contents.ts';
import type { CredentialSet } from './credentials.ts';
import { walk } from './walk.ts';

/** One step of getting a certificate and putting it into force, in the shape of a fix's steps. */
export type OrderStep =
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  | { readonly kind: 'run'; readonly command: readonly string[]; readonly where?: string }
  | { readonly kind: 'manual'; readonly instruction: string };

/** One step of the same where the CA is at hand, in the shape of what a fix has for that. */
export type StepWithCa =
  | OrderStep
  | {
      readonly kind: 'issue';
      readonly path: string;
      readonly key: string;
      readonly newKey: boolean;
      readonly order: {
        readonly endpoint: Endpoint;
        readonly subject: { readonly commonName: string } | { readonly der: string };
        readonly dns: readonly string[];
        readonly ip: readonly string[];
        readonly days: number;
      };
    }
  | { readonly kind: 'trust'; readonly path: string; readonly how: 'replace' | 'add' }
  | { readonly kind: 'remove'; readonly path: string };

/** Names and addresses by which others may know this host, loopback left out, most specific first. */
export function hostNames({ identity }: Known<'identity'>): {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
} {
  const isLocal = (name: string): boolean => /^(localhost|ip6-|.*\.localdomain$)/i.test(name);
  const names = [identity.fqdn, identity.hostname].filter(
    (name) => name !== undefined && name !== '' && !isLocal(name),
  );
  const addresses = (identity.addresses ?? []).filter((address) => !/^(127\.|::1$|fe80:|169\.254\.)/i.test(address));
  return { names: [...new Set(names as string[])], addresses };
}

/** Validity of the certificates that are proposed. */
const usualDays = 365;

/** What is particular about a certificate that is to be had. */
export interface OrderOptions {
  readonly replaces?: Certificate | undefined;
  readonly newKey?: boolean;
  /** False where the program runs and should go on. */
  readonly interrupts?: boolean;
  /** Further addresses and names that it must hold. */
  readonly addresses?: readonly string[];
  readonly names?: readonly string[];
  readonly days?: number;
}

/** A fix's steps to a certificate: by hand, and where the CA is at hand. */
export function certificateSteps(
  facts: FileContentFacts & Known<'identity'>,
  set: CredentialSet,
  options: OrderOptions = {},
): { readonly steps: readonly OrderStep[]; readonly withCa?: readonly StepWithCa[] } {
  return { steps: certificateOrder(facts, set, options), ...whereCaIsAtHand(certificateWithCa(facts, set, options)) };
}

/** What a fix has for a CA that is at hand, where that is anything. */
export const whereCaIsAtHand = <T>(withCa: readonly T[]): { readonly withCa?: readonly T[] } =>
  withCa.length === 0 ? {} : { withCa };

/**
 * How to get a certificate for a set with GnuTLS' certtool: a new key where one is asked for, a request, what the CA's owner does, and
 * what makes it count. The names are those of this host and of the certificate that is replaced.
 */
export function certificateOrder(
  facts: Known<'identity'>,
  set: CredentialSet,
  { replaces, newKey = false, interrupts = true, addresses = [], names = [], days = usualDays }: OrderOptions = {},
): readonly OrderStep[] {
  const certificate = set.certificate?.path ?? '';
  const key = set.key?.path ?? '';
  const stem = certificate.replace(/\.pem$/, '');
  return [
    {
      kind: 'text',
      path: `${stem}.info`,
      text: template(facts, set, replaces, { names, addresses, days: Math.min(days, usualDays) }),
    },
    ...(newKey ? [run('certtool', '--generate-privkey', '--outfile', key)] : []),
    run(
      'certtool',
      '--generate-request',
      '--load-privkey',
      key,
      '--template',
      `${stem}.info`,
      '--outfile',
      `${stem}.csr`,
    ),
    {
      kind: 'run',
      where: "where the CA's key is kept; then bring the certificate back",
      command: [
        ...['certtool', '--generate-certificate', '--load-request', `${stem}.csr`],
        ...['--load-ca-certificate', 'cacert.pem', '--load-ca-privkey', 'cakey.pem'],
        ...['--template', `${stem}.info`, '--outfile', certificate],
      ],
    },
    ...(interrupts ? activation(set) : reload(set)),
  ];
}

/**
 * The same with the CA at hand: the certificate issued, its CA trusted where the set looks for it, and what makes both count. The subject of
 * the certificate that is replaced stays, so that lists of allowed names go on to hold, unless it was not meant for this end. None where
 * nobody knows how the host or the client is called.
 */
export function certificateWithCa(
  facts: FileContentFacts & Known<'identity'>,
  set: CredentialSet,
  {
    replaces = leafOf(contentsOf(facts, set)),
    newKey = false,
    interrupts = true,
    addresses = [],
    names = [],
    days = usualDays,
  }: OrderOptions = {},
): readonly StepWithCa[] {
  const { certificate, key, endpoint } = set;
  if (set.isElsewhere === true) return [];
  const own = hostNames(facts);
  const kept = replaces !== undefined && isMeantFor(endpoint, replaces, own.names) ? replaces : undefined;
  const commonName = (endpoint === 'client' ? userOf(set) : undefined) ?? names[0] ?? own.names[0] ?? own.addresses[0];
  const subject =
    kept !== undefined ? { der: kept.subject.der } : commonName === undefined ? undefined : { commonName };
  if (certificate === undefined || key === undefined || subject === undefined) return [];
  // What is replaced is kept for an undo, and no key ever is.
  if (certificate.path === key.path || holdsKey(facts, certificate.path)) return [];
  const alternatives = kept?.subjectAlternativeName;
  const called = [
    ...[...own.names, ...names, ...own.addresses, ...addresses],
    ...[...(alternatives?.dns ?? []), ...(alternatives?.ip ?? []), ...(kept?.subject.commonNames ?? []).filter(isHost)],
  ];
  const asAddress = called.map((name) => ({ name, address: canonicalAddress(name) }));
  const isServer = endpoint === 'server';
  const dns = asAddress.filter(({ name, address }) => address === undefined && !/^0x/i.test(name));
  return [
    ...withoutDanglingLink(facts, certificate.path),
    ...withoutDanglingLink(facts, key.path),
    {
      kind: 'issue',
      path: certificate.path,
      key: key.path,
      newKey,
      order: {
        endpoint,
        subject,
        dns: isServer ? unique(dns.map(({ name }) => name.toLowerCase())) : [],
        ip: isServer ? unique(asAddress.flatMap(({ address }) => address ?? [])) : [],
        days: Math.min(days, usualDays),
      },
    },
    ...trustWithCa(facts, set),
    ...(interrupts ? activation(set) : reload(set)),
  ];
}

/** Has the CA at hand trusted where a set looks for its own; in place of what is there only where that is nothing sound. */
export function trustWithCa(facts: FileContentFacts, set: CredentialSet): readonly StepWithCa[] {
  if (set.isElsewhere === true) return [];
  const { ca } = contentsOf(facts, set);
  if (ca.state === 'none' || holdsKey(facts, ca.file.path)) return [];
  const { path } = ca.file;
  const isSound = ca.state === 'unknown' || (ca.state === 'loaded' && ca.value.certificates.length > 0);
  return [...withoutDanglingLink(facts, path), { kind: 'trust', path, how: isSound ? 'add' : 'replace' }];
}

const holdsKey = ({ certificates }: Known<'certificates'>, path: string): boolean => {
  const file = Object.hasOwn(certificates, path) ? certificates[path] : undefined;
  return file?.known === true && file.value.privateKeyLine !== undefined;
};

/** A link to nothing makes way for a file; one among the directories above it does not, for others may lead through it. */
function withoutDanglingLink({ files }: Known<'files'>, path: string): readonly StepWithCa[] {
  const way = walk(files, path);
  const isLink = (way.outcome === 'absent' || way.outcome === 'loop') && way.link === path;
  return isLink ? [{ kind: 'remove', path }] : [];
}

/** Does a certificate name its holder as one for this end would: no CA's, and for a server a host, one of its own where it alone can tell. */
function isMeantFor(endpoint: Endpoint, certificate: Certificate, ownNames: readonly string[]): boolean {
  const { subject, basicConstraints } = certificate;
  if (basicConstraints?.ca === true || subject.text === '') return false;
  if (endpoint === 'client' || !lacksAlternativeNames(certificate)) return true;
  return subject.commonNames.some((name) => isHost(name) || ownNames.includes(name.toLowerCase()));
}

/** A name with a domain, a wildcard below one, or an address; one word may as well be a person's. */
const isHost = (name: string): boolean =>
  canonicalAddress(name) !== undefined || /^(?:\*\.)?[a-z\d](?:[a-z\d-]*\.)+[a-z\d-]*[a-z\d]$/i.test(name);

const userOf = ({ id }: CredentialSet): string | undefined =>
  /^(?:libvirt-client|vnc-client:[\w-]+):(.+)$/.exec(id)?.[1];

const run = (...command: readonly string[]): OrderStep => ({ kind: 'run', command });

/** A template for certtool(1). */
function template(
  facts: Known<'identity'>,
  set: CredentialSet,
  replaces: Certificate | undefined,
  further: { readonly names: readonly string[]; readonly addresses: readonly string[]; readonly days: number },
): string {
  const own = hostNames(facts);
  const names = [...own.names, ...further.names];
  const addresses = [...own.addresses, ...further.addresses];
  const commonName =
    (set.endpoint === 'client' ? userOf(set) : undefined) ?? replaces?.subject.commonNames[0] ?? names[0];
  const quoted = (text: string): string => `"${text.replace(/["\\\r\n]/g, '')}"`;
  const alternatives = replaces?.subjectAlternativeName;
  const lines =
    set.endpoint === 'client'
      ? []
      : [
          ...unique([...names, ...(alternatives?.dns ?? [])]).map((name) => `dns_name = ${quoted(name)}`),
          ...unique([...addresses, ...(alternatives?.ip ?? [])]).map((address) => `ip_address = ${quoted(address)}`),
        ];
  return [
    `cn = ${quoted(commonName ?? 'NAME')}`,
    ...lines,
    set.endpoint === 'server' ? 'tls_www_server' : 'tls_www_client',
    'signing_key',
    'encryption_key',
    `expiration_days = ${further.days}`,
    '',
  ].join('\n');
}

const unique = (items: readonly string[]): readonly string[] => [...new Set(items)];

/** What makes changed files count: restart or reload of the program that holds them; nothing for clients, which read them each time. */
export function activation(set: CredentialSet): readonly OrderStep[] {
  if (set.id === 'libvirt-server') return [run('systemctl', 'restart', set.owner)];
  if (set.program !== 'qemu') return [];
  const reloaded = set.running?.vnc === true ? set.running.guests : [];
  if (reloaded.length > 0)
    return [
      {
        kind: 'manual',
        instruction: `for the running guests ${reloaded.join(', ')}: virsh domdisplay-reload NAME (libvirt 10.2 or later), or shut them down and start them again`,
      },
    ];
  return set.id.startsWith('vnc-')
    ? [
        {
          kind: 'manual',
          instruction:
            'for every running guest: virsh domdisplay-reload DOMAIN (libvirt 10.2 or later), or shut it down and start it again',
        },
      ]
    : set.role === 'migration'
      ? []
      : [{ kind: 'manual', instruction: 'shut running guests down and start them again' }];
}

/** As `activation`, but without interrupting a daemon that runs and reads its files from the default paths. */
export function reload(set: CredentialSet): readonly OrderStep[] {
  if (set.id !== 'libvirt-server' || set.certificate?.setting !== undefined) return activation(set);
  const connection = set.owner === 'virtproxyd' ? ['-c', 'virtproxyd:///system'] : [];
  return [run('virt-admin', ...connection, 'server-update-tls', set.owner)];
}
