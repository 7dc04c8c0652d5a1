import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import { clientAuthenticationFiles } from '../reference/configuration-files.ts';
import { mechanismsOfPlugin, saslMechanisms, type SaslMechanism } from '../reference/sasl-mechanisms.ts';
import { access } from './access.ts';
import { rootAccount, type Account } from './account.ts';
import type { UriParameters } from './libvirt-uri.ts';
import { listening } from './listening.ts';
import {
  allows,
  keytabOf,
  restrictedServices,
  saslFacts,
  saslServices,
  usesKerberos,
  type SaslService,
} from './sasl.ts';
import { walk } from './walk.ts';

export const offeredAuthenticationFacts = [...saslFacts, 'saslPlugins'] as const;
export type OfferedAuthenticationFacts = Known<(typeof offeredAuthenticationFacts)[number]>;

/** What a daemon asks of a client that has come through to it on one transport. */
export type OfferedAuthentication =
  | { readonly kind: 'none' }
  /** Meant for local sockets: over TCP and TLS nobody passes, and clients print `refusal`. */
  | { readonly kind: 'polkit'; readonly refusal: string }
  /** In upper case; none: whoever asks is refused. `assumed` where it is not known which plug-ins are installed. */
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[]; readonly assumed: boolean }
  /** It does not run, or not on this transport. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly because: Unknown };

/** Mechanisms that come with Debian's libsasl2-modules, upon which its libsasl2-2 looks as wanted. */
const usualPlugins = ['scram', 'digestmd5', 'crammd5', 'ntlm', 'plain', 'login', 'anonymous'];

/** The mechanisms whose plug-ins are installed; those that usually are, where no directory of plug-ins was seen. */
export function installedMechanisms({ saslPlugins }: Known<'saslPlugins'>): {
  readonly mechanisms: readonly SaslMechanism[];
  readonly assumed: boolean;
} {
  const directories = Object.values(saslPlugins);
  const seen = directories.flatMap((fact) => (fact.known ? [fact.value] : []));
  if (seen.length === 0) {
    const usual = saslMechanisms.filter(({ plugin }) => plugin !== undefined && usualPlugins.includes(plugin));
    return { mechanisms: usual, assumed: true };
  }
  const mechanisms = new Set(seen.flat().flatMap(mechanismsOfPlugin));
  return { mechanisms: saslMechanisms.filter((one) => mechanisms.has(one)), assumed: seen.length < directories.length };
}

/**
 * What the daemon for remote clients asks on a transport. With SASL its service file, the plug-ins, what the transport allows and, for
 * Kerberos, a keytab that it can read decide which mechanisms it lists.
 *
 * Source: libvirt src/remote/remote_daemon_dispatch.c: remoteDispatchAuthList, remoteDispatchAuthSaslInit; Cyrus SASL 2.1.28
 * lib/server.c: sasl_listmech; plugins/gssapi.c: gssapiv2_server_plug_init.
 */
export function offeredAuthentication(
  facts: OfferedAuthenticationFacts,
  transport: 'tls' | 'tcp',
): OfferedAuthentication {
  const answer = listening(facts);
  if (answer.state === 'unknown') return { kind: 'unknown', because: answer.because };
  if (answer.state !== 'determined') return { kind: 'nothing' };
  const listener = answer[transport];
  if (listener === undefined) return { kind: 'nothing' };
  if (listener.authentication === 'none') return { kind: 'none' };
  if (listener.authentication === 'polkit') return { kind: 'polkit', refusal: polkitRefusal(facts) };
  const found = saslServices(facts, ['libvirt-server']);
  const service = found.services.find(({ program }) => program === 'libvirt');
  const over = service?.transports.find(({ kind }) => kind === transport);
  if (service === undefined || over === undefined) return { kind: 'nothing' };
  if (service.file.state === 'unknown') return { kind: 'unknown', because: service.file.because };
  // sasl_server_init fails, and the daemon with it.
  if (service.file.state === 'broken') return { kind: 'nothing' };
  const installed = installedMechanisms(facts);
  const restricted = restrictedServices({ services: [service], gaps: [] })[0];
  const listed = restricted?.listed.map(({ mechanism }) => mechanism);
  const mechanisms = installed.mechanisms.filter(
    (mechanism) =>
      (listed === undefined || listed.includes(mechanism)) &&
      allows(over, mechanism) &&
      (!usesKerberos(mechanism) || mayReadKeytab(facts, service)),
  );
  return { kind: 'sasl', mechanisms: mechanisms.map(({ name }) => name), assumed: installed.assumed };
}

/**
 * What polkit on the server makes of a client that is no local process, or libvirt where there is no system bus or nobody of that name on
 * it: all refuse. The accounts tell what is installed, for bus and polkit run as their own. Observed with libvirt 9.0.0, polkit 122.
 *
 * Source: libvirt src/remote/remote_daemon_dispatch.c: remoteDispatchAuthPolkit (SO_PEERCRED of TCP names no user).
 */
function polkitRefusal({ accounts }: Known<'accounts'>): string {
  const has = (...names: readonly string[]): boolean => accounts.users.some(({ name }) => names.includes(name));
  if (!has('messagebus', 'dbus') && accounts.otherSources.length === 0) {
    return 'internal error: Unable to get system bus connection: Could not connect: No such file or directory';
  }
  return has('polkitd') || accounts.otherSources.length > 0
    ? 'error from service: GDBus.Error:org.freedesktop.PolicyKit1.Error.Failed: Unix process subject does not have uid set'
    : 'error from service: GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.PolicyKit1 was not provided by any .service files';
}

/** The plug-in looks for the keytab that the service file names, and for no other. */
function mayReadKeytab(facts: OfferedAuthenticationFacts, service: SaslService): boolean {
  const [restricted] = restrictedServices({ services: [service], gaps: [] });
  const keytab = restricted === undefined ? undefined : keytabOf(restricted);
  if (keytab?.line === undefined) return true;
  const way = walk(facts.files, keytab.path);
  return way.outcome === 'unknown' || (way.outcome === 'found' && access(way, rootAccount, 'read').may !== false);
}

export const authenticationFacts = ['saslPlugins', 'secretHolders', 'accounts', 'files'] as const;
export type AuthenticationFacts = Known<(typeof authenticationFacts)[number]>;

/** The client's side of an authentication. */
export interface AuthenticationRequest {
  readonly transport: 'tls' | 'tcp';
  readonly parameters: Pick<UriParameters, 'auth' | 'authfile'>;
  readonly account: Account;
}

/** How authentication ends, as far as files tell. */
export type Authentication =
  /** `mechanism` is absent where nothing is asked. */
  | { readonly outcome: 'passes'; readonly mechanism?: string }
  /** `error` is the client's last line without `error: `. */
  | { readonly outcome: 'fails'; readonly error: string; readonly mechanism?: string }
  /** It takes a password or ticket of which nothing is known here; `error` is the client's line if it is refused, or not there. */
  | {
      readonly outcome: 'depends';
      readonly on: 'password' | 'ticket';
      readonly error: string;
      readonly mechanism: string;
    }
  | { readonly outcome: 'unknown'; readonly because: Unknown };

const refusedByServer = 'authentication failed: authentication failed';

/**
 * What comes of authentication between a client and what its server asks, for a client without a terminal that could be asked.
 *
 * Sources: libvirt src/remote/remote_driver.c: remoteAuthenticate, remoteAuthSASL, remoteAuthInteract; src/util/virauth.c:
 * virAuthGetConfigFilePathURI; Cyrus SASL 2.1.28 lib/client.c: sasl_client_start. Texts observed with virsh 9.0.0.
 */
export function authentication(
  offered: Exclude<OfferedAuthentication, { kind: 'nothing' }>,
  facts: AuthenticationFacts,
  request: AuthenticationRequest,
): Authentication {
  if (offered.kind === 'unknown') return { outcome: 'unknown', because: offered.because };
  const { auth } = request.parameters;
  if (auth !== undefined) {
    const wanted = /^sasl($|\.)/i.test(auth) ? 'sasl' : auth.toLowerCase();
    if (wanted !== 'sasl' && wanted !== 'polkit')
      return fails(`authentication failed: unknown authentication type ${auth}`);
    if (wanted !== offered.kind) return fails(`authentication failed: requested authentication type ${auth} rejected`);
  }
  if (offered.kind === 'none') return { outcome: 'passes' };
  if (offered.kind === 'polkit') return fails(offered.refusal);
  return viaSasl(offered.mechanisms, facts, request);
}

const fails = (error: string, mechanism?: string): Authentication => ({
  outcome: 'fails',
  error,
  ...(mechanism === undefined ? {} : { mechanism }),
});

function viaSasl(
  offered: readonly string[],
  facts: AuthenticationFacts,
  { transport, parameters, account }: AuthenticationRequest,
): Authentication {
  if (offered.length === 0) return fails(refusedByServer);
  const wanted = parameters.auth?.includes('.') === true ? parameters.auth.slice('sasl.'.length) : undefined;
  // strstr of the list: a part of a name passes here, and then names no mechanism.
  if (wanted !== undefined && !offered.join(',').includes(wanted)) {
    return fails(`authentication failed: SASL mechanism ${wanted} not supported by server`);
  }
  const names = (wanted ?? offered.join(',')).split(/[^\w-]+/);
  const installed = installedMechanisms(facts).mechanisms;
  // The client's own demands of plain TCP are 56 bits, whatever the server's (remoteAuthSASL).
  const over = { kind: transport, minimumSsf: transport === 'tcp' ? 56 : 0, reason: '' } as const;
  const usable = installed.filter((mechanism) => names.includes(mechanism.name) && allows(over, mechanism));
  const mechanism = strongest(usable);
  if (mechanism === undefined) {
    const detail = wanted === '' ? '' : 'No worthy mechs found';
    return fails(
      `authentication failed: Failed to start SASL negotiation: -4 (SASL(-4): no mechanism available: ${detail})`,
    );
  }
  const { name } = mechanism;
  if (mechanism.isAnonymous) return { outcome: 'passes', mechanism: name };
  if (usesKerberos(mechanism)) return { outcome: 'depends', on: 'ticket', error: refusedByServer, mechanism: name };
  switch (storedCredentials(facts, account, parameters.authfile)) {
    case 'unreadable':
      return fails('An error occurred, but the cause is unknown', name);
    case 'perhaps':
      return { outcome: 'depends', on: 'password', error: refusedByServer, mechanism: name };
    case 'none':
      return fails(
        // DIGEST-MD5 waits for the server's first word before it asks.
        `authentication failed: Failed to ${name === 'DIGEST-MD5' ? 'step' : 'start'} SASL negotiation: -1 (SASL(-1): generic failure: All-whitespace username.)`,
        name,
      );
  }
}

/** Cyrus takes the one that encrypts most, then those that neither show the password nor let anybody in. */
function strongest(mechanisms: readonly SaslMechanism[]): SaslMechanism | undefined {
  const weakness = ({ isAnonymous, isPlaintext }: SaslMechanism): number => (isAnonymous ? 2 : isPlaintext ? 1 : 0);
  return [...mechanisms].sort((one, other) => weakness(one) - weakness(other))[0];
}

/**
 * Are there credentials that the client may use without asking: the file of the URI, else the account's own, else the system's, the first
 * that it can read. LIBVIRT_AUTH_FILE, which comes first, is not known here.
 */
function storedCredentials(
  { secretHolders, accounts, files }: AuthenticationFacts,
  account: Account,
  authfile: string | undefined,
): 'none' | 'perhaps' | 'unreadable' {
  const home = accounts.users.find(({ uid }) => uid === account.uid)?.home.replace(/\/+$/, '');
  const candidates = [
    ...(home === undefined ? [] : [`${home}/${clientAuthenticationFiles.user}`]),
    clientAuthenticationFiles.system,
  ];
  const mayRead = (path: string): boolean | undefined => {
    const way = walk(files, path);
    if (way.outcome === 'unknown') return undefined;
    return way.outcome === 'found' ? access(way, account, 'read').may : false;
  };
  if (authfile !== undefined) {
    const readable = mayRead(authfile);
    if (readable === false) return 'unreadable';
    const holder = secretHolders[authfile];
    return holder?.known === true && holder.value.secrets.length === 0 ? 'none' : 'perhaps';
  }
  for (const path of candidates) {
    const holder = secretHolders[path];
    if (holder === undefined || mayRead(path) === false) continue;
    return holder.known && holder.value.secrets.length === 0 ? 'none' : 'perhaps';
  }
  return 'none';
}
