import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-sasl-shadowed-by-password',
  title: 'A VNC password keeps SASL from being used',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'With both switched on QEMU offers the VNC password alone: names and strong passwords of SASL are never asked for, and eight characters are enough.',
  remedy: 'Take the VNC password out, in qemu.conf and in guests.',
  references: [
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'libvirt: graphical framebuffers', url: 'https://libvirt.org/formatdomain.html#graphical-framebuffers' },
  ],
  sources: ['QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_setup_auth', 'observed with QEMU 7.2 and 10.0'],
  messages: {
    shadowed: (d: { name: string; where: string }) => ({
      message: `SASL is never asked for by ${d.name}, because a VNC password is set`,
      seen: d.where,
      needed: 'SASL without a VNC password',
      effect: 'clients are asked for a password of at most 8 characters and for no name',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    return judgeConsoles(vncConsoles(facts), notApplicable, undetermined, (console) => {
      if (!console.sasl || console.authentication !== 'password') return undefined;
      const own = console.origin === 'guest' && console.ownPassword !== undefined;
      // A guest without a password of its own has that of qemu.conf, where it is reported.
      if (console.origin === 'guest' && !own) return undefined;
      const where = {
        policy: 'vnc_sasl = 1 and vnc_password in qemu.conf',
        guest: `passwd= in its <graphics>, and vnc_sasl = 1 in qemu.conf`,
        running: 'password=on and sasl=on among the arguments',
      }[console.origin];
      return violation(
        'shadowed',
        consoleSubject(console, 'vnc_password'),
        { name: console.name, where },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title: 'Take the VNC password out',
            first: 'see that every user of consoles has a name in SASL',
            settings: { vnc_password: undefined },
            xml: `take passwd= out of <graphics type='vnc'>`,
            argument: '-vnc …,sasl=on without password=on',
          }),
        },
      );
    });
  },
});
