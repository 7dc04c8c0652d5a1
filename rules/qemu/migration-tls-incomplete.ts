import { certificateOrder, certificateWithCa, whereCaIsAtHand } from '../../src/domain/certificate-order.ts';
import { contentFacts } from '../../src/domain/credential-contents.ts';
import { qemuTlsDirectoryOf, type CredentialSet } from '../../src/domain/credentials.ts';
import { isOn } from '../../src/domain/console-policy.ts';
import { qemuDriverFile } from '../../src/domain/qemu-driver-file.ts';
import { verifiesClients } from '../../src/domain/qemu-tls-settings.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { dangles, exists } from '../../src/domain/walk.ts';
import { unknown } from '../../src/facts/fact.ts';
import { qemuPki, qemuTlsDirectory, type Endpoint } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'migration-tls-incomplete',
  title: 'Migration is set to TLS and lacks an identity',
  severity: 'error',
  roles: ['migration'],
  needs: [...contentFacts, 'identity'],
  rationale:
    'The host that sends a guest is the client of the connection, and the one that takes it is the server: a host that does both needs a certificate for each end.',
  remedy: 'Put ca-cert.pem, server-cert.pem, server-key.pem, client-cert.pem and client-key.pem into the directory.',
  references: [{ title: 'libvirt: guest migration', url: 'https://libvirt.org/migration.html' }],
  sources: [
    'libvirt 9.0 and 11.3 src/qemu/qemu_migration_params.c: qemuMigrationParamsEnableTLS',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  ],
  messages: {
    lacking: (d: { directory: string; missing: readonly string[]; by: string; ends: readonly Endpoint[] }) => ({
      message: `${d.directory} has no identity for the ${d.ends.join(' and the ')} of a migration over TLS`,
      seen: `${d.by}; missing: ${d.missing.join(', ')}`,
      needed: 'certificate and key of both ends, and ca-cert.pem',
      effect: d.ends.includes('server')
        ? `no guest can migrate to this host over TLS: "Unable to access credentials ${d.directory}/${d.missing[0] ?? ''}: No such file or directory"`
        : 'hosts that verify refuse the guests that this host sends: "Verify failed: No certificate was found."',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = qemuDriverFile(facts);
    const { path } = answer;
    if (answer.state === 'unknown') return [undetermined(file(path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${path} does not load`);
    const { path: directory } = qemuTlsDirectoryOf(facts, 'migrate');
    const { files } = facts;
    const is = (name: string): boolean | undefined => {
      const there = exists(files, `${directory}/${name}`);
      return there === false ? dangles(files, `${directory}/${name}`) : there;
    };
    const ends = (['server', 'client'] as const).map((end) => ({ end, names: Object.values(qemuPki[end]) }));
    const by = isOn(answer.file, 'migrate_tls_force')
      ? 'migrate_tls_force is 1'
      : effectiveSetting(answer.file, 'migrate_tls_x509_cert_dir') !== undefined
        ? 'migrate_tls_x509_cert_dir is set'
        : directory === qemuTlsDirectory('migrate') && ends.some(({ names }) => names.some((name) => is(name) === true))
          ? `${directory} holds certificates`
          : undefined;
    if (by === undefined) return notApplicable('migration is not set to TLS');
    const unseen = ends.flatMap(({ names }) => names).find((name) => is(name) === undefined);
    if (unseen !== undefined)
      return [
        undetermined(
          file(`${directory}/${unseen}`),
          unknown('permission-denied', `${directory} could not be looked into`),
        ),
      ];
    // Half a pair is a fault of its own, and so is a CA that is missing beside pairs.
    const lacking = ends.filter(
      ({ end, names }) =>
        names.every((name) => is(name) === false) &&
        (end === 'server' || verifiesClients(facts, { id: 'migrate-client' })),
    );
    if (lacking.length === 0) return [];
    const noPair = lacking.length === 2;
    const missing = [
      ...(noPair && is(qemuPki['ca-certificate']) === false ? [qemuPki['ca-certificate']] : []),
      ...lacking.flatMap(({ names }) => names),
    ];
    return [
      violation(
        'lacking',
        file(directory),
        { directory, missing, by, ends: lacking.map(({ end }) => end) },
        {
          fix: {
            title: `Fill ${directory}`,
            applicability: 'manual',
            steps: [
              ...(missing.includes(qemuPki['ca-certificate'])
                ? [
                    {
                      kind: 'manual' as const,
                      instruction: `copy the certificate of the CA that all hosts trust to ${directory}/${qemuPki['ca-certificate']}`,
                    },
                  ]
                : []),
              ...lacking.flatMap(({ end }) => certificateOrder(facts, setOf(directory, end), { newKey: true })),
            ],
            ...whereCaIsAtHand(lacking.flatMap(({ end }) => certificateWithCa(facts, setOf(directory, end)))),
          },
        },
      ),
    ];
  },
});

/** The set that is to come about. */
function setOf(directory: string, end: Endpoint): CredentialSet {
  return {
    id: `migrate-${end}`,
    owner: `QEMU's migration ${end}`,
    role: 'migration',
    endpoint: end,
    program: 'qemu',
    readers: [],
    ca: { kind: 'ca-certificate', path: `${directory}/${qemuPki['ca-certificate']}` },
    certificate: { kind: 'certificate', path: `${directory}/${qemuPki[end].certificate}` },
    key: { kind: 'private-key', path: `${directory}/${qemuPki[end]['private-key']}` },
  };
}
