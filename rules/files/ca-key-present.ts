import { contentFacts, credentialContents, gapsIn } from '../../src/domain/credential-contents.ts';
import { walk } from '../../src/domain/walk.ts';
import { usualCaKeyNames } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const hasUsualName = (path: string): boolean =>
  usualCaKeyNames.some((name) => path.endsWith(`/${name.slice(name.lastIndexOf('/') + 1)}`));

export default defineRule({
  id: 'ca-key-present',
  title: 'The private key of a CA lies on this host',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...contentFacts],
  rationale:
    'With the private key of its CA a host that falls takes all others with it: the intruder issues certificates for any server and any client, and every one of them is believed.',
  remedy:
    'Keep the key of the CA on a machine that serves nobody, best off the network; hosts need the certificate of the CA alone. Where the key lay open, make a new CA.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'QEMU: TLS setup, certificate authority', url: 'https://www.qemu.org/docs/master/system/tls.html' },
  ],
  sources: ['QEMU 10.0 docs/system/tls.rst: the CA private key must be kept secure and not be distributed'],
  messages: {
    matches: (d: { path: string; ca: string; caFile: string }) => ({
      message: `${d.path} is the private key of the CA ${d.ca}`,
      seen: `its public half is that of the certificate in ${d.caFile}`,
      needed: 'the certificate of the CA alone; its private key elsewhere',
    }),
    named: (d: { path: string; seen: string }) => ({
      message: `${d.path} is by its name the private key of a CA`,
      seen: d.seen,
      needed: 'the certificate of the CA alone; its private key elsewhere',
    }),
  },

  check(facts, { roles, violation, undetermined }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const authorities = sets.flatMap(({ ca }) =>
      ca.state === 'loaded' ? ca.value.certificates.map((certificate) => ({ certificate, path: ca.file.path })) : [],
    );
    // A self-signed certificate that is both leaf and CA is a fault of the certificate.
    const leaves = new Set(
      sets.flatMap(({ certificate }) =>
        certificate.state === 'loaded' ? (certificate.value.certificates[0]?.publicKey.fingerprint ?? []) : [],
      ),
    );
    const seen = new Set<string>();
    const outcomes = Object.entries(facts.privateKeys).flatMap(([path, content]) => {
      const way = walk(facts.files, path);
      const place = way.outcome === 'found' ? way.path : path;
      if (seen.has(place)) return [];
      const fix = {
        title: `Take ${place} off this host`,
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction: `copy ${place} to the machine or medium that is to issue certificates, and check the copy`,
          },
          { kind: 'manual', instruction: `then, on this host, run: shred -u ${place}` },
        ],
      } as const;
      const named = (what: string) => {
        seen.add(place);
        return violation('named', file(path), { path, seen: what }, { fix });
      };
      if (!content.known) {
        return way.outcome === 'found' && hasUsualName(path)
          ? named('a file that this account may not read')
          : undetermined(file(path), content);
      }
      switch (content.value.state) {
        case 'malformed':
          return [];
        case 'encrypted':
          return hasUsualName(path) ? named('a private key under a pass phrase') : [];
        case 'readable': {
          const { fingerprint, algorithm, bits } = content.value.publicKey;
          const authority = authorities.find(({ certificate }) => certificate.publicKey.fingerprint === fingerprint);
          if (authority !== undefined && !leaves.has(fingerprint)) {
            seen.add(place);
            const ca = authority.certificate.subject.text;
            return violation('matches', file(path), { path, ca, caFile: authority.path }, { fix });
          }
          return hasUsualName(path) && authority === undefined
            ? named(`a private key (${algorithm}, ${bits} bits) of no CA that is in use here`)
            : [];
        }
      }
    });
    const unseen = [...gaps, ...sets.flatMap(({ ca }) => gapsIn(ca))];
    return [...outcomes, ...unseen.map(({ path, because }) => undetermined(file(path), because))];
  },
});
