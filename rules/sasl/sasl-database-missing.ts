import { letIn, ownershipText } from '../../src/domain/access-change.ts';
import { access } from '../../src/domain/access.ts';
import { groupName } from '../../src/domain/account.ts';
import { addUser, applicationOf, ownFile, takeEffect } from '../../src/domain/sasl-advice.ts';
import {
  databaseOf,
  restrictedServices,
  saslFacts,
  saslServices,
  unjudged,
  usesDatabase,
} from '../../src/domain/sasl.ts';
import { walk } from '../../src/domain/walk.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-database-missing',
  title: 'SASL has no password database',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'SCRAM and the other mechanisms with passwords look them up in a database that saslpasswd2 makes. Where there is none, or the account of the service cannot read it, no user is ever found.',
  remedy: 'Make the users with saslpasswd2, and give the database to the account that reads it alone.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'QEMU: VNC security, SASL', url: 'https://www.qemu.org/docs/master/system/vnc-security.html' },
  ],
  sources: ['Cyrus SASL 2.1.28 plugins/sasldb.c: sasldb_auxprop_lookup', 'observed with libvirt 9.0 and QEMU 7.2'],
  messages: {
    missing: (d: { owner: string; path: string; names: string; seen: string }) => ({
      message: `There is no password database for ${d.owner}`,
      seen: d.seen,
      needed: `${d.path}, for ${d.names}`,
      effect: 'every login fails: user not found: unable to canonify user and get auxprops',
    }),
    closed: (d: { owner: string; path: string; reader: string; seen: string }) => ({
      message: `The password database of ${d.owner} cannot be read by ${d.reader}`,
      seen: d.seen,
      needed: `read access to ${d.path} for ${d.reader}`,
      effect: 'every login fails: user not found: unable to canonify user and get auxprops',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const { accounts } = facts;
    const outcomes = restrictedServices(found).flatMap((service): readonly (Undetermined | Violation)[] => {
      const { owner, offered, settings, path: configuration, reader } = service;
      const names = offered.filter((mechanism) => usesDatabase(mechanism, settings)).map(({ name }) => name);
      if (names.length === 0) return [];
      const { path, line } = databaseOf(service);
      const way = walk(facts.files, path);
      if (way.outcome === 'unknown') return [undetermined(file(path), way.because)];
      const mode = reader === undefined || reader.uid === 0 ? '0600' : '0640';
      const group = reader === undefined || reader.uid === 0 ? 'root' : groupName(accounts, reader.gids[0] ?? 0);
      const target = ownFile(service, 'database', path);
      const makeTarget: readonly FixStep[] = [
        addUser(applicationOf(configuration), target),
        { kind: 'run', command: ['chgrp', group, target] },
        { kind: 'run', command: ['chmod', mode, target] },
        ...(target === path
          ? []
          : [{ kind: 'text' as const, path: configuration, text: `sasldb_path: ${target}\n` }, ...takeEffect(service)]),
      ];
      if (way.outcome !== 'found' || way.entry.type !== 'file') {
        const seen =
          way.outcome === 'found'
            ? `${path} is no file`
            : way.outcome === 'absent' && way.link !== undefined
              ? `${path} leads by the link ${way.link} to ${way.missing}, which is not there`
              : `there is no ${path}, ${line === undefined ? `which SASL takes as ${configuration} names none` : `which ${configuration} names`}`;
        return [
          violation(
            'missing',
            file(path),
            { owner, path, names: names.join(', '), seen },
            {
              fix: {
                title: `Make ${target}`,
                applicability: 'manual',
                steps: makeTarget,
              },
            },
          ),
        ];
      }
      if (reader === undefined) return [];
      const answer = access(way, reader, 'read');
      if (answer.may === undefined) return [undetermined(file(path), answer.because)];
      if (answer.may) return [];
      const stop = way.steps.find((step) => step.path === answer.at)?.entry ?? way.entry;
      const steps = letIn(way, accounts, reader, { belongs: (at) => at === path });
      return [
        violation(
          'closed',
          file(path),
          { owner, path, reader: reader.name, seen: `${answer.at} is ${ownershipText(accounts, stop)}` },
          {
            fix:
              target === path
                ? { title: `Let ${reader.name} read ${path}`, applicability: 'safe', steps }
                : { title: `Give ${owner} a database of their own`, applicability: 'manual', steps: makeTarget },
          },
        ),
      ];
    });
    return [...outcomes, ...gaps];
  },
});
