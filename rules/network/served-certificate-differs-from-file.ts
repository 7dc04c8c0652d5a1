import { reload } from '../../src/domain/certificate-order.ts';
import { credentialFacts } from '../../src/domain/credentials.ts';
import { momentText } from '../../src/domain/moment-text.ts';
import { servedCertificates } from '../../src/domain/served-certificates.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';

export default defineRule({
  id: 'served-certificate-differs-from-file',
  title: 'Another certificate is served than the file holds',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...credentialFacts, 'certificates', 'observations'],
  rationale:
    'Daemons and guests load their certificate once. One that was renewed on disk and not loaded lets the old one expire in the face of every client, long after somebody did the work.',
  remedy:
    'Have the program load its certificate: of daemons and VNC displays without a restart, of SPICE with one of the guest.',
  references: [
    {
      title: 'libvirt: virt-admin server-update-tls',
      url: 'https://libvirt.org/manpages/virt-admin.html#server-update-tls',
    },
    { title: 'libvirt: virsh domdisplay-reload', url: 'https://libvirt.org/manpages/virsh.html#domdisplay-reload' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/rpc/virnettlscontext.c: virNetTLSContextReloadForServer',
    'QEMU 7.2 and 10.0 ui/vnc.c: vnc_display_reload_certs; ui/spice-core.c: qemu_spice_init',
  ],
  messages: {
    differs: (d: {
      who: string;
      host: string;
      port: number;
      path: string;
      served: string;
      servedUntil: string;
      onDisk: string;
      onDiskUntil: string;
    }) => ({
      message: `${d.who} serves another certificate on ${d.host}, port ${d.port}, than ${d.path} holds`,
      seen: `served: ${d.served}, valid until ${d.servedUntil}`,
      needed: `that of the file: ${d.onDisk}, valid until ${d.onDiskUntil}`,
      effect: 'clients are shown the old certificate until the new one is loaded',
    }),
  },

  check(facts, { violation, notApplicable }) {
    const seen = servedCertificates(facts);
    if (seen.length === 0) return notApplicable('no certificate was seen on the network (scan --probe)');
    const told = new Set<string>();
    return seen.flatMap(({ host, port, served, onDisk, path, guest, console, set }) => {
      // One program, one fault, at however many addresses and ports it shows.
      if (served.fingerprint === onDisk.fingerprint || told.has(`${guest ?? ''} ${path}`)) return [];
      told.add(`${guest ?? ''} ${path}`);
      const who = guest ?? set?.owner ?? 'libvirtd';
      const steps: readonly FixStep[] =
        set !== undefined
          ? reload(set)
          : console === 'spice'
            ? [{ kind: 'manual', instruction: `shut ${who} down and start it again: SPICE reads its files then alone` }]
            : [{ kind: 'run', command: ['virsh', 'domdisplay-reload', who, '--type', 'vnc'] }];
      const name = ({ subject, fingerprint }: typeof served): string =>
        `${subject.text}, SHA-256 ${fingerprint.slice(0, 16)}…`;
      return violation(
        'differs',
        { kind: 'endpoint', host, port },
        {
          who,
          host,
          port,
          path,
          served: name(served),
          servedUntil: momentText(served.notAfter),
          onDisk: name(onDisk),
          onDiskUntil: momentText(onDisk.notAfter),
        },
        {
          fix: {
            title: `Let ${who} load its certificate`,
            applicability: console === 'spice' ? 'manual' : 'unsafe',
            steps,
          },
        },
      );
    });
  },
});
