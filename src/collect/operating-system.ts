import { parseOsRelease } from '../parse/os-release.ts';
import { defineCollector } from './collector.ts';

export default defineCollector({
  fact: 'operatingSystem',
  after: [],
  collect: async (view) =>
    parseOsRelease((await view.readText('/etc/os-release')) ?? (await view.readText('/usr/lib/os-release')) ?? ''),
});
