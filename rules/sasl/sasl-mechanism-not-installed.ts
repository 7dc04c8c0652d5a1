import { installPackage, packageOf, takeEffect } from '../../src/domain/sasl-advice.ts';
import { restrictedServices, saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { unknown } from '../../src/facts/fact.ts';
import {
  accountStores,
  mechanismsOfPlugin,
  nearestMechanism,
  type SaslMechanism,
} from '../../src/reference/sasl-mechanisms.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-mechanism-not-installed',
  title: 'mech_list names a SASL mechanism that is not installed',
  severity: 'error',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts, 'saslPlugins'],
  rationale:
    'Each mechanism of Cyrus SASL is a plug-in, and distributions put them into packages of their own. A name in mech_list without its plug-in is silently left out, and when nothing is left every client is refused.',
  remedy: 'Install the package of the mechanism, or take its name out of mech_list.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    {
      title: 'Cyrus SASL: authentication mechanisms',
      url: 'https://www.cyrusimap.org/sasl/sasl/authentication_mechanisms.html',
    },
  ],
  sources: ['Cyrus SASL 2.1.28 lib/dlopen.c: _sasl_load_plugins, lib/server.c: sasl_server_add_plugin'],
  messages: {
    absent: (d: { name: string; owner: string; plugin: string; left: boolean }) => ({
      message: `The SASL mechanism ${d.name} of ${d.owner} is not installed`,
      seen: `mech_list names it, and there is no plug-in lib${d.plugin}.so`,
      needed: `the plug-in lib${d.plugin}.so, or a mech_list without ${d.name}`,
      effect: d.left
        ? `clients that want ${d.name} are refused: SASL mechanism ${d.name} not supported by server`
        : 'every client is refused: cannot list SASL mechanisms -4 (SASL(-4): no mechanism available)',
    }),
    stranger: (d: { name: string; owner: string; nearest: string | undefined; left: boolean }) => ({
      message: `No SASL mechanism is called ${d.name}, which mech_list of ${d.owner} names`,
      seen: 'no installed plug-in has a mechanism of that name',
      needed: d.nearest === undefined ? 'the name of a mechanism that is installed' : `${d.nearest}, if that is meant`,
      effect: d.left
        ? 'the name is silently left out'
        : 'every client is refused: cannot list SASL mechanisms -4 (SASL(-4): no mechanism available)',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    if (found.services.length === 0 && gaps.length === 0) return notApplicable('nothing here asks for SASL');
    const services = restrictedServices(found);
    if (services.length === 0) return gaps.length > 0 ? gaps : notApplicable('no mech_list is in force');
    const directories = Object.values(facts.saslPlugins);
    const closed = directories.find((fact) => !fact.known);
    const files = directories.flatMap((fact) => (fact.known ? fact.value : []));
    const installed = new Set<SaslMechanism>(files.flatMap(mechanismsOfPlugin));
    // A plug-in that we do not know may have any mechanism.
    const hasStranger = files.some((name) => mechanismsOfPlugin(name).length === 0 && !accountStores.test(name));
    const outcomes = services.flatMap((service): readonly (Undetermined | Violation)[] => {
      const { owner, listed, list, path } = service;
      const isThere = ({ mechanism }: (typeof listed)[number]): boolean =>
        mechanism === undefined ? hasStranger : mechanism.plugin === undefined || installed.has(mechanism);
      const missing = listed.filter((one) => !isThere(one));
      if (missing.length === 0) return [];
      if (closed !== undefined && !closed.known) return [undetermined(file(path, list.line), closed)];
      if (directories.length === 0) {
        const because = unknown('not-collected', 'no directory with plug-ins of SASL was seen');
        return [undetermined(file(path, list.line), because)];
      }
      const left = missing.length < listed.length;
      return missing.map(({ name, mechanism }) => {
        const plugin = mechanism?.plugin;
        if (mechanism === undefined || plugin === undefined) {
          const nearest = nearestMechanism(name);
          const instruction = `write ${nearest ?? 'the name of an installed mechanism'} in place of ${name} in ${path}`;
          return violation(
            'stranger',
            file(path, list.line),
            { name, owner, nearest, left },
            {
              instance: name,
              fix: {
                title: `Name a mechanism that there is`,
                applicability: 'manual',
                steps: [{ kind: 'manual', instruction }, ...takeEffect(service)],
              },
            },
          );
        }
        const { family } = facts.operatingSystem;
        const bundle = packageOf(family, mechanism);
        return violation(
          'absent',
          file(path, list.line),
          { name: mechanism.name, owner, plugin, left },
          {
            instance: name,
            fix: {
              title: bundle === undefined ? `Install the plug-in lib${plugin}.so` : `Install ${bundle}`,
              applicability: bundle === undefined ? 'manual' : 'unsafe',
              steps: [
                bundle === undefined
                  ? { kind: 'manual', instruction: `install the package of Cyrus SASL that has lib${plugin}.so` }
                  : { kind: 'run', command: installPackage(family, bundle) },
                ...takeEffect(service),
              ],
            },
          },
        );
      });
    });
    return [...outcomes, ...gaps];
  },
});
