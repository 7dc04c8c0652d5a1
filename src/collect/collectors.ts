import type { FactName } from '../facts/facts.ts';
import type { Collector } from './collector.ts';
import accounts from './accounts.ts';
import caller from './caller.ts';
import certificates from './certificates.ts';
import clock from './clock.ts';
import configurations from './configurations.ts';
import domains from './domains.ts';
import files from './files.ts';
import firewall from './firewall.ts';
import identity from './identity.ts';
import keytabs from './keytabs.ts';
import mandatoryAccess from './mandatory-access.ts';
import observations from './observations.ts';
import operatingSystem from './operating-system.ts';
import privateKeys from './private-keys.ts';
import qemuProcesses from './qemu-processes.ts';
import remminaProfiles from './remmina-profiles.ts';
import revocationLists from './revocation-lists.ts';
import runtime from './runtime.ts';
import saslConfigurations from './sasl-configurations.ts';
import saslPlugins from './sasl-plugins.ts';
import secretHolders from './secret-holders.ts';
import scope from './scope.ts';
import services from './services.ts';
import software from './software.ts';

/** Who collects which fact. */
export const collectors = {
  clock,
  caller,
  scope,
  operatingSystem,
  software,
  identity,
  accounts,
  configurations,
  services,
  runtime,
  qemuProcesses,
  domains,
  saslConfigurations,
  remminaProfiles,
  files,
  certificates,
  privateKeys,
  revocationLists,
  secretHolders,
  keytabs,
  saslPlugins,
  mandatoryAccess,
  firewall,
  observations,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each builds on facts of its own
} satisfies { readonly [N in FactName]: Collector<N, any> };
