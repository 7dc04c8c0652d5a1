import type { Setting } from '../facts/configurations.ts';
import type { CredentialFacts } from './credentials.ts';
import { listening, tlsWanted, unixSocket } from './listening.ts';
import { effectiveBool, effectiveList, effectiveString, type LoadedConfiguration } from './remote-configuration.ts';
import type { RemoteDaemon } from './remote-daemon.ts';

/** A list of names that the daemon asks before it lets a client in. */
export interface NameList {
  readonly key: 'tls_allowed_dn_list' | 'sasl_allowed_username_list';
  readonly names: readonly string[];
  readonly setting: Setting;
}

/** Does any service of the daemon authenticate clients by SASL. */
export function usesSasl(facts: CredentialFacts, configuration: LoadedConfiguration<RemoteDaemon>): boolean {
  const answer = listening(facts);
  if (answer.state !== 'determined') return false;
  const overTls = tlsWanted(facts) && effectiveString(configuration, 'auth_tls').value === 'sasl';
  return (
    overTls ||
    answer.tcp?.authentication === 'sasl' ||
    unixSocket(facts, configuration).authentication === 'sasl' ||
    effectiveString(configuration, 'auth_unix_ro').value === 'sasl'
  );
}

/**
 * The lists that are really asked: names of certificates where TLS is served and clients are verified, names of SASL where something
 * uses SASL.
 */
export function nameListsInUse(
  facts: CredentialFacts,
  configuration: LoadedConfiguration<RemoteDaemon>,
): readonly NameList[] {
  const verified = tlsWanted(facts) && !effectiveBool(configuration, 'tls_no_verify_certificate').value;
  const asked = [
    ...(verified ? (['tls_allowed_dn_list'] as const) : []),
    ...(usesSasl(facts, configuration) ? (['sasl_allowed_username_list'] as const) : []),
  ];
  return asked.flatMap((key) => {
    const { value, setting } = effectiveList(configuration, key);
    return value === undefined || setting === undefined ? [] : [{ key, names: value, setting }];
  });
}
