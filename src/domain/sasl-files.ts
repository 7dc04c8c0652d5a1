import type { Known } from '../facts/facts.ts';
import {
  configurationFiles,
  keytabs,
  saslDatabases,
  saslDirectories,
  saslServices,
} from '../reference/configuration-files.ts';

/** A file of secrets that SASL uses, and the service file that names it (none: a usual place). */
export interface SaslFile {
  readonly path: string;
  readonly configuration?: string;
  /** QEMU's service file names it, so QEMU's account reads it. */
  readonly isQemus: boolean;
}

/** Password databases that SASL service files name, and those in their usual places. */
export const saslDatabaseFiles = (facts: Known<'saslConfigurations'>): readonly SaslFile[] =>
  filesNamed(facts, 'sasldb_path', saslDatabases);

/** Keytabs that SASL service files name, and those in their usual places. */
export const keytabFiles = (facts: Known<'saslConfigurations'>): readonly SaslFile[] =>
  filesNamed(facts, 'keytab', keytabs);

/** The path that a service file names; undefined for what is none, such as another type of keytab. What follows a `#` is an attempt at a comment. */
export function namedPath(value: string): string | undefined {
  const path = withoutComment(value).replace(/^FILE:/, '');
  return path.startsWith('/') ? path : undefined;
}

/** A value without what an admin took for a comment; Cyrus knows none after a value, which is a fault of its own. */
export function withoutComment(value: string): string {
  const hash = value.search(/(^|\s)#/);
  return hash === -1 ? value : value.slice(0, hash).trim();
}

/**
 * Directories in which SASL looks for the service file of a kind of console, in order: SASL_CONF_PATH, which libvirt sets to
 * `<kind>_sasl_dir`, in place of the built-in ones.
 *
 * Source: libvirt src/qemu/qemu_command.c: qemuBuildGraphicsVNCCommandLine, qemuBuildGraphicsSPICECommandLine.
 */
export function consoleSaslDirectories(facts: Known<'configurations'>, kind: 'vnc' | 'spice'): readonly string[] {
  const file = facts.configurations[configurationFiles.qemu];
  if (file === undefined || !file.known || file.value.error !== undefined) return saslDirectories;
  const value = file.value.settings.find(({ key }) => key === `${kind}_sasl_dir`)?.value;
  if (value?.type !== 'string') return saslDirectories;
  return value.value
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => directory.replace(/\/+$/, ''));
}

/** Every path at which libvirt's daemons or QEMU may look for their SASL service file. */
export function saslConfigurationPaths(facts: Known<'configurations'>): readonly string[] {
  const everywhere = [...saslServices.libvirt, ...saslServices.qemu];
  const consoles = (['vnc', 'spice'] as const).flatMap((kind) => consoleSaslDirectories(facts, kind));
  return [
    ...new Set([
      ...saslDirectories.flatMap((directory) => everywhere.map((name) => `${directory}/${name}`)),
      ...consoles.flatMap((directory) => saslServices.qemu.map((name) => `${directory}/${name}`)),
    ]),
  ];
}

function filesNamed(
  { saslConfigurations }: Known<'saslConfigurations'>,
  key: 'sasldb_path' | 'keytab',
  usual: readonly string[],
): readonly SaslFile[] {
  const named = Object.entries(saslConfigurations).flatMap(([configuration, fact]): SaslFile[] => {
    // One syntax error voids the file.
    if (!fact.known || fact.value.error !== undefined) return [];
    const path = namedPath(fact.value.settings.find((setting) => setting.key === key)?.value ?? '');
    const name = configuration.slice(configuration.lastIndexOf('/') + 1);
    return path === undefined
      ? []
      : [{ path, configuration, isQemus: (saslServices.qemu as readonly string[]).includes(name) }];
  });
  const others = usual
    .filter((path) => !named.some((one) => one.path === path))
    .map((path) => ({ path, isQemus: false }));
  return [...named, ...others];
}
