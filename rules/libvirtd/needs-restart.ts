import { credentialFacts, credentials } from '../../src/domain/credentials.ts';
import { servesFile } from '../../src/domain/served-certificates.ts';
import { reload } from '../../src/domain/certificate-order.ts';
import { pendingRestarts } from '../../src/domain/pending-restart.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { unknown } from '../../src/facts/fact.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';

export default defineRule({
  id: 'needs-restart',
  title: 'A daemon runs with older files than those on disk',
  severity: 'warning',
  roles: ['libvirt-server'],
  needs: [...credentialFacts, 'certificates', 'observations'],
  rationale:
    'The daemon reads its configuration and its certificates once, when it starts. What has changed since is not in force, and comes into force, for good or ill, at the next start.',
  remedy:
    'Restart the daemon; where only certificates at the default paths changed, virt-admin server-update-tls loads them without a restart.',
  references: [
    {
      title: 'libvirt: virt-admin server-update-tls',
      url: 'https://libvirt.org/manpages/virt-admin.html#server-update-tls',
    },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/remote/remote_daemon.c: main (SIGHUP reloads drivers alone)',
    'libvirt 11.3 src/rpc/virnettlscontext.c: virNetTLSContextReloadForServer',
  ],
  messages: {
    older: (d: { daemon: string; started: string; files: readonly string[] }) => ({
      message: `${d.daemon} started before ${d.files.join(', ')} changed`,
      seen: `${d.daemon} runs since ${d.started}`,
      needed: 'a start after the last change',
    }),
    certificates: (d: { daemon: string; started: string; files: readonly string[] }) => ({
      message: `${d.daemon} started before its certificates changed: ${d.files.join(', ')}`,
      seen: `${d.daemon} runs since ${d.started}`,
      needed: 'that the daemon loads them, unless virt-admin server-update-tls did that already',
      effect: 'the daemon shows and checks the old certificates until it loads the new ones',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    if (!facts.runtime.observed) return notApplicable('nothing runs here');
    const running = pendingRestarts(facts);
    if (running.length === 0) return notApplicable('no daemon of libvirt runs');
    return running.flatMap(({ daemon, process, newer }) => {
      const subject = { kind: 'process', pid: process.pid, program: process.program } as const;
      if (newer === undefined) {
        return undetermined(subject, unknown('not-collected', `when ${daemon} started could not be seen`));
      }
      if (newer.length === 0) return [];
      const data = {
        daemon,
        started: momentText(process.started ?? ''),
        files: [...new Set(newer.map(({ path, modified }) => `${path} (${momentText(modified)})`))],
      };
      const set = credentials(facts, ['libvirt-server']).sets.find(({ id }) => id === 'libvirt-server');
      if (set !== undefined && newer.every(({ kind }) => kind === 'credential')) {
        // Who shows the new certificate has loaded all of its files; of a CA alone nothing shows.
        const isCertificateNew = newer.some(({ path }) => path === set.certificate?.path);
        if (isCertificateNew && servesFile(facts, set) === true) return [];
        const steps: readonly FixStep[] = reload(set);
        return violation('certificates', subject, data, {
          fix: { title: `Let ${daemon} load its certificates`, applicability: 'unsafe', steps },
        });
      }
      const units = newer.some(({ kind }) => kind === 'unit')
        ? [{ kind: 'run' as const, command: ['systemctl', 'daemon-reload'] }]
        : [];
      return violation('older', subject, data, {
        fix: { title: `Restart ${daemon}`, applicability: 'unsafe', steps: [...units, ...restart(daemon)] },
      });
    });
  },
});
