import type { Known } from '../facts/facts.ts';
import { configurationFiles } from '../reference/configuration-files.ts';
import type { CredentialSet } from './credentials.ts';
import { boolSetting, stringSetting } from './setting-value.ts';

/** The use in the id of a set of QEMU's: `vnc`, `migrate` … */
const useOf = ({ id }: Pick<CredentialSet, 'id'>): string => id.replace(/-(server|client)$/, '');

function qemuConfiguration({ configurations }: Known<'configurations'>) {
  const fact = configurations[configurationFiles.qemu];
  return fact?.known === true && fact.value.error === undefined ? fact.value : { settings: [] };
}

/**
 * UUID of the secret that holds the pass phrase of a set's key: `<use>_tls_x509_secret_uuid`, else the default's; undefined where there is
 * none, as for libvirt's own sets. Source: qemu_conf.c: virQEMUDriverConfigSetDefaults.
 */
export function keySecret(
  facts: Known<'configurations'>,
  set: Pick<CredentialSet, 'id' | 'program' | 'running'>,
): string | undefined {
  if (set.program !== 'qemu') return undefined;
  if (set.running !== undefined) return set.running.hasPassPhrase ? '' : undefined;
  const file = qemuConfiguration(facts);
  for (const key of [`${useOf(set)}_tls_x509_secret_uuid`, 'default_tls_x509_secret_uuid']) {
    const setting = stringSetting(file, key);
    // A secret's value may have been kept out of the facts; that it is set is enough.
    if (setting.ok && setting.setting !== undefined) return setting.value ?? '';
  }
  return undefined;
}

/**
 * Does QEMU ask the clients of a use for certificates: `<use>_tls_x509_verify`, else the default's, else not for VNC and SPICE and yes for
 * the others. Source: qemu_conf.c: virQEMUDriverConfigSetDefaults.
 */
export function verifiesClients(facts: Known<'configurations'>, set: Pick<CredentialSet, 'id' | 'running'>): boolean {
  if (set.running !== undefined) return set.running.verifiesPeers;
  const file = qemuConfiguration(facts);
  const use = useOf(set);
  if (use === 'spice') return false;
  for (const key of [`${use}_tls_x509_verify`, 'default_tls_x509_verify']) {
    const setting = boolSetting(file, key);
    if (setting.ok && setting.value !== undefined) return setting.value;
  }
  return use !== 'vnc';
}
