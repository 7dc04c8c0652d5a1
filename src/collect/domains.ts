import type { DomainFile } from '../facts/domains.ts';
import { parseDomainXml } from '../parse/domain-xml.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';
import { domainFiles } from './domain-files.ts';

const limit = 1024 * 1024;

export default defineCollector({
  fact: 'domains',
  after: [],
  collect: async (view) => {
    const { files, closed } = await domainFiles(view);
    const found = await contentsByPath<DomainFile>(
      view,
      files,
      limit,
      (content) => parseDomainXml(new TextDecoder().decode(content)),
      (cause) => ({ malformation: { cause: cause === 'too-large' ? 'too-complex' : 'root', line: 1 } }),
    );
    return { ...closed, ...found };
  },
});
