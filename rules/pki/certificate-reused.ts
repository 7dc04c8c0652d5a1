import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentGaps, credentialContents, endEntityOf } from '../../src/domain/credential-contents.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'certificate-reused',
  title: 'Server and client share one key',
  severity: 'warning',
  roles: everyRole,
  needs: [...contentFacts, 'identity'],
  rationale:
    "Who gets at a client's key then also has the server's, and can pose as this host; and the server's certificate opens other hosts as a client.",
  remedy: 'Have a certificate of its own issued for the client, for a key of its own.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'CWE-323: reusing a key', url: 'https://cwe.mitre.org/data/definitions/323.html' },
  ],
  sources: ['observed: libvirt 9.0.0 and 11.3.0 accept it'],
  messages: {
    reused: (d: { client: string; server: string; fingerprint: string }) => ({
      message: `${d.client} and ${d.server} share one key`,
      seen: `the same public key, ${d.fingerprint}…, in the certificates of both`,
      needed: 'a key for each',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const ends = sets.flatMap((contents) => {
      const leaf = endEntityOf(contents);
      return leaf === undefined || contents.certificate.state !== 'loaded'
        ? []
        : [{ set: contents.set, leaf, path: contents.certificate.file.path }];
    });
    const servers = ends.filter(({ set }) => set.endpoint === 'server');
    const clients = ends.filter(({ set }) => set.endpoint === 'client');
    const unknowns = [...gaps, ...contentGaps(sets, 'certificate')];
    if ((servers.length === 0 || clients.length === 0) && unknowns.length === 0)
      return notApplicable('there are not both a server and a client certificate');
    const outcomes = clients.flatMap(({ set, leaf, path }) => {
      const server = servers.find((one) => one.leaf.publicKey.fingerprint === leaf.publicKey.fingerprint);
      if (server === undefined) return [];
      const data = {
        client: path,
        server: server.path,
        fingerprint: leaf.publicKey.fingerprint.slice(0, 16),
      };
      return violation('reused', file(path, leaf.line), data, {
        fix: {
          title: `Make a key of its own for ${path}`,
          applicability: 'manual',
          ...certificateSteps(facts, set, { newKey: true, interrupts: false }),
        },
      });
    });
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
