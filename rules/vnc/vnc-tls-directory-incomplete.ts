import { ownRoot, writeStep } from '../../src/domain/bundle-fix.ts';
import {
  activation,
  certificateOrder,
  certificateWithCa,
  trustWithCa,
  whereCaIsAtHand,
} from '../../src/domain/certificate-order.ts';
import {
  contentFacts,
  contentsOf,
  credentialContents,
  leafOf,
  type SetContents,
} from '../../src/domain/credential-contents.ts';
import { qemuTlsDirectoryOf } from '../../src/domain/credentials.ts';
import { hasIdentity, identityIn } from '../../src/domain/console-identity.ts';
import { qemuDaemon } from '../../src/domain/configurations-in-use.ts';
import { restart } from '../../src/domain/service-commands.ts';
import { qemuAccount } from '../../src/domain/qemu-account.ts';
import { exists } from '../../src/domain/walk.ts';
import { groupName } from '../../src/domain/account.ts';
import { defaultQemuTlsDirectory, qemuPki, qemuTlsDirectory } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { FixStep } from '../../src/rule/fix.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'vnc-tls-directory-incomplete',
  title: 'The directory of VNC certificates lacks files',
  severity: 'error',
  roles: ['vnc-server'],
  needs: [...contentFacts, 'identity', 'clock'],
  rationale:
    "Without CA, certificate or key QEMU does not start a guest whose console uses TLS. The names are QEMU's, with hyphens, and not those of libvirt's own files.",
  remedy: 'Put ca-cert.pem, server-cert.pem and server-key.pem into the directory, readable for the account of QEMU.',
  references: [
    { title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' },
    { title: 'QEMU: TLS setup', url: 'https://www.qemu.org/docs/master/system/tls.html' },
  ],
  sources: [
    'QEMU 7.2 and 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load; crypto/tlscreds.c: qcrypto_tls_creds_get_path',
    'libvirt 9.0 and 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigSetDefaults, virQEMUDriverConfigValidate',
  ],
  messages: {
    incomplete: (d: { directory: string; missing: readonly string[]; by: string }) => ({
      message: `${d.directory} lacks ${d.missing.join(', ')}`,
      seen: d.by,
      needed: 'ca-cert.pem, server-cert.pem and server-key.pem',
      effect: `guests whose VNC display uses TLS do not start: "Unable to access credentials ${d.directory}/${d.missing[0] ?? ''}: No such file or directory"`,
    }),
    absent: (d: { directory: string; key: string }) => ({
      message: `The directory that ${d.key} names does not exist`,
      seen: `nothing at ${d.directory}`,
      needed: 'the directory with ca-cert.pem, server-cert.pem and server-key.pem',
      effect: `no guest starts: "Initialization of QEMU state driver failed: configuration file syntax error: ${d.key} directory '${d.directory}' does not exist"`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const named = qemuTlsDirectoryOf(facts, 'vnc');
    if (named.setting !== undefined && exists(facts.files, named.path) === false) {
      const { path, key, line } = named.setting;
      const other = [qemuTlsDirectory('vnc'), defaultQemuTlsDirectory].find((directory) =>
        hasIdentity(facts, directory),
      );
      return [
        violation(
          'absent',
          setting(path, key, line),
          { directory: named.path, key },
          {
            fix:
              other === undefined
                ? {
                    title: 'Make the directory',
                    applicability: 'manual',
                    steps: [
                      { kind: 'run', command: ['mkdir', '-p', '-m', '0750', named.path] },
                      ...grant(facts, named.path),
                    ],
                    ...whereCaIsAtHand([
                      ...certificateWithCa(facts, identityIn('vnc', named.path)),
                      ...restart(qemuDaemon(facts)),
                    ]),
                  }
                : {
                    title: `Name ${other}, where the certificates are`,
                    applicability: 'unsafe',
                    steps: [
                      { kind: 'set', path, key, value: JSON.stringify(other), line },
                      ...restart(qemuDaemon(facts)),
                    ],
                  },
          },
        ),
      ];
    }
    const { sets } = credentialContents(facts, roles);
    const judged = sets.filter(({ set }) => set.consoleDirectory !== undefined);
    if (judged.length === 0) return notApplicable('no console uses TLS');
    return judged.flatMap((contents) => {
      const { set } = contents;
      const directory = set.consoleDirectory ?? '';
      const all = [contents.ca, contents.certificate, contents.key];
      const missing = all.flatMap((content) =>
        content.state === 'absent' && !content.dangling ? [content.file.path.slice(directory.length + 1)] : [],
      );
      const unseen = all.flatMap((content) =>
        content.state === 'unknown' ? [undetermined(file(content.file.path), content.because)] : [],
      );
      if (missing.length === 0) return unseen;
      const guests = set.running?.vnc === true ? set.running.guests : [];
      const by = guests.length > 0 ? `${guests.join(', ')} run with it` : 'vnc_tls is 1 in qemu.conf';
      const needsPair = missing.some((name) => name.startsWith('server-'));
      const found = elsewhere(facts, contents, directory, missing);
      const withCa = needsPair ? certificateWithCa(facts, set) : [...trustWithCa(facts, set), ...activation(set)];
      return [
        violation(
          'incomplete',
          file(directory),
          { directory, missing, by },
          {
            fix: {
              title: `Fill ${directory}`,
              applicability: found === undefined ? 'manual' : 'unsafe',
              steps: found ?? [
                ...(missing.includes('ca-cert.pem')
                  ? [
                      {
                        kind: 'manual' as const,
                        instruction: `copy the certificate of the CA (not its key) to ${directory}/ca-cert.pem`,
                      },
                    ]
                  : []),
                ...(needsPair ? certificateOrder(facts, set, { newKey: missing.includes('server-key.pem') }) : []),
                ...grant(facts, directory),
              ],
              ...whereCaIsAtHand(withCa),
            },
          },
        ),
        ...unseen,
      ];
    });
  },
});

type DirectoryFacts = Parameters<typeof ownRoot>[0];

/**
 * What the directory lacks, from elsewhere on this host: links to the default directory where that has the same identity, as
 * https://wiki.libvirt.org/VNCTLSSetup.html has it for the CA, or the root that the own certificate leads to.
 */
function elsewhere(
  facts: DirectoryFacts,
  contents: SetContents,
  directory: string,
  missing: readonly string[],
): readonly FixStep[] | undefined {
  const { set } = contents;
  if (directory !== defaultQemuTlsDirectory && hasIdentity(facts, defaultQemuTlsDirectory)) {
    const others = contentsOf(facts, identityIn('vnc', defaultQemuTlsDirectory));
    const { certificate, key } = contents;
    const [own, other] = [leafOf(contents), leafOf(others)];
    const isSame = certificate.state === 'absent' ? key.state === 'absent' : own?.fingerprint === other?.fingerprint;
    if (isSame)
      return [
        ...missing.map((name): FixStep => ({
          kind: 'symlink',
          path: `${directory}/${name}`,
          target: `${defaultQemuTlsDirectory}/${name}`,
        })),
        ...activation(set),
      ];
  }
  const root = missing.length === 1 && missing[0] === qemuPki['ca-certificate'] ? ownRoot(facts, contents) : undefined;
  return root === undefined
    ? undefined
    : [writeStep(`${directory}/${qemuPki['ca-certificate']}`, [root]), ...activation(set)];
}

/** Lets QEMU's group in, and nobody else. */
function grant(facts: Parameters<typeof qemuAccount>[0], directory: string) {
  const gid = qemuAccount(facts)?.gids[0];
  if (gid === undefined || gid === 0) return [];
  const group = groupName(facts.accounts, gid);
  return [
    { kind: 'run', command: ['chgrp', '-R', group, directory] },
    { kind: 'run', command: ['chmod', '-R', 'u=rwX,g=rX,o=', directory] },
  ] as const;
}
