import { argumentFix } from '../../src/domain/restart-guest.ts';
import { processSubject } from '../../src/domain/console-fix.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import { refusalOfKind } from '../../src/domain/qemu-refusal.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-credentials-undefined',
  title: 'The TLS credentials that a console names do not exist',
  severity: 'error',
  roles: ['vnc-server'],
  needs: ['qemuProcesses', 'domains'],
  rationale:
    'tls-creds= names an -object of the same command line. Without it, or without its directory, QEMU does not start; with an object of another type neither.',
  remedy: 'Give QEMU a tls-creds-x509 object of that id, with its directory.',
  references: [{ title: 'QEMU: TLS setup', url: 'https://www.qemu.org/docs/master/system/tls.html' }],
  sources: [
    'QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_open',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  ],
  messages: {
    undefined: (d: { guest: string; text: string }) => ({
      message: `The display of ${d.guest} names TLS credentials that are none`,
      seen: d.text,
      needed: '-object tls-creds-x509,id=…,dir=…,endpoint=server with the id that tls-creds= names',
      effect: `QEMU does not start: "${d.text}"`,
    }),
    incomplete: (d: { guest: string; text: string }) => ({
      message: `A TLS credentials object of ${d.guest} names no directory`,
      seen: 'a tls-creds object without dir=',
      needed: 'dir= with the directory of ca-cert.pem, server-cert.pem and server-key.pem',
      effect: `QEMU does not start: "${d.text}"`,
    }),
  },

  check(facts, { violation, notApplicable }) {
    const { qemuProcesses } = facts;
    if (!qemuProcesses.observed || qemuProcesses.processes.length === 0) return notApplicable('no guest runs here');
    return qemuProcesses.processes.flatMap((process) => {
      const data = (text: string) => ({ guest: guestName(process), text });
      const undefinedOnes = refusalOfKind(process.commandLine, 'undefined-credentials');
      if (undefinedOnes !== undefined)
        return violation('undefined', processSubject(process), data(undefinedOnes.text), {
          fix: argumentFix(
            facts,
            process,
            'Define the credentials',
            'add -object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server,verify-peer=on and name it by tls-creds=tls0',
          ),
        });
      const incomplete = refusalOfKind(process.commandLine, 'incomplete-credentials');
      return incomplete === undefined
        ? []
        : violation('incomplete', processSubject(process), data(incomplete.text), {
            fix: argumentFix(facts, process, 'Name the directory', 'add dir=DIRECTORY to the tls-creds object'),
          });
    });
  },
});
