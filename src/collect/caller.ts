import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'caller',
  after: [],
  collect: async ({ host }) => host.caller(),
});
