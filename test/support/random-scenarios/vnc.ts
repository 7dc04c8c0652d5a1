import { createPrivateKey } from 'node:crypto';
import type { VncAttempt } from '../real-vnc.ts';
import { directory, file, nameText, priorities, type Entry, type Tree } from './libvirt.ts';
import { randomPki } from './pki.ts';
import { random as randomOf, type Random } from './random.ts';

/** A scenario and where it came from: the seed makes it again, but for its keys. */
export interface RandomVncScenario extends VncAttempt {
  readonly name: string;
  readonly seed: number;
  readonly viewer: string;
}

const [root, qemu, alice, bob] = [0, 107, 1000, 1001];

/** An object of the command line: in one of the two forms in which QEMU takes them. */
interface QemuObject {
  readonly type: string;
  id: string;
  readonly properties: [string, unknown][];
  json: boolean;
}

interface Display {
  address: string;
  readonly options: string[];
}

interface Places {
  readonly ca: string;
  readonly crl: string;
  readonly cert: string;
  readonly key: string;
}

/** All that a scenario is made of, while it is made. */
interface Plan {
  readonly server: Tree;
  readonly client: Tree;
  readonly serverPlaces: Places;
  readonly clientPlaces: Places;
  readonly credentials: QemuObject;
  /** The display's `tls-creds` and the credentials object itself can each be left out. */
  creates: boolean;
  refers: string | undefined;
  readonly objects: QemuObject[];
  readonly display: Display;
  readonly moreDisplays: string[];
  /** Arguments as they are, before all of these or after them. */
  readonly before: string[];
  readonly after: string[];
  objectsLast: boolean;
  /** `-display vnc=` instead of `-vnc`. */
  asDisplay: boolean;
  readonly hosts: string[];
  port: string;
  readonly account: typeof root | typeof qemu;
  readonly user: 'root' | 'alice';
  /** The client's name as authorization compares it. */
  readonly clientName: string;
  readonly notes: string[];
}

const usersWith = (home: string): Entry =>
  file(
    [
      'root:x:0:0:root:/root:/bin/bash',
      `alice:x:1000:1000::${home}:/bin/bash`,
      'bob:x:1001:1001::/home/bob:/bin/bash',
      'qemu:x:107:107:qemu:/:/sbin/nologin\n',
    ].join('\n'),
  );

const databases: Tree = {
  '/etc': directory(),
  '/etc/group': file('root:x:0:\nalice:x:1000:\nbob:x:1001:\nlibvirt:x:118:alice\nqemu:x:107:\n'),
  '/etc/passwd': usersWith('/home/alice'),
  '/etc/pki': directory(),
  '/etc/pki/CA': directory(),
};

const placesOf = (ca: string, own: string, key: string, names: readonly [string, string, string, string]): Places => ({
  ca: `${ca}/${names[0]}`,
  crl: `${ca}/${names[1]}`,
  cert: `${own}/${names[2]}`,
  key: `${key}/${names[3]}`,
});
const serverNames = ['ca-cert.pem', 'ca-crl.pem', 'server-cert.pem', 'server-key.pem'] as const;
const clientNames = ['cacert.pem', 'cacrl.pem', 'clientcert.pem', 'clientkey.pem'] as const;
const clientPlacesIn = (pki: string): Places =>
  placesOf(`${pki}/CA`, `${pki}/gvnccapture`, `${pki}/gvnccapture/private`, clientNames);

const drop = (tree: Tree, path: string): unknown => Reflect.deleteProperty(tree, path);

const doubled = (value: string): string => value.replaceAll(',', ',,');

function objectText({ type, id, properties, json }: QemuObject, random: Random): string {
  if (json) {
    const entries: [string, unknown][] = [['qom-type', type], ['id', id], ...properties];
    return JSON.stringify(Object.fromEntries(random.chance(0.2) ? random.shuffle(entries) : entries));
  }
  const texts = properties.map(([key, value]) => {
    if (typeof value === 'boolean') return `${key}=${random.weighted(value ? yeses : noes)}`;
    return `${key}=${doubled(String(value))}`;
  });
  return `${type},${(random.chance(0.2) ? random.shuffle([`id=${id}`, ...texts]) : [`id=${id}`, ...texts]).join(',')}`;
}

const yeses: readonly (readonly [number, string])[] = [
  [4, 'on'],
  [2, 'yes'],
  [1, 'true'],
  [1, 'y'],
];
const noes: readonly (readonly [number, string])[] = [
  [4, 'off'],
  [2, 'no'],
  [1, 'false'],
  [1, 'n'],
];

type Oddity = (random: Random, plan: Plan) => string;

const setProperty = (object: QemuObject, key: string, value: unknown): void => {
  const known = object.properties.find(([name]) => name === key);
  if (known === undefined) object.properties.push([key, value]);
  else known[1] = value;
};

const removeProperty = ({ properties }: QemuObject, key: string): void => {
  const at = properties.findIndex(([name]) => name === key);
  if (at >= 0) properties.splice(at, 1);
};

/** Identities around a name, some of which are it. */
function identities(random: Random, name: string): string {
  const parts = name.split(',');
  return random.weighted<() => string>([
    [5, () => name],
    [1, () => [...parts].reverse().join(',')],
    [1, () => parts.join(', ')],
    [1, () => name.toLowerCase()],
    [1, () => parts.at(-1) ?? ''],
    [1, () => `${name} `],
    [1, () => '*'],
    [1, () => `${parts[0]},*`],
    [2, () => `*${parts.at(-1)}`],
    [1, () => `*${name.slice(3, 9)}*`],
    [1, () => name.replace(/./, '?')],
    [1, () => name.replace(/[A-Z]/, '[A-Z]')],
    [0.5, () => name.replaceAll('C', '\\C')],
    [0.5, () => ''],
    [0.5, () => '**'],
    [0.5, () => `*?${parts.at(-1)}`],
    [0.5, () => 'C=GB,ST=London,L=London,O=Acme,CN=client2'],
  ])();
}

function authorization(random: Random, { objects, display, clientName, refers, creates }: Plan): string {
  const id = random.weighted([
    [9, 'authz0'],
    [1, 'nosuch'],
    [0.3, creates ? (refers ?? 'authz0') : 'authz0'],
  ]);
  const json = random.chance(0.5);
  const kind = random.weighted([
    [4, 'authz-simple'],
    [6, 'authz-list'],
    [0.3, 'none'],
  ]);
  const object: QemuObject = { type: kind, id: 'authz0', properties: [], json };
  if (kind === 'authz-simple') {
    if (random.chance(0.95)) object.properties.push(['identity', identities(random, clientName)]);
  } else if (kind === 'authz-list') {
    if (random.chance(0.7))
      object.properties.push([
        'policy',
        random.weighted([
          [5, 'deny'],
          [4, 'allow'],
          [0.3, 'maybe'],
        ]),
      ]);
    const rules = Array.from({ length: random.int(0, 3) }, () => ({
      match: identities(random, clientName),
      policy: random.pick(['allow', 'allow', 'deny']),
      ...(random.chance(0.7) ? { format: random.pick(['glob', 'glob', 'exact']) } : {}),
    }));
    if (rules.length > 0) {
      object.json = true;
      object.properties.push(['rules', rules]);
    }
  }
  if (kind !== 'none') objects.push(object);
  display.options.push(`tls-authz=${id}`);
  return `authz-${JSON.stringify(object)}-by-${id}`;
}

const oddities: readonly (readonly [number, Oddity])[] = [
  [
    5,
    (random, { credentials }) => {
      const value = random.weighted<unknown>([
        [8, false],
        [2, true],
        [0.3, 'maybe'],
        [0.3, 'off'],
      ]);
      setProperty(credentials, 'verify-peer', value);
      return `verify-peer-${JSON.stringify(value)}`;
    },
  ],
  [4, authorization],
  [
    3,
    (random, { credentials }) => {
      const priority = random.pick(priorities);
      setProperty(credentials, 'priority', priority);
      return `priority-${priority}`;
    },
  ],
  [
    2,
    (_, { credentials }) => {
      setProperty(credentials, 'sanity-check', false);
      return 'insane';
    },
  ],
  [
    1.5,
    (random, { credentials }) => {
      const endpoint = random.weighted([
        [2, undefined],
        [2, 'client'],
        [0.5, 'both'],
      ]);
      removeProperty(credentials, 'endpoint');
      if (endpoint !== undefined) credentials.properties.push(['endpoint', endpoint]);
      return `endpoint-${endpoint}`;
    },
  ],
  [
    2,
    (random, plan) => {
      // Encryption without certificates.
      const json = random.chance(0.5);
      const properties: [string, unknown][] = [['endpoint', 'server']];
      if (random.chance(0.3)) properties.push(['priority', random.pick(priorities)]);
      if (random.chance(0.1)) properties.push(['verify-peer', true]);
      if (random.chance(0.9)) properties.push(['dir', '/etc/pki/libvirt-vnc']);
      plan.objects.push({ type: 'tls-creds-anon', id: 'anon0', properties, json });
      plan.refers = 'anon0';
      plan.creates = random.chance(0.5);
      return `anonymous-${JSON.stringify(properties)}`;
    },
  ],
  [
    0.5,
    (random, plan) => {
      // Pre-shared keys, which a VNC server does not take.
      const properties: [string, unknown][] = [
        ['endpoint', random.pick(['server', 'client'])],
        ['dir', '/etc/pki/psk'],
      ];
      plan.objects.push({ type: 'tls-creds-psk', id: 'psk0', properties, json: random.chance(0.5) });
      plan.server['/etc/pki/psk'] = directory();
      plan.server['/etc/pki/psk/keys.psk'] = file('qemu:00112233\n');
      plan.server['/etc/pki/psk/dh-params.pem'] = file(dhParameters);
      plan.refers = 'psk0';
      return 'pre-shared-key';
    },
  ],
  [
    1.5,
    (random, plan) => {
      plan.refers = undefined;
      plan.creates = random.chance(0.5);
      return 'no-tls';
    },
  ],
  [
    1,
    (random, plan) => {
      plan.refers = random.pick(['nosuch', 'tls', '']);
      return `refers-${plan.refers}`;
    },
  ],
  [
    1,
    (_, plan) => {
      plan.creates = false;
      return 'no-credentials';
    },
  ],
  [
    1.5,
    (random, { credentials, server, serverPlaces }) => {
      const what = random.weighted([
        [2, 'missing'],
        [1, '/etc/pki/CA'],
        [1, '/nowhere'],
        [1, `${serverPlaces.cert}`],
        [1, '/etc/pki/libvirt-vnc/'],
        [1, '/etc/pki/../pki/libvirt-vnc'],
        [1, '/etc/pki/a,b'],
      ]);
      if (what === 'missing') removeProperty(credentials, 'dir');
      else setProperty(credentials, 'dir', what);
      if (what.includes(',')) {
        server[what] = directory(0o755, root);
        for (const [name, path] of Object.entries(serverPlaces)) {
          const entry = server[path];
          if (entry !== undefined && random.chance(0.95))
            server[`${what}/${serverNames[Object.keys(serverPlaces).indexOf(name)]}`] = entry;
        }
      }
      return `dir-${what}`;
    },
  ],
  [
    4,
    (random, { display, objects }) => {
      const what = random.weighted([
        [4, 'password=on'],
        [1, 'password'],
        [1, 'password=off'],
        [1, 'nopassword'],
        [0.3, 'password=maybe'],
        [2, 'password-secret=sec1'],
        [1, 'password-secret=nosuch'],
        [0.5, 'password-secret=sec1,password=on'],
        [1, 'password=on,sasl=on'],
      ]);
      display.options.push(what);
      if (what.includes('sec1'))
        objects.push({ type: 'secret', id: 'sec1', properties: [['data', 'letmein']], json: random.chance(0.5) });
      return what;
    },
  ],
  [
    2,
    (random, { display, server }) => {
      display.options.push(random.pick(['sasl=on', 'sasl=on', 'sasl=yes', 'sasl']));
      const list = random.pick([undefined, 'digest-md5', 'scram-sha-256', 'digest-md5 scram-sha-256']);
      if (list !== undefined) {
        server['/etc/sasl2'] = directory();
        server['/etc/sasl2/qemu.conf'] = file(`mech_list: ${list}\n`);
      }
      if (random.chance(0.1)) display.options.push('sasl-authz=authz1');
      return `sasl-${list}`;
    },
  ],
  [
    0.7,
    (random, { display }) => {
      const option = random.pick(['sasl-authz=authz1', 'tls-authz=authz1']);
      display.options.push(option);
      return option;
    },
  ],
  [
    3,
    (random, plan) => {
      const { server, serverPlaces, credentials, objects } = plan;
      const entry = server[serverPlaces.key];
      const found = entry !== undefined && 'content' in entry ? Buffer.from(entry.content as string) : Buffer.alloc(0);
      try {
        const locked = createPrivateKey(found).export({
          type: 'pkcs8',
          format: 'pem',
          cipher: 'aes-256-cbc',
          passphrase: 'sesame',
        });
        if (random.chance(0.85)) server[serverPlaces.key] = { ...entry, content: locked as string } as Entry;
      } catch {
        // It is bent already.
      }
      const secret = random.weighted<[string, unknown][]>([
        [4, [['data', 'sesame']]],
        [2, [['data', 'open']]],
        [1, [['file', '/etc/pki/secret']]],
        [
          1,
          [
            ['data', 'c2VzYW1l'],
            ['format', 'base64'],
          ],
        ],
      ]);
      server['/etc/pki/secret'] = file(random.pick(['sesame', 'sesame\n', 'open']), 0o644);
      objects.unshift({ type: 'secret', id: 'sec0', properties: secret, json: random.chance(0.3) });
      if (random.chance(0.85)) setProperty(credentials, 'passwordid', 'sec0');
      return `locked-key-${JSON.stringify(secret)}`;
    },
  ],
  [
    5,
    (random, { display }) => {
      display.address = random.weighted([
        [3, ':0'],
        [2, '127.0.0.1:0'],
        [2, '[::]:0'],
        [1, '[::1]:0'],
        [1, '192.0.2.10:0'],
        [1, '[2001:db8::10]:0'],
        [1, 'localhost:0'],
        [1, 'kvm1.example.com:0'],
        [1, '192.0.2.99:0'],
        [1, 'nosuch.example.com:0'],
        [1, '0.0.0.0:1'],
        [1, '0.0.0.0:7'],
        [0.5, '0.0.0.0:00'],
        [0.5, '0.0.0.0:0x0'],
        [0.5, '0.0.0.0:+0'],
        [0.5, '0.0.0.0:abc'],
        [0.5, '0.0.0.0'],
        [0.5, '0.0.0.0:'],
        [0.5, '0.0.0.0:60000'],
        [0.5, '0.0.0.0:-1'],
        [0.5, '::0'],
        [0.5, '::1:0'],
        [0.5, 'unix:/tmp/vnc.sock'],
        [0.5, 'none'],
        [0.5, 'vnc=0.0.0.0:0'],
        [0.5, '127.0.0.1:5,vnc=0.0.0.0:0'],
        [0.5, '0.0.0.0:0,vnc=[::]:3'],
        [0.5, '0.0.0.0:0,vnc=0.0.0.0:0'],
      ]);
      return `listens-${display.address}`;
    },
  ],
  [
    3,
    (random, { display }) => {
      const option = random.weighted([
        [2, 'websocket=on'],
        [0.5, 'websocket'],
        [1, 'websocket=5800'],
        [0.5, 'websocket=5900'],
        [0.5, 'websocket=127.0.0.1:5800'],
        [2, 'share=ignore'],
        [1, 'share=allow-exclusive'],
        [1, 'share=force-shared'],
        [0.5, 'share=never'],
        [1, 'ipv4=on'],
        [1, 'ipv4=off'],
        [1, 'ipv6=on'],
        [1, 'ipv6=off'],
        [0.5, 'ipv4=on,ipv6=on'],
        [0.5, 'ipv4=maybe'],
        [1, 'to=9'],
        [0.5, 'to=x'],
        [0.5, 'connections=1'],
        [1, 'lossy=on,non-adaptive=on,power-control=off,lock-key-sync=on,key-delay-ms=5'],
        [0.5, 'id=console'],
        [0.3, 'id=0console'],
        [0.5, 'audiodev=nosuch'],
        [0.5, 'colour=blue'],
        [0.5, 'tls'],
        [0.5, 'x509verify=/etc/pki/libvirt-vnc'],
        [0.3, 'acl'],
        [0.3, ''],
      ]);
      display.options.push(option);
      return option;
    },
  ],
  [
    2,
    (random, { moreDisplays }) => {
      const other = random.pick([
        '127.0.0.1:5',
        '0.0.0.0:0',
        '0.0.0.0:x',
        'none',
        'unix:/tmp/other.sock',
        '127.0.0.1:0',
      ]);
      moreDisplays.push(other);
      return `also-${other}`;
    },
  ],
  [
    1.5,
    (random, { credentials, objects }) => {
      switch (random.pick(['unknown', 'twice', 'same-id', 'bad-id', 'repeated', 'other-type', 'form'] as const)) {
        case 'unknown':
          credentials.properties.push(['colour', 'blue']);
          return 'unknown-property';
        case 'twice':
          credentials.json = false;
          objects.push({ ...credentials, properties: [...credentials.properties] });
          return 'twice';
        case 'same-id':
          credentials.json = false;
          objects.push({ type: 'secret', id: credentials.id, properties: [['data', 'x']], json: false });
          return 'same-id';
        case 'bad-id':
          credentials.id = random.pick(['0tls', 'tls/0', 'tls 0', '']);
          return `bad-id-${credentials.id}`;
        case 'repeated':
          credentials.json = false;
          credentials.properties.push(['verify-peer', random.chance(0.5)]);
          return 'repeated';
        case 'other-type':
          objects.push({
            type: random.pick(['tls-x509', 'iothread']),
            id: 'other0',
            properties: [],
            json: random.chance(0.5),
          });
          return 'other-type';
        case 'form':
          credentials.json = !credentials.json;
          return 'other-form';
      }
    },
  ],
  [
    0.7,
    (random, { before, after }) => {
      const extra = random.pick([
        ['-object', '{'],
        ['-object', '{"qom-type": "secret"}'],
        ['-object', ''],
        ['-vnc', ''],
        ['-vnc', ','],
        ['-nosuchoption'],
        ['-S'],
        ['-k', 'de'],
        ['-nographic'],
      ]);
      (random.chance(0.5) ? before : after).push(...extra);
      return extra.join(' ');
    },
  ],
  [
    0.7,
    (random, { client }) => {
      const home = random.pick(['/srv/alice', '/home/alice/', '/', '']);
      client['/etc/passwd'] = usersWith(home);
      return `home-${home}`;
    },
  ],
  [
    0.7,
    (_, plan) => {
      plan.asDisplay = true;
      return 'as-display';
    },
  ],
  [
    0.7,
    (_, plan) => {
      plan.objectsLast = true;
      return 'objects-last';
    },
  ],
  [
    2,
    (random, plan) => {
      plan.port = random.pick(['5900', '', '5901', '5907', '5903', '16514']);
      if (random.chance(0.4) && plan.port !== '') plan.display.address = `0.0.0.0:${Number(plan.port) - 5900}`;
      return `port-${plan.port}`;
    },
  ],
  [
    2,
    (random, { hosts, notes }) => {
      const host = notes[0] ?? '';
      const line = random.pick([
        `192.0.2.10 ${host}`,
        `2001:db8::10 ${host}`,
        `::1 ${host}`,
        `127.0.0.9 ${host}`,
        `127.0.0.1 other ${host.toUpperCase()}`,
        `# 192.0.2.10 ${host}`,
        `nonsense ${host}`,
        '',
      ]);
      if (random.chance(0.6)) hosts.length = 0;
      hosts.push(line);
      return `hosts-${line}`;
    },
  ],
  [
    1,
    (random, { server, serverPlaces }) => {
      // libvirt's own names.
      const which = random.pick(['ca', 'cert', 'key'] as const);
      const entry = server[serverPlaces[which]];
      if (entry !== undefined) {
        drop(server, serverPlaces[which]);
        server[serverPlaces[which].replace(/(ca|server)-/, '$1')] = entry;
      }
      return `misnamed-${which}`;
    },
  ],
  [
    7,
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
        [1.5, 'absent'],
      ]);
      if (what === 'absent') drop(plan[side], path);
      else if (what === 'directory') plan[side][path] = directory();
      else if (what === 'loop') plan[side][path] = { link: path };
      else if (what === 'broken-link')
        plan[side][path] = { link: random.pick(['nothing.pem', '/nothing.pem', `${path}/x`]) };
      else if (entry !== undefined && 'content' in entry) {
        if (what === 'link') {
          plan[side]['/srv'] = directory();
          plan[side]['/srv/tls'] = directory(random.pick([0o755, 0o755, 0o700]));
          plan[side]['/srv/tls/real.pem'] = entry;
          plan[side][path] = { link: '/srv/tls/real.pem' };
        } else {
          const mode = random.pick([0o600, 0o640, 0o644, 0o400, 0o000, 0o004, 0o060, 0o666, 0o200]);
          const owner = random.pick([root, qemu, alice, bob]);
          const group = random.pick([root, qemu, alice, bob, 118]);
          plan[side][path] = { ...entry, mode, owner, group };
          return `${side}-${which}-mode-${mode.toString(8)}-${owner}:${group}`;
        }
      }
      return `${side}-${which}-${what}`;
    },
  ],
  [
    2,
    (random, plan) => {
      const [side, places] = random.pick([
        ['server', plan.serverPlaces],
        ['client', plan.clientPlaces],
      ] as const);
      const path = random.pick([places.ca, places.cert, places.key]).replace(/\/[^/]*$/, '');
      const mode = random.pick([0o700, 0o711, 0o755, 0o000, 0o750, 0o744]);
      plan[side][path] = directory(mode, random.pick([root, qemu, alice]), random.pick([root, qemu, alice, 118]));
      return `${side}-${path}-${mode.toString(8)}`;
    },
  ],
  [
    2.5,
    (random, { client, clientPlaces }) => {
      // Some files stand in the other of the two places as well, or instead.
      const other = clientPlacesIn(clientPlaces.ca.startsWith('/home') ? '/etc/pki' : '/home/alice/.pki');
      const moved: string[] = [];
      for (const which of random.some(['ca', 'cert', 'key', 'crl'] as const, 0.5)) {
        const entry = client[clientPlaces[which]];
        if (entry === undefined) continue;
        const content = random.weighted<'same' | 'broken' | 'moved' | 'closed'>([
          [2, 'same'],
          [1, 'broken'],
          [2, 'moved'],
          [1, 'closed'],
        ]);
        client[other[which]] =
          content === 'broken'
            ? file('garbage\n')
            : content === 'closed'
              ? ({ ...entry, mode: 0o600, owner: root, group: root } as Entry)
              : entry;
        if (content === 'moved') drop(client, clientPlaces[which]);
        moved.push(`${which}:${content}`);
      }
      return `elsewhere-${moved.join('+')}`;
    },
  ],
  [
    0.5,
    (random, { server, client, serverPlaces, clientPlaces }) => {
      const which = random.some(['cert', 'key'] as const, 0.8);
      for (const one of which) {
        const [theirs, ours] = [server[serverPlaces[one]], client[clientPlaces[one]]];
        if (theirs === undefined || ours === undefined) continue;
        server[serverPlaces[one]] = ours;
        client[clientPlaces[one]] = theirs;
      }
      return `swapped-${which.join('+')}`;
    },
  ],
];

// The group of 2048 bits of RFC 7919.
const dhParameters = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;

/** What QEMU is told about the console, without its own name and what every scenario has. */
export const argumentsOf = ({ server }: RandomVncScenario): readonly string[] => {
  const entry = server['/proc/4242/cmdline'];
  return entry !== undefined && 'content' in entry ? String(entry.content).split('\0').slice(8, -1) : [];
};

/** The scenario of a seed: a PKI, QEMU's arguments and files, and a viewer's, where about half of the connections work. */
export function randomVncScenario(seed: number): RandomVncScenario {
  const random = randomOf(seed);
  const host = random.weighted([
    [8, 'kvm1.example.com'],
    [1, '127.0.0.1'],
    [0.7, 'localhost'],
    [0.7, '192.0.2.10'],
    [0.5, 'KVM1.Example.com'],
    [0.5, 'kvm1'],
    [0.3, 'kvm1.example.com.'],
    [0.3, 'a.b.kvm1.example.com'],
    [0.3, 'kvm_1.example.com'],
    [0.2, 'nowhere.example.com'],
    [0.2, 'xn--bcher-kva.example.com'],
  ]);
  const count = random.weighted([
    [1, 0],
    [4, 1],
    [4, 2],
    [3, 3],
    [1, 5],
  ]);
  const ofPki = Array.from({ length: count }).filter(() => random.chance(0.35)).length;
  const pki = randomPki(random, { host: random.chance(0.97) ? host.replace(/\.$/, '') : host, oddities: ofPki });
  const account = random.chance(0.6) ? root : qemu;
  const user = random.chance(0.6) ? 'root' : 'alice';
  const home = user === 'alice' && random.chance(0.6);
  const credentialsDirectory = '/etc/pki/libvirt-vnc';
  const serverPlaces = placesOf(credentialsDirectory, credentialsDirectory, credentialsDirectory, serverNames);
  const clientPlaces = clientPlacesIn(home ? '/home/alice/.pki' : '/etc/pki');
  const server: Tree = {
    ...databases,
    [credentialsDirectory]: directory(0o750, root, account),
    '/root': directory(0o700),
    '/proc': directory(0o555),
    '/proc/4242': directory(0o555),
  };
  const owner = home ? alice : root;
  const client: Tree = {
    ...databases,
    '/etc/pki/gvnccapture': directory(),
    '/etc/pki/gvnccapture/private': directory(),
    '/home': directory(),
    '/home/alice': directory(0o700, alice),
    ...Object.fromEntries(
      ['', '/CA', '/gvnccapture', '/gvnccapture/private'].map((name) => [
        `/home/alice/.pki${name}`,
        directory(0o755, alice),
      ]),
    ),
    '/root': directory(0o700),
  };
  const secretMode = user === 'alice' && !home ? 0o644 : 0o600;
  for (const which of ['ca', 'crl', 'cert', 'key'] as const) {
    const [theirs, ours] = [pki.server[which], pki.client[which]];
    if (theirs) server[serverPlaces[which]] = file(theirs, which === 'key' ? 0o640 : 0o644, root, account);
    if (ours) client[clientPlaces[which]] = file(ours, which === 'key' ? secretMode : 0o644, owner);
  }
  // QEMU makes these itself where they are not, for seconds.
  if (random.chance(0.93)) server[`${credentialsDirectory}/dh-params.pem`] = file(dhParameters);
  const address = /^[\d.]+$/.test(host) ? [] : [`127.0.0.1 ${host.replace(/\.$/, '')}`];
  const plan: Plan = {
    server,
    client,
    serverPlaces,
    clientPlaces,
    credentials: {
      type: 'tls-creds-x509',
      id: 'tls0',
      properties: [
        ['dir', credentialsDirectory],
        ['endpoint', 'server'],
        ...(random.chance(0.7) ? ([['verify-peer', random.chance(0.9)]] as [string, unknown][]) : []),
      ],
      json: random.chance(0.4),
    },
    creates: true,
    refers: 'tls0',
    objects: [],
    display: { address: '0.0.0.0:0', options: [] },
    moreDisplays: [],
    before: [],
    after: [],
    objectsLast: false,
    asDisplay: false,
    hosts: host === 'nowhere.example.com' ? [] : address,
    port: '5900',
    account,
    user,
    clientName: nameText(pki.clientName),
    notes: [host, ...pki.notes, `qemu:${account}`, user + (home ? '-home' : '')],
  };
  // Without QEMU's own checks, more of what is wrong is left for the client to find.
  if (random.chance(0.25)) setProperty(plan.credentials, 'sanity-check', false);
  for (let left = count - ofPki; left > 0; left--) plan.notes.push(random.weighted(oddities)(random, plan));
  return {
    name: plan.notes.join(' '),
    seed,
    uri: `vnc://${host}${plan.port && `:${plan.port}`}`,
    user,
    viewer: 'gvnccapture',
    server: {
      ...server,
      '/etc/hostname': file('kvm1.example.com\n'),
      '/etc/hosts': file(
        // What tells the addresses that the server has.
        '127.0.0.1 localhost\n127.0.1.1 kvm1.example.com\n192.0.2.10 kvm1.lan\n2001:db8::10 kvm1.lan\n',
      ),
      '/proc/4242/cmdline': file(`${commandLine(random, plan).join('\0')}\0`, 0o444),
      '/proc/4242/comm': file('qemu-system-x86\n', 0o444),
      '/proc/4242/status': file(
        statusOf(account, random.chance(0.2) ? [account, 118] : random.chance(0.5) ? [account] : undefined),
        0o444,
      ),
    },
    client: {
      ...client,
      '/etc/hostname': file('desk7.example.com\n'),
      '/etc/hosts': file(
        ['127.0.0.1 localhost', '::1 localhost ip6-localhost', ...plan.hosts].map((line) => `${line}\n`).join(''),
      ),
    },
  };
}

function commandLine(random: Random, plan: Plan): readonly string[] {
  const { before, after, credentials, creates, refers, display, moreDisplays } = plan;
  const objects = [...(creates ? [credentials] : []), ...plan.objects];
  // A secret that another object names comes first.
  const sorted = [...objects.filter(({ id }) => id === 'sec0'), ...objects];
  const words = [...new Set(sorted)].flatMap((object) => ['-object', objectText(object, random)]);
  const options = [...display.options, ...(refers === undefined ? [] : [`tls-creds=${refers}`])];
  const value = [display.address, ...(random.chance(0.2) ? random.shuffle(options) : options)].join(',');
  const vnc = plan.asDisplay ? ['-display', `vnc=${value}`] : ['-vnc', value];
  const others = moreDisplays.flatMap((other) => ['-vnc', other]);
  const displays = random.chance(0.5) ? [...vnc, ...others] : [...others, ...vnc];
  return [
    '/usr/bin/qemu-system-x86_64',
    ...['-name', 'guest=vm1,debug-threads=on', '-machine', 'none', '-nodefaults', '-display', 'none'],
    ...before,
    ...(plan.objectsLast ? [...displays, ...words] : [...words, ...displays]),
    ...after,
  ];
}

const statusOf = (id: number, groups?: readonly number[]): string =>
  [
    'Name:\tqemu-system-x86',
    'State:\tS (sleeping)',
    'Tgid:\t4242',
    'Pid:\t4242',
    'PPid:\t1',
    `Uid:\t${id}\t${id}\t${id}\t${id}`,
    `Gid:\t${id}\t${id}\t${id}\t${id}`,
    ...(groups === undefined ? [] : [`Groups:\t${groups.join(' ')} `]),
    '',
  ].join('\n');
