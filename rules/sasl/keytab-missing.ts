import { makeKey, ownFile, principalHost, takeEffect } from '../../src/domain/sasl-advice.ts';
import { kerberosServices, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { groupName } from '../../src/domain/account.ts';
import { walk } from '../../src/domain/walk.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'keytab-missing',
  title: 'There is no keytab for Kerberos logins',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts, 'identity'],
  rationale:
    'A service proves itself to Kerberos by the key in its keytab. Without one the plug-in of GSSAPI does not load, and the mechanism is missing without a word to the client.',
  remedy: 'Make a key for the service on the KDC, and put it into the keytab that the SASL service file names.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'MIT Kerberos: keytab', url: 'https://web.mit.edu/kerberos/krb5-latest/doc/basic/keytab_def.html' },
  ],
  sources: [
    'Cyrus SASL 2.1.28 plugins/gssapi.c: gssapiv2_server_plug_init',
    'MIT krb5 1.21 src/lib/krb5/keytab/ktdefname.c',
  ],
  messages: {
    missing: (d: { owner: string; path: string; seen: string; principals: string }) => ({
      message: `There is no keytab for the Kerberos logins of ${d.owner}`,
      seen: d.seen,
      needed: d.principals === '' ? d.path : `${d.path} with a key for ${d.principals}`,
      effect: `GSSAPI is not offered, and syslog has: Could not find keytab file: ${d.path}`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const outcomes = kerberosServices(found).flatMap((service): readonly (Undetermined | Violation)[] => {
      const { owner, keytab, path: configuration, principals, reader } = service;
      const way = walk(facts.files, keytab.path);
      if (way.outcome === 'unknown') return [undetermined(file(keytab.path), way.because)];
      if (way.outcome === 'found') return [];
      const names = principals.map((name) => `${name}/${principalHost(facts.identity)}`);
      const seen =
        way.outcome === 'absent' && way.link !== undefined
          ? `${keytab.path} leads by the link ${way.link} to ${way.missing}, which is not there`
          : `there is no ${keytab.path}, ${keytab.line === undefined ? `which Kerberos takes as ${configuration} names none` : `which ${configuration} names`}`;
      const target = ownFile(service, 'keytab', keytab.path);
      const group =
        reader === undefined || reader.uid === 0 ? undefined : groupName(facts.accounts, reader.gids[0] ?? 0);
      return [
        violation(
          'missing',
          file(keytab.path),
          { owner, path: keytab.path, seen, principals: names.join(', ') },
          {
            fix: {
              title: `Make ${target}`,
              applicability: 'manual',
              steps: [
                ...names.map((name) => makeKey(name, target)),
                ...(group === undefined
                  ? [{ kind: 'run' as const, command: ['chmod', '0600', target] }]
                  : [
                      { kind: 'run' as const, command: ['chgrp', group, target] },
                      { kind: 'run' as const, command: ['chmod', '0640', target] },
                    ]),
                ...(target === keytab.path
                  ? []
                  : [{ kind: 'text' as const, path: configuration, text: `keytab: ${target}\n` }]),
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
