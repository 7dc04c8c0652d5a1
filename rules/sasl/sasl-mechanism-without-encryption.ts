import { advisedLines, takeEffect } from '../../src/domain/sasl-advice.ts';
import { restrictedServices, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { configurationFiles } from '../../src/reference/configuration-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-mechanism-without-encryption',
  title: 'Consoles without TLS rely on SASL mechanisms that do not encrypt',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'Without TLS the SASL mechanism is all that could encrypt a console. PLAIN, LOGIN, CRAM-MD5 and NTLM do not, so QEMU does not even offer them there: nobody gets in, and with a server that did the password would be there for all to read.',
  remedy:
    'Turn on TLS for the consoles, or offer GSSAPI alone. For plain TCP of libvirt itself see tcp-without-encryption.',
  references: [
    { title: 'QEMU: VNC security, SASL', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
    { title: 'CWE-319', url: 'https://cwe.mitre.org/data/definitions/319.html' },
  ],
  sources: ['QEMU 7.2, 10.0 ui/vnc-auth-sasl.c: start_auth_sasl', 'Cyrus SASL 2.1.28 lib/server.c: mech_permitted'],
  messages: {
    none: (d: { owner: string; list: string; reason: string; key: string }) => ({
      message: `No SASL mechanism of ${d.owner} encrypts, and there is no TLS`,
      seen: `${d.reason} without ${d.key}, mech_list: ${d.list}`,
      needed: `${d.key} = 1, or a mechanism that encrypts, such as gssapi`,
      effect: 'none of the mechanisms is offered: the console closes the connection of every client',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    const services = found.services.filter(({ program }) => program === 'qemu');
    if (services.length === 0 && gaps.length === 0) return notApplicable('no console asks for SASL');
    const outcomes = restrictedServices({ services, gaps: [] }).flatMap((service) => {
      const { owner, listed, list, path, transports, kinds } = service;
      const index = transports.findIndex(({ kind }) => kind === 'tcp');
      const barred = transports[index];
      const known = listed.flatMap(({ mechanism }) => mechanism ?? []);
      if (barred === undefined || known.length === 0 || known.some(({ isAnonymous }) => isAnonymous)) return [];
      // SCRAM and its like are good mechanisms in the wrong place: sasl-mechanism-unusable.
      if (known.some(({ maximumSsf }) => maximumSsf > 0) || known.every(({ verdict }) => verdict === 'good')) return [];
      const key = `${kinds[index] ?? 'vnc'}_tls`;
      return violation(
        'none',
        file(path, list.line),
        { owner, list: list.value, reason: barred.reason, key },
        {
          fix: {
            title: 'Encrypt the consoles',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `set ${key} = 1 in ${configurationFiles.qemu} once QEMU has its certificate, and offer scram-sha-256; or write the following`,
              },
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
