import { credentialFacts, credentials, filesOf } from '../../src/domain/credentials.ts';
import { keytabFiles } from '../../src/domain/sasl-files.ts';
import { walk } from '../../src/domain/walk.ts';
import { unknown } from '../../src/facts/fact.ts';
import { certificateType, keytabType, unreadableTypes } from '../../src/reference/mandatory-access.ts';
import { pkiDirectory } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

function relabel(path: string, type: string): Fix {
  const title = `Give ${path} the label that the policy has for it`;
  const restore = { kind: 'run', command: ['restorecon', '-v', path] } as const;
  if (path.startsWith(`${pkiDirectory}/`)) return { title, applicability: 'safe', steps: [restore] };
  const declare = { kind: 'run', command: ['semanage', 'fcontext', '-a', '-t', type, path] } as const;
  return { title, applicability: 'unsafe', steps: [declare, restore] };
}

export default defineRule({
  id: 'selinux-label-unusual',
  title: 'A key or keytab has an SELinux type that its service does not read',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...credentialFacts, 'saslConfigurations', 'mandatoryAccess'],
  rationale:
    'A file that was moved keeps the label of the place where it was made. With SELinux enforcing, the daemon and the guests are refused such a file although owner and mode are right.',
  remedy:
    'Relabel the file with restorecon; outside the directories that the policy knows, tell the policy first with semanage fcontext.',
  references: [
    { title: 'libvirt: QEMU driver, SELinux', url: 'https://libvirt.org/drvqemu.html#selinux-svirt-confinement' },
    { title: 'restorecon(8)', url: 'https://man7.org/linux/man-pages/man8/restorecon.8.html' },
  ],
  sources: ['selinux-policy: virt.te, userdomain.if, files.if'],
  messages: {
    label: (d: { path: string; type: string; meaning: string; owner: string; needed: string }) => ({
      message: `${d.path} has the SELinux type ${d.type}, which ${d.owner} does not read`,
      seen: `${d.type} is ${d.meaning}`,
      needed: `${d.needed}, or another type that the service may read`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    if (facts.mandatoryAccess.selinux !== 'enforcing') return notApplicable('SELinux is not enforcing');
    const { sets, gaps } = credentials(facts, roles);
    const wanted = [
      // A user's client is not confined.
      ...sets
        .filter(({ endpoint, program }) => program === 'qemu' || endpoint === 'server')
        .flatMap((set) =>
          filesOf(set).map(({ path }) => ({ path, owner: set.owner, type: certificateType as string })),
        ),
      ...keytabFiles(facts).map(({ path, isQemus }) => ({
        path,
        owner: isQemus ? 'QEMU' : 'libvirtd',
        type: keytabType as string,
      })),
    ];
    const seen = new Set<string>();
    const outcomes = wanted.flatMap(({ path, owner, type: needed }) => {
      const way = walk(facts.files, path);
      if (way.outcome === 'unknown') return undetermined(file(path), way.because);
      if (way.outcome !== 'found' || seen.has(way.path)) return [];
      seen.add(way.path);
      const { label } = way.entry;
      if (label === undefined)
        return undetermined(file(path), unknown('not-collected', `the SELinux label of ${way.path} is not known`));
      const type = label.split(':')[2] ?? '';
      const meaning = Object.hasOwn(unreadableTypes, type) ? unreadableTypes[type] : undefined;
      if (meaning === undefined) return [];
      return violation(
        'label',
        file(path),
        { path: way.path, type, meaning, owner, needed },
        { fix: relabel(way.path, needed) },
      );
    });
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
