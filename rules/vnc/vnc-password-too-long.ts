import { consoleFix, consoleFixFacts, consoleSubject } from '../../src/domain/console-fix.ts';
import { vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

/** The challenge is encrypted with DES, whose key has 8 bytes. */
const longest = 8;

export default defineRule({
  id: 'vnc-password-too-long',
  title: 'A VNC password has more than 8 characters',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'The protocol uses 8 characters. libvirt cuts a longer password of qemu.conf, so that it guards less than it seems to, and does not start a guest whose own is longer.',
  remedy: 'Use SASL or client certificates; a VNC password never has more than 8 characters.',
  references: [{ title: 'RFC 6143: VNC authentication', url: 'https://www.rfc-editor.org/rfc/rfc6143#section-7.2.2' }],
  sources: [
    'libvirt 9.0 and 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadVNCEntry; src/qemu/qemu_validate.c and qemu_hotplug.c',
  ],
  messages: {
    cut: (d: { length: number; path: string }) => ({
      message: `vnc_password has ${d.length} characters, of which ${longest} count`,
      seen: `${d.length} characters in ${d.path}`,
      needed: `at most ${longest} characters, or SASL`,
      effect: `libvirt logs: VNC password is ${d.length} characters long, only 8 permitted, truncating`,
    }),
    refused: (d: { length: number; guest: string }) => ({
      message: `The VNC password of ${d.guest} has ${d.length} characters`,
      seen: `${d.length} characters in passwd=`,
      needed: `at most ${longest} characters, or SASL`,
      effect: `the guest does not start: VNC password is ${d.length} characters long, only 8 permitted`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      const change = {
        title: 'Shorten the password',
        first: 'choose a password of at most 8 characters, and write it in place of the one that is there',
        settings: {},
        xml: 'passwd= with at most 8 characters',
        argument: 'a password of at most 8 characters',
      };
      const extras = { fix: consoleFix(facts, console, change) };
      const subject = consoleSubject(console, 'vnc_password');
      if (console.origin === 'policy') {
        const length = console.policy.vnc.password?.length ?? 0;
        return length > longest ? violation('cut', subject, { length, path: console.path }, extras) : undefined;
      }
      const length = console.origin === 'guest' ? (console.ownPassword?.length ?? 0) : 0;
      if (console.origin !== 'guest' || length <= longest) return undefined;
      return violation('refused', subject, { length, guest: console.guest }, extras);
    });
  },
});
