import { known, unknown, type Fact } from '../facts/fact.ts';
import { AccessError } from '../host/access-error.ts';
import { saslPluginDirectories } from '../reference/configuration-files.ts';
import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'saslPlugins',
  after: [],
  collect: async (view) => {
    const directories: Record<string, Fact<readonly string[]>> = {};
    for (const directory of saslPluginDirectories) {
      try {
        const walked = await view.walk(directory);
        if (walked.outcome === 'refused') throw walked.error;
        if (walked.outcome !== 'found' || walked.entry.type !== 'directory') continue;
        const names = await view.list(directory);
        directories[directory] = known(names.filter((name) => /^lib.*\.so(\.|$)/.test(name)));
      } catch (error) {
        if (!(error instanceof AccessError)) throw error;
        directories[directory] = unknown(error.reason, error.message);
      }
    }
    return directories;
  },
});
