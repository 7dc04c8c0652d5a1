import { letIn, ownershipText } from '../../src/domain/access-change.ts';
import { addUser, advisedLines, advisedMechanism, applicationOf, takeEffect } from '../../src/domain/sasl-advice.ts';
import { isLenient, reasonsOf, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { walk } from '../../src/domain/walk.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const everything = (lenient: boolean): string =>
  lenient
    ? 'SASL offers every mechanism that is installed: with ANONYMOUS anybody logs in'
    : 'SASL offers every installed mechanism that encrypts, DIGEST-MD5 among them';

export default defineRule({
  id: 'sasl-configuration-missing',
  title: 'SASL is asked for and has no configuration',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'A service file that is not there, or that the program cannot read, is no fault to Cyrus SASL: it goes on without and offers every mechanism that is installed, ANONYMOUS included.',
  remedy: 'Write the service file with a mech_list of one good mechanism, where the program that uses it can read it.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'Cyrus SASL: options', url: 'https://www.cyrusimap.org/sasl/sasl/options.html' },
  ],
  sources: [
    'Cyrus SASL 2.1.28 lib/common.c: load_config, lib/server.c: sasl_server_init',
    'observed with libvirt 9.0 and QEMU 7.2: ANONYMOUS logs in without a service file',
  ],
  messages: {
    missing: (d: { owner: string; path: string; reasons: string; lenient: boolean }) => ({
      message: `SASL has no configuration for ${d.owner}`,
      seen: `${d.reasons}, and there is no ${d.path}`,
      needed: `${d.path} with a mech_list`,
      effect: everything(d.lenient),
    }),
    closed: (d: { owner: string; path: string; reader: string; seen: string; lenient: boolean }) => ({
      message: `The SASL configuration of ${d.owner} cannot be read by ${d.reader}`,
      seen: d.seen,
      needed: `read access to ${d.path} for ${d.reader}`,
      effect: everything(d.lenient),
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = found.services.flatMap((service) => {
      const { owner, candidates, file: content, reader } = service;
      const lenient = isLenient(service);
      const severity = lenient ? 'error' : 'warning';
      const [path = ''] = candidates;
      if (content.state === 'missing') {
        const text = advisedLines(service);
        const database = /^sasldb_path: (.*)$/m.exec(text)?.[1];
        return violation(
          'missing',
          file(path),
          { owner, path, reasons: reasonsOf(service), lenient },
          {
            severity,
            fix: {
              title: `Offer ${advisedMechanism(service)} alone`,
              applicability: 'manual',
              steps: [
                { kind: 'text', path, text },
                ...(database === undefined ? [] : [addUser(applicationOf(path), database)]),
                ...takeEffect(service),
              ],
            },
          },
        );
      }
      if (content.state !== 'closed' || reader === undefined) return [];
      const way = walk(facts.files, content.path);
      const stop = content.stop === undefined ? 'closed' : ownershipText(facts.accounts, content.stop.entry);
      return violation(
        'closed',
        file(content.path),
        { owner, path: content.path, reader: reader.name, seen: `${content.at} is ${stop}`, lenient },
        {
          severity,
          fix:
            way.outcome !== 'found'
              ? undefined
              : {
                  title: `Let ${reader.name} read ${content.path}`,
                  applicability: 'unsafe',
                  steps: [
                    ...letIn(way, facts.accounts, reader, { belongs: (at) => at === content.path }),
                    ...takeEffect(service),
                  ],
                },
        },
      );
    });
    return [...outcomes, ...gaps];
  },
});
