import { accountOf, callerAccount, rootAccount, userNamed, type Account } from '../domain/account.ts';
import { clientConfiguration, clientConfigurationPath, openUri } from '../domain/client-configuration.ts';
import type { ClientAccount } from '../domain/client-paths.ts';
import { dialledPort, parseLibvirtUri, withoutPassword, type LibvirtUri } from '../domain/libvirt-uri.ts';
import { gtkVncPaths } from '../domain/vnc-client-files.ts';
import type { Accounts, Caller } from '../facts/accounts.ts';
import type { Fact } from '../facts/fact.ts';
import type { ObservedPeer, TlsHandshake } from '../facts/observation.ts';
import type { CredentialKind } from '../reference/pki-files.ts';
import { vncClients } from '../reference/vnc-clients.ts';
import type { Prediction } from './diagnosis.ts';
import type { Certificate } from '../facts/certificates.ts';
import { clientFilesOf, type LibvirtQuestion } from './libvirt/question.ts';
import { shownTo } from './observed/libvirt.ts';
import { shownByViewer } from './observed/vnc.ts';
import type { VncQuestion } from './vnc/question.ts';
import { localProtocol } from './libvirt/local.ts';
import { nbdProtocol } from './nbd/protocol.ts';
import { nbdQuestion } from './nbd/question.ts';
import type { Sight } from './observed/sight.ts';
import { protocolOfUri } from './related.ts';
import { spiceProtocol } from './spice/protocol.ts';
import { spiceQuestion } from './spice/question.ts';
import { libvirtProtocol } from './libvirt/protocol.ts';
import { refusedOpening } from './libvirt/refused-opening.ts';
import { sshProtocol } from './libvirt/ssh.ts';
import { vncProtocol } from './vnc/protocol.ts';
import { walk, type Protocol, type Snapshots } from './walk.ts';

/** One connection that is asked about. */
export interface Question extends Snapshots {
  /** As virsh takes it, or `vnc://host:port`, `spice://…`, `nbd://…`. */
  readonly uri: string;
  /** The account that runs the client; by default whoever looked at the client, else root. */
  readonly user?: string;
  /** The VNC client, by the name of its program; by default virt-viewer. */
  readonly viewer?: string;
  /** What was seen of the server from the client; absent where nothing was sent. */
  readonly observation?: ObservedPeer;
}

/** A prediction and what it is about, or what is wrong with the question. */
export type Answer =
  | {
      readonly ok: true;
      readonly protocol: Sight['kind'];
      readonly prediction: Prediction;
      readonly account: ClientAccount;
      /** As the client opens it, aliases resolved. */
      readonly uri: string;
      readonly host: string;
      /** Files of the client that this connection uses. */
      readonly clientFiles: readonly string[];
    }
  | { readonly ok: false; readonly error: string };

/** Predicts what comes of a connection. */
export function diagnose(question: Question): Answer {
  const { client, user } = question;
  const account = clientAccount(user, valueOf(client?.facts.accounts), valueOf(client?.facts.caller) ?? null);
  if (account === undefined) return { ok: false, error: `the client has no account ${user}` };
  switch (protocolOfUri(question.uri)) {
    case 'vnc':
      return diagnoseVnc(question, account);
    case 'spice': {
      const asked = spiceQuestion(question.uri, account);
      return typeof asked === 'string'
        ? { ok: false, error: asked }
        : answerOf('spice', spiceProtocol, asked, question);
    }
    case 'nbd': {
      const asked = nbdQuestion(question.uri, account);
      return typeof asked === 'string' ? { ok: false, error: asked } : answerOf('nbd', nbdProtocol, asked, question);
    }
    case 'libvirt':
      return diagnoseLibvirt(question, account);
  }
}

/** A protocol of which the client's files say little. */
const answerOf = <Q extends { readonly uri: string; readonly host: string; readonly account: ClientAccount }>(
  kind: Sight['kind'],
  protocol: Protocol<Q>,
  asked: Q,
  question: Question,
): Answer => ({
  ok: true,
  protocol: kind,
  prediction: walk(protocol, asked, question, question.observation),
  account: asked.account,
  uri: asked.uri,
  host: asked.host,
  clientFiles: [],
});

/** Whom the client would speak to, and what it would show of itself. */
export interface Peer {
  readonly asks: ObservedPeer['asks'];
  /** Of `libvirt` and `spice`. */
  readonly transport: 'tls' | 'tcp';
  readonly host: string;
  readonly port: number;
  readonly account: ClientAccount;
  /** What the client shows to a server that asks as this one did: `nothing`, or undefined where its files are not known. */
  shows(
    asked: Pick<TlsHandshake, 'requestedAuthorities'>,
  ):
    | { readonly chain: readonly Certificate[]; readonly keyPath: string; readonly isNoPair?: true }
    | 'nothing'
    | undefined;
}

/** Whom a connection leads to over a network; else why nothing would be sent, in a clause. */
export function peerOf(question: Question): Peer | string {
  const { client, user } = question;
  const account = clientAccount(user, valueOf(client?.facts.accounts), valueOf(client?.facts.caller) ?? null);
  if (account === undefined) return `the client has no account ${user}`;
  const kind = protocolOfUri(question.uri);
  if (kind === 'vnc') {
    const asked = vncQuestion(question, account);
    if (typeof asked === 'string') return asked;
    const { host, port } = asked;
    return { asks: 'vnc', transport: 'tcp', host, port, account, shows: (to) => shownByViewer(asked, question, to) };
  }
  if (kind !== 'libvirt') {
    const asked = (kind === 'spice' ? spiceQuestion : nbdQuestion)(question.uri, account);
    if (typeof asked === 'string') return asked;
    const { host, port, transport } = asked;
    return { asks: kind, transport, host, port, account, shows: () => 'nothing' };
  }
  const opened = open(question, account);
  if (opened.outcome !== 'opened') return 'the client does not open this URI';
  const { uri, tlsPriority } = opened;
  const asked: LibvirtQuestion = { uri, account, ...(tlsPriority === undefined ? {} : { tlsPriority }) };
  const { host, transport } = uri;
  const port = dialledPort(uri.port ?? 0);
  const shows: Peer['shows'] = (to) => shownTo(asked, question, to);
  switch (transport) {
    case 'tls':
    case 'tcp':
      return { asks: 'libvirt', transport, host, port, account, shows };
    case 'ssh':
    case 'libssh':
    case 'libssh2':
      return { asks: 'ssh', transport: 'tcp', host, port: port === 0 ? sshPort : port, account, shows };
    case 'unix':
      return 'the URI leads to a local socket';
    case 'ext':
      return 'the program of the URI opens the connection';
  }
}

const sshPort = 22;

const valueOf = <T>(fact: Fact<T> | undefined): T | undefined => (fact?.known === true ? fact.value : undefined);

/** The account that runs the client, with its home; undefined for a name that the client does not have. */
function clientAccount(
  name: string | undefined,
  accounts: Accounts | undefined,
  caller: Caller | null,
): ClientAccount | undefined {
  const withHome = (account: Account): ClientAccount => {
    const home = accounts?.users.find(({ uid }) => uid === account.uid)?.home;
    return { ...account, ...(home === undefined || home === '' ? {} : { home }) };
  };
  if (caller !== null && (name === undefined || caller.name === name)) return withHome(callerAccount(caller));
  const user = name === undefined || accounts === undefined ? undefined : userNamed(accounts, name);
  if (accounts !== undefined && user !== undefined) return withHome(accountOf(accounts, user));
  return name === undefined || name === 'root' ? withHome(rootAccount) : undefined;
}

/** Display 0. */
const firstVncPort = 5900;

/** A VNC connection as it is asked about, or what is wrong with the question. */
function vncQuestion({ uri, viewer = 'virt-viewer' }: Question, account: ClientAccount): VncQuestion | string {
  const parts = /^vnc:\/\/(?:\[([^\]]+)\]|([^/:?#[\]]+))(?::(\d{1,5}))?\/?$/i.exec(uri);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3] ?? firstVncPort);
  if (host === undefined || port < 1 || port > 65_535) {
    return `${uri} is no VNC address; write vnc://HOST:PORT, where the port is 5900 + display`;
  }
  const application = vncClients.find(
    ({ title, programs }) => title === viewer || programs.includes(viewer),
  )?.gtkVncName;
  if (application === undefined) {
    const known = vncClients.flatMap(({ programs, gtkVncName }) => (gtkVncName === undefined ? [] : programs));
    return `where ${viewer} looks for certificates is not known; those of which it is: ${known.join(', ')}`;
  }
  return { host, port, account, application };
}

function diagnoseVnc(question: Question, account: ClientAccount): Answer {
  const asked = vncQuestion(question, account);
  if (typeof asked === 'string') return { ok: false, error: asked };
  const { host, application } = asked;
  const kinds: readonly CredentialKind[] = ['ca-certificate', 'revocation-list', 'certificate', 'private-key'];
  return {
    ok: true,
    protocol: 'vnc',
    prediction: walk(vncProtocol, asked, question, question.observation),
    account,
    uri: question.uri,
    host,
    clientFiles: kinds.flatMap((kind) => Object.values(gtkVncPaths(account.home ?? '/', application, kind))),
  };
}

function diagnoseLibvirt(question: Question, account: ClientAccount): Answer {
  const opened = open(question, account);
  if (opened.outcome === 'no-uri') return { ok: false, error: opened.error };
  if (opened.outcome === 'refused') {
    return {
      ok: true,
      protocol: 'libvirt',
      prediction: refusedOpening(opened),
      account,
      uri: withoutPassword(question.uri),
      host: '',
      clientFiles: opened.path === undefined ? [] : [opened.path],
    };
  }
  const { uri, tlsPriority } = opened;
  const asked: LibvirtQuestion = { uri, account, ...(tlsPriority === undefined ? {} : { tlsPriority }) };
  const protocol = protocolOf(uri);
  // A local socket belongs to the client's own host.
  const { client, server = uri.transport === 'unix' ? client : undefined } = question;
  const snapshots: Snapshots = {
    ...(client === undefined ? {} : { client }),
    ...(server === undefined ? {} : { server }),
  };
  return {
    ok: true,
    protocol: 'libvirt',
    prediction: walk(protocol, asked, snapshots, question.observation),
    account,
    uri: withoutPassword(uri.text),
    host: uri.host,
    clientFiles: clientFilesOf(asked, client),
  };
}

function protocolOf({ transport }: LibvirtUri): Protocol<LibvirtQuestion> {
  switch (transport) {
    case 'tls':
    case 'tcp':
      return libvirtProtocol;
    case 'unix':
      return localProtocol;
    case 'ssh':
    case 'libssh':
    case 'libssh2':
    case 'ext':
      return sshProtocol;
  }
}

type Opened =
  | { readonly outcome: 'opened'; readonly uri: LibvirtUri; readonly tlsPriority?: string }
  /** virsh understands the URI, and refuses it or its own configuration. */
  | { readonly outcome: 'refused'; readonly error: string; readonly path?: string }
  | { readonly outcome: 'no-uri'; readonly error: string };

/** What is no URI of libvirt's at all, by the words with which it is refused. */
const isNoUri = (error: string): boolean =>
  /^(internal error: (Unable to parse URI|invalid URI)|no connection driver available for)/.test(error);

/** The URI as the client's configuration makes it, aliases resolved. */
function open({ client, uri: name }: Question, account: ClientAccount): Opened {
  const [configurations, accounts, files] = [
    valueOf(client?.facts.configurations),
    valueOf(client?.facts.accounts),
    valueOf(client?.facts.files),
  ];
  const refused = (text: string, path?: string): Opened => {
    const error = withoutPassword(text);
    return isNoUri(error)
      ? { outcome: 'no-uri', error: `${withoutPassword(name)} is no URI that virsh takes: ${error}` }
      : { outcome: 'refused', error, ...(path === undefined ? {} : { path }) };
  };
  const plain = (): Opened => {
    const parsed = parseLibvirtUri(name);
    return parsed.ok ? ofDaemon(parsed.uri) : refused(parsed.error);
  };
  if (configurations === undefined || accounts === undefined || files === undefined) return plain();
  const facts = { configurations, accounts, files };
  const configuration = clientConfiguration(facts, account);
  if (configuration.state === 'unknown') return plain();
  const path = clientConfigurationPath(facts, account);
  if (configuration.state === 'broken')
    return { outcome: 'refused', error: configuration.error, path: configuration.path };
  const opening = openUri(configuration, name);
  if (!opening.ok) return refused(opening.error, opening.setting === undefined ? undefined : path);
  if (opening.uri === undefined) return { outcome: 'no-uri', error: 'no URI is given' };
  return ofDaemon(opening.uri, opening.tlsPriority?.value);
}

function ofDaemon(uri: LibvirtUri, tlsPriority?: string): Opened {
  return uri.opener === 'client'
    ? { outcome: 'no-uri', error: `${uri.text} is opened inside the client, without a daemon of libvirt` }
    : { outcome: 'opened', uri, ...(tlsPriority === undefined ? {} : { tlsPriority }) };
}
