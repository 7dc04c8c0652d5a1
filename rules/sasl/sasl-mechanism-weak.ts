import { advisedLines, takeEffect } from '../../src/domain/sasl-advice.ts';
import { allows, restrictedServices, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-mechanism-weak',
  title: 'A SASL mechanism is weak',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'DIGEST-MD5, CRAM-MD5 and NTLM rest on broken hashes and let who sees a login guess its password; PLAIN and LOGIN hand the password itself to the server. The client picks among what is offered, so one weak mechanism is enough.',
  remedy: 'Offer scram-sha-256 over TLS, or gssapi, and nothing else.',
  references: [
    { title: 'RFC 6331: moving DIGEST-MD5 to historic', url: 'https://www.rfc-editor.org/rfc/rfc6331' },
    { title: 'RFC 7677: SCRAM-SHA-256', url: 'https://www.rfc-editor.org/rfc/rfc7677' },
  ],
  sources: ['Cyrus SASL 2.1.28 plugins/digestmd5.c, cram.c, ntlm.c, plain.c, login.c'],
  messages: {
    weak: (d: { owner: string; list: string; weak: readonly string[]; reasons: readonly string[]; where: string }) => ({
      message: `SASL offers ${d.owner} ${d.weak.join(', ')}`,
      seen: `mech_list: ${d.list}; ${d.where}`,
      needed: 'scram-sha-256 over TLS, or gssapi',
      effect: d.weak.map((name, index) => `${name}: ${d.reasons[index] ?? ''}`).join('; '),
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = restrictedServices(found).flatMap((service) => {
      const { owner, list, listed, path, transports, program } = service;
      const known = listed.flatMap(({ mechanism }) => mechanism ?? []);
      const encrypts = known.some(({ name }) => name === 'GSSAPI' || name === 'GSS-SPNEGO');
      const offers = transports.flatMap((transport) =>
        known
          .filter(
            (mechanism) => allows(transport, mechanism) && mechanism.reason !== undefined && !mechanism.isAnonymous,
          )
          // Who is on the same host reads no socket on the way.
          .filter(({ verdict }) => verdict !== 'tls-only' || transport.kind !== 'unix')
          .map((mechanism) => ({ transport, mechanism })),
      );
      // DIGEST-MD5 as the best that libvirt's plain TCP has is tcp-without-encryption.
      const own = offers.filter(({ transport }) => program !== 'libvirt' || transport.kind !== 'tcp' || encrypts);
      const weak = [...new Set(own.map(({ mechanism }) => mechanism))];
      if (weak.length === 0) return [];
      const bare = own.find(({ transport }) => transport.kind === 'tcp')?.transport;
      const rest = listed.filter(({ mechanism }) => mechanism !== undefined && !weak.includes(mechanism));
      const good = rest.filter(({ mechanism }) => mechanism?.verdict === 'good').map(({ name }) => name);
      return violation(
        'weak',
        file(path, list.line),
        {
          owner,
          list: list.value,
          weak: weak.map(({ name }) => name),
          reasons: weak.map(({ reason }) => reason ?? ''),
          where: bare === undefined ? (own[0]?.transport.reason ?? '') : `${bare.reason}, without TLS around it`,
        },
        {
          severity: bare !== undefined && program === 'qemu' ? 'error' : 'warning',
          fix: {
            title: `Offer ${owner} good mechanisms alone`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction:
                  'see that every client can use what stays: scram needs the passwords in the database, gssapi a keytab',
              },
              {
                kind: 'text',
                path,
                text:
                  good.length === 0 || bare !== undefined ? advisedLines(service) : `mech_list: ${good.join(' ')}\n`,
              },
              ...takeEffect(service),
            ],
          },
        },
      );
    });
    return [...outcomes, ...gaps];
  },
});
