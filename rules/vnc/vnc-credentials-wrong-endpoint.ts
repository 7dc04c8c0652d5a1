import { argumentFix } from '../../src/domain/restart-guest.ts';
import { processSubject } from '../../src/domain/console-fix.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import { refusalOfKind } from '../../src/domain/qemu-refusal.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-credentials-wrong-endpoint',
  title: 'The TLS credentials of a console are those of a client',
  severity: 'error',
  roles: ['vnc-server'],
  needs: ['qemuProcesses', 'domains'],
  rationale:
    'A console is a server and needs server-cert.pem and server-key.pem; a tls-creds object without endpoint=server is for a client, and QEMU does not start with it.',
  remedy: 'Add endpoint=server to the tls-creds object.',
  references: [{ title: 'QEMU: TLS setup', url: 'https://www.qemu.org/docs/master/system/tls.html' }],
  sources: [
    'QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_open',
    'QEMU 10.0 crypto/tlscreds.c: qcrypto_tls_creds_check_endpoint',
  ],
  messages: {
    client: (d: { guest: string; id: string; text: string }) => ({
      message: `The display of ${d.guest} names TLS credentials for a client`,
      seen: `the object ${d.id} has endpoint=client, which is the default`,
      needed: 'endpoint=server',
      effect: `QEMU does not start: "${d.text}"`,
    }),
  },

  check(facts, { violation, notApplicable }) {
    const { qemuProcesses } = facts;
    if (!qemuProcesses.observed || qemuProcesses.processes.length === 0) return notApplicable('no guest runs here');
    return qemuProcesses.processes.flatMap((process) => {
      const refusal = refusalOfKind(process.commandLine, 'wrong-endpoint');
      if (refusal === undefined) return [];
      const display = process.commandLine.vnc.find(({ argument }) => argument === refusal.argument);
      const id =
        display?.tls.type === 'x509' || display?.tls.type === 'anonymous'
          ? display.tls.credentials.id
          : 'of tls-creds=';
      return violation(
        'client',
        processSubject(process),
        { guest: guestName(process), id, text: refusal.text },
        {
          fix: argumentFix(
            facts,
            process,
            'Make the credentials those of a server',
            `add endpoint=server to the object ${id}`,
          ),
        },
      );
    });
  },
});
