import { letIn, ownershipText, type AccessChange } from '../../src/domain/access-change.ts';
import { access } from '../../src/domain/access.ts';
import { accountOf, groupName, groupNamed, userNamed, type Account } from '../../src/domain/account.ts';
import { contentFacts, credentialContents, leafOf, type SetContents } from '../../src/domain/credential-contents.ts';
import { filesToRead, refusals } from '../../src/domain/reading.ts';
import { closedSystemFiles, type ClosedSystemFile } from '../../src/domain/shadowed-vnc-files.ts';
import { gtkVncPaths, gtkVncRefusal, isGtkVncSystemFile } from '../../src/domain/vnc-client-files.ts';
import { walk } from '../../src/domain/walk.ts';
import type { Accounts } from '../../src/facts/accounts.ts';
import type { CredentialKind } from '../../src/reference/pki-files.ts';
import { libvirtGroup } from '../../src/reference/libvirt-group.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const titles: Readonly<Record<CredentialKind, string>> = {
  'ca-certificate': 'CA certificate',
  certificate: 'client certificate',
  'revocation-list': 'revocation list',
  'private-key': 'client key',
};

/** A host may have many users. */
const shortened = (users: readonly string[]): readonly string[] =>
  users.length <= 3 ? users : [...users.slice(0, 3), `${users.length - 3} more`];

/** Certificate and key of one set, one the system's and the other the user's. */
const isMixed = ({ set: { program, certificate, key } }: SetContents): boolean =>
  program === 'gtk-vnc' &&
  certificate !== undefined &&
  key !== undefined &&
  isGtkVncSystemFile(certificate.path) !== isGtkVncSystemFile(key.path);

type Way = ClosedSystemFile['way'];

const accountsOf = (accounts: Accounts, names: readonly string[]): readonly Account[] =>
  names.flatMap((name) => {
    const user = userNamed(accounts, name);
    return user === undefined ? [] : [accountOf(accounts, user)];
  });

/** What lets users read a file that is public: on the way to it each by name, for who else passes there is not known. */
const toEverybody = (accounts: Accounts, way: Way, users: readonly string[]): readonly AccessChange[] => [
  ...new Map(
    accountsOf(accounts, users)
      .flatMap((account) => letIn(way, accounts, account, { belongs: () => false, isPublic: true }))
      .map((change) => [JSON.stringify(change), change]),
  ).values(),
];

/** The key of the system's clients is for libvirt's group: where all that miss it are members, that reads it. */
function toLibvirtGroup(accounts: Accounts, way: Way, users: readonly string[]): readonly AccessChange[] | undefined {
  const group = groupNamed(accounts, libvirtGroup);
  const { path, entry } = way;
  const missing = accountsOf(accounts, users);
  if (group === undefined || entry.acl !== undefined || !missing.every(({ gids }) => gids.includes(group.gid)))
    return undefined;
  const from = groupName(accounts, entry.gid);
  const opened = { ...entry, gid: group.gid, mode: entry.mode | 0o040 };
  const after: Way = { ...way, entry: opened, steps: [...way.steps.slice(0, -1), { path, entry: opened }] };
  // Directories on the way that are closed to the group are somebody's decision, too.
  if (missing.some((account) => access(after, account, 'read').may !== true)) return undefined;
  return [
    ...(entry.gid === group.gid ? [] : [{ kind: 'chgrp', path, from, to: libvirtGroup } as const]),
    { kind: 'chmod', path, from: entry.mode, to: opened.mode },
  ];
}

export default defineRule({
  id: 'vnc-client-file-shadowed',
  title: "A file of the system comes before a user's own in VNC clients, and does not work",
  severity: 'error',
  roles: ['vnc-client'],
  needs: [...contentFacts],
  rationale:
    'virt-manager, virt-viewer and other programs on gtk-vnc look for CA, revocation list, certificate and key one by one, first below /etc/pki and then below ~/.pki. A file of the system that is seen counts, whether it can be read or not, and whether it goes with the others or not.',
  remedy:
    'Let everybody read the files of the system that are meant for everybody. Keep the pair of one account out of /etc/pki, both certificate and key.',
  references: [
    { title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' },
    {
      title: 'gtk-vnc',
      url: 'https://gitlab.gnome.org/GNOME/gtk-vnc/-/blob/master/src/vncconnection.c',
    },
  ],
  sources: [
    'gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_set_credential_x509, vnc_connection_best_path, vnc_connection_tls_initialize_cert_cred',
    'observed: gvnccapture 1.3.1',
  ],
  messages: {
    closed: (d: {
      path: string;
      what: string;
      clients: string;
      who: string;
      seen: string;
      own: string | undefined;
    }) => ({
      message: `${d.clients} of ${d.who} cannot read the system's ${d.what}${d.own === undefined ? '' : ', and look no further'}`,
      seen: `${d.seen}${d.own === undefined ? '' : `; ${d.own} is not looked at`}`,
      needed: `a file that ${d.who} can read, or none that ${d.who} can see`,
      effect: `no console over TLS opens: "${gtkVncRefusal}"`,
    }),
    mixed: (d: { owner: string; certificate: string; key: string }) => ({
      message: `${d.owner} takes certificate and key from two places, and they are no pair`,
      seen: `the certificate is ${d.certificate}, the key is ${d.key}`,
      needed: 'certificate and key from the same place',
      effect: `no console over TLS opens: "${gtkVncRefusal}"`,
    }),
    halved: (d: { owner: string; certificate: string; systemKey: string; key: string }) => ({
      message: `${d.owner} finds the system's certificate and no key to it`,
      seen: `the certificate is ${d.certificate}; ${d.systemKey} is out of sight, and there is nothing at ${d.key}`,
      needed: 'certificate and key from the same place',
      effect: 'connections carry no certificate, which a server that verifies its clients refuses',
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const { closed, gaps: unseen, asked } = closedSystemFiles(facts);
    const own = sets.filter(({ set }) => set.program === 'gtk-vnc');
    if (!asked && own.length === 0) return notApplicable('no VNC client on gtk-vnc is in use');
    const { accounts } = facts;

    // libvirt's client stops at the same file: private-key-unreadable and certificate-unreadable say so.
    const { refused } = refusals(
      filesToRead(facts, roles, ['ca-certificate', 'certificate', 'revocation-list', 'private-key']).readings,
    );
    const isReported = ({ path }: ClosedSystemFile): boolean =>
      refused.some(({ reading }) => reading.set.program === 'libvirt' && reading.path === path);
    const outcomes = closed
      .filter((one) => !isReported(one))
      .map(({ path, kind, way, clients, users, own: hidden }) => {
        const who = shortened(users).join(', ');
        const instruction =
          kind === 'private-key'
            ? `if ${who} may use this key, let a group read it: chgrp GROUP ${way.path}, chmod 0640 ${way.path}; else keep certificate and key of root elsewhere, and name that directory in root's connections with pkipath=`
            : `chmod a+r ${way.path}`;
        const steps = kind === 'private-key' ? toLibvirtGroup(accounts, way, users) : toEverybody(accounts, way, users);
        return violation(
          'closed',
          file(path),
          {
            path,
            what: titles[kind],
            clients: clients.join(' and '),
            who,
            seen: `${way.path} is ${ownershipText(accounts, way.entry)}`,
            own: hidden,
          },
          {
            severity: hidden === undefined ? 'warning' : 'error',
            fix: {
              title: kind === 'private-key' ? `Decide whose ${path} is` : `Let everybody read ${path}`,
              ...(steps === undefined
                ? { applicability: 'manual', steps: [{ kind: 'manual', instruction }] }
                : { applicability: kind === 'private-key' ? 'unsafe' : 'safe', steps }),
            },
          },
        );
      });

    const pairs = own.filter(isMixed).flatMap((contents) => {
      const { set, certificate, key } = contents;
      if (certificate.state === 'unknown') return undetermined(file(certificate.file.path), certificate.because);
      if (key.state === 'unknown') return undetermined(file(key.file.path), key.because);
      const certificatePath = set.certificate?.path ?? '';
      const keyPath = set.key?.path ?? '';
      const ours = [certificatePath, keyPath].find((path) => !isGtkVncSystemFile(path)) ?? '';
      const systems = [certificatePath, keyPath].find(isGtkVncSystemFile) ?? '';
      const fix = {
        title: `Keep the pair that is not for everybody out of ${systems.slice(0, systems.lastIndexOf('/'))}`,
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction: `if ${set.readers[0]?.name ?? 'the user'} may use the pair of the system, let a group read its key, and take ${ours} away; else move ${systems} and what belongs to it to a directory that only its owner sees, and name that in the owner's connections with pkipath=`,
          },
        ],
      } as const;
      if (key.state === 'absent' && isGtkVncSystemFile(certificatePath)) {
        const systemKey = gtkVncPaths('', set.id.split(':')[1] ?? '', 'private-key').system;
        // Where the system has no key either, that is what is missing.
        if (walk(facts.files, systemKey).outcome !== 'found') return [];
        const data = { owner: set.owner, certificate: certificatePath, systemKey, key: keyPath };
        return violation('halved', file(certificatePath), data, { severity: 'warning', instance: set.id, fix });
      }
      const leaf = leafOf(contents);
      if (key.state !== 'loaded' || key.value.state !== 'readable' || leaf === undefined) return [];
      if (key.value.publicKey.fingerprint === leaf.publicKey.fingerprint) return [];
      const data = { owner: set.owner, certificate: certificatePath, key: keyPath };
      return violation('mixed', file(systems), data, { instance: set.id, fix });
    });
    return [
      ...outcomes,
      ...pairs,
      ...[...gaps, ...unseen].map(({ path, because }) => undetermined(file(path), because)),
    ];
  },
});
