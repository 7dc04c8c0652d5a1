import { letIn, ownershipText } from '../../src/domain/access-change.ts';
import { groupName } from '../../src/domain/account.ts';
import { credentialFacts, filesOf, type CredentialSet } from '../../src/domain/credentials.ts';
import { consequenceOf } from '../../src/domain/own-credentials.ts';
import { filesToRead, isOfOthers, refusals, type Reading } from '../../src/domain/reading.ts';
import { unknown } from '../../src/facts/fact.ts';
import { remminaRefusal } from '../../src/domain/remmina-sets.ts';
import { tigerVncRefusal } from '../../src/domain/tiger-vnc-sets.ts';
import { gtkVncRefusal } from '../../src/domain/vnc-client-files.ts';
import type { CredentialKind, TlsProgram } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

const names: Readonly<Record<CredentialKind, string>> = {
  'ca-certificate': 'CA certificate',
  certificate: 'certificate',
  'revocation-list': 'revocation list',
  'private-key': 'private key',
};

/** What the program prints when the file is there and does not open. */
function errorText(program: TlsProgram, kind: CredentialKind, path: string, key: string): string {
  if (program === 'gtk-vnc') return gtkVncRefusal;
  if (program === 'tigervnc') return tigerVncRefusal(kind);
  if (program === 'remmina') return remminaRefusal(kind, 'Error while reading file.');
  if (program === 'qemu') {
    switch (kind) {
      case 'ca-certificate':
        return `Cannot load CA certificate '${path}': Error while reading file.`;
      case 'revocation-list':
        return `Cannot load CRL '${path}': Error while reading file.`;
      case 'certificate':
      case 'private-key':
        return `Cannot load certificate '${path}' & key '${key}': Error while reading file.`;
    }
  }
  switch (kind) {
    case 'ca-certificate':
      return `Unable to set x509 CA certificate: ${path}: Error while reading file.`;
    case 'revocation-list':
      return `Unable to set x509 certificate revocation list: ${path}: Error while reading file.`;
    case 'certificate':
    case 'private-key':
      return `Unable to set x509 key and certificate: ${key}, ${path}: Error while reading file.`;
  }
}

/** What a person does about a file that lies elsewhere by the person's own choice. */
const ownCopy = ({ set, path, way, reader }: Reading): string =>
  `put a copy of the certificates or lists that ${way.path} should hold below the home directory of ${reader.name}, and ${
    set.program === 'remmina' ? `name it in ${settingOf(set, path)}` : `put that in the place of ${path}`
  }`;

const settingOf = (set: CredentialSet, path: string): string =>
  filesOf(set).find((one) => one.path === path)?.setting?.path ?? 'the profile';

export default defineRule({
  id: 'certificate-unreadable',
  title: 'A certificate, CA or revocation list cannot be read by the account that needs it',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...credentialFacts],
  rationale:
    'Certificates and revocation lists are public. Where the account that uses them cannot read them, TLS stops there: guests do not start, and clients do not connect.',
  remedy: 'Give the file mode 0644, and let the account pass every directory on the way.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' },
  ],
  sources: [
    'libvirt 9.0, 11.3 src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials',
    'QEMU 7.2, 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
    'gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_tls_initialize_cert_cred',
    'TigerVNC 1.12 common/rfb/CSecurityTLS.cxx: setParam',
    'libvncclient 0.9.14 libvncclient/tls_gnutls.c: CreateX509CertCredential',
  ],
  messages: {
    closed: (d: { what: string; owner: string; reader: string; seen: string; effect: string }) => ({
      message: `The ${d.what} of ${d.owner} cannot be read by ${d.reader}`,
      seen: d.seen,
      needed: `read access for ${d.reader}`,
      effect: d.effect,
    }),
    closedDirectory: (d: {
      what: string;
      owner: string;
      reader: string;
      directory: string;
      seen: string;
      effect: string;
    }) => ({
      message: `The ${d.what} of ${d.owner} lies behind ${d.directory}, which ${d.reader} cannot pass`,
      seen: d.seen,
      needed: `search permission on ${d.directory} for ${d.reader}`,
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined }) {
    const { accounts } = facts;
    const { readings, gaps, unknownReaders } = filesToRead(facts, roles, [
      'ca-certificate',
      'certificate',
      'revocation-list',
    ]);
    const { refused, gaps: unjudged } = refusals(readings);
    // A directory that closes off a key as well is private-key-unreadable.
    const closedKeys = refusals(filesToRead(facts, roles, ['private-key']).readings).refused.filter(
      ({ onTheWay }) => onTheWay,
    );
    const outcomes = refused
      .filter(
        ({ at, reading }) => !closedKeys.some((key) => key.at === at && key.reading.reader.uid === reading.reader.uid),
      )
      .map(({ reading, at, onTheWay }) => {
        const { set, kind, path, way, reader, isPerson, belongs } = reading;
        const stop = way.steps.find((step) => step.path === at)?.entry ?? way.entry;
        const ids = `${reader.name}:${groupName(accounts, reader.gids[0] ?? 0)}`;
        const text = errorText(set.program, kind, path, set.key?.path ?? '');
        const data = {
          what: names[kind],
          owner: set.owner,
          reader: reader.name,
          seen: `${at} is ${ownershipText(accounts, stop)}; ${isPerson ? `${reader.name} runs the client` : `QEMU runs as ${ids}`}`,
          effect: !isPerson
            ? `guests that use it do not start: "${text}"`
            : set.program === 'tigervnc' || set.program === 'remmina'
              ? `${consequenceOf(set)}: "${text}"`
              : onTheWay
                ? set.program === 'gtk-vnc'
                  ? `to ${set.owner} the file does not exist${kind === 'ca-certificate' ? ': it trusts the CAs of the system alone' : ''}`
                  : `to libvirt's client the file does not exist${kind === 'ca-certificate' ? `: "Cannot read CA certificate '${path}': No such file or directory"` : ''}`
                : set.program === 'gtk-vnc'
                  ? `no console over TLS opens: "${text}"`
                  : `virsh ends with "${text}"`,
        };
        const title = `Let ${reader.name} read ${path}`;
        const fix: Fix = reading.isElsewhere
          ? { title, applicability: 'manual', steps: [{ kind: 'manual', instruction: ownCopy(reading) }] }
          : {
              title,
              applicability: isOfOthers(reading) ? 'unsafe' : 'safe',
              steps: letIn(way, accounts, reader, { belongs, person: isPerson, isPublic: true }),
            };
        const severity = set.program === 'tigervnc' ? 'warning' : 'error';
        return onTheWay
          ? violation('closedDirectory', file(path), { ...data, directory: at }, { severity, fix })
          : violation('closed', file(path), data, { severity, fix });
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
