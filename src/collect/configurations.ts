import {
  configurationFiles,
  userClientConfiguration,
  type ConfigurationName,
} from '../reference/configuration-files.ts';
import { settingsOf, vocabularies } from '../reference/settings.ts';
import type { ConfigurationFile } from '../facts/configurations.ts';
import { repairOf } from '../parse/configuration-repair.ts';
import { parseConfiguration } from '../parse/configuration.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';

/** virConfReadFile: MAX_CONFIG_FILE_SIZE, 10 MiB. */
const limit = 10 * 1024 * 1024;

export default defineCollector({
  fact: 'configurations',
  after: ['accounts', 'caller'],
  collect: async (view, { accounts, caller }) => {
    const readers = new Map<string, ConfigurationName>();
    for (const [name, path] of Object.entries(configurationFiles)) readers.set(path, name as ConfigurationName);
    for (const { uid, home } of accounts.users) {
      const mine = caller === null || caller.uid === 0 || caller.uid === uid;
      if (uid !== 0 && mine && home.startsWith('/'))
        readers.set(`${home.replace(/\/+$/, '')}/${userClientConfiguration}`, 'libvirt');
    }
    return contentsByPath<ConfigurationFile>(
      view,
      [...readers.keys()],
      limit,
      (content, path) => read(content, readers.get(path) ?? 'libvirt'),
      (cause) => ({
        settings: [],
        error: { expected: cause === 'too-large' ? 'a file of at most 10 MiB' : 'a regular file', line: 1, column: 1 },
      }),
    );
  },
});

function read(content: Uint8Array, name: ConfigurationName): ConfigurationFile {
  const file = parseConfiguration(content, vocabularies[name]);
  if (file.error === undefined) return file;
  const repair = repairOf(content, vocabularies[name], settingsOf[name]);
  return repair === undefined ? file : { ...file, error: { ...file.error, repair } };
}
