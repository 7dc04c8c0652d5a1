import { canonicalAddress } from '../../src/facts/address.ts';
import { unknown } from '../../src/facts/fact.ts';
import type { Known } from '../../src/facts/facts.ts';
import {
  consoleFix,
  consoleFixFacts,
  consoleInstance,
  consoleSubject,
  processSubject,
} from '../../src/domain/console-fix.ts';
import { consoles, type Console } from '../../src/domain/consoles.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-listen-address-unavailable',
  title: 'A console is to listen on an address that this host does not have',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts, 'identity'],
  rationale:
    'QEMU binds the address when a guest starts. Where no interface has it, the guest does not start, often long after the address moved or the file was copied from another host.',
  remedy: 'Name an address of this host, or loopback.',
  references: [
    { title: 'libvirt: graphical framebuffers', url: 'https://libvirt.org/formatdomain.html#graphical-framebuffers' },
  ],
  sources: ['QEMU 7.2 and 10.0 util/qemu-sockets.c: inet_listen_saddr', 'observed with QEMU 7.2 and 10.0'],
  messages: {
    foreign: (d: { name: string; address: string; addresses: readonly string[] }) => ({
      message: `${d.address}, on which ${d.name} is to listen, is no address of this host`,
      seen: `this host has ${d.addresses.join(', ')}`,
      needed: 'an address of this host, 127.0.0.1 or 0.0.0.0',
      effect: 'guests do not start: Failed to bind socket: Cannot assign requested address',
    }),
    // Of a process of which nothing shows that it got so far as to listen.
    unlisted: (d: { name: string; address: string; host: string; addresses: readonly string[] }) => ({
      message: `${d.address}, on which ${d.name} is to listen, is not known as an address of this host`,
      seen: `/etc/hosts gives ${d.addresses.join(', ')} for ${d.host}, and its interfaces could not be seen`,
      needed: 'an address of this host, 127.0.0.1 or 0.0.0.0',
      effect:
        'where no interface has it, the guest does not start: Failed to bind socket: Cannot assign requested address',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const { addresses, hosts, fqdn, hostname } = facts.identity;
    const all = consoles(facts);
    const vnc = all.consoles.filter((one) => one.kind === 'vnc' && (one.origin !== 'guest' || one.ownListen));
    return judgeConsoles({ ...all, consoles: vnc }, notApplicable, undetermined, (console) => {
      // Names may be resolved elsewhere, and every host has loopback.
      const address = console.addresses
        .filter(({ reach }) => reach === 'network')
        .map(({ host }) => canonicalAddress(host ?? ''))
        .find((one) => one !== undefined && one !== '0.0.0.0' && one !== '::' && addresses?.includes(one) !== true);
      if (address === undefined) return undefined;
      const subject = consoleSubject(console, 'vnc_listen');
      const extras = {
        ...consoleInstance(console),
        fix: consoleFix(facts, console, {
          title: 'Listen on an address of this host',
          settings: { vnc_listen: '"127.0.0.1"' },
          xml: `in <graphics type='vnc'> name an address of this host, or none for that of qemu.conf`,
          argument: 'an address of this host in -vnc',
        }),
      };
      if (addresses !== undefined)
        return violation('foreign', subject, { name: console.name, address, addresses }, extras);
      // A display that runs has bound its address.
      if (console.origin === 'running' && (console.process.started !== undefined || isServed(facts, console)))
        return undefined;
      const names = [fqdn, hostname].filter((name) => name !== undefined);
      const listed = hosts.filter((entry) => entry.names.some((name) => names.includes(name)));
      const known = listed.map((entry) => entry.address);
      if (console.origin === 'running' && listed.length > 0)
        return known.includes(address)
          ? undefined
          : violation(
              'unlisted',
              subject,
              { name: console.name, address, host: names[0] ?? '', addresses: known },
              extras,
            );
      const because = unknown('not-collected', 'the addresses of this host are not known');
      return undetermined(console.origin === 'running' ? processSubject(console.process) : subject, because);
    });
  },
});

/** Does somebody listen where the display is to: a listing of sockets may be there where one of interfaces is not. */
const isServed = ({ runtime }: Known<'runtime'>, { addresses }: Console): boolean =>
  runtime.observed &&
  runtime.listening.known &&
  runtime.listening.value.some((socket) =>
    addresses.some(({ host, port }) => port === socket.port && canonicalAddress(host ?? '') === socket.address),
  );
