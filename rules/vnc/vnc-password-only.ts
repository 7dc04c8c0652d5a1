import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoleText, isOnNetwork, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-password-only',
  title: 'A VNC password is all that guards a console beyond this host',
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'Of a VNC password eight characters count, there is no name with it, and nothing slows down who tries them all.',
  remedy: 'Ask for client certificates (`vnc_tls_x509_verify`) or SASL beside TLS, or let consoles listen on loopback.',
  references: [
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'RFC 6143: the remote framebuffer protocol', url: 'https://www.rfc-editor.org/rfc/rfc6143' },
  ],
  sources: ['QEMU 7.2 and 10.0 ui/vnc.c: protocol_client_auth_vnc'],
  messages: {
    only: (d: { name: string; seen: string }) => ({
      message: `A password of at most 8 characters is the only guard of ${d.name}`,
      seen: d.seen,
      needed: 'client certificates, or SASL over TLS',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      if (!isOnNetwork(console) || console.authentication !== 'password' || console.verifiesClients) return undefined;
      return violation(
        'only',
        consoleSubject(console, 'vnc_password'),
        { name: console.name, seen: consoleText(console) },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title: 'Ask clients for certificates',
            first: 'put certificates into /etc/pki/libvirt-vnc, and issue a client certificate for every viewer',
            settings: { vnc_tls: '1', vnc_tls_x509_verify: '1' },
            xml: 'qemu.conf decides for all guests: vnc_tls = 1 and vnc_tls_x509_verify = 1',
            argument: 'a tls-creds-x509 object with endpoint=server,verify-peer=on and tls-creds= in -vnc',
          }),
        },
      );
    });
  },
});
