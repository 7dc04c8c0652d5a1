import type { Known } from '../facts/facts.ts';
import { qemuPki } from '../reference/pki-files.ts';
import { certificateWithCa, type StepWithCa } from './certificate-order.ts';
import { consoleFix, type ConsoleChange, type ConsoleFixFacts } from './console-fix.ts';
import type { Console } from './consoles.ts';
import type { ContentFacts } from './credential-contents.ts';
import { qemuTlsDirectoryOf, type CredentialSet } from './credentials.ts';
import { exists } from './walk.ts';

/** The names of all that a console over TLS needs in its directory. */
export const consoleFiles = [qemuPki['ca-certificate'], ...Object.values(qemuPki.server)] as const;

/** Is all of it there. */
export const hasIdentity = ({ files }: Known<'files'>, directory: string): boolean =>
  consoleFiles.every((name) => exists(files, `${directory}/${name}`) === true);

/** The set of a directory of consoles that is to come into use. */
export const identityIn = (use: 'vnc' | 'spice', directory: string): CredentialSet => ({
  id: `${use}-server`,
  owner: use === 'vnc' ? "QEMU's VNC server" : "QEMU's SPICE server",
  role: 'vnc-server',
  endpoint: 'server',
  program: 'qemu',
  readers: [],
  ca: { kind: 'ca-certificate', path: `${directory}/${qemuPki['ca-certificate']}` },
  certificate: { kind: 'certificate', path: `${directory}/${qemuPki.server.certificate}` },
  key: { kind: 'private-key', path: `${directory}/${qemuPki.server['private-key']}` },
});

/** Switches TLS on for a kind of consoles: first comes the identity, unless it is there; where the CA is at hand that is issued. */
export function encryptionFix(
  facts: ConsoleFixFacts & ContentFacts & Known<'identity'>,
  console: Console,
  use: 'vnc' | 'spice',
  change: Omit<ConsoleChange, 'first'>,
): ReturnType<typeof consoleFix> & { readonly withCa?: readonly (StepWithCa | ConsoleStep)[] } {
  const { path: directory } = qemuTlsDirectoryOf(facts, use);
  const then = consoleFix(facts, console, change);
  if (console.origin === 'policy' && hasIdentity(facts, directory)) return then;
  const fix = consoleFix(facts, console, { ...change, first: `put ${consoleFiles.join(', ')} into ${directory}` });
  // Guests are started again for the setting anyway.
  const issued = certificateWithCa(facts, identityIn(use, directory)).filter(({ kind }) => kind !== 'manual');
  return console.origin === 'policy' && issued.length > 0 ? { ...fix, withCa: [...issued, ...then.steps] } : fix;
}

type ConsoleStep = ReturnType<typeof consoleFix>['steps'][number];
