import type { ConfigurationFile, ConfigurationValue, Setting } from '../../facts/configurations.ts';
import type { Evidence, EvidenceRow } from './evidence.ts';

/** Statements that are shown before and after the one in question. */
const around = 3;
/** Longer lists and texts are cut. */
const most = 12;

/** A value as it stands in the file; one that may be secret is told by its shape alone. */
export function valueText(value: ConfigurationValue): string {
  switch (value.type) {
    case 'string':
      return `"${value.value}"`;
    case 'unsigned':
    case 'signed':
      return String(value.value);
    case 'list': {
      const items = value.items.slice(0, most).map(valueText);
      return `[ ${[...items, ...(value.items.length > most ? [`… ${value.items.length - most} more`] : [])].join(', ')} ]`;
    }
    case 'redacted':
      return '‹not shown›';
  }
}

/**
 * A statement among its neighbours, with their line numbers: statements only, for comments are not looked at. `…` stands where lines are
 * left out; of a name that is set twice the first counts, and the others are marked.
 */
export function configurationEvidence(
  { settings, error }: ConfigurationFile,
  path: string,
  { line, key }: { readonly line?: number | undefined; readonly key?: string | undefined },
): Evidence {
  const at = line ?? error?.line;
  const nearest = at === undefined ? -1 : settings.findIndex((setting) => setting.line >= at);
  const middle = nearest === -1 ? settings.length : nearest;
  const shown =
    at === undefined
      ? settings.filter((setting) => key !== undefined && sharesWord(setting.key, key)).slice(0, 2 * around + 1)
      : settings.slice(Math.max(0, middle - around), middle + around + 1);
  const statements = shown.map((setting) => ({
    line: setting.line,
    isAt: setting.line === at && (key === undefined || setting.key === key),
    text: textOf(setting, settings),
  }));
  const stop =
    error === undefined
      ? []
      : [{ line: error.line, isAt: true, text: `libvirt stops here, in column ${error.column}: ${error.expected}` }];
  const lines = [...statements, ...stop].sort((one, other) => one.line - other.line);
  const rows = lines.flatMap(({ line: number, isAt, text }, index): readonly EvidenceRow[] => [
    ...(number > (lines[index - 1]?.line ?? number) + 1 ? [{ label: '⋮', text: '' }] : []),
    { ...(isAt ? { sign: 'error' as const } : {}), label: String(number), text: `│ ${text}` },
  ]);
  const isSet = key === undefined || settings.some((setting) => setting.key === key);
  return {
    title: `configuration ${path}`,
    rows: [...rows, ...(isSet ? [] : [{ sign: 'error' as const, label: '-', text: `│ ${key} is not set` }])],
  };
}

const textOf = (setting: Setting, settings: readonly Setting[]): string => {
  const isIgnored = settings.find(({ key }) => key === setting.key) !== setting;
  return `${setting.key} = ${valueText(setting.value)}${isIgnored ? '   (ignored: set before)' : ''}`;
};

/** Settings of one subject share the first word of their names: `tls_`, `vnc_`, `unix_`. */
const sharesWord = (one: string, other: string): boolean => one.split('_')[0] === other.split('_')[0];
