import { argumentFix } from '../../src/domain/restart-guest.ts';
import { processSubject } from '../../src/domain/console-fix.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import { refusalOfKind } from '../../src/domain/qemu-refusal.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

const modern: Readonly<Record<string, string>> = {
  tls: '-object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server and tls-creds=tls0',
  x509: '-object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server,verify-peer=off and tls-creds=tls0',
  x509verify: '-object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server,verify-peer=on and tls-creds=tls0',
  acl: 'an authz-list object with tls-authz= or sasl-authz=',
};

export default defineRule({
  id: 'vnc-argument-legacy',
  title: 'A console is set up with options of an older QEMU',
  severity: 'error',
  roles: ['vnc-server'],
  needs: ['qemuProcesses', 'domains'],
  rationale:
    'QEMU 3.1 dropped tls, x509 and x509verify, and 6.0 dropped acl: it refuses them now. Switches without =on are deprecated and will go the same way.',
  remedy: 'Write TLS as a tls-creds-x509 object, access lists as authz objects, and switches with =on.',
  references: [
    { title: 'QEMU: removed features', url: 'https://www.qemu.org/docs/master/about/removed-features.html' },
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
  ],
  sources: [
    'QEMU 7.2 and 10.0 ui/vnc.c: qemu_vnc_opts; util/qemu-option.c: opts_do_parse',
    'observed with QEMU 7.2 and 10.0',
  ],
  messages: {
    removed: (d: { guest: string; option: string; text: string; instead: string }) => ({
      message: `The display of ${d.guest} uses the removed option ${d.option}`,
      seen: `${d.option} in -vnc`,
      needed: d.instead,
      effect: `QEMU does not start: "${d.text}"`,
    }),
    old: (d: { guest: string; options: readonly string[]; instead: string }) => ({
      message: `The display of ${d.guest} uses options that newer QEMUs refuse: ${d.options.join(', ')}`,
      seen: `${d.options.join(', ')} in -vnc`,
      needed: d.instead,
      effect: 'the guest no longer starts after an update of QEMU',
    }),
    short: (d: { guest: string; options: readonly string[] }) => ({
      message: `The display of ${d.guest} has switches without a value: ${d.options.join(', ')}`,
      seen: `${d.options.join(', ')} in -vnc`,
      needed: d.options.map((name) => `${name}=on`).join(', '),
      effect: `QEMU warns: short-form boolean option '${d.options[0] ?? ''}' deprecated`,
    }),
  },

  check(facts, { violation, notApplicable }) {
    const { qemuProcesses } = facts;
    if (!qemuProcesses.observed || qemuProcesses.processes.length === 0) return notApplicable('no guest runs here');
    return qemuProcesses.processes.flatMap((process) => {
      const guest = guestName(process);
      const refusal = refusalOfKind(process.commandLine, 'legacy');
      return process.commandLine.vnc.flatMap((display) => {
        const { legacy, shortForms, id } = display;
        const instance = id === 'default' ? {} : { instance: id };
        const subject = processSubject(process);
        const old = legacy.filter((name) => modern[name] !== undefined);
        const instead = modern[old.at(-1) ?? 'tls'] ?? '';
        if (old.length > 0 && refusal !== undefined) {
          if (refusal.argument !== display.argument) return [];
          const option = /'(.*)'/.exec(refusal.text)?.[1] ?? 'tls';
          return violation(
            'removed',
            subject,
            { guest, option, text: refusal.text, instead },
            {
              ...instance,
              fix: argumentFix(
                facts,
                process,
                'Write it as QEMU takes it now',
                `write ${instead} in place of ${old.join(', ')}`,
              ),
            },
          );
        }
        if (process.commandLine.refusal !== undefined) return [];
        const deprecated = shortForms.filter((name) => !old.includes(name));
        return [
          ...(old.length === 0
            ? []
            : [
                violation(
                  'old',
                  subject,
                  { guest, options: old, instead },
                  {
                    ...instance,
                    severity: 'note',
                    fix: argumentFix(
                      facts,
                      process,
                      'Write it as newer QEMUs take it',
                      `write ${instead} in place of ${old.join(', ')}`,
                    ),
                  },
                ),
              ]),
          ...(deprecated.length === 0
            ? []
            : [
                violation(
                  'short',
                  subject,
                  { guest, options: deprecated },
                  {
                    ...instance,
                    severity: 'note',
                    fix: argumentFix(
                      facts,
                      process,
                      'Give switches a value',
                      `write ${deprecated.map((name) => `${name}=on`).join(', ')}`,
                    ),
                  },
                ),
              ]),
        ];
      });
    });
  },
});
