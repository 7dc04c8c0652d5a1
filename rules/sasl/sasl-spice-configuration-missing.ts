import { takeEffect } from '../../src/domain/sasl-advice.ts';
import { saslFacts, saslServices, unjudged } from '../../src/domain/sasl.ts';
import { parentOf } from '../../src/domain/walk.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'sasl-spice-configuration-missing',
  title: 'QEMU may read the SASL service file of SPICE, which is not there',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server'],
  needs: [...saslFacts],
  rationale:
    'QEMU of RHEL and CentOS 7 was seen to read spice.conf for the SASL of VNC as well. Where only qemu-kvm.conf is there, SASL goes on without configuration and offers every installed mechanism.',
  remedy: 'Link spice.conf to the service file of QEMU, so that both names lead to one configuration.',
  references: [
    { title: 'FreeIPA: libvirt with VNC consoles', url: 'https://www.freeipa.org/page/Libvirt_with_VNC_Consoles' },
  ],
  sources: ['the guide of FreeIPA on consoles, with CentOS 7'],
  messages: {
    missing: (d: { path: string; existing: string; id: string }) => ({
      message: `There is no ${d.path} beside ${d.existing}`,
      seen: `${d.existing} is there, and QEMU of ${d.id} may look for ${d.path}`,
      needed: `a link ${d.path} to ${d.existing}`,
      effect: 'SASL of the consoles offers every mechanism that is installed, ANONYMOUS included',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { family, versionId, prettyName } = facts.operatingSystem;
    if (family !== 'rhel' || !/^7(\.|$)/.test(versionId ?? ''))
      return notApplicable('QEMU reads no spice.conf for VNC here');
    const found = saslServices(facts, roles);
    const gaps = unjudged(found).map(({ path, because }) => undetermined(file(path), because));
    const services = found.services.filter(({ kinds }) => kinds.includes('vnc'));
    if (services.length === 0 && gaps.length === 0) return notApplicable('no VNC display asks for SASL');
    const outcomes = services.flatMap((service) => {
      const { file: content, candidates } = service;
      if (content.state !== 'loaded' && content.state !== 'broken') return [];
      const existing = content.path;
      if (candidates.some((one) => one.endsWith('/spice.conf') && facts.saslConfigurations[one] !== undefined))
        return [];
      const path = `${parentOf(existing)}/spice.conf`;
      return violation(
        'missing',
        file(path),
        { path, existing, id: prettyName ?? 'this version' },
        {
          fix: {
            title: `Link ${path} to ${existing}`,
            applicability: 'unsafe',
            steps: [
              { kind: 'symlink', path, target: existing.slice(existing.lastIndexOf('/') + 1) },
              ...takeEffect(service),
            ],
          },
        },
      );
    });
    return [...outcomes, ...gaps];
  },
});
