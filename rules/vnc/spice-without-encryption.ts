import { contentFacts } from '../../src/domain/credential-contents.ts';
import { encryptionFix } from '../../src/domain/console-identity.ts';
import { consoleFixFacts, consoleSubject } from '../../src/domain/console-fix.ts';
import { consoles, isOnNetwork, type Console } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'spice-without-encryption',
  title: 'A SPICE console beyond this host has a plain port',
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...new Set([...consoleFixFacts, ...contentFacts, 'identity'] as const)],
  rationale:
    'On a plain port the screen, the keys and the password of the ticket cross the network readable. A TLS port beside it does not help: clients may still use the plain one.',
  remedy: "Set `spice_tls` to 1 and `defaultMode='secure'` in the guests, or listen on loopback.",
  references: [
    { title: 'libvirt: graphical framebuffers', url: 'https://libvirt.org/formatdomain.html#graphical-framebuffers' },
    { title: 'CWE-319: cleartext transmission', url: 'https://cwe.mitre.org/data/definitions/319.html' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/qemu/qemu_command.c: qemuBuildGraphicsSPICECommandLine',
    'QEMU 10.0 ui/spice-core.c: qemu_spice_init',
  ],
  messages: {
    plain: (d: { name: string; where: string; tls: boolean }) => ({
      message: `${d.name} is open in the clear`.replace(/^t/, 'T'),
      seen: `listens on ${d.where}${d.tls ? ', with TLS on another port' : ', without TLS'}`,
      needed: 'the TLS port alone, or loopback',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const all = consoles(facts);
    const spice = all.consoles.filter((one) => one.kind === 'spice' && (one.origin !== 'guest' || one.ownListen));
    return judgeConsoles({ ...all, consoles: spice }, notApplicable, undetermined, (console) => {
      if (!isOnNetwork(console) || !hasPlainPort(console)) return undefined;
      return violation(
        'plain',
        consoleSubject(console, 'spice_listen'),
        {
          name: console.name,
          where: console.addresses.map(({ text }) => text).join(', '),
          tls: console.encryption === 'x509',
        },
        {
          fix: encryptionFix(facts, console, 'spice', {
            title: 'Encrypt SPICE',
            settings: { spice_tls: '1' },
            xml: `<graphics type='spice' autoport='yes' defaultMode='secure'>, and spice_tls = 1 in qemu.conf`,
            argument: '-spice tls-port=PORT,x509-dir=DIRECTORY without port=',
          }),
        },
      );
    });
  },
});

/** With spice_tls a guest has both ports unless all its channels must be secure; what every guest does qemu.conf cannot say then. */
function hasPlainPort(console: Console): boolean {
  if (console.origin === 'policy') return console.encryption === 'none';
  if (console.origin === 'running') return console.process.commandLine.spice?.port !== undefined;
  const { port, autoport, defaultMode } = console.graphics;
  if (console.encryption === 'x509' && defaultMode === 'secure') return false;
  return autoport === true || port === -1 || (port ?? 0) > 0;
}
