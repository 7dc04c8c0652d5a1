import type { HostTree } from '../corpus.ts';
import type { LibvirtScenario } from '../real-libvirt.ts';
import { randomPki, type Credentials } from './pki.ts';
import { random as randomOf, type Random } from './random.ts';
import type { Attribute, Name } from './x509.ts';

/** A scenario and where it came from: the seed makes it again, but for its keys. */
export interface RandomLibvirtScenario extends LibvirtScenario {
  readonly name: string;
  readonly seed: number;
}

export type Entry = HostTree[string];
export type Tree = Record<string, Entry>;

const [root, alice, bob] = [0, 1000, 1001];

export const file = (content: string | Uint8Array, mode = 0o644, owner = root, group = owner): Entry => ({
  content,
  mode,
  owner,
  group,
});
export const directory = (mode = 0o755, owner = root, group = owner): Entry => ({
  type: 'directory',
  mode,
  owner,
  group,
});

/** Where the files of one side are. */
interface Places {
  readonly ca: string;
  readonly crl: string;
  readonly cert: string;
  readonly key: string;
}

const systemPlaces = (role: 'server' | 'client'): Places => ({
  ca: '/etc/pki/CA/cacert.pem',
  crl: '/etc/pki/CA/cacrl.pem',
  cert: `/etc/pki/libvirt/${role}cert.pem`,
  key: `/etc/pki/libvirt/private/${role}key.pem`,
});
const flatPlaces = (path: string): Places => ({
  ca: `${path}/cacert.pem`,
  crl: `${path}/cacrl.pem`,
  cert: `${path}/clientcert.pem`,
  key: `${path}/clientkey.pem`,
});
const movedPlaces: Places = {
  ca: '/srv/tls/ca.pem',
  crl: '/srv/tls/crl.pem',
  cert: '/srv/tls/cert.pem',
  key: '/srv/tls/key.pem',
};

/** All that a scenario is made of, while it is made. */
interface Plan {
  readonly server: Tree;
  readonly client: Tree;
  readonly conf: string[];
  readonly clientConf: string[];
  args: string;
  scheme: string;
  authority: { user: string; host: string; port: string };
  path: string;
  readonly parameters: string[];
  readonly hosts: string[];
  readonly activation: string[];
  user: 'root' | 'alice';
  readonly serverPlaces: Places;
  readonly clientPlaces: Places;
  readonly clientName: Name;
  readonly notes: string[];
}

const databases: Tree = {
  '/etc': directory(),
  '/etc/group': file('root:x:0:\nalice:x:1000:\nbob:x:1001:\nlibvirt:x:118:alice\n'),
  '/etc/passwd': file(
    'root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/bash\n',
  ),
  '/etc/libvirt': directory(),
  '/etc/pki': directory(),
  '/etc/pki/CA': directory(),
  '/etc/pki/libvirt': directory(),
};

/** Puts credentials into a tree as an installer would: keys for their owner alone. */
function place(tree: Tree, places: Places, { ca, crl, cert, key }: Credentials, owner = root): void {
  if (ca) tree[places.ca] = file(ca, 0o644, owner);
  if (crl) tree[places.crl] = file(crl, 0o644, owner);
  if (cert) tree[places.cert] = file(cert, 0o644, owner);
  if (key) tree[places.key] = file(key, 0o600, owner);
}

/** A name as libvirt compares it: attributes in the order of the certificate, escaped as GnuTLS does. */
export function nameText(name: Name): string {
  const escape = (value: string): string => value.replace(/[,+"\\<>;]/g, '\\$&').replace(/^[# ]/, '\\$&');
  const one = ({ type, value }: Attribute): string => `${type}=${escape(value)}`;
  return name.map((rdn) => (rdn instanceof Array ? rdn.map(one).join('+') : one(rdn as Attribute))).join(',');
}

type Oddity = (random: Random, plan: Plan) => string;

/** Entries for tls_allowed_dn_list around a name, some of which match it. */
function allowedNames(random: Random, name: string): string {
  const parts = name.split(',');
  const entries: readonly (readonly [number, () => string])[] = [
    [4, () => name],
    [1, () => [...parts].reverse().join(',')],
    [1, () => parts.join(', ')],
    [1, () => `${parts[0]},*`],
    [1, () => `*,${parts.at(-1)}`],
    [1, () => '*'],
    [1, () => name.replace(/./, '?')],
    [1, () => `${name.slice(0, Math.floor(name.length / 2))}*`],
    [1, () => name.toLowerCase()],
    [1, () => name.replace(/[A-Z]/, '[A-Z]')],
    [1, () => `${name} `],
    [1, () => ''],
    [1, () => parts.at(-1) ?? ''],
    [1, () => 'C=GB,ST=London,L=London,O=Acme,CN=client2'],
    [1, () => `*${name.slice(3, 9)}*`],
    [1, () => name.replaceAll('\\', '\\\\')],
    [0.5, () => `${'?'.repeat([...name].length)}`],
  ];
  const count = random.weighted([
    [4, 1],
    [2, 2],
    [1, 3],
    [0.5, 0],
  ]);
  const chosen = Array.from({ length: count }, () => random.weighted(entries)());
  const quoted = chosen.map((entry) =>
    entry.includes('"') ? (entry.includes("'") ? `"""${entry}"""` : `'${entry}'`) : `"${entry}"`,
  );
  return `[ ${quoted.join(random.pick([', ', ',\n  ', ' ,']))}${count > 0 && random.chance(0.2) ? ',' : ''} ]`;
}

export const priorities = [
  'NORMAL',
  'NORMAL:-VERS-ALL:+VERS-TLS1.2',
  'NORMAL:-VERS-ALL:+VERS-TLS1.3',
  'NORMAL:-VERS-TLS1.3',
  'NORMAL:-VERS-ALL:+VERS-TLS1.0',
  'NORMAL:-VERS-ALL:+VERS-TLS1.1',
  'NORMAL:-VERS-TLS1.0:-VERS-TLS1.1',
  'NORMAL:%PROFILE_MEDIUM',
  'NORMAL:%PROFILE_HIGH',
  'SECURE128',
  'SECURE192',
  'SECURE256',
  'PFS',
  'PERFORMANCE',
  'LEGACY',
  'NORMAL:-SIGN-ALL:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256',
  'NORMAL:-SIGN-ALL:+SIGN-RSA-SHA256:+SIGN-RSA-PSS-RSAE-SHA256',
  'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA',
  'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA',
  'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA',
  'NORMAL:-GROUP-ALL:+GROUP-SECP256R1',
  'NORMAL:-GROUP-ALL:+GROUP-X25519',
  'NORMAL:-CIPHER-ALL:+AES-256-GCM',
  'NORMAL:-CIPHER-ALL:+AES-128-CBC',
  'NORMAL:+SIGN-RSA-SHA1',
  'NORMAL:%VERIFY_ALLOW_SIGN_WITH_SHA1',
  'NORMAL:%VERIFY_ALLOW_BROKEN',
  'NORMAL:-CTYPE-ALL',
  'NONE',
  'NONSENSE',
  'NORMAL:+NONSENSE',
  '',
  'normal',
];

/** A statement of libvirtd.conf that the daemon takes, or not. */
const statements: readonly (readonly [number, (random: Random) => string])[] = [
  [1, () => 'listen_tls = 0'],
  [2, () => 'listen_tls = 1'],
  [1, () => 'listen_tcp = 1\nauth_tcp = "none"'],
  [1, () => 'listen_tls = 0\nlisten_tcp = 1\nauth_tcp = "none"'],
  [1, () => 'tls_port = "16600"'],
  [
    0.5,
    (random) =>
      `tls_port = ${random.pick(['16514', '"99999"', '"0"', '""', '"https"', '"-1"', '"16514 "', '"0x4082"', '16600'])}`,
  ],
  [
    2,
    (random) =>
      `listen_addr = "${random.pick(['127.0.0.1', '192.0.2.10', '0.0.0.0', '::', '::1', '2001:db8::10', '127.0.0.5', 'localhost', '', 'kvm1.example.com', '::ffff:127.0.0.1', '127.1'])}"`,
  ],
  [1, () => 'auth_tls = "none"'],
  [0.7, (random) => `auth_tls = ${random.pick(['"sasl"', '"polkit"', '"password"', 'none', '"NONE"', '""'])}`],
  [4, (random) => `tls_priority = "${random.pick(priorities)}"`],
  [2, (random) => `tls_no_verify_certificate = ${random.pick(['1', '1', '1', '0', '"1"', '2', '-1', '01'])}`],
  [2, (random) => `tls_no_sanity_certificate = ${random.pick(['1', '1', '1', '0', '"1"', '2'])}`],
  [1, (random) => `unix_sock_group = "${random.pick(['libvirt', 'nosuchgroup', '118', '', 'root', '+118', '99999'])}"`],
  [
    1,
    (random) =>
      `unix_sock_${random.pick(['rw', 'ro', 'admin'])}_perms = "${random.pick(['0770', '0777', '770', 'rwx', '', '0888', '0x1ff', '07777'])}"`,
  ],
  [0.5, (random) => `unix_sock_dir = "${random.pick(['/run/libvirt', '/run', '/tmp'])}"`],
  [0.5, (random) => `auth_unix_${random.pick(['ro', 'rw'])} = "${random.pick(['none', 'polkit', 'sasl', 'nothing'])}"`],
  [
    0.5,
    (random) => `access_drivers = ${random.pick(['[ "polkit" ]', '[ ]', '[ "nosuch" ]', '"polkit"', '[ "nop" ]'])}`,
  ],
  [0.5, (random) => `max_clients = ${random.pick(['0', '1', '20', '10000', '"5"', '-5', '4294967296'])}`],
  [0.5, (random) => `max_anonymous_clients = ${random.pick(['0', '1', '20', '100000'])}`],
  [0.5, (random) => `max_workers = ${random.pick(['0', '1', '20'])}`],
  [0.5, (random) => `min_workers = ${random.pick(['0', '1', '50'])}`],
  [0.5, (random) => `keepalive_interval = ${random.pick(['-1', '0', '5', '"5"', '+5'])}`],
  [0.5, (random) => `keepalive_count = ${random.pick(['0', '5', '-5'])}`],
  [0.5, (random) => `log_level = ${random.pick(['0', '1', '3', '4', '5', '-1', '"3"'])}`],
  [0.5, (random) => `log_filters = "${random.pick(['1:qemu', '3:remote 4:event', 'nonsense', '9:qemu', '1:', ''])}"`],
  [
    0.5,
    (random) =>
      `host_uuid = "${random.pick(['00000000-0000-0000-0000-000000000000', '8510e3a5-4cd7-4b0c-9d4b-0c6b5f4f3c9d', 'short', ''])}"`,
  ],
  [0.3, (random) => `host_uuid_source = "${random.pick(['smbios', 'machine-id', 'elsewhere'])}"`],
  [0.5, (random) => `tcp_min_ssf = ${random.pick(['112', '56', '0', '256'])}`],
  [0.5, (random) => `ovs_timeout = ${random.pick(['5', '"5"'])}`],
  [1, (random) => `sasl_allowed_username_list = ${random.pick(['["joe"]', '[]', '"joe"'])}`],
  [
    1,
    (random) =>
      `${random.pick(['tls_no_verify_certifcate', 'Listen_tls', 'listen_TLS', 'tls_no_verify_address', 'x'])} = 1`,
  ],
  [
    1,
    (random) =>
      random.pick([
        'listen_tls = 1 # on',
        'listen_tls=1',
        '\tlisten_tls\t=\t1\t',
        "auth_tls = 'none'",
        'auth_tls = """none"""',
        'listen_tls = 1; listen_tcp = 0',
      ]),
  ],
  [
    1,
    (random) =>
      random.pick([
        'listen_tls',
        'listen_tls 1',
        'listen_tls = ',
        'listen_tls = yes',
        'listen_tls = 1 1',
        'listen_tls == 1',
        'listen_addr = "127.0.0.1',
        'tls_allowed_dn_list = [ "a" "b" ]',
        'tls_allowed_dn_list = [ "a",',
        'tls_allowed_dn_list = [ "a", # one\n "b" ]',
        '[section]',
        '1st = 1',
        '; comment',
        '// comment',
        'listen-tls = 1',
        'tls.port = "16514"',
        'listen_tls = +',
        'export listen_tls = 1',
        'listen_tls = [ 1 ]',
        'auth_tls = [ "none" ]',
        'tls_allowed_dn_list = [ [ "*" ] ]',
        'tls_allowed_dn_list = [ 1 ]',
        'listen_addr = "a" "b"',
        '\u00a0listen_tls = 1',
        'listen_tls = 99999999999999999999',
        'listen_tls = 1x',
        '"listen_tls" = 1',
        'listen_tls : 1',
        'listen_tls = "1',
        'listen_tls = \'1"',
        'tls_port = """16514',
        'audit_level = "2"',
        'admin_max_clients = 0',
        'prio_workers = 0',
        'log_outputs = "3:nowhere"',
        'log_outputs = "1:file:/var/log/libvirt/x.log"',
      ]),
  ],
];

const oddities: readonly (readonly [number, Oddity])[] = [
  [
    6,
    (random, { conf }) => {
      const statement = random.weighted(statements)(random);
      conf.push(statement);
      return `conf-${statement}`;
    },
  ],
  [
    3,
    (random, { conf, clientName }) => {
      conf.push(`tls_allowed_dn_list = ${allowedNames(random, nameText(clientName))}`);
      return 'allowed-names';
    },
  ],
  [
    2,
    (random, plan) => {
      const names: readonly (readonly [keyof Places, string])[] = [
        ['ca', 'ca_file'],
        ['cert', 'cert_file'],
        ['key', 'key_file'],
        ['crl', 'crl_file'],
      ];
      const chosen = random.chance(0.6) ? names.slice(0, random.int(3, 4)) : random.some(names, 0.6);
      for (const [which, setting] of random.shuffle(chosen)) {
        const from = plan.serverPlaces[which];
        const to = movedPlaces[which];
        const value = random.weighted([
          [6, to],
          [2, from],
          [1, ''],
          [1, to.slice(1)],
          [1, '/srv/tls/nothing.pem'],
          [1, '/srv/tls'],
          [0.5, `file://${to}`],
        ]);
        plan.conf.push(`${setting} = "${value}"`);
        const entry = plan.server[from];
        if (entry !== undefined) plan.server[to] = entry;
      }
      plan.server['/srv'] = directory();
      plan.server['/srv/tls'] = directory();
      return `moved-${chosen.map(([which]) => which).join('+')}`;
    },
  ],
  [
    3,
    (random, plan) => {
      const parameter = random.weighted<string>([
        [2, 'no_verify=1'],
        [2, 'no_sanity=1'],
        [1, `no_verify=${random.pick(['0', '2', '-1', 'yes', '', '01', '1x', '%31'])}`],
        [1, `no_sanity=${random.pick(['0', '2', 'true', ''])}`],
        [2, `tls_priority=${encodeURIComponent(random.pick(priorities))}`],
        [1, `tls_priority=${random.pick(priorities)}`],
        [1, 'pkipath=/srv/pki'],
        [0.5, 'pkipath=/nowhere'],
        [0.5, 'pkipath=/srv/pki/'],
        [0.5, 'mode=auto'],
        [0.5, 'mode=direct'],
        [0.3, 'mode=legacy'],
        [0.3, 'mode=nonsense'],
        [0.5, 'unknown=1'],
        [0.3, 'no_tty=1'],
        [0.3, 'auth=none'],
        [0.3, 'name=qemu:///system'],
        [0.3, 'name=qemu:///nonsense'],
        [0.3, 'socket=/run/libvirt/libvirt-sock'],
        [0.3, 'netcat=nc'],
        [0.3, 'NO_VERIFY=1'],
      ]);
      plan.parameters.push(parameter);
      if (parameter.startsWith('pkipath') && random.chance(0.7)) {
        plan.client['/srv'] = directory();
        plan.client['/srv/pki'] = directory();
        const flat = flatPlaces('/srv/pki');
        for (const which of random.some(['ca', 'crl', 'cert', 'key'] as const, 0.9)) {
          const entry = plan.client[plan.clientPlaces[which]];
          if (entry !== undefined) plan.client[flat[which]] = entry;
        }
      }
      return parameter;
    },
  ],
  [
    2,
    (random, { clientConf }) => {
      const line = random.pick([
        `tls_priority = "${random.pick(priorities)}"`,
        'uri_aliases = [ "kvm=qemu+tls://kvm1.example.com/system", "local=qemu:///system" ]',
        'uri_default = "qemu:///system"',
        'uri_aliases = "kvm=qemu+tls://kvm1.example.com/system"',
        'uri_aliases = [ "kvm" ]',
        'tls_priority = NORMAL',
        'nonsense',
        'remote_mode = "direct"',
        '# nothing',
      ]);
      clientConf.push(line);
      return `client-conf-${line}`;
    },
  ],
  [
    1,
    (random, plan) => {
      const alias = random.pick(['kvm', 'KVM', 'my-kvm_1', 'k.v.m', 'two words']);
      plan.clientConf.push(
        `uri_aliases = [ ${random.pick(['', '"other=qemu:///system", '])}"${alias}=${uriOf(plan)}", "${alias}=qemu+tls://kvm9.example.com/system" ]`,
      );
      plan.scheme = `alias:${random.chance(0.9) ? alias : 'unknown'}`;
      return `alias-${alias}`;
    },
  ],
  [
    3,
    (random, plan) => {
      plan.args = random.weighted([
        [2, ''],
        [2, '-l'],
        [1, '--listen --verbose'],
        [1, '--listen --timeout 120'],
        [1, '-v'],
        [0.5, '--listen --config=/etc/libvirt/libvirtd.conf'],
        [0.5, '--listen --timeout never'],
        [0.5, '--version'],
        [1, '--listen --nonsense'],
        [0.5, '--liste'],
        [0.5, '--listen extra'],
        [0.5, '-vl'],
        [0.5, '-l -f /etc/libvirt/libvirtd.conf'],
      ]);
      return `args-${plan.args}`;
    },
  ],
  [
    1,
    (random, plan) => {
      plan.activation.push(
        'libvirtd.socket',
        'libvirtd-ro.socket',
        'libvirtd-admin.socket',
        ...random.some(['libvirtd-tls.socket', 'libvirtd-tcp.socket'], 0.6),
      );
      if (random.chance(0.7)) plan.args = '';
      return `activation-${plan.activation.slice(3).join('+')}${plan.args}`;
    },
  ],
  [
    2,
    (random, plan) => {
      plan.authority.port = random.pick(['16514', '16509', '16600', '22', '0', '99999', '016514', '']);
      if (random.chance(0.5)) plan.conf.push(`tls_port = "${plan.authority.port}"`);
      return `port-${plan.authority.port}`;
    },
  ],
  [
    1,
    (random, plan) => {
      plan.authority.user = random.pick(['root', 'tux', 'a%20b', '']);
      return 'uri-user';
    },
  ],
  [
    1,
    (random, plan) => {
      plan.path = random.pick(['/session', '', '/', '/nonsense', '/system/', '/embed']);
      return `uri-path-${plan.path}`;
    },
  ],
  [
    1,
    (random, plan) => {
      plan.scheme = random.pick([
        'qemu',
        'QEMU+TLS',
        'qemu+TLS',
        'qemu+tcp',
        'nonsense+tls',
        'qemu+nonsense',
        'qemu+tls+x',
        'qemu+unix',
      ]);
      return `scheme-${plan.scheme}`;
    },
  ],
  [
    2,
    (random, { hosts, authority: { host } }) => {
      const line = random.pick([
        `192.0.2.10 ${host}`,
        `2001:db8::10 ${host}`,
        `::1 ${host}`,
        `127.0.0.9 ${host}`,
        `127.0.0.5 ${host}`,
        `127.0.0.1 other ${host.toUpperCase()}`,
        `# 192.0.2.99 ${host}`,
        `nonsense ${host}`,
        '',
      ]);
      if (random.chance(0.6)) hosts.length = 0;
      hosts.push(line);
      return `hosts-${line}`;
    },
  ],
  [
    5,
    (random, plan) => {
      const [side, places] = random.pick([
        ['server', plan.serverPlaces],
        ['client', plan.clientPlaces],
      ] as const);
      const which = random.pick(['ca', 'cert', 'key', 'key', 'crl'] as const);
      const path = places[which];
      const entry = plan[side][path];
      const what = random.weighted<'link' | 'broken-link' | 'loop' | 'directory' | 'mode' | 'absent'>([
        [2, 'link'],
        [1, 'broken-link'],
        [0.5, 'loop'],
        [1, 'directory'],
        [5, 'mode'],
        [1, 'absent'],
      ]);
      if (what === 'absent') Reflect.deleteProperty(plan[side], path);
      else if (what === 'directory') plan[side][path] = directory();
      else if (what === 'loop') plan[side][path] = { link: path };
      else if (what === 'broken-link')
        plan[side][path] = { link: random.pick(['nothing.pem', '/nothing.pem', `${path}/x`]) };
      else if (entry !== undefined && 'content' in entry) {
        if (what === 'link') {
          plan[side]['/etc/pki/real.pem'] = entry;
          plan[side][path] = {
            link: random.pick([
              '/etc/pki/real.pem',
              path.includes('/private/') ? '../../real.pem' : '../real.pem',
              '../../etc/pki/real.pem',
            ]),
          };
        } else {
          const mode = random.pick([0o600, 0o640, 0o644, 0o400, 0o000, 0o004, 0o060, 0o666, 0o200]);
          plan[side][path] = {
            ...entry,
            mode,
            owner: random.pick([root, alice, bob]),
            group: random.pick([root, alice, bob, 118]),
          };
          return `${side}-${which}-mode-${mode.toString(8)}-${JSON.stringify({ ...plan[side][path], content: '' })}`;
        }
      }
      return `${side}-${which}-${what}`;
    },
  ],
  [
    2,
    (random, plan) => {
      const [side, places] = random.weighted([
        [1, ['server', plan.serverPlaces]],
        [3, ['client', plan.clientPlaces]],
      ] as [number, ['server' | 'client', Places]][]);
      const path = random.pick([places.ca, places.cert, places.key]).replace(/\/[^/]*$/, '');
      const mode = random.pick([0o700, 0o711, 0o755, 0o000, 0o750, 0o744]);
      plan[side][path] = directory(mode, random.pick([root, alice, bob]), random.pick([root, alice, 118]));
      return `${side}-${path}-${mode.toString(8)}`;
    },
  ],
  [
    1,
    (random, plan) => {
      const bundles = random.some(['ca', 'cert', 'key', 'crl'] as const, 0.5);
      const path = '/home/alice/.pki/libvirt';
      for (const which of bundles) {
        const entry = plan.client[plan.clientPlaces[which]];
        if (entry !== undefined) plan.client[flatPlaces(path)[which]] = entry;
      }
      plan.client['/home/alice/.pki'] = directory(0o755, alice);
      plan.client[path] = directory(0o755, alice);
      return `also-in-home-${bundles.join('+')}`;
    },
  ],
  [
    0.5,
    (_, plan) => {
      // The certificates and keys of both sides swapped, as happens when names are all that tells them apart.
      for (const which of ['cert', 'key'] as const) {
        const [server, client] = [plan.server[plan.serverPlaces[which]], plan.client[plan.clientPlaces[which]]];
        if (server === undefined || client === undefined) continue;
        plan.server[plan.serverPlaces[which]] = client;
        plan.client[plan.clientPlaces[which]] = server;
      }
      return 'swapped';
    },
  ],
];

function uriOf({ scheme, authority: { user, host, port }, path, parameters }: Plan): string {
  if (scheme.startsWith('alias:')) return scheme.slice('alias:'.length);
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${scheme}://${user && `${user}@`}${host.includes(':') ? `[${host}]` : host}${port && `:${port}`}${path}${query}`;
}

/** The scenario of a seed: a PKI, two hosts and a URI, where about half of the connections work. */
export function randomLibvirtScenario(seed: number): RandomLibvirtScenario {
  const random = randomOf(seed);
  const host = random.weighted([
    [8, 'kvm1.example.com'],
    [1, '127.0.0.1'],
    [0.5, 'localhost'],
    [0.5, '::1'],
    [0.5, '192.0.2.10'],
    [0.5, '2001:db8::10'],
    [0.7, 'KVM1.Example.com'],
    [0.5, 'kvm1'],
    [0.3, '2001:0db8:0:0:0:0:0:10'],
    [0.3, 'kvm1.example.com.'],
    [0.3, 'a.b.kvm1.example.com'],
    [0.3, 'kvm_1.example.com'],
    [0.2, 'nowhere.example.com'],
    [0.2, 'xn--bcher-kva.example.com'],
  ]);
  const count = random.weighted([
    [2, 0],
    [4, 1],
    [4, 2],
    [2, 3],
    [1, 5],
  ]);
  const ofPki = Array.from({ length: count }).filter(() => random.chance(0.6)).length;
  const pki = randomPki(random, { host: random.chance(0.97) ? host.replace(/\.$/, '') : host, oddities: ofPki });
  const user = random.chance(0.75) ? 'root' : 'alice';
  const home = user === 'alice' && random.chance(0.7);
  const serverPlaces = systemPlaces('server');
  const clientPlaces = home ? flatPlaces('/home/alice/.pki/libvirt') : systemPlaces('client');
  const server: Tree = { ...databases, '/etc/pki/libvirt/private': directory(0o700), '/root': directory(0o700) };
  const client: Tree = {
    ...databases,
    '/etc/pki/libvirt/private': directory(user === 'alice' ? 0o755 : 0o700),
    '/home': directory(),
    '/home/alice': directory(0o755, alice),
    '/root': directory(0o700),
    ...(home
      ? { '/home/alice/.pki': directory(0o700, alice), '/home/alice/.pki/libvirt': directory(0o700, alice) }
      : {}),
  };
  place(server, serverPlaces, pki.server);
  place(client, clientPlaces, pki.client, user === 'alice' ? alice : root);
  const address = /^[\d.]+$|:/.test(host) ? [] : [`127.0.0.1 ${host.replace(/\.$/, '')}`];
  const plan: Plan = {
    server,
    client,
    conf: [],
    clientConf: [],
    args: '--listen',
    scheme: 'qemu+tls',
    authority: { user: '', host, port: '' },
    path: '/system',
    parameters: [],
    hosts: host === 'nowhere.example.com' ? [] : address,
    activation: [],
    user,
    serverPlaces,
    clientPlaces,
    clientName: pki.clientName,
    notes: [...pki.notes, host, user + (home ? '-home' : '')],
  };
  // Without their own checks, more of what is wrong is left for the other side to find.
  if (random.chance(0.3)) plan.conf.push('tls_no_sanity_certificate = 1');
  if (random.chance(0.3)) plan.parameters.push('no_sanity=1');
  for (let left = count - ofPki; left > 0; left--) plan.notes.push(random.weighted(oddities)(random, plan));
  const join = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  const confPath = user === 'root' ? '/etc/libvirt/libvirt.conf' : '/home/alice/.config/libvirt/libvirt.conf';
  return {
    name: plan.notes.join(' '),
    seed,
    uri: uriOf(plan),
    user: plan.user,
    server: {
      ...server,
      '/etc/hostname': file('kvm1.example.com\n'),
      '/etc/hosts': file('127.0.0.1 localhost\n127.0.1.1 kvm1.example.com\n'),
      '/etc/libvirt/libvirtd.conf': file(join(plan.conf)),
      '/etc/sysconfig': directory(),
      '/etc/sysconfig/libvirtd': file(`LIBVIRTD_ARGS="${plan.args}"\n`),
      ...Object.fromEntries(
        plan.activation.map((name) => [
          `/etc/systemd/system/sockets.target.wants/${name}`,
          { link: `/usr/lib/systemd/system/${name}` },
        ]),
      ),
    },
    client: {
      ...client,
      '/etc/hostname': file('desk7.example.com\n'),
      '/etc/hosts': file(join(['127.0.0.1 localhost', '::1 localhost ip6-localhost', ...plan.hosts])),
      ...(plan.clientConf.length === 0
        ? {}
        : { [confPath]: file(join(plan.clientConf), 0o644, user === 'root' ? root : alice) }),
    },
  };
}
