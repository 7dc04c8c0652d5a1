import { defineCollector } from './collector.ts';

/** Nothing is sent while a host is collected: whoever was asked to probe adds what was seen. */
export default defineCollector({
  fact: 'observations',
  after: [],
  collect: () => Promise.resolve([]),
});
