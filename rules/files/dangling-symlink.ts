import { activation, certificateWithCa, trustWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { credentials, filesOf, qemuTlsDirectoryOf, type CredentialSet } from '../../src/domain/credentials.ts';
import { walk } from '../../src/domain/walk.ts';
import type { Known } from '../../src/facts/facts.ts';
import { qemuTlsDirectory, qemuTlsUses, type CredentialKind, type QemuTlsUse } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix, FixStep } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

const needs = [...contentFacts, 'identity'] as const;

/** What takes the place of a link where the CA is at hand: of a revocation list nothing does. */
function replacement(
  facts: Known<(typeof needs)[number]>,
  set: CredentialSet,
  kind: CredentialKind,
): readonly FixStep[] {
  switch (kind) {
    case 'ca-certificate': {
      const trust = trustWithCa(facts, set);
      return trust.length === 0 ? [] : [...trust, ...activation(set)];
    }
    case 'certificate':
      return certificateWithCa(facts, set);
    case 'private-key':
      return certificateWithCa(facts, set, { newKey: true });
    case 'revocation-list':
      return [];
  }
}

export default defineRule({
  id: 'dangling-symlink',
  title: 'A credential is a symbolic link to nothing',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs,
  rationale:
    'libvirt and QEMU test whether a file exists before they read it, and a link to nothing does not: a daemon refuses to start, a client goes on without a certificate, and a revocation list is silently not in force.',
  remedy: 'Point the link at the file that is meant, or put the file where the link leads.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextLocateCredentials',
    'libvirt 11.3 src/rpc/virnettlsconfig.c',
  ],
  messages: {
    dangling: (d: { link: string; missing: string; owner: string }) => ({
      message: `The link ${d.link} leads to nothing`,
      seen: `${d.missing} does not exist`,
      needed: `a file or directory at the end of the link, for ${d.owner}`,
    }),
    loop: (d: { link: string; owner: string }) => ({
      message: `The links behind ${d.link} go round in a circle`,
      seen: 'more than 40 symbolic links in a row',
      needed: `a file at the end of the links, for ${d.owner}`,
    }),
  },

  check(facts, { roles, violation, undetermined }) {
    const { sets, gaps } = credentials(facts, roles);
    // A directory that is such a link is one fault, whatever should be in it.
    const reported = new Map<string, string>();
    // A directory of a use's own that is not there is passed over for the default, without a word.
    const uses = Object.keys(qemuTlsUses) as QemuTlsUse[];
    const directories =
      roles.includes('vnc-server') || roles.includes('migration')
        ? uses
            .filter((use) => qemuTlsDirectoryOf(facts, use).setting?.key !== `${use}_tls_x509_cert_dir`)
            .map((use) => ({ set: undefined, files: [{ path: qemuTlsDirectory(use) }], owner: `QEMU (${use})` }))
        : [];
    const lookedUp = [...directories, ...sets.map((set) => ({ set, files: filesOf(set), owner: set.owner }))];
    const outcomes = lookedUp.flatMap(({ set, files, owner }) =>
      files.flatMap((one) => {
        const { path } = one;
        const way = walk(facts.files, path);
        if (way.outcome === 'unknown') return undetermined(file(path), way.because);
        const withCa = (link: string) =>
          set !== undefined && 'kind' in one && link === path ? replacement(facts, set, one.kind) : [];
        const fixFor = (link: string, missing?: string): Fix => ({
          title: `Point ${link} at an existing file`,
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `${missing === undefined ? '' : `put the file at ${missing}, or `}run: ln -sfn FILE ${link}`,
            },
          ],
          ...whereCaIsAtHand(withCa(link)),
        });
        if (way.outcome === 'loop')
          return violation('loop', file(path), { link: way.link, owner }, { fix: fixFor(way.link) });
        if (way.outcome !== 'absent' || way.link === undefined) return [];
        const { link, missing } = way;
        if ((reported.get(link) ?? path) !== path) return [];
        reported.set(link, path);
        return violation('dangling', file(path), { link, missing, owner }, { fix: fixFor(link, missing) });
      }),
    );
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
