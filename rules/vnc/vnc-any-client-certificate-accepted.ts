import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoleText, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-any-client-certificate-accepted',
  title: 'Every certificate of the CA opens the console',
  severity: 'note',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'QEMU looks at no name and at no purpose of a client certificate: whoever holds one of this CA is let in, and so is every server with its server certificate.',
  remedy: 'Keep a CA for consoles alone, or add SASL. libvirt cannot give QEMU a list of names for VNC.',
  references: [
    { title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' },
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
  ],
  sources: [
    'QEMU 10.0 crypto/tlssession.c: qcrypto_tls_session_check_certificate',
    'observed with QEMU 7.2 and 10.0: a server certificate is accepted from a client',
  ],
  messages: {
    any: (d: { name: string; seen: string }) => ({
      message: `Every certificate of its CA, those of servers included, opens ${d.name}`,
      seen: d.seen,
      needed: 'a CA that certifies viewers alone, SASL, or a list of names (tls-authz)',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      const local = console.addresses.every(({ reach }) => reach === 'unix');
      if (local || !console.verifiesClients || console.authorizes || console.authentication !== 'none')
        return undefined;
      return violation(
        'any',
        consoleSubject(console, 'vnc_tls_x509_verify'),
        { name: console.name, seen: consoleText(console) },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title: 'Ask for names besides',
            first: `issue the certificates of viewers from a CA of their own and put it into ca-cert.pem of ${console.directory ?? 'the directory'}, or set up SASL`,
            settings: { vnc_sasl: '1' },
            xml: 'qemu.conf decides for all guests: vnc_sasl = 1',
            argument: 'an authz-list object and tls-authz= in -vnc',
          }),
        },
      );
    });
  },
});
