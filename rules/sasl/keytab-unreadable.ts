import { letIn, ownershipText } from '../../src/domain/access-change.ts';
import { access } from '../../src/domain/access.ts';
import { makeKey, ownFile, principalHost, takeEffect } from '../../src/domain/sasl-advice.ts';
import { kerberosServices, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { walk } from '../../src/domain/walk.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'keytab-unreadable',
  title: 'A keytab cannot be read by the service that needs it',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts, 'keytabs', 'identity'],
  rationale:
    'The plug-in of GSSAPI asks for the keytab when it loads. Where the account of the service cannot read it, as QEMU cannot what belongs to root alone, or its content is none that Kerberos reads, the mechanism is missing without a word to the client.',
  remedy: 'Give the service a keytab of its own with its own key, open to its account and to nobody else.',
  references: [
    { title: 'MIT Kerberos: keytab', url: 'https://web.mit.edu/kerberos/krb5-latest/doc/basic/keytab_def.html' },
    { title: 'QEMU: VNC security, SASL', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
  ],
  sources: [
    'Cyrus SASL 2.1.28 plugins/gssapi.c: gssapiv2_server_plug_init (access(R_OK))',
    'MIT krb5 1.21 src/lib/krb5/keytab/kt_file.c',
  ],
  messages: {
    closed: (d: { owner: string; path: string; reader: string; seen: string }) => ({
      message: `The keytab of ${d.owner} cannot be read by ${d.reader}`,
      seen: d.seen,
      needed: `read access to ${d.path} for ${d.reader}`,
      effect: `GSSAPI is not offered, and syslog has: Could not find keytab file: ${d.path}`,
    }),
    malformed: (d: { owner: string; path: string; cause: string; offset: number }) => ({
      message: `The keytab of ${d.owner} is none that Kerberos reads`,
      seen: `${d.path}: ${d.cause} at byte ${d.offset}`,
      needed: 'a keytab as ktadd or ipa-getkeytab write it',
      effect: 'every Kerberos login fails',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const { accounts } = facts;
    const outcomes = kerberosServices(found).flatMap((service): readonly (Undetermined | Violation)[] => {
      const { owner, keytab, principals, reader } = service;
      const { path } = keytab;
      const way = walk(facts.files, path);
      // What is not there or not to be seen is keytab-missing.
      if (way.outcome !== 'found' || reader === undefined) return [];
      const names = principals.map((name) => `${name}/${principalHost(facts.identity)}`);
      const answer = access(way, reader, 'read');
      if (answer.may === undefined) return [undetermined(file(path), answer.because)];
      if (!answer.may) {
        const stop = way.steps.find((step) => step.path === answer.at)?.entry ?? way.entry;
        // The host's own keys are none of QEMU's business.
        const own = ownFile(service, 'keytab', path);
        const isHosts = own !== path;
        return [
          violation(
            'closed',
            file(path),
            { owner, path, reader: reader.name, seen: `${answer.at} is ${ownershipText(accounts, stop)}` },
            {
              fix: isHosts
                ? {
                    title: `Give ${owner} a keytab of their own`,
                    applicability: 'manual',
                    steps: [
                      ...names.map((name) => makeKey(name, own)),
                      { kind: 'text', path: service.path, text: `keytab: ${own}\n` },
                      ...takeEffect(service),
                    ],
                  }
                : {
                    title: `Let ${reader.name} read ${path}`,
                    applicability: 'safe',
                    steps: letIn(way, accounts, reader, { belongs: (at) => at === path }),
                  },
            },
          ),
        ];
      }
      const content = facts.keytabs[path];
      if (content?.known !== true || content.value.fault === undefined) return [];
      const { fault, entries } = content.value;
      // What stands before the fault counts.
      if (fault.cause === 'too-many' || entries.some(({ components }) => principals.includes(components[0] ?? '')))
        return [];
      return [
        violation(
          'malformed',
          file(path),
          { owner, path, cause: fault.cause.replaceAll('-', ' '), offset: fault.offset },
          {
            fix: {
              title: `Make ${path} anew`,
              applicability: 'manual',
              steps: [
                { kind: 'manual', instruction: `move ${path} away` },
                ...names.map((name) => makeKey(name, path)),
                ...takeEffect(service),
              ],
            },
          },
        ),
      ];
    });
    return [...outcomes, ...gaps];
  },
});
