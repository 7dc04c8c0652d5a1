import type { PublicKeyInfo } from '../../src/facts/certificates.ts';
import type { OsFamily } from '../../src/facts/host.ts';
import { activation, certificateSteps } from '../../src/domain/certificate-order.ts';
import { certificateTitle, certificatesInUse, contentFacts } from '../../src/domain/credential-contents.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

/** GnuTLS' profile LOW, which NORMAL implies; system-wide policies of Fedora and RHEL refuse RSA below 2048 bits. */
const refusedBelow = (family: OsFamily): { readonly rsa: number; readonly ec: number } =>
  family === 'fedora' || family === 'rhel' ? { rsa: 2048, ec: 224 } : { rsa: 1024, ec: 160 };

function keyKind({ algorithm }: PublicKeyInfo): 'rsa' | 'ec' | undefined {
  switch (algorithm) {
    case 'RSA':
    case 'RSA-PSS':
    case 'DSA':
      return 'rsa';
    case 'EC':
      return 'ec';
    // Their size is fixed, and enough.
    case 'Ed25519':
    case 'Ed448':
    case 'other':
      return undefined;
  }
}

export default defineRule({
  id: 'weak-key',
  title: 'A key is too short',
  severity: 'warning',
  roles: everyRole,
  needs: [...contentFacts, 'identity'],
  rationale:
    'RSA keys below 2048 bits and curves below 256 bits are within reach of attackers with means. GnuTLS takes them down to 1024 and 160 bits by default; policies of distributions and peers do not.',
  remedy: 'Make a new key of at least the size that is asked for, and have a certificate issued for it.',
  references: [
    { title: 'NIST SP 800-131A', url: 'https://csrc.nist.gov/pubs/sp/800/131/a/r2/final' },
    { title: 'CWE-326: inadequate encryption strength', url: 'https://cwe.mitre.org/data/definitions/326.html' },
  ],
  sources: [
    'GnuTLS 3.8 lib/algorithms/secparams.c, profile LOW',
    'observed: libvirt 9.0.0 and 11.3.0 accept RSA-1024 with priority NORMAL',
  ],
  options: {
    schema: {
      type: 'object',
      properties: {
        rsaBits: { type: 'integer', minimum: 1024, description: 'Least size of RSA keys' },
        curveBits: { type: 'integer', minimum: 160, description: 'Least size of elliptic curves' },
      },
      additionalProperties: false,
    },
    defaults: { rsaBits: 2048, curveBits: 256 },
  },
  messages: {
    short: (d: { what: string; algorithm: string; bits: number; least: number; refused: boolean }) => ({
      message: `${d.what} has a key of ${d.bits} bits`,
      seen: `${d.algorithm}, ${d.bits} bits`,
      needed: `at least ${d.least} bits`,
      effect: d.refused
        ? 'peers refuse it: "The certificate uses an insecure algorithm"'
        : 'it works with default settings; peers with a stricter policy refuse it: "The certificate uses an insecure algorithm"',
    }),
  },

  check(facts, { roles, options, violation, undetermined, notApplicable }) {
    const { certificates, gaps } = certificatesInUse(facts, roles);
    if (certificates.length === 0 && gaps.length === 0) return notApplicable('there is no certificate');
    const outcomes = certificates.flatMap((use) => {
      const { certificate, place, set } = use;
      const { algorithm, bits } = certificate.publicKey;
      const kind = keyKind(certificate.publicKey);
      if (kind === undefined) return [];
      const least = kind === 'rsa' ? options.rsaBits : options.curveBits;
      if (bits >= least) return [];
      const refused = bits < refusedBelow(facts.operatingSystem.family)[kind];
      const { path } = use.file;
      const data = { what: certificateTitle(use), algorithm, bits, least, refused };
      return violation('short', file(path, certificate.line), data, {
        severity: refused ? 'error' : 'warning',
        instance: certificate.fingerprint,
        fix: {
          title: `Make a longer key for the certificate in line ${certificate.line} of ${path}`,
          applicability: 'manual',
          ...(place === 'leaf'
            ? certificateSteps(facts, set, { replaces: certificate, newKey: true })
            : {
                steps: [
                  {
                    kind: 'manual',
                    instruction: `plan a new CA in the place of ${certificate.subject.text}, with a key of at least ${least} bits, and have all certificates issued by it`,
                  },
                  ...activation(set),
                ],
              }),
        },
      });
    });
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
