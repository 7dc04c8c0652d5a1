import { advisedLines, takeEffect } from '../../src/domain/sasl-advice.ts';
import {
  allows,
  isLenient,
  mechanismsOf,
  reasonsOf,
  saslFacts,
  saslServices,
  unjudged,
} from '../../src/domain/sasl.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-mechanisms-unrestricted',
  title: 'SASL lets anybody in',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'Without mech_list SASL offers every mechanism that is installed. ANONYMOUS is one of them on most distributions, and over TLS and Unix sockets nothing excludes it: whoever asks for it is logged in.',
  remedy: 'Name the mechanisms that you mean in mech_list, such as scram-sha-256 over TLS, and never anonymous.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'RFC 4505: anonymous SASL mechanism', url: 'https://www.rfc-editor.org/rfc/rfc4505' },
    { title: 'CWE-287', url: 'https://cwe.mitre.org/data/definitions/287.html' },
  ],
  sources: [
    'Cyrus SASL 2.1.28 lib/server.c: mech_permitted, sasl_server_init (mech_list)',
    'libvirt 9.0, 11.3 src/remote/remote_daemon_dispatch.c: remoteDispatchAuthSaslInit',
    'QEMU 7.2, 10.0 ui/vnc-auth-sasl.c: start_auth_sasl',
    'observed with libvirt 9.0 and QEMU 7.2: auth=sasl.ANONYMOUS logs in',
  ],
  messages: {
    unrestricted: (d: { owner: string; path: string; reasons: string; lenient: boolean }) => ({
      message: `SASL offers ${d.owner} every mechanism that is installed`,
      seen: `${d.reasons}, and ${d.path} has no mech_list`,
      needed: 'a mech_list of the mechanisms that are meant',
      effect: d.lenient
        ? 'with ANONYMOUS anybody logs in'
        : 'every installed mechanism that encrypts is offered, DIGEST-MD5 among them',
    }),
    anonymous: (d: { owner: string; list: string; lenient: boolean }) => ({
      message: `SASL offers ${d.owner} the mechanism ANONYMOUS`,
      seen: `mech_list: ${d.list}`,
      needed: 'a mech_list without anonymous',
      effect: d.lenient ? 'anybody logs in' : 'anybody logs in as soon as the connection gets TLS around it',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = found.services.flatMap((service) => {
      const { owner, file: content, transports, program } = service;
      if (content.state !== 'loaded') return [];
      const { path, settings } = content;
      const list = settings.find(({ key }) => key === 'mech_list');
      const listed = list === undefined ? [] : mechanismsOf(list);
      const lenient = isLenient(service);
      const fix = (text: string) => ({
        title: `Name the mechanisms that are meant in ${path}`,
        applicability: 'manual' as const,
        steps: [{ kind: 'text' as const, path, text }, ...takeEffect(service)],
      });
      if (list === undefined || listed.length === 0) {
        return violation(
          'unrestricted',
          file(path),
          { owner, path, reasons: reasonsOf(service), lenient },
          { severity: lenient ? 'error' : 'warning', fix: fix(advisedLines(service)) },
        );
      }
      if (!listed.some(({ mechanism }) => mechanism?.isAnonymous === true)) return [];
      const others = listed.filter(({ mechanism }) => mechanism?.isAnonymous !== true).map(({ name }) => name);
      // On plain TCP nobody gets in by it; a console where it is all there is has no other finding.
      const alone = !transports.some((one) =>
        listed.some(({ mechanism }) => mechanism !== undefined && allows(one, mechanism)),
      );
      return violation(
        'anonymous',
        file(path, list.line),
        { owner, list: list.value, lenient },
        {
          severity: lenient || (alone && program === 'qemu') ? 'error' : 'warning',
          fix: fix(others.length === 0 ? advisedLines(service) : `mech_list: ${others.join(' ')}\n`),
        },
      );
    });
    return [...outcomes, ...gaps];
  },
});
