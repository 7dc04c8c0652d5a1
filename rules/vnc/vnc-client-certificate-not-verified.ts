import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoleText, isOpen, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-client-certificate-not-verified',
  title: 'VNC consoles use TLS, but ask clients for nothing',
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'TLS alone proves the server to the viewer and encrypts. It lets every viewer in: for VNC libvirt asks for certificates only when it is told to.',
  remedy: 'Set `vnc_tls_x509_verify` to 1 and give viewers certificates, or let SASL ask for names.',
  references: [
    { title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' },
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'CWE-295: improper certificate validation', url: 'https://cwe.mitre.org/data/definitions/295.html' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigSetDefaults (verification of VNC clients is off by default)',
    'QEMU 10.0 crypto/tlssession.c: qcrypto_tls_session_check_credentials',
  ],
  messages: {
    off: (d: { name: string; seen: string; authz: boolean }) => ({
      message: `Clients of ${d.name} need no certificate, and nothing else is asked of them`,
      seen: d.authz ? `${d.seen}, and a tls-authz that is never asked` : d.seen,
      needed: 'vnc_tls_x509_verify = 1, or SASL',
      effect: 'the connection is encrypted, and everybody who reaches it is let in',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      const local = console.addresses.every(({ reach }) => reach === 'unix');
      if (local || console.encryption !== 'x509' || !isOpen(console)) return undefined;
      return violation(
        'off',
        consoleSubject(console, 'vnc_tls_x509_verify'),
        { name: console.name, seen: consoleText(console), authz: console.authorizes },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title: 'Ask clients for certificates',
            first: 'issue a client certificate for every viewer',
            settings: { vnc_tls_x509_verify: '1' },
            xml: 'qemu.conf decides for all guests: vnc_tls_x509_verify = 1',
            argument: 'verify-peer=on in its tls-creds-x509 object',
          }),
        },
      );
    });
  },
});
