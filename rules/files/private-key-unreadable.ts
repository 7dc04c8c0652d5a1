import { letIn, ownershipText } from '../../src/domain/access-change.ts';
import { groupName } from '../../src/domain/account.ts';
import { credentialFacts } from '../../src/domain/credentials.ts';
import { consequenceOf } from '../../src/domain/own-credentials.ts';
import { remminaRefusal } from '../../src/domain/remmina-sets.ts';
import { filesToRead, isOfOthers, refusals, type Reading } from '../../src/domain/reading.ts';
import { gtkVncRefusal } from '../../src/domain/vnc-client-files.ts';
import type { Known } from '../../src/facts/facts.ts';
import { unknown } from '../../src/facts/fact.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

function fixOf(facts: Known<'accounts'>, reading: Reading, daemonKey: string | undefined): Fix {
  const { set, path, way, reader, belongs, isPerson } = reading;
  const title = `Let ${reader.name} read ${path}`;
  if (set.program === 'qemu' && way.path === daemonKey) {
    const instruction = `issue QEMU a key and certificate of its own in the place of the link ${path}: opening ${daemonKey} would give every escape from a guest the identity of the host`;
    return {
      title: `Give QEMU a key of its own at ${path}`,
      applicability: 'manual',
      steps: [{ kind: 'manual', instruction }],
    };
  }
  if (isPerson && !belongs(way.path)) {
    const instruction =
      set.program === 'remmina'
        ? `give ${reader.name} a key of its own below its home directory, and a certificate for it, and name both in the profiles that name ${path}`
        : `give ${reader.name} a certificate and key of its own in ~/.pki/libvirt, or let a group of administrators read ${way.path}: chgrp GROUP, chmod 0640`;
    return { title, applicability: 'manual', steps: [{ kind: 'manual', instruction }] };
  }
  const steps = letIn(way, facts.accounts, reader, { belongs, person: isPerson });
  return { title, applicability: isOfOthers(reading) ? 'unsafe' : 'safe', steps };
}

export default defineRule({
  id: 'private-key-unreadable',
  title: 'A private key cannot be read by the account that needs it',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...credentialFacts],
  rationale:
    'libvirt changes neither owner nor mode of TLS files. QEMU runs under an account of its own, and a key that was made by root is closed to it unless its group lets it in.',
  remedy:
    'Give the key, and a directory that is there for it, to the group of the service with mode 0640 and 0750; never to everybody.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' },
  ],
  sources: [
    'libvirt 9.0, 11.3 src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials',
    'QEMU 7.2, 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
    'gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_best_path, vnc_connection_tls_initialize_cert_cred',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
    'observed with libvirt 9.0, 11.3, QEMU 7.2, 10.0 and gtk-vnc 1.3.1',
  ],
  messages: {
    closed: (d: { owner: string; reader: string; seen: string; effect: string }) => ({
      message: `The private key of ${d.owner} cannot be read by ${d.reader}`,
      seen: d.seen,
      needed: `read access for ${d.reader}`,
      effect: d.effect,
    }),
    closedDirectory: (d: { owner: string; reader: string; directory: string; seen: string; effect: string }) => ({
      message: `The private key of ${d.owner} lies behind ${d.directory}, which ${d.reader} cannot pass`,
      seen: d.seen,
      needed: `search permission on ${d.directory} for ${d.reader}`,
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined }) {
    const { accounts } = facts;
    const { readings, gaps, daemonKey, unknownReaders } = filesToRead(facts, roles, ['private-key']);
    const { refused, gaps: unjudged } = refusals(readings);
    const outcomes = refused.map(({ reading, at, onTheWay }) => {
      const { set, path, way, reader, isPerson } = reading;
      const stop = way.steps.find((step) => step.path === at)?.entry ?? way.entry;
      const ids = `${reader.name}:${groupName(accounts, reader.gids[0] ?? 0)}`;
      const seen = `${at} is ${ownershipText(accounts, stop)}; ${isPerson ? `${reader.name} runs the client` : `QEMU runs as ${ids}`}`;
      const effect = isPerson
        ? set.program === 'remmina'
          ? `${consequenceOf(set)}: "${remminaRefusal('private-key', 'Error while reading file.')}"`
          : onTheWay
            ? `to ${set.program === 'gtk-vnc' ? set.owner : "libvirt's client"} the key does not exist: it connects without a certificate, and the server refuses it`
            : set.program === 'gtk-vnc'
              ? `no console over TLS opens: "${gtkVncRefusal}"`
              : `virsh ends with "Unable to set x509 key and certificate: ${path}, ${set.certificate?.path ?? ''}: Error while reading file."`
        : onTheWay
          ? `guests that use it do not start: "Unable to access credentials ${path}: Permission denied"`
          : `guests that use it do not start: "Cannot load certificate '${set.certificate?.path ?? ''}' & key '${path}': Error while reading file."`;
      const data = { owner: set.owner, reader: reader.name, seen, effect };
      const extras = { fix: fixOf(facts, reading, daemonKey) };
      return onTheWay
        ? violation('closedDirectory', file(path), { ...data, directory: at }, extras)
        : violation('closed', file(path), data, extras);
    });
    return [
      ...outcomes,
      ...[...gaps, ...unjudged].map(({ path, because }) => undetermined(file(path), because)),
      ...unknownReaders.map((path) =>
        undetermined(file(path), unknown('not-collected', 'the account as which QEMU runs is not known on this host')),
      ),
    ];
  },
});
