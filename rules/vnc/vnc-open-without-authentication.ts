import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoleText, isOnNetwork, isOpen, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-open-without-authentication',
  title: 'A VNC console beyond this host asks for no authentication',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'Whoever reaches the port sees the screen of the guest and has its keyboard: the boot menu, a session left open, the key that reboots it.',
  remedy:
    'Let consoles listen on loopback, or ask clients for certificates (vnc_tls with vnc_tls_x509_verify) or SASL.',
  references: [
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'CWE-306: missing authentication', url: 'https://cwe.mitre.org/data/definitions/306.html' },
  ],
  sources: [
    'QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_setup_auth',
    'libvirt 9.0 and 11.3 src/qemu/qemu_command.c: qemuBuildGraphicsVNCCommandLine',
    'observed with QEMU 7.2 and 10.0: with verify-peer off a client without a certificate gets in',
  ],
  messages: {
    open: (d: { name: string; seen: string; encrypted: boolean }) => ({
      message: `Anybody who reaches it can use ${d.name}`,
      seen: d.seen,
      needed: 'loopback or a Unix socket, or client certificates, or SASL',
      effect: d.encrypted
        ? 'the connection is encrypted, and everybody is let in'
        : 'everybody is let in, and who listens on the way sees the screen and the keys',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      // Anonymous TLS has a rule of its own.
      if (!isOnNetwork(console) || !isOpen(console) || console.encryption === 'anonymous') return undefined;
      if (console.encryption === 'unresolved') return undefined;
      return violation(
        'open',
        consoleSubject(console, 'vnc_listen'),
        { name: console.name, seen: consoleText(console), encrypted: console.encryption === 'x509' },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title:
              console.encryption === 'x509' ? 'Ask clients for certificates' : 'Let consoles listen on loopback only',
            settings: console.encryption === 'x509' ? { vnc_tls_x509_verify: '1' } : { vnc_listen: '"127.0.0.1"' },
            ...(console.encryption === 'x509' ? { first: 'issue a client certificate for every viewer' } : {}),
            xml: `in <graphics type='vnc'> let <listen type='address'/> have no address of its own, or 127.0.0.1`,
            argument:
              console.encryption === 'x509'
                ? 'verify-peer=on in its tls-creds-x509 object'
                : '-vnc 127.0.0.1:N, or tls-creds=',
          }),
        },
      );
    });
  },
});
