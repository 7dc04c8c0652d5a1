import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'clock',
  after: [],
  collect: async ({ host }) => ({ now: host.now().toISOString() }),
});
