import { lookedUpPaths } from '../../src/domain/looked-up-paths.ts';
import { walk } from '../../src/domain/walk.ts';
import type { AclEntry, FileEntry } from '../../src/facts/files.ts';
import type {
  Certificate,
  CertificateFile,
  PrivateKeyFile,
  PublicKeyInfo,
  RevocationList,
  RevocationListFile,
} from '../../src/facts/certificates.ts';
import type { ConfigurationFile, ConfigurationValue } from '../../src/facts/configurations.ts';
import { known, type Fact } from '../../src/facts/fact.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { LibvirtAnswer, SpiceAnswer, VncAnswer } from '../../src/facts/observation.ts';
import type { QemuProcess } from '../../src/facts/qemu-processes.ts';
import type { RemminaProfile, RemminaSetting } from '../../src/facts/remmina.ts';
import type { Process, SystemdUnit } from '../../src/facts/services.ts';
import { parseDomainXml } from '../../src/parse/domain-xml.ts';
import { parseQemuCommandLine } from '../../src/parse/qemu-command-line.ts';
import { redactArguments } from '../../src/parse/qemu-redaction.ts';

/** One change to a host's facts; builders are functions from facts to facts, applied in order. */
export type Change = (facts: Facts) => Facts;

/** The clock of all built facts. */
export const now = '2026-06-01T12:00:00.000Z';
const longAgo = '2026-01-01T00:00:00.000Z';

const accounts: Facts['accounts'] = {
  users: [
    { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
    { name: 'libvirt-qemu', uid: 64055, gid: 64055, home: '/var/lib/libvirt', shell: '/usr/sbin/nologin' },
    { name: 'alice', uid: 1000, gid: 1000, home: '/home/alice', shell: '/bin/bash' },
    { name: 'bob', uid: 1001, gid: 1001, home: '/home/bob', shell: '/bin/bash' },
  ],
  groups: [
    { name: 'root', gid: 0, members: [] },
    { name: 'libvirt-qemu', gid: 64055, members: [] },
    { name: 'libvirt', gid: 118, members: ['alice'] },
    { name: 'ssl-cert', gid: 110, members: ['bob'] },
    { name: 'alice', gid: 1000, members: [] },
    { name: 'bob', gid: 1001, members: [] },
  ],
  otherSources: [],
};

/** A Debian 13 host without anything of libvirt on it but the programs. */
export const bareFacts: Facts = {
  clock: { now },
  caller: null,
  scope: { pkiDirectories: [] },
  operatingSystem: { id: 'debian', versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)', family: 'debian' },
  software: {
    libvirt: { version: '11.3.0-3+deb13u3', source: 'dpkg' },
    qemu: { version: '1:10.0.13+ds-0+deb13u1', source: 'dpkg' },
    gnutls: { version: '3.8.9-3+deb13u4', source: 'dpkg' },
    installed: [],
  },
  identity: {
    hostname: 'kvm1',
    fqdn: 'kvm1.example.com',
    addresses: ['127.0.0.1', '::1', '192.0.2.10'],
    hosts: [{ address: '127.0.1.1', names: ['kvm1.example.com', 'kvm1'], line: 2 }],
  },
  accounts,
  configurations: {},
  services: {
    daemonArguments: { libvirtd: { arguments: [] }, virtproxyd: { arguments: [] }, virtqemud: { arguments: [] } },
    units: {},
  },
  runtime: { observed: false },
  qemuProcesses: { observed: false },
  domains: {},
  files: { '/': known(directory()), '/etc': known(directory()) },
  certificates: {},
  privateKeys: {},
  revocationLists: {},
  secretHolders: {},
  remminaProfiles: {},
  saslConfigurations: {},
  keytabs: {},
  saslPlugins: {},
  observations: [],
  mandatoryAccess: { selinux: 'disabled', apparmor: 'disabled' },
  firewall: { observed: false },
};

/** Facts made of a host without libvirt by the given changes. */
export const facts = (...changes: readonly Change[]): Facts =>
  restAbsent(changes.reduce((built, change) => change(built), bareFacts));

/** What programs look up and no change put there was looked for and is not there. */
function restAbsent(built: Facts): Facts {
  const { certificates, privateKeys, revocationLists, others } = lookedUpPaths(built);
  const files = { ...built.files };
  for (const path of [...certificates, ...privateKeys, ...revocationLists, ...others]) {
    for (
      let way = walk(files, path);
      way.outcome === 'unknown' && way.because.reason === 'not-collected';
      way = walk(files, path)
    ) {
      files[way.at] = known({ type: 'absent' });
    }
  }
  return { ...built, files };
}

/** A libvirt server that listens for TLS with complete, valid credentials: no rule finds an error in it. */
export const aServer: Change = (built) =>
  [
    settings('/etc/libvirt/libvirtd.conf', {}),
    file('/etc/libvirt/libvirtd.conf'),
    daemonArguments('libvirtd', ['--listen']),
    file('/etc/pki/CA/cacert.pem'),
    file('/etc/pki/libvirt/servercert.pem'),
    dir('/etc/pki/libvirt/private', { mode: 0o700 }),
    file('/etc/pki/libvirt/private/serverkey.pem', { mode: 0o600 }),
    installed('libvirtd'),
    certificate('/etc/pki/CA/cacert.pem', caCertificate()),
    certificate('/etc/pki/libvirt/servercert.pem', serverCertificate()),
    privateKey('/etc/pki/libvirt/private/serverkey.pem', publicKey('server')),
  ].reduce((result, change) => change(result), built);

/** A host with the system-wide credentials of a libvirt client. */
export const aClient: Change = (built) =>
  [
    file('/etc/pki/CA/cacert.pem'),
    file('/etc/pki/libvirt/clientcert.pem'),
    dir('/etc/pki/libvirt/private', { mode: 0o755 }),
    file('/etc/pki/libvirt/private/clientkey.pem', { mode: 0o600 }),
    certificate('/etc/pki/CA/cacert.pem', caCertificate()),
    certificate('/etc/pki/libvirt/clientcert.pem', clientCertificate()),
    privateKey('/etc/pki/libvirt/private/clientkey.pem', publicKey('client')),
  ].reduce((result, change) => change(result), built);

/** A host whose consoles use TLS, with QEMU's credentials as they should be: root's, and open to QEMU's group. */
export const aVncServer: Change = (built) => {
  const directory = '/etc/pki/libvirt-vnc';
  return [
    settings('/etc/libvirt/qemu.conf', { vnc_tls: 1, vnc_tls_x509_verify: 1 }),
    file('/etc/libvirt/qemu.conf', { mode: 0o600 }),
    dir(directory, { gid: 64055, mode: 0o750 }),
    file(`${directory}/server-key.pem`, { gid: 64055, mode: 0o640 }),
    certificate(`${directory}/ca-cert.pem`, caCertificate()),
    certificate(`${directory}/server-cert.pem`, serverCertificate({ publicKey: publicKey('vnc') })),
    privateKey(`${directory}/server-key.pem`, publicKey('vnc')),
  ].reduce((result, change) => change(result), built);
};

/** A host on which alice has a libvirt client of her own. */
export const aUser: Change = (built) => {
  const directory = '/home/alice/.pki/libvirt';
  const own = { uid: 1000, gid: 1000 };
  return [
    dir('/home/alice', { ...own, mode: 0o750 }),
    dir('/home/alice/.pki', { ...own, mode: 0o700 }),
    dir(directory, { ...own, mode: 0o700 }),
    file(`${directory}/cacert.pem`, own),
    file(`${directory}/clientcert.pem`, own),
    file(`${directory}/clientkey.pem`, { ...own, mode: 0o600 }),
    certificate(`${directory}/cacert.pem`, caCertificate()),
    certificate(`${directory}/clientcert.pem`, clientCertificate()),
    privateKey(`${directory}/clientkey.pem`, publicKey('client')),
  ].reduce((result, change) => change(result), built);
};

interface Attributes {
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
  readonly acl?: readonly AclEntry[] | 'unread';
  readonly label?: string;
  readonly modified?: string;
}

function directory(attributes: Attributes = {}): FileEntry {
  return { type: 'directory', uid: 0, gid: 0, mode: 0o755, modified: longAgo, ...attributes };
}

/** Puts a file there (root:root 0644), with its directories (root:root 0755) where they are not there yet. */
export const file = (path: string, attributes: Attributes & { readonly size?: number } = {}): Change =>
  entry(path, { type: 'file', uid: 0, gid: 0, mode: 0o644, size: 1200, modified: longAgo, ...attributes });

export const dir = (path: string, attributes: Attributes = {}): Change => entry(path, directory(attributes));

export const link = (path: string, target: string): Change =>
  entry(path, { type: 'symlink', uid: 0, gid: 0, mode: 0o777, modified: longAgo, target });

/** Takes a name away: it was looked for and is not there. */
export const absent = (path: string): Change => entry(path, { type: 'absent' });

/** Records any entry, or that it could not be seen. */
export const entry =
  (path: string, value: FileEntry | Fact<FileEntry>): Change =>
  (built) => {
    const parents: Record<string, Fact<FileEntry>> = {};
    for (let at = parentOf(path); at !== '/'; at = parentOf(at))
      if (built.files[at] === undefined) parents[at] = known(directory());
    return { ...built, files: { ...built.files, ...parents, [path]: 'known' in value ? value : known(value) } };
  };

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** Changes owner, group, mode … of what is there already. */
export const change =
  (path: string, attributes: Attributes): Change =>
  (built) => {
    const fact = built.files[path];
    if (fact === undefined || !fact.known || fact.value.type === 'absent')
      throw new Error(`no entry ${path} to change`);
    return { ...built, files: { ...built.files, [path]: known({ ...fact.value, ...attributes }) } };
  };

const asValue = (value: string | number | readonly string[]): ConfigurationValue =>
  typeof value === 'string'
    ? { type: 'string', value }
    : typeof value === 'number'
      ? value < 0
        ? { type: 'signed', value }
        : { type: 'unsigned', value }
      : { type: 'list', items: value.map((item) => ({ type: 'string', value: item })) };

/** A configuration file with these settings, one a line from line 1, and its entry in the file system. */
export const settings = (path: string, values: Readonly<Record<string, string | number | readonly string[]>>): Change =>
  configuration(path, {
    settings: Object.entries(values).map(([key, value], index) => ({
      key,
      value: asValue(value),
      line: index + 1,
      column: 1,
    })),
  });

export const configuration =
  (path: string, value: ConfigurationFile | Fact<ConfigurationFile>): Change =>
  (built) => ({
    ...(built.files[path] === undefined ? file(path)(built) : built),
    configurations: { ...built.configurations, [path]: 'known' in value ? value : known(value) },
  });

export const daemonArguments =
  (
    daemon: 'libvirtd' | 'virtproxyd' | 'virtqemud',
    values: readonly string[],
    path = `/etc/default/${daemon}`,
  ): Change =>
  (built) => ({
    ...built,
    services: {
      ...built.services,
      daemonArguments: { ...built.services.daemonArguments, [daemon]: { path, line: 1, arguments: values } },
    },
  });

export const unit =
  (name: string, values: Partial<SystemdUnit> = {}): Change =>
  (built) => ({
    ...built,
    services: {
      ...built.services,
      units: { ...built.services.units, [name]: { name, enabled: true, masked: false, listenStreams: [], ...values } },
    },
  });

export const installed =
  (...programs: readonly string[]): Change =>
  (built) => ({ ...built, software: { ...built.software, installed: [...built.software.installed, ...programs] } });

/** Replaces any facts outright. */
export const having =
  (values: Partial<Facts>): Change =>
  (built) => ({ ...built, ...values });

const hex = (text: string, digits: number): string =>
  Array.from({ length: digits }, (_, index) =>
    ((text.charCodeAt(index % text.length) * (index + 7)) % 16).toString(16),
  ).join('');

/** The public half of an imaginary RSA key of that name. */
export const publicKey = (name: string, values: Partial<PublicKeyInfo> = {}): PublicKeyInfo => ({
  algorithm: 'RSA',
  bits: 2048,
  fingerprint: hex(name, 64),
  ...values,
});

const distinguishedName = (commonName: string) => ({
  text: `O=Example,CN=${commonName}`,
  der: Buffer.from(`O=Example,CN=${commonName}`).toString('base64'),
  commonNames: [commonName],
});

/** A certificate of literal facts: its signature cannot be verified; take parsed ones from fixtures where that matters. */
export const aCertificate = (name: string, values: Partial<Certificate> = {}): Certificate => ({
  position: 0,
  line: 1,
  der: '',
  fingerprint: hex(`certificate ${name}`, 64),
  version: 3,
  serial: hex(name, 16),
  subject: distinguishedName(name),
  issuer: distinguishedName('Example CA'),
  notBefore: '2025-01-01T00:00:00.000Z',
  notAfter: '2035-01-01T00:00:00.000Z',
  publicKey: publicKey(name),
  signatureAlgorithm: 'RSA-SHA256',
  signatureHash: 'sha256',
  basicConstraints: { critical: true, ca: false },
  unknownCriticalExtensions: [],
  ...values,
});

export const caCertificate = (values: Partial<Certificate> = {}): Certificate =>
  aCertificate('Example CA', {
    publicKey: publicKey('ca'),
    notAfter: '2045-01-01T00:00:00.000Z',
    basicConstraints: { critical: true, ca: true },
    keyUsage: { critical: true, usages: ['keyCertSign'] },
    ...values,
  });

export const serverCertificate = (values: Partial<Certificate> = {}): Certificate =>
  aCertificate('kvm1.example.com', {
    publicKey: publicKey('server'),
    keyUsage: { critical: true, usages: ['digitalSignature', 'keyEncipherment'] },
    extendedKeyUsage: { critical: false, purposes: ['1.3.6.1.5.5.7.3.1'] },
    subjectAlternativeName: {
      critical: false,
      dns: ['kvm1.example.com', 'kvm1'],
      ip: ['192.0.2.10'],
      email: [],
      uri: [],
      other: 0,
    },
    ...values,
  });

export const clientCertificate = (values: Partial<Certificate> = {}): Certificate =>
  aCertificate('alice', {
    publicKey: publicKey('client'),
    keyUsage: { critical: true, usages: ['digitalSignature', 'keyEncipherment'] },
    extendedKeyUsage: { critical: false, purposes: ['1.3.6.1.5.5.7.3.2'] },
    ...values,
  });

/** The content of a certificate file: one or more certificates, numbered in order, or any content. */
export const certificate =
  (path: string, ...content: readonly Certificate[] | readonly [Fact<CertificateFile>]): Change =>
  (built) => {
    const [first] = content;
    const fact: Fact<CertificateFile> =
      first !== undefined && 'known' in first
        ? first
        : known({
            certificates: (content as readonly Certificate[]).map((one, position) => ({
              ...one,
              position,
              line: position * 20 + 1,
            })),
          });
    return {
      ...(built.files[path] === undefined ? file(path)(built) : built),
      certificates: { ...built.certificates, [path]: fact },
    };
  };

export const privateKey =
  (path: string, content: PublicKeyInfo | PrivateKeyFile | Fact<PrivateKeyFile>): Change =>
  (built) => {
    const fact: Fact<PrivateKeyFile> =
      'known' in content
        ? content
        : known('state' in content ? content : { state: 'readable', publicKey: content, format: 'pkcs8' });
    return {
      ...(built.files[path] === undefined ? file(path, { mode: 0o600 })(built) : built),
      privateKeys: { ...built.privateKeys, [path]: fact },
    };
  };

/** A host that runs: these processes (of root, started long ago), and listening TCP sockets as `address:port`. */
export const running =
  (processes: readonly (Partial<Process> & { readonly program: string })[], ...sockets: readonly string[]): Change =>
  (built) => ({
    ...built,
    runtime: {
      observed: true,
      processes: processes.map((process, index) => ({
        pid: 800 + index,
        uid: 0,
        gid: 0,
        groups: [],
        started: '2026-05-01T00:00:00.000Z',
        ...process,
      })),
      listening: known(
        sockets.map((socket) => {
          const colon = socket.lastIndexOf(':');
          return { address: socket.slice(0, colon), port: Number(socket.slice(colon + 1)) };
        }),
      ),
    },
  });

/** Guests of QEMU that run, by their arguments after the program: of root or of another account, since long ago. */
export const guests =
  (
    argvs: readonly (readonly string[])[],
    values: Partial<Omit<QemuProcess, 'commandLine' | 'arguments'>> = {},
  ): Change =>
  (built) => {
    const processes = argvs.map((argv, index) => ({
      pid: 4242 + index,
      uid: 64055,
      gid: 64055,
      groups: [],
      started: '2026-05-01T00:00:00.000Z',
      ...values,
      arguments: redactArguments(['/usr/bin/qemu-system-x86_64', ...argv]),
      commandLine: parseQemuCommandLine(['/usr/bin/qemu-system-x86_64', ...argv]),
    }));
    return {
      ...running(
        processes.map(({ commandLine: _, arguments: __, ...process }) => ({
          ...process,
          program: 'qemu-system-x86_64',
        })),
      )(built),
      qemuProcesses: { observed: true, processes },
    };
  };

/** A guest of libvirt by its name and what stands in its <devices>. */
export const domain =
  (name: string, devices: string, path = `/etc/libvirt/qemu/${name}.xml`): Change =>
  (built) => ({
    ...built,
    domains: {
      ...built.domains,
      [path]: known(
        parseDomainXml(`<domain type='kvm'>\n<name>${name}</name>\n<devices>\n${devices}\n</devices>\n</domain>\n`),
      ),
    },
  });

/** A revocation list of a CA, in force at the clock of the facts, that revokes nothing. */
export const aRevocationList = (
  issuer: Certificate = caCertificate(),
  values: Partial<RevocationList> = {},
): RevocationList => ({
  issuer: issuer.subject,
  thisUpdate: '2026-05-01T00:00:00.000Z',
  nextUpdate: '2026-07-01T00:00:00.000Z',
  signatureAlgorithm: 'RSA-SHA256',
  revoked: [],
  ...values,
});

/** The content of a file with revocation lists, or any content. */
export const revocationList =
  (path: string, content: RevocationList | RevocationListFile | Fact<RevocationListFile>): Change =>
  (built) => {
    const fact: Fact<RevocationListFile> =
      'known' in content ? content : known('lists' in content ? content : { lists: [content] });
    return {
      ...(built.files[path] === undefined ? file(path)(built) : built),
      revocationLists: { ...built.revocationLists, [path]: fact },
    };
  };

/** A libvirt port of the host as a probe saw it: with that certificate, closed, or not saying. */
export const observed =
  (transport: 'tls' | 'tcp', port: number, seen: Certificate | 'open' | 'refused' | 'filtered'): Change =>
  (built) => {
    const address = '192.0.2.10';
    const refused = { verdict: { seen: true, value: 'refused' } } as const;
    const answer: LibvirtAnswer =
      transport === 'tcp'
        ? { transport, authentication: { seen: true, value: { types: ['none'] } } }
        : {
            transport,
            withoutCertificate: {
              handshake: {
                ownCertificate: false,
                outcome: { seen: true, value: 'completed' },
                chain: typeof seen === 'string' ? [] : [seen],
                malformedCertificates: 0,
              },
              ...refused,
            },
          };
    const isClosed = seen === 'refused' || seen === 'filtered';
    const one = isClosed
      ? { address, connection: { seen: false, reason: seen, detail: seen } as const }
      : { address, connection: { seen: true, value: 'connected' } as const, answer };
    const resolution = { seen: true, value: [address] } as const;
    const observation = { host: address, port, resolution, addresses: [one] };
    return { ...built, observations: [...built.observations, { asks: 'libvirt', transport, observation }] };
  };

/** A port for TLS of SPICE as a probe saw it, with that certificate. */
export const observedSpice =
  (port: number, certificate: Certificate): Change =>
  (built) => {
    const address = '192.0.2.10';
    const handshake = {
      ownCertificate: false,
      outcome: { seen: true, value: 'completed' },
      chain: [certificate],
      malformedCertificates: 0,
    } as const;
    const answer: SpiceAnswer = { tls: { handshake, link: { seen: true, value: 'ok' } } };
    const addresses = [{ address, connection: { seen: true, value: 'connected' } as const, answer }];
    const observation = { host: address, port, resolution: { seen: true, value: [address] } as const, addresses };
    return { ...built, observations: [...built.observations, { asks: 'spice', transport: 'tls', observation }] };
  };

/** A VNC display of the host as a probe saw it, with that certificate. */
export const observedDisplay =
  (port: number, certificate: Certificate): Change =>
  (built) => {
    const address = '192.0.2.10';
    const handshake = {
      ownCertificate: false,
      outcome: { seen: true, value: 'completed' },
      chain: [certificate],
      malformedCertificates: 0,
    } as const;
    const answer: VncAnswer = {
      transport: 'tcp',
      withoutCertificate: { handshake, authentication: { seen: true, value: { kind: 'none' } } },
    };
    const addresses = [{ address, connection: { seen: true, value: 'connected' } as const, answer }];
    const observation = { host: address, port, resolution: { seen: true, value: [address] } as const, addresses };
    return { ...built, observations: [...built.observations, { asks: 'vnc', observation }] };
  };

/** A profile of alice's Remmina that names these files, from line 4 on, and its entry in the file system. */
export const remminaProfile =
  (
    path: string,
    files: Readonly<Partial<Record<RemminaSetting, string>>>,
    more: Partial<RemminaProfile> = {},
  ): Change =>
  (built) => ({
    ...file(path, { uid: 1000, gid: 1000, mode: 0o600 })(built),
    remminaProfiles: {
      ...built.remminaProfiles,
      [path]: known({
        users: ['alice'],
        withoutEncryption: false,
        files: Object.fromEntries(
          Object.entries(files).map(([key, at], index) => [key, { path: at, line: index + 4 }]),
        ),
        ...more,
      }),
    },
  });
