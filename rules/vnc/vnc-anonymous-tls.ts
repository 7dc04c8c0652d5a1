import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoleText, isOnNetwork, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-anonymous-tls',
  title: 'A VNC console uses anonymous TLS',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'Anonymous TLS proves nobody to nobody: who stands between viewer and host can read and change everything unnoticed, and passwords with it.',
  remedy: 'Use certificates: a tls-creds-x509 object.',
  references: [
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'CWE-295: improper certificate validation', url: 'https://cwe.mitre.org/data/definitions/295.html' },
  ],
  sources: ['QEMU 7.2 and 10.0 crypto/tlscredsanon.c', 'QEMU before 3.1 ui/vnc.c: vnc_display_open (tls without x509)'],
  messages: {
    anonymous: (d: { name: string; seen: string }) => ({
      message: `${d.name} is open to a man in the middle: its TLS is anonymous`.replace(/^t/, 'T'),
      seen: d.seen,
      needed: 'TLS with certificates (tls-creds-x509)',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      if (console.encryption !== 'anonymous' || !isOnNetwork(console)) return undefined;
      return violation(
        'anonymous',
        consoleSubject(console, 'vnc_tls'),
        { name: console.name, seen: consoleText(console) },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title: 'Use certificates',
            settings: { vnc_tls: '1' },
            xml: 'libvirt never asks for anonymous TLS: look for <qemu:commandline>, and set vnc_tls = 1 in qemu.conf',
            argument:
              '-object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server,verify-peer=on and tls-creds=tls0 in -vnc',
          }),
        },
      );
    });
  },
});
