import type { Known } from '../facts/facts.ts';
import { saslDirectories, saslServices } from '../reference/configuration-files.ts';

/** The mechanisms that SASL offers for consoles, in lower case; empty where no file of QEMU's restricts them. */
export function consoleMechanisms({ saslConfigurations }: Known<'saslConfigurations'>): readonly string[] {
  const path = saslDirectories
    .flatMap((directory) => saslServices.qemu.map((name) => `${directory}/${name}`))
    .find((candidate) => saslConfigurations[candidate] !== undefined);
  const file = path === undefined ? undefined : saslConfigurations[path];
  if (file?.known !== true || file.value.error !== undefined) return [];
  const list = file.value.settings.find(({ key }) => key === 'mech_list')?.value ?? '';
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== '');
}
