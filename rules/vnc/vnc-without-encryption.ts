import { contentFacts } from '../../src/domain/credential-contents.ts';
import { encryptionFix } from '../../src/domain/console-identity.ts';
import { consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoleText, isOnNetwork, isOpen, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { consoleMechanisms } from '../../src/domain/console-mechanisms.ts';
import { encryptingMechanisms, weaklyEncryptingMechanisms } from '../../src/reference/sasl-mechanisms.ts';

export default defineRule({
  id: 'vnc-without-encryption',
  title: 'A VNC console beyond this host is not encrypted',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...new Set([...consoleFixFacts, ...contentFacts, 'saslConfigurations', 'identity'] as const)],
  rationale:
    'Without TLS the screen, the keys and the passwords typed on it cross the network readable, and the answer to a VNC password can be guessed offline.',
  remedy:
    'Set `vnc_tls` to 1, with certificates in the directory of VNC, or let consoles listen on loopback and reach them through a tunnel.',
  references: [
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'CWE-319: cleartext transmission', url: 'https://cwe.mitre.org/data/definitions/319.html' },
    { title: 'RFC 6143: the remote framebuffer protocol', url: 'https://www.rfc-editor.org/rfc/rfc6143' },
  ],
  sources: [
    'QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_setup_auth',
    'QEMU 7.2 and 10.0 ui/vnc-auth-sasl.c: vnc_start_auth_sasl (without TLS a mechanism must bring 56 bits)',
  ],
  messages: {
    plain: (d: { name: string; seen: string }) => ({
      message: `${d.name} is not encrypted`.replace(/^t/, 'T'),
      seen: d.seen,
      needed: 'TLS, or loopback alone',
    }),
    sasl: (d: { name: string; seen: string; mechanisms: string }) => ({
      message: `Only the SASL mechanism encrypts ${d.name}`,
      seen: `${d.seen}, mech_list: ${d.mechanisms}`,
      needed: 'TLS, which proves the server to the client as well',
      effect: 'the connection is encrypted as far as the mechanism does it: DIGEST-MD5 is broken, GSSAPI is sound',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const mechanisms = consoleMechanisms(facts);
    const encrypting = mechanisms.filter((name) =>
      [...encryptingMechanisms, ...weaklyEncryptingMechanisms].includes(name),
    );
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      // Without any authentication that is the fault: anybody may look at the screen at the source.
      if (!isOnNetwork(console) || isOpen(console) || console.encryption !== 'none') return undefined;
      const bySasl = console.authentication === 'sasl' && encrypting.length > 0;
      const extras = {
        ...consoleInstance(console),
        fix: encryptionFix(facts, console, 'vnc', {
          title: 'Encrypt consoles with TLS',
          settings: { vnc_tls: '1' },
          xml: 'qemu.conf decides on TLS for all guests: vnc_tls = 1; or let this guest listen on 127.0.0.1',
          argument: '-object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server and -vnc …,tls-creds=tls0',
        }),
      };
      const data = { name: console.name, seen: consoleText(console) };
      const subject = consoleSubject(console, 'vnc_listen');
      return bySasl
        ? violation('sasl', subject, { ...data, mechanisms: mechanisms.join(' ') }, { ...extras, severity: 'warning' })
        : violation('plain', subject, data, extras);
    });
  },
});
