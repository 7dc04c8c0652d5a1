import { argumentFix } from '../../src/domain/restart-guest.ts';
import { processSubject } from '../../src/domain/console-fix.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import { refusalKind } from '../../src/domain/qemu-refusal.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'qemu-argument-invalid',
  title: 'QEMU would not start again with the arguments of a guest',
  severity: 'error',
  roles: ['vnc-server'],
  needs: ['qemuProcesses', 'domains', 'software'],
  rationale:
    'A guest that runs was accepted by the QEMU that started it. What the installed one refuses shows at the next start, often after an update.',
  remedy: 'Mend the argument in what starts the guest.',
  references: [
    { title: 'QEMU: removed features', url: 'https://www.qemu.org/docs/master/about/removed-features.html' },
  ],
  sources: ['QEMU 7.2 and 10.0 softmmu/vl.c: qemu_init; ui/vnc.c: vnc_display_open'],
  messages: {
    refused: (d: { guest: string; argument: number; text: string; version: string }) => ({
      message: `QEMU${d.version} refuses the arguments of ${d.guest}`,
      seen: `argument ${d.argument}: ${d.text}`,
      needed: 'arguments that QEMU takes',
      effect: `the guest does not start: "${d.text}"`,
    }),
  },

  check(facts, { violation, notApplicable }) {
    const { qemuProcesses } = facts;
    if (!qemuProcesses.observed || qemuProcesses.processes.length === 0) return notApplicable('no guest runs here');
    const version = facts.software.qemu === undefined ? '' : ` ${facts.software.qemu.version}`;
    return qemuProcesses.processes.flatMap((process) => {
      const { refusal } = process.commandLine;
      if (refusal === undefined || refusalKind(refusal) !== 'other') return [];
      const { argument, text } = refusal;
      return violation(
        'refused',
        processSubject(process),
        { guest: guestName(process), argument, text, version },
        {
          fix: argumentFix(facts, process, 'Mend the argument', `mend argument ${argument} (${text})`),
        },
      );
    });
  },
});
