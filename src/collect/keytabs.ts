import { keytabFiles } from '../domain/sasl-files.ts';
import type { Keytab } from '../facts/keytab.ts';
import { parseKeytab } from '../parse/keytab.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';

const limit = 1024 * 1024;

export default defineCollector({
  fact: 'keytabs',
  after: ['saslConfigurations'],
  collect: (view, facts) =>
    contentsByPath<Keytab>(
      view,
      keytabFiles(facts).map(({ path }) => path),
      limit,
      parseKeytab,
      (cause) => ({
        entries: [],
        deleted: 0,
        fault: { cause: cause === 'too-large' ? 'too-many' : 'not-a-keytab', offset: 0 },
      }),
    ),
});
