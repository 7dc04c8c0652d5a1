import { canonicalAddress } from '../../src/facts/address.ts';
import { unknown } from '../../src/facts/fact.ts';
import { consoleFixFacts, isLibvirtGuest, processSubject, startAgain } from '../../src/domain/console-fix.ts';
import { consolePolicy } from '../../src/domain/console-policy.ts';
import { consoles, type Console, type RunningConsole } from '../../src/domain/consoles.ts';
import { isAtLeast } from '../../src/domain/upstream-version.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { qemuPki } from '../../src/reference/pki-files.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

/** The release with `virsh domdisplay-reload`. */
const reloads = '10.2.0';

export default defineRule({
  id: 'display-differs-from-configuration',
  title: 'A running guest has another console than the configuration now says',
  severity: 'warning',
  roles: ['vnc-server'],
  needs: [...consoleFixFacts],
  rationale:
    'A guest keeps the display and the certificates that it started with. A change of qemu.conf or of its XML counts at its next start, a renewed certificate once it is reloaded.',
  remedy: 'Shut the guest down and start it again; for renewed certificates `virsh domdisplay-reload` is enough.',
  references: [{ title: 'virsh: domdisplay-reload', url: 'https://libvirt.org/manpages/virsh.html#domdisplay-reload' }],
  sources: [
    'libvirt 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadFile (read once, when the driver starts)',
    'QEMU 10.0 ui/vnc.c: vnc_display_reload_certs',
  ],
  messages: {
    differs: (d: { guest: string; differences: readonly string[] }) => ({
      message: `The running console of ${d.guest} differs from what is configured`,
      seen: d.differences.join('; '),
      needed: 'a start of the guest after the change',
      effect: 'what was configured since, for good or ill, is not in force for this guest',
    }),
    certificates: (d: { guest: string; started: string; files: readonly string[] }) => ({
      message: `${d.guest} started before the certificates of its console changed`,
      seen: `it runs since ${d.started}; changed: ${d.files.join(', ')}`,
      needed: 'that QEMU loads them, unless virsh domdisplay-reload did that already',
      effect: 'viewers meet the old certificate until it is reloaded',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = consolePolicy(facts);
    const { consoles: all, unread } = consoles(facts);
    const unseen = unread.filter(({ process }) => isLibvirtGuest(facts, process));
    const running = all.flatMap((one) => (one.origin === 'running' && isLibvirtGuest(facts, one.process) ? [one] : []));
    if (running.length === 0 && unseen.length === 0)
      return notApplicable('no guest of libvirt runs with a VNC or SPICE display');
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const outcomes = running.flatMap((console): Violation | readonly (Violation | Undetermined)[] => {
      const { guest, process, kind } = console;
      const subject = processSubject(process);
      const expected =
        all.find((one) => one.origin === 'guest' && one.kind === kind && one.guest === guest) ??
        all.find((one) => one.origin === 'policy' && one.kind === kind);
      const differences = expected === undefined ? [] : differencesOf(console, expected);
      if (differences.length > 0)
        return violation(
          'differs',
          subject,
          { guest, differences },
          {
            ...(kind === 'spice' ? { instance: kind } : {}),
            fix: { title: `Start ${guest} again`, applicability: 'unsafe', steps: startAgain([guest]) },
          },
        );
      const { directory } = console;
      if (directory === undefined) return [];
      const { started } = process;
      if (started === undefined)
        return [undetermined(subject, unknown('not-collected', `when ${guest} started could not be seen`))];
      const names = [qemuPki['ca-certificate'], qemuPki['revocation-list'], ...Object.values(qemuPki.server)];
      const files = names.flatMap((name) => {
        const entry = facts.files[`${directory}/${name}`];
        return entry?.known === true && entry.value.type === 'file' && entry.value.modified > started
          ? [`${directory}/${name} (${momentText(entry.value.modified)})`]
          : [];
      });
      if (files.length === 0) return [];
      const version = facts.software.libvirt?.version;
      return violation(
        'certificates',
        subject,
        { guest, started: momentText(started), files },
        {
          fix: {
            title: `Let ${guest} load its certificates`,
            applicability: 'unsafe',
            steps:
              version !== undefined && isAtLeast(version, reloads)
                ? [{ kind: 'run', command: ['virsh', 'domdisplay-reload', guest] }]
                : startAgain([guest]),
          },
        },
      );
    });
    return [...outcomes, ...unseen.map(({ process, because }) => undetermined(processSubject(process), because))];
  },
});

/** Only what the guest's own file or qemu.conf decides: the address where either names it, and the terms of TLS and of names. */
function differencesOf(running: RunningConsole, expected: Console): readonly string[] {
  const differences: string[] = [];
  const compare = (what: string, runs: string, configured: string): void => {
    if (runs !== configured) differences.push(`${what}: runs with ${runs}, configured is ${configured}`);
  };
  const onOff = (on: boolean): string => (on ? 'on' : 'off');
  const { spice } = running.process.commandLine;
  if (running.kind === 'vnc' || hasPortByPolicy(expected))
    compare('TLS', onOff(running.encryption !== 'none'), onOff(expected.encryption !== 'none'));
  if (running.kind === 'vnc' && running.encryption === 'x509' && expected.encryption === 'x509') {
    compare('verification of clients', onOff(running.verifiesClients), onOff(expected.verifiesClients));
    compare('certificates', running.directory ?? 'none', expected.directory ?? 'none');
  }
  compare('SASL', onOff(running.sasl), onOff(expected.sasl));
  const password = running.kind === 'spice' ? spice?.ticketing === true : running.authentication === 'password';
  compare(`${running.kind.toUpperCase()} password`, onOff(password), onOff(expected.authentication === 'password'));
  const [runs, configured] = [running.addresses[0], expected.addresses[0]];
  // The policy speaks for guests without a file of their own, which may be transient and have any address.
  if (expected.origin === 'guest' && runs?.host !== undefined && configured?.host !== undefined) {
    const form = (host: string): string => canonicalAddress(host) ?? host;
    compare('address', form(runs.host), form(configured.host));
  }
  return differences;
}

/** Does spice_tls alone say whether there is a port for TLS (qemu_process.c: qemuProcessSPICEAllocatePorts): not where ports or modes are given. */
const hasPortByPolicy = (expected: Console): boolean =>
  expected.origin === 'guest' &&
  expected.graphics.autoport === true &&
  (expected.graphics.defaultMode ?? 'any') === 'any' &&
  expected.graphics.channels.length === 0;
