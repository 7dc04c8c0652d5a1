import type { Known } from '../facts/facts.ts';
import { groupNamed } from './account.ts';
import { tlsPathRefusal } from './daemon-configuration.ts';
import { listening } from './listening.ts';
import { ownCredentials, type OwnCredentialFacts } from './own-credentials.ts';
import { effectiveString, type LoadedConfiguration } from './remote-configuration.ts';
import { saslServices } from './sasl.ts';

/** Does unix_sock_group name a group: listed, or a number (virGetGroupID); undefined when another source of groups could know it. */
export function groupExists({ accounts }: Known<'accounts'>, name: string): boolean | undefined {
  if (groupNamed(accounts, name) !== undefined || /^\+?\d{1,10}$/.test(name)) return true;
  return accounts.otherSources.length === 0 ? false : undefined;
}

/** Does the group that a daemon's configuration gives its sockets exist; true when none is named. */
export const socketGroupExists = (
  facts: Known<'accounts'>,
  configuration: LoadedConfiguration,
): boolean | undefined => {
  const group = effectiveString(configuration, 'unix_sock_group').value;
  return group === undefined ? true : groupExists(facts, group);
};

/**
 * Does the daemon for remote clients refuse to start for its SASL service file, or may do so: it reads that when one of its own sockets asks for
 * SASL, and a file that does not parse is fatal (remote_daemon.c: daemonSetupNetworking, virNetSASLContextNewServer).
 */
function hasSaslObstacle(facts: Parameters<typeof saslServices>[0], { file }: LoadedConfiguration): boolean {
  const service = saslServices(facts, ['libvirt-server']).services.find(({ program }) => program === 'libvirt');
  // Unix sockets may be those of the driver's daemon.
  const isAsked = service?.transports.some(
    ({ kind, setting }) => kind !== 'unix' || (setting !== undefined && file.settings.includes(setting)),
  );
  return isAsked === true && (service?.file.state === 'broken' || service?.file.state === 'unknown');
}

/**
 * Is there anything by which the daemon for remote clients refuses to start, or may do so: each such fault has a rule of its own, and
 * a daemon that does not run because of it is no further fault. Without the facts on SASL, that is left out.
 */
export function hasStartObstacle(facts: OwnCredentialFacts & Partial<Known<'saslConfigurations'>>): boolean {
  const answer = listening(facts);
  if (answer.state !== 'determined' || answer.activation === 'conflict') return true;
  const { configuration, tls } = answer;
  if (configuration.refusal !== undefined || socketGroupExists(facts, configuration) !== true) return true;
  const { saslConfigurations } = facts;
  if (saslConfigurations !== undefined && hasSaslObstacle({ ...facts, saslConfigurations }, configuration)) return true;
  if (tls === undefined) return false;
  if (tlsPathRefusal(configuration.file, facts.software.libvirt?.version) !== undefined) return true;
  const own = ownCredentials(facts, ['libvirt-server']).sets.find(({ set }) => set.id === 'libvirt-server');
  if (own === undefined) return true;
  return (
    [own.ca, own.certificate, own.key].some(({ state }) => state !== 'loaded' && state !== 'none') ||
    own.crl.state === 'malformed' ||
    own.crl.state === 'unknown' ||
    own.loading.length > 0 ||
    (own.checked && own.refusals.length > 0)
  );
}
