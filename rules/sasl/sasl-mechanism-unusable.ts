import { advisedLines, takeEffect } from '../../src/domain/sasl-advice.ts';
import { allows, restrictedServices, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-mechanism-unusable',
  title: 'No SASL mechanism is left that the connection allows',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'Where no TLS is around it SASL must encrypt, and only GSSAPI does that well: SCRAM has no encryption of its own and is not even offered. EXTERNAL is never offered, for nobody tells SASL who the client is.',
  remedy: 'Put TLS around SCRAM, or offer GSSAPI where there is none.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'QEMU: VNC security, SASL', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
  ],
  sources: [
    'libvirt 9.0, 11.3 src/remote/remote_daemon_dispatch.c: remoteDispatchAuthSaslInit',
    'QEMU 7.2, 10.0 ui/vnc-auth-sasl.c: start_auth_sasl',
    'Cyrus SASL 2.1.28 lib/server.c: mech_permitted',
  ],
  messages: {
    unusable: (d: { owner: string; list: string; reason: string; why: string; effect: string }) => ({
      message: `mech_list leaves ${d.owner} no SASL mechanism`,
      seen: `mech_list: ${d.list}, and ${d.reason}`,
      needed: d.why,
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = restrictedServices(found).flatMap((service) => {
      const { owner, listed, list, path, transports, program } = service;
      const known = listed.flatMap(({ mechanism }) => mechanism ?? []);
      // What nobody knows, and ANONYMOUS, are faults of their own.
      if (known.length === 0 || known.some(({ isAnonymous }) => isAnonymous)) return [];
      const barred = transports.find((transport) => {
        if (known.some((mechanism) => allows(transport, mechanism))) return false;
        if (transport.kind !== 'tcp' || known.every(({ name }) => name === 'EXTERNAL')) return true;
        // Weak ones without encryption are tcp-without-encryption on libvirt's port, sasl-mechanism-without-encryption on a console.
        return known.every(({ maximumSsf, verdict }) => maximumSsf > 0 || verdict === 'good');
      });
      if (barred === undefined) return [];
      const why =
        barred.kind === 'tcp'
          ? `TLS around it, or a mechanism that encrypts with at least ${barred.minimumSsf} bits, such as gssapi`
          : 'a mechanism that clients can log in with, such as scram-sha-256';
      const effect =
        program === 'libvirt'
          ? 'clients are refused, and the daemon logs: no SASL mechanisms are available'
          : 'consoles close the connection of every client';
      return violation(
        'unusable',
        file(path, list.line),
        { owner, list: list.value, reason: barred.reason, why, effect },
        {
          fix: {
            title: `Leave a mechanism to ${owner}`,
            applicability: 'manual',
            steps: [
              ...(barred.kind === 'tcp'
                ? [
                    {
                      kind: 'manual' as const,
                      instruction: `serve TLS, which ${list.value} needs, or write the following`,
                    },
                  ]
                : []),
              { kind: 'text', path, text: advisedLines(service) },
              ...takeEffect(service),
            ],
          },
        },
      );
    });
    return [...outcomes, ...gaps];
  },
});
