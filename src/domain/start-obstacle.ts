import type { Known } from '../facts/facts.ts';
import { groupNamed } from './account.ts';
import { tlsPathRefusal } from './daemon-configuration.ts';
import { listening } from './listening.ts';
import { ownCredentials, type OwnCredentialFacts } from './own-credentials.ts';
import { effectiveString, type LoadedConfiguration } from './remote-configuration.ts';

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
 * Is there anything by which the daemon for remote clients refuses to start, or may do so: each such fault has a rule of its own, and
 * a daemon that does not run because of it is no further fault.
 */
export function hasStartObstacle(facts: OwnCredentialFacts): boolean {
  const answer = listening(facts);
  if (answer.state !== 'determined' || answer.activation === 'conflict') return true;
  const { configuration, tls } = answer;
  if (configuration.refusal !== undefined || socketGroupExists(facts, configuration) !== true) return true;
  if (tls === undefined) return false;
  if (tlsPathRefusal(configuration.file) !== undefined) return true;
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
