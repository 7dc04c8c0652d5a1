import { contentFacts, credentialContents } from '../../src/domain/credential-contents.ts';
import { walk } from '../../src/domain/walk.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'private-key-in-certificate-file',
  title: 'A file that is meant to be public also holds a private key',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...contentFacts],
  rationale:
    'Certificates are handed out, copied to clients and readable by everybody. A private key in the same file goes with them, and nobody notices, for programs skip it.',
  remedy:
    'Cut the private key out of the file. If the file was readable or was handed out, issue a new key and certificate.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'CWE-538', url: 'https://cwe.mitre.org/data/definitions/538.html' },
  ],
  sources: [
    'gnutls 3.7.9, 3.8.9 lib/x509/x509.c: gnutls_x509_crt_list_import reads the certificates of a file and nothing else',
  ],
  messages: {
    certificate: (d: { path: string; line: number }) => ({
      message: `The certificate file ${d.path} also holds a private key`,
      seen: `a private key begins on line ${d.line}`,
      needed: 'certificates alone',
    }),
    authority: (d: { path: string; line: number }) => ({
      message: `The CA file ${d.path} also holds a private key`,
      seen: `a private key begins on line ${d.line}`,
      needed: 'certificates alone',
      effect:
        'every account that may check certificates can also issue them, if it is the key of the CA: for any server and any client',
    }),
  },

  check(facts, { roles, violation, undetermined }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const outcomes = sets.flatMap(({ set, key }) =>
      [set.ca, set.certificate].flatMap((one) => {
        if (one === undefined) return [];
        const { path } = one;
        const way = walk(facts.files, path);
        if (way.outcome === 'unknown') return undetermined(file(path), way.because);
        if (way.outcome !== 'found') return [];
        const content = facts.certificates[path];
        if (content === undefined) return [];
        if (!content.known) return undetermined(file(path), content);
        const line = content.value.privateKeyLine;
        if (line === undefined) return [];
        // One file for both, by the configuration, is meant to be secret: private-key-exposed looks at it.
        const keyWay = set.key === undefined ? undefined : walk(facts.files, set.key.path);
        if (keyWay?.outcome === 'found' && keyWay.path === way.path) return [];
        const replace = {
          kind: 'manual',
          instruction: `issue a new key and certificate if ${way.path} was readable for others or was handed out`,
        } as const;
        const cut = ['sed', '-i', '/^-----BEGIN .*PRIVATE KEY-----/,/^-----END .*PRIVATE KEY-----/d', way.path];
        const fix: Fix =
          key.state === 'loaded'
            ? {
                title: `Cut the private key out of ${way.path}`,
                applicability: 'unsafe',
                steps: [{ kind: 'run', command: cut }, replace],
              }
            : {
                title: `Take the private key out of ${way.path}`,
                applicability: 'manual',
                steps: [
                  {
                    kind: 'manual',
                    instruction: `move the block from line ${line} on into a file of its own with mode 0600${set.key === undefined ? '' : `, ${set.key.path}`}`,
                  },
                  replace,
                ],
              };
        return violation(
          one.kind === 'ca-certificate' ? 'authority' : 'certificate',
          file(path, line),
          { path, line },
          { fix },
        );
      }),
    );
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
