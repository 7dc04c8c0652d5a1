import { canonicalAddress } from '../../src/facts/address.ts';
import type { Known } from '../../src/facts/facts.ts';
import type { ListeningSocket } from '../../src/facts/services.ts';
import {
  consoleFix,
  consoleFixFacts,
  consoleInstance,
  consoleSubject,
  isProcessOf,
} from '../../src/domain/console-fix.ts';
import { consoles, type Console, type ConsoleAddress } from '../../src/domain/consoles.ts';
import { guestName } from '../../src/domain/guest-name.ts';
import { judgeConsoles } from '../../src/domain/judge-consoles.ts';
import { defineRule } from '../../src/rule/define-rule.ts';

export default defineRule({
  id: 'vnc-served-by-another-process',
  title: 'Another process serves the port of a console',
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'Who opens the port sees another guest, or something else altogether, under the name of this one, and may type a password into it.',
  remedy: 'Give each guest a port of its own, or leave ports to libvirt (autoport).',
  references: [
    { title: 'libvirt: graphical framebuffers', url: 'https://libvirt.org/formatdomain.html#graphical-framebuffers' },
  ],
  sources: [
    'QEMU 7.2 and 10.0 util/qemu-sockets.c: inet_listen_saddr',
    'libvirt 9.0 and 11.3 src/qemu/qemu_process.c: qemuProcessGraphicsReservePorts (a port that is given is not tried)',
  ],
  messages: {
    served: (d: { name: string; port: number; holder: string; runs: boolean }) => ({
      message: `Port ${d.port} of ${d.name} is served by ${d.holder}`,
      seen: `${d.holder} listens on port ${d.port}`,
      needed: 'a port that nobody else listens on',
      effect: d.runs
        ? `who opens port ${d.port} gets ${d.holder}`
        : `the guest does not start: Failed to find an available port: Address already in use; who opens port ${d.port} gets ${d.holder}`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const { runtime } = facts;
    if (!runtime.observed) return notApplicable('nothing runs here');
    const all = consoles(facts);
    const withPort = all.consoles.filter((one) => one.kind === 'vnc' && mayBeElsewhere(one));
    if (withPort.length === 0 && all.gaps.length === 0 && all.unread.length === 0)
      return notApplicable('no console has a port of its own');
    const { listening } = runtime;
    if (!listening.known) return withPort.length === 0 ? [] : [undetermined({ kind: 'host' }, listening)];
    return judgeConsoles({ ...all, consoles: withPort }, notApplicable, undetermined, (console) => {
      if (console.origin === 'policy') return undefined;
      const runs = console.origin === 'running' || ownProcess(facts, console.guest) !== undefined;
      const own = console.origin === 'running' ? console.process.pid : ownProcess(facts, console.guest)?.pid;
      for (const address of console.addresses) {
        const holders = listening.value.filter((socket) => overlaps(address, socket));
        if (holders.length === 0 || holders.some(({ pid }) => pid === own && own !== undefined)) continue;
        const holder = holderOf(facts, holders, listening.value, runs);
        if (holder === undefined || address.port === undefined) continue;
        return violation(
          'served',
          consoleSubject(console, 'vnc_listen'),
          { name: console.name, port: address.port, holder, runs },
          {
            ...consoleInstance(console),
            fix: consoleFix(facts, console, {
              title: 'Use a port of its own',
              settings: {},
              first: `ss -ltnp 'sport = :${address.port}' shows who listens`,
              xml: `<graphics type='vnc' port='-1' autoport='yes'>, or a port that is free`,
              argument: 'a free display in -vnc',
            }),
          },
        );
      }
      return undefined;
    });
  },
});

/** A QEMU that runs has its port, unless it was allowed to look for another one. */
const mayBeElsewhere = (console: Console): boolean =>
  console.origin === 'running'
    ? console.display?.addresses.some((address) => 'lastPort' in address) === true
    : console.addresses.some(({ port }) => port !== undefined);

type RuntimeFacts = Known<'qemuProcesses' | 'runtime' | 'domains'>;

const ownProcess = ({ qemuProcesses, domains }: RuntimeFacts, guest: string) =>
  qemuProcesses.observed
    ? qemuProcesses.processes.find((process) => isProcessOf({ domains }, process, guest))
    : undefined;

/** Whose a socket is, for people; undefined where it may be the guest's own, for nobody saw who holds it. */
function holderOf(
  { qemuProcesses, runtime }: RuntimeFacts,
  holders: readonly ListeningSocket[],
  sockets: readonly ListeningSocket[],
  runs: boolean,
): string | undefined {
  const pid = holders.find((socket) => socket.pid !== undefined)?.pid;
  if (pid === undefined) {
    // Holders of others are seen, and it is neither a QEMU's nor a daemon's of libvirt.
    return !runs && sockets.some((socket) => socket.pid !== undefined) ? 'another program' : undefined;
  }
  const guest = qemuProcesses.observed ? qemuProcesses.processes.find((process) => process.pid === pid) : undefined;
  if (guest !== undefined) return guestName(guest);
  const process = runtime.observed ? runtime.processes.find((one) => one.pid === pid) : undefined;
  return `${process?.program ?? 'process'} (pid ${pid})`;
}

const anywhere: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '*']);

/** Is it the same port, on an address that both have; names other than localhost are resolved elsewhere. */
function overlaps({ host, port }: ConsoleAddress, socket: ListeningSocket): boolean {
  if (host === undefined || port !== socket.port) return false;
  if (anywhere.has(host) || anywhere.has(socket.address)) return true;
  return host === 'localhost'
    ? socket.address === '127.0.0.1' || socket.address === '::1'
    : canonicalAddress(host) === socket.address;
}
