import { lookedUpFacts } from '../domain/looked-up-paths.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';
import { lookedUpPathsOn } from './looked-up-paths.ts';

/** Certificates beyond this are not looked at; libvirt itself reads 64 KiB at most. */
const limit = 1024 * 1024;

export default defineCollector({
  fact: 'certificates',
  after: lookedUpFacts,
  collect: async (view, facts) =>
    contentsByPath(
      view,
      (await lookedUpPathsOn(view, facts)).certificates,
      limit,
      // Loaded with the first certificate: the X.509 library is half of our start-up time.
      async (content) => (await import('../parse/x509-files.ts')).parseCertificateFile(content),
      (cause) => ({ certificates: [], malformation: { cause } }),
    ),
});
