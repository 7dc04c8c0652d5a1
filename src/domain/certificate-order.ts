import type { Known } from '../facts/facts.ts';
import type { Certificate } from '../facts/certificates.ts';
import type { CredentialSet } from './credentials.ts';

/** One step of getting a certificate and putting it into force, in the shape of a fix's steps. */
export type OrderStep =
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  | { readonly kind: 'run'; readonly command: readonly string[]; readonly where?: string }
  | { readonly kind: 'manual'; readonly instruction: string };

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

/**
 * How to get a certificate for a set with GnuTLS' certtool: a new key where one is asked for, a request, what the CA's owner does, and
 * what makes it count. The names are those of this host and of the certificate that is replaced.
 */
export function certificateOrder(
  facts: Known<'identity'>,
  set: CredentialSet,
  {
    replaces,
    newKey = false,
    interrupts = true,
    addresses = [],
    names = [],
    days = usualDays,
  }: {
    readonly replaces?: Certificate | undefined;
    readonly newKey?: boolean;
    /** False where the program runs and should go on. */
    readonly interrupts?: boolean;
    /** Further addresses and names that it must hold. */
    readonly addresses?: readonly string[];
    readonly names?: readonly string[];
    readonly days?: number;
  } = {},
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
  const user = /^(?:libvirt-client|vnc-client:[\w-]+):(.+)$/.exec(set.id)?.[1];
  const commonName = (set.endpoint === 'client' ? user : undefined) ?? replaces?.subject.commonNames[0] ?? names[0];
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
