import { saslConfigurationPaths } from '../domain/sasl-files.ts';
import type { SaslConfiguration } from '../facts/sasl.ts';
import { parseSaslConfiguration } from '../parse/sasl-configuration.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';

const limit = 256 * 1024;

export default defineCollector({
  fact: 'saslConfigurations',
  after: ['configurations'],
  collect: (view, facts) =>
    contentsByPath<SaslConfiguration>(
      view,
      saslConfigurationPaths(facts),
      limit,
      (content) => parseSaslConfiguration(new TextDecoder().decode(content)),
      () => ({ settings: [], error: { line: 1, cause: 'key' } }),
    ),
});
