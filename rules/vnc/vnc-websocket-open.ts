import { consoleFix, consoleFixFacts, consoleInstance, consoleSubject } from '../../src/domain/console-fix.ts';
import { isOnNetwork, vncConsoles } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { consoles } from '../../src/domain/consoles.ts';

export default defineRule({
  id: 'vnc-websocket-open',
  title: 'A websocket is open wider than its console',
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'A websocket port without a host listens on the address of the display only where that is a single TCP address. Beside a Unix socket or several addresses it is open on all of them, and every web page can try it.',
  remedy: 'Name the address of the websocket, or take it out.',
  references: [
    { title: 'QEMU: VNC security', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'libvirt: graphical framebuffers', url: 'https://libvirt.org/formatdomain.html#graphical-framebuffers' },
  ],
  sources: ['QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_get_addresses, vnc_display_get_address'],
  messages: {
    wider: (d: { name: string; display: string; websocket: string; terms: string }) => ({
      message: `The websocket of ${d.name} is reachable from the network, and the display is not`,
      seen: `the display listens on ${d.display}, the websocket on ${d.websocket} (${d.terms})`,
      needed: 'a websocket on loopback, or none',
      effect: 'whoever reaches the port, web pages included, meets a console that was meant to be local',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const all = vncConsoles(facts);
    // A websocket is a guest's own affair, whatever else it leaves to qemu.conf.
    const guests = consoles(facts).consoles.filter((one) => one.kind === 'vnc');
    return judgeConsoles({ ...all, consoles: guests }, notApplicable, undetermined, (console) => {
      const open = console.websockets.filter(({ reach }) => reach === 'network');
      if (open.length === 0 || isOnNetwork(console)) return undefined;
      const terms = { none: 'no password', password: 'a VNC password', sasl: 'SASL' }[console.authentication];
      return violation(
        'wider',
        consoleSubject(console, 'vnc_listen'),
        {
          name: console.name,
          display: console.addresses.map(({ text }) => text).join(', ') || 'nothing',
          websocket: open.map(({ text }) => text).join(', '),
          terms,
        },
        {
          ...consoleInstance(console),
          fix: consoleFix(facts, console, {
            title: 'Close the websocket to the network',
            settings: {},
            xml: `let <listen type='address' address='127.0.0.1'/> be the only one, or take websocket= out`,
            argument: 'websocket=127.0.0.1:PORT in -vnc',
          }),
        },
      );
    });
  },
});
