import type { NameResolution } from '../domain/name-resolution.ts';
import type { Fix } from '../rule/fix.ts';
import type { Take } from './step.ts';

/** The way out for a name that the client does not know. */
export const knownName = (host: string): Fix => ({
  title: `Make ${host} known to the client`,
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `Give ${host} a DNS record, or a line with its address in /etc/hosts of the client; getent ahosts ${host} shows what the client makes of it`,
    },
  ],
});

/** Why a name that the hosts file does not have ends a prediction. */
export const onlyHostsFile = 'without asking the network, only the hosts file tells what a name means; DNS may know it';

/** Where the client's hosts file does not have a name: what ends a prediction. */
export const unresolvedTake = (host: string, resolution: NameResolution, clientText: string): Take | undefined =>
  resolution.state === 'resolved'
    ? undefined
    : {
        outcome: 'fail',
        message: `${host} is not in the client's hosts file`,
        clientText,
        failure: { side: 'client', why: onlyHostsFile, rules: [], fix: knownName(host) },
      };
