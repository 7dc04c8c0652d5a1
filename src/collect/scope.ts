import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'scope',
  after: [],
  collect: (view) => Promise.resolve(view.scope),
});
