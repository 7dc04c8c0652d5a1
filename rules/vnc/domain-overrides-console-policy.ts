import { canonicalAddress } from '../../src/facts/address.ts';
import { consoleFix, consoleFixFacts, consoleSubject } from '../../src/domain/console-fix.ts';
import { consolePolicy } from '../../src/domain/console-policy.ts';
import { consoles, isOnNetwork, tcpAddress } from '../../src/domain/consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'domain-overrides-console-policy',
  title: "A guest's XML opens its console wider than qemu.conf",
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'qemu.conf speaks for guests that say nothing themselves. An address or a password in the XML of one guest counts instead, and whoever reads qemu.conf alone believes something else.',
  remedy: 'Take the address and the password out of the XML, so that qemu.conf decides.',
  references: [
    { title: 'libvirt: graphical framebuffers', url: 'https://libvirt.org/formatdomain.html#graphical-framebuffers' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/qemu/qemu_process.c: qemuProcessGraphicsSetupListen; src/qemu/qemu_command.c: qemuBuildGraphicsVNCCommandLine',
  ],
  messages: {
    address: (d: { name: string; where: string; policy: string }) => ({
      message: `${d.name} listens where qemu.conf does not`.replace(/^t/, 'T'),
      seen: `${d.where} in its XML, ${d.policy} in qemu.conf`,
      needed: 'the address of qemu.conf',
      effect: 'the console can be reached from the network, whatever qemu.conf says',
    }),
    password: (d: { name: string; policy: string }) => ({
      message: `${d.name} has a password of its own`.replace(/^t/, 'T'),
      seen: `passwd= in its XML, ${d.policy} in qemu.conf`,
      needed: 'the terms of qemu.conf',
      effect: 'who knows the password of the XML gets in, and that of qemu.conf opens nothing here',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = consolePolicy(facts);
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { consoles: all, gaps } = consoles(facts);
    const guests = all.flatMap((one) => (one.origin === 'guest' ? [one] : []));
    if (guests.length === 0 && gaps.length === 0) return notApplicable('no guest has a console');
    return [
      ...guests.flatMap((console) => {
        const policy = answer.policy[console.kind];
        const wanted = tcpAddress(policy.listen);
        const everywhere = ['', '0.0.0.0', '::'].includes(policy.listen);
        const same = console.addresses.every(
          ({ reach, host }) =>
            reach !== 'network' ||
            host === policy.listen ||
            (host !== undefined &&
              canonicalAddress(host) !== undefined &&
              canonicalAddress(host) === canonicalAddress(policy.listen)),
        );
        const wider = console.ownListen && isOnNetwork(console) && !same && (!everywhere || policy.autoUnixSocket);
        const change = {
          title: 'Leave it to qemu.conf',
          settings: {},
          xml: `in <graphics type='${console.kind}'> take the address and passwd= out`,
          argument: '',
        };
        const fix = consoleFix(facts, console, change);
        const subject = consoleSubject(console, '');
        return [
          ...(wider
            ? [
                violation(
                  'address',
                  subject,
                  {
                    name: console.name,
                    where: console.addresses.map(({ text }) => text).join(', '),
                    policy: policy.autoUnixSocket ? 'a Unix socket' : wanted.text,
                  },
                  { instance: 'address', fix },
                ),
              ]
            : []),
          ...(console.ownPassword !== undefined && policy.password !== undefined
            ? [
                violation(
                  'password',
                  subject,
                  { name: console.name, policy: `${console.kind}_password` },
                  { instance: 'password', fix },
                ),
              ]
            : []),
        ];
      }),
      ...gaps.map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
