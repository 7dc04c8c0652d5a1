import type { Account } from '../../domain/account.ts';
import type { ClientAccount } from '../../domain/client-paths.ts';
import type { CredentialSet } from '../../domain/credentials.ts';
import { loadCredentials, loadingFacts, type LoadingOutcome } from '../../domain/load-credentials.ts';
import { requiresKeyEncipherment } from '../../domain/libvirt-version.ts';
import { gtkVncFiles } from '../../domain/vnc-client-files.ts';
import type { Known } from '../../facts/facts.ts';
import type { QemuAddress, QemuProcess, TlsCredentials, VncDisplay } from '../../facts/qemu-processes.ts';
import { numberedFile, numberedIdentities, qemuPki } from '../../reference/pki-files.ts';
import { defineStep } from '../step.ts';

/** One connection of a VNC client that is built on gtk-vnc. */
export interface VncQuestion {
  /** As it was typed. */
  readonly host: string;
  readonly port: number;
  /** The account that runs the client. */
  readonly account: ClientAccount;
  /** The name under which the application lets gtk-vnc look for its files. */
  readonly application: string;
}

export const step = defineStep<VncQuestion>();

export const vncServerFacts = [...loadingFacts, 'qemuProcesses', 'clock', 'software', 'identity', 'accounts'] as const;
export type VncServerFacts = Known<(typeof vncServerFacts)[number]>;

export const vncClientFacts = [...loadingFacts, 'clock', 'software', 'identity', 'accounts'] as const;
export type VncClientFacts = Known<(typeof vncClientFacts)[number]>;

/** A QEMU, and which of its displays is meant; none where it has no display that could be. */
export interface AskedGuest {
  readonly process: QemuProcess;
  readonly display?: VncDisplay;
}

/** Does a display listen on a port, on whatever address. */
const listensOn = ({ addresses }: VncDisplay, port: number): boolean =>
  addresses.some(
    (address) =>
      address.type === 'tcp' &&
      address.port !== undefined &&
      port >= address.port &&
      port <= (address.lastPort ?? address.port),
  );

/** The guest whose display is asked for: one that listens on the port, else the only one, else one that does not start at all. */
export function askedGuest({ port }: VncQuestion, { qemuProcesses }: Known<'qemuProcesses'>): AskedGuest | undefined {
  if (!qemuProcesses.observed) return undefined;
  const { processes } = qemuProcesses;
  for (const process of processes) {
    const display = process.commandLine.vnc.find((one) => listensOn(one, port));
    if (display !== undefined) return { process, display };
  }
  const [only, ...others] = processes;
  const refused = processes.find(({ commandLine }) => commandLine.refusal !== undefined);
  const process = refused ?? (others.length === 0 ? only : undefined);
  if (process === undefined) return undefined;
  const [display] = process.commandLine.vnc;
  return { process, ...(display === undefined ? {} : { display }) };
}

/** The account that a QEMU reads its files with. */
export const accountOfGuest = ({ uid, gid, groups }: QemuProcess): Account => ({
  name: String(uid),
  uid,
  gids: [...new Set([gid, ...groups])],
});

/** What QEMU makes of the files of one of its credentials objects when it creates it. */
export function credentialsOfObject(
  facts: VncServerFacts,
  process: QemuProcess,
  { dir = '', endpoint, sanityCheck = true, passwordId }: TlsCredentials,
): LoadingOutcome {
  const names = qemuPki[endpoint];
  // As facts name them: without the slashes that may end the directory.
  const at = (name: string): string => `${dir.replace(/(?<=.)\/+$/, '')}/${name}`;
  const key = at(names['private-key']);
  const file = facts.privateKeys[key];
  const tried =
    file?.known === true && file.value.state === 'encrypted'
      ? file.value.tried?.find(({ pid, secret }) => pid === process.pid && secret === passwordId)
      : undefined;
  return loadCredentials(facts, {
    program: 'qemu',
    endpoint,
    paths: {
      ca: at(qemuPki['ca-certificate']),
      certificate: at(names.certificate),
      key,
      ...(endpoint === 'server' ? { revocationList: at(qemuPki['revocation-list']) } : {}),
    },
    further: numberedIdentities.map((number) => ({
      certificate: numberedFile(at(names.certificate), number, 'qemu'),
      key: numberedFile(key, number, 'qemu'),
    })),
    version: facts.software.qemu?.version ?? null,
    account: accountOfGuest(process),
    checks: sanityCheck,
    at: facts.clock.now,
    requiresKeyEncipherment: requiresKeyEncipherment('qemu', facts.software.qemu?.version),
    ...(passwordId === undefined
      ? {}
      : {
          passPhrase: tried === undefined ? 'not-tried' : tried.outcome === 'opens' ? 'fits' : 'does-not-fit',
        }),
  });
}

/** The x509 credentials of the display that is asked for, loaded; undefined where it has none or QEMU refuses them. */
export function displayCredentials(question: VncQuestion, facts: VncServerFacts): LoadingOutcome | undefined {
  const guest = askedGuest(question, facts);
  const tls = guest?.display?.tls;
  return guest === undefined || tls?.type !== 'x509'
    ? undefined
    : credentialsOfObject(facts, guest.process, tls.credentials);
}

/** The files of the display that is asked for, as QEMU looks them up; undefined where it has none. */
export function setOfDisplay(question: VncQuestion, facts: VncServerFacts): CredentialSet | undefined {
  const guest = askedGuest(question, facts);
  const tls = guest?.display?.tls;
  const dir = tls?.type === 'x509' ? tls.credentials.dir : undefined;
  if (guest === undefined || dir === undefined) return undefined;
  const at = (name: string): string => `${dir.replace(/(?<=.)\/+$/, '')}/${name}`;
  return {
    id: 'vnc-server',
    owner: "QEMU's VNC server",
    role: 'vnc-server',
    endpoint: 'server',
    program: 'qemu',
    readers: [accountOfGuest(guest.process)],
    ca: { kind: 'ca-certificate', path: at(qemuPki['ca-certificate']) },
    certificate: { kind: 'certificate', path: at(qemuPki.server.certificate) },
    key: { kind: 'private-key', path: at(qemuPki.server['private-key']) },
  };
}

/** Where gtk-vnc finds its files, and what comes of loading them: one text for all that can go wrong. */
export function credentialsOfViewer(
  { account, application }: VncQuestion,
  facts: VncClientFacts,
): LoadingOutcome & { readonly usesSystemTrust?: boolean } {
  const found = gtkVncFiles(facts.files, account, account.home, application);
  const unclear = Object.values(found).find((file) => file.state === 'unknown');
  if (unclear !== undefined) return { state: 'unknown', because: unclear.because };
  const path = (file: (typeof found)['ca']): string | undefined => (file.state === 'found' ? file.path : undefined);
  const [ca, revocationList, certificate, key] = [found.ca, found.crl, found.certificate, found.key].map(path);
  const outcome = loadCredentials(facts, {
    // The loader is GnuTLS', in QEMU's order; nothing is checked before.
    program: 'qemu',
    endpoint: 'client',
    paths: {
      ...(ca === undefined ? {} : { ca }),
      ...(revocationList === undefined ? {} : { revocationList }),
      ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    },
    account,
    checks: false,
    at: facts.clock.now,
    requiresKeyEncipherment: false,
  });
  return { ...outcome, usesSystemTrust: ca === undefined };
}

/** An address for people. */
export const addressText = (address: QemuAddress): string =>
  address.type === 'unix'
    ? address.path
    : `${address.host === '' ? 'all addresses' : address.host}, port ${address.port ?? address.service ?? '?'}`;
