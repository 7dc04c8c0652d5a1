import { describe, expect, it } from 'vitest';
import { diagnose, type Answer, type Question } from '../../src/diagnosis/diagnose.ts';
import type { Prediction } from '../../src/diagnosis/diagnosis.ts';
import { certificate as parsed } from '../support/certificates.ts';
import {
  absent,
  aClient,
  aRevocationList,
  aServer,
  aUser,
  certificate,
  change,
  configuration,
  daemonArguments,
  dir,
  facts,
  file,
  guests,
  having,
  privateKey,
  revocationList,
  settings,
  unit,
  type Change,
} from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

const [ca, serverCert, serverKey] = [
  '/etc/pki/CA/cacert.pem',
  '/etc/pki/libvirt/servercert.pem',
  '/etc/pki/libvirt/private/serverkey.pem',
];
const [clientCert, clientKey] = ['/etc/pki/libvirt/clientcert.pem', '/etc/pki/libvirt/private/clientkey.pem'];
const daemonConf = '/etc/libvirt/libvirtd.conf';

const pair = (path: string, keyPath: string, name: string): readonly Change[] => [
  certificate(path, parsed(name)),
  privateKey(keyPath, parsed(name).publicKey),
];

const all =
  (...changes: readonly Change[]): Change =>
  (built) =>
    changes.reduce((result, each) => each(result), built);

/** A server and a client that get along, with certificates whose signatures are real. */
const theServer = all(aServer, certificate(ca, parsed('root')), ...pair(serverCert, serverKey, 'server'));
const theClient = all(
  having({
    identity: {
      hostname: 'desk',
      addresses: ['127.0.0.1', '::1', '192.0.2.20'],
      hosts: [
        { address: '127.0.0.1', names: ['localhost'], line: 1 },
        { address: '192.0.2.10', names: ['kvm1.example.com', 'kvm1', 'kvm9.example.com'], line: 2 },
      ],
    },
  }),
  aClient,
  certificate(ca, parsed('root')),
  ...pair(clientCert, clientKey, 'client'),
);

const uri = 'qemu+tls://kvm1.example.com/system';

interface Case {
  readonly server?: readonly Change[];
  readonly client?: readonly Change[];
  readonly uri?: string;
  readonly user?: string;
  readonly viewer?: string;
}

const ask = ({ server = [], client = [], ...question }: Case): Answer =>
  diagnose({
    uri,
    ...question,
    client: snapshotOf(facts(theClient, ...client)),
    server: snapshotOf(facts(theServer, ...server)),
  } satisfies Question);

function predicted(answer: Answer): Prediction {
  if (!answer.ok) throw new Error(answer.error);
  return answer.prediction;
}

const messageOf = ({ steps }: Prediction): string =>
  steps.find(({ outcome }) => outcome === 'fail')?.message ?? 'nothing fails';

describe('a connection of libvirt', () => {
  it('succeeds where all is well, with every rung on the ladder', () => {
    const { verdict, steps, failure } = predicted(ask({}));
    expect(steps.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skipped')).toEqual([]);
    expect(verdict).toBe('connects');
    expect(failure).toBeNull();
    expect(new Set(steps.map(({ stage }) => stage))).toEqual(
      new Set([
        'server-config',
        'server-credentials',
        'client-credentials',
        'reach',
        'handshake',
        'server-identity',
        'client-identity',
        'auth',
      ]),
    );
  });

  const refusedPeer = "authentication failed: Failed to verify peer's certificate";
  const dialled = "unable to connect to server at 'kvm1.example.com:16514': Connection refused";
  const unconfirmed = 'Unable to read TLS confirmation: Input/output error';
  const hungUp = 'authentication failed: TLS handshake failed The TLS connection was non-properly terminated.';

  /** One for each family of failures: stage, who mends it, what both print, and the rule or the way out. */
  it.each<
    [
      string,
      Case,
      { stage: string; side: string; client: string | null; server: string | null; mends: string | RegExp },
    ]
  >([
    [
      'configuration that does not parse',
      {
        server: [
          configuration(daemonConf, { settings: [], error: { expected: 'expecting a value', line: 3, column: 1 } }),
        ],
      },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: `Can't load config file: configuration file syntax error: ${daemonConf}:3: expecting a value: ${daemonConf}`,
        mends: 'configuration-syntax-error',
      },
    ],
    [
      'a value of the wrong type',
      { server: [settings(daemonConf, { listen_tls: 'yes' })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: `Can't load config file: internal error: ${daemonConf}: expected a bool for 'listen_tls' parameter: ${daemonConf}`,
        mends: 'configuration-value-invalid',
      },
    ],
    [
      '--listen beside sockets of systemd',
      { server: [unit('libvirtd.socket'), unit('libvirtd-tls.socket', { listenStreams: ['16514'] })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: `--listen parameter not permitted with systemd activation sockets, see 'man libvirtd' for further guidance`,
        mends: 'listen-flag-with-socket-activation',
      },
    ],
    [
      'a group that does not exist',
      { server: [settings(daemonConf, { unix_sock_group: 'virt' })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: "invalid argument: Failed to parse group 'virt'",
        mends: 'socket-group-missing',
      },
    ],
    [
      'no listening at all',
      { server: [daemonArguments('libvirtd', [])] },
      { stage: 'server-config', side: 'server', client: dialled, server: null, mends: 'tls-not-listening' },
    ],
    [
      'paths that are set in part',
      { server: [settings(daemonConf, { ca_file: ca })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: 'unsupported configuration: No server certificate path set to match server key',
        mends: 'tls-paths-incomplete',
      },
    ],
    [
      'an address that the host does not have',
      { server: [settings(daemonConf, { listen_addr: '198.51.100.7' })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: 'Unable to bind to port: Cannot assign requested address',
        mends: 'port-not-listening',
      },
    ],
    [
      'a port that is none',
      { server: [settings(daemonConf, { tls_port: 'abc!' })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: "Unable to resolve address '(null)' service 'abc!': Servname not supported for ai_socktype",
        mends: 'configuration-value-invalid',
      },
    ],
    [
      'one port for TLS and plain TCP',
      { server: [settings(daemonConf, { listen_tcp: 1, tls_port: '16509' })] },
      {
        stage: 'server-config',
        side: 'server',
        client: dialled,
        server: 'Unable to bind to port: Address already in use',
        mends: /a port of its own/,
      },
    ],
    [
      "the daemon's own check",
      { server: pair(serverCert, serverKey, 'server-expired') },
      {
        stage: 'server-credentials',
        side: 'server',
        client: dialled,
        server: `The server certificate ${serverCert} has expired`,
        mends: 'certificate-expired',
      },
    ],
    [
      'a key of somebody else',
      { server: [privateKey(serverKey, parsed('client').publicKey)] },
      {
        stage: 'server-credentials',
        side: 'server',
        client: dialled,
        server: `Unable to set x509 key and certificate: ${serverKey}, ${serverCert}: The certificate and the given key do not match.`,
        mends: 'private-key-mismatch',
      },
    ],
    [
      'a client without a CA',
      { client: [absent(ca)] },
      {
        stage: 'client-credentials',
        side: 'client',
        client: `Cannot read CA certificate '${ca}': No such file or directory`,
        server: null,
        mends: 'ca-certificate-missing',
      },
    ],
    [
      'a key that the user may not read',
      { client: [aUserAccount(), change(clientKey, { mode: 0o600 })], user: 'bob' },
      {
        stage: 'client-credentials',
        side: 'client',
        client: `Unable to set x509 key and certificate: ${clientKey}, ${clientCert}: Error while reading file.`,
        server: null,
        mends: 'private-key-unreadable',
      },
    ],
    [
      'a priority in the URI that is none',
      { uri: `${uri}?tls_priority=NONSENSE` },
      {
        stage: 'client-credentials',
        side: 'client',
        client: 'Failed to set TLS session priority to NONSENSE: The request is invalid.',
        server: hungUp,
        mends: 'tls-priority-invalid',
      },
    ],
    [
      'a name that nobody knows',
      { uri: 'qemu+tls://kvm7.example.com/system' },
      {
        stage: 'reach',
        side: 'client',
        client: "Unable to resolve address 'kvm7.example.com' service '16514': Name or service not known",
        server: null,
        mends: /DNS record/,
      },
    ],
    [
      'another port',
      { server: [settings(daemonConf, { tls_port: '16599' })] },
      { stage: 'reach', side: 'server', client: dialled, server: null, mends: 'port-loopback-only' },
    ],
    [
      'loopback alone',
      { server: [settings(daemonConf, { listen_addr: '127.0.0.1' })] },
      { stage: 'reach', side: 'server', client: dialled, server: null, mends: 'port-loopback-only' },
    ],
    [
      'no TLS version in common',
      {
        server: [settings(daemonConf, { tls_priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3' })],
        uri: `${uri}?tls_priority=NORMAL:-VERS-TLS1.3`,
      },
      {
        stage: 'handshake',
        side: 'server',
        client: hungUp,
        server: 'authentication failed: TLS handshake failed No supported cipher suites have been found.',
        mends: 'key-usage-insufficient',
      },
    ],
    [
      "a priority of the daemon's that is none",
      { server: [settings(daemonConf, { tls_priority: 'NONSENSE' })] },
      {
        stage: 'handshake',
        side: 'server',
        client: hungUp,
        server: 'Failed to set TLS session priority to NONSENSE: The request is invalid.',
        mends: 'tls-priority-invalid',
      },
    ],
    [
      'a name that the certificate does not have',
      { uri: 'qemu+tls://kvm9.example.com/system' },
      {
        stage: 'server-identity',
        side: 'server',
        client: refusedPeer,
        server: 'Cannot recv data: Input/output error',
        mends: 'server-name-mismatch',
      },
    ],
    [
      'a CA that the client does not trust: what the daemon misses is the client',
      { client: [certificate(ca, parsed('other-root'))], uri: `${uri}?no_sanity=1` },
      {
        stage: 'server-identity',
        side: 'client',
        client: refusedPeer,
        server: 'Cannot recv data: Input/output error',
        mends: /SHA-256 fingerprint.*"kind":"write","path":"\/etc\/pki\/CA\/cacert\.pem"/,
      },
    ],
    [
      'both refuse: each says its own',
      { client: [absent(clientCert)], uri: 'qemu+tls://kvm9.example.com/system' },
      {
        stage: 'server-identity',
        side: 'server',
        client: refusedPeer,
        server: 'Unable to verify TLS peer: No certificate was found.',
        mends: 'server-name-mismatch',
      },
    ],
    [
      'a client without a certificate',
      { client: [absent(clientCert)] },
      {
        stage: 'client-identity',
        side: 'client',
        client: unconfirmed,
        server: 'Unable to verify TLS peer: No certificate was found.',
        mends: 'client-certificate-missing',
      },
    ],
    [
      'a client that is not on the list',
      { server: [settings(daemonConf, { tls_allowed_dn_list: ['CN=nobody'] })] },
      {
        stage: 'client-identity',
        side: 'server',
        client: unconfirmed,
        server:
          "Client's Distinguished Name is not on the list of allowed clients (tls_allowed_dn_list).  Use 'virt-pki-query-dn clientcert.pem' to view the Distinguished Name field in the client certificate, or run this daemon with --verbose option.",
        mends: /"key":"tls_allowed_dn_list","value":"\[\\"CN=nobody\\", \\"C=GB,O=Example,CN=alice\\"\]"/,
      },
    ],
    [
      'a client that is revoked',
      {
        server: [
          revocationList(
            '/etc/pki/CA/cacrl.pem',
            aRevocationList(parsed('root'), {
              revoked: [{ serial: parsed('client').serial, date: '2026-02-01T00:00:00Z' }],
            }),
          ),
        ],
      },
      {
        stage: 'client-identity',
        side: 'client',
        client: unconfirmed,
        server: 'Certificate failed validation: The certificate has been revoked.',
        mends: 'certificate-revoked',
      },
    ],
    [
      'polkit over the network',
      { server: [settings(daemonConf, { auth_tls: 'polkit' })] },
      {
        stage: 'auth',
        side: 'server',
        client: 'internal error: Unable to get system bus connection: Could not connect: No such file or directory',
        server: 'internal error: Unable to get system bus connection: Could not connect: No such file or directory',
        mends: /auth_tls/,
      },
    ],
    [
      'polkit as an access driver, which can judge nobody over the network',
      { server: [settings(daemonConf, { access_drivers: ['polkit'] })] },
      {
        stage: 'auth',
        side: 'server',
        client: "access denied: 'QEMU' denied access",
        server: "access denied: 'QEMU' denied access",
        mends: /qemu\+ssh/,
      },
    ],
    [
      'an authentication that the URI asks for and the daemon does not',
      { uri: `${uri}?auth=sasl` },
      {
        stage: 'auth',
        side: 'client',
        client: 'authentication failed: requested authentication type sasl rejected',
        server: null,
        mends: /auth=/,
      },
    ],
    [
      'plain TCP where only TLS is served',
      { uri: 'qemu+tcp://kvm1.example.com/system' },
      {
        stage: 'reach',
        side: 'client',
        client: "unable to connect to server at 'kvm1.example.com:16509': Connection refused",
        server: null,
        mends: /qemu\+tls:\/\/kvm1\.example\.com\/system/,
      },
    ],
  ])('%s', (_, question, { stage, side, client, server, mends }) => {
    const prediction = predicted(ask(question));
    expect({
      verdict: prediction.verdict,
      stage: prediction.stage,
      side: prediction.failure?.side,
      client: prediction.clientError,
      server: prediction.serverError,
    }).toEqual({ verdict: 'fails', stage, side, client, server });
    const { failure } = prediction;
    if (typeof mends === 'string') expect(failure?.rules).toContain(mends);
    else expect(JSON.stringify(failure?.fix)).toMatch(mends);
    expect(failure?.why).not.toBe('');
    expect(messageOf(prediction)).not.toMatch(/undefined|\[object|\.$/);
  });

  it('lets pass what no_verify and tls_no_verify_certificate let pass, and warns', () => {
    const lax = predicted(ask({ uri: 'qemu+tls://kvm9.example.com/system?no_verify=1' }));
    expect(lax.verdict).toBe('connects');
    expect(lax.steps.find(({ stage }) => stage === 'server-identity')).toMatchObject({ outcome: 'warning' });
    const open = predicted(
      ask({ client: [absent(clientCert)], server: [settings(daemonConf, { tls_no_verify_certificate: 1 })] }),
    );
    expect(open.verdict).toBe('connects');
    expect(open.steps.find(({ stage }) => stage === 'client-identity')).toMatchObject({
      outcome: 'warning',
      rule: 'client-certificate-not-verified',
    });
  });

  it('warns of plain TCP that asks nobody', () => {
    const { verdict, steps } = predicted(
      ask({
        uri: 'qemu+tcp://kvm1.example.com/system',
        server: [settings(daemonConf, { listen_tcp: 1, auth_tcp: 'none' })],
      }),
    );
    expect(verdict).toBe('connects');
    expect(steps.find(({ stage }) => stage === 'auth')).toMatchObject({
      outcome: 'warning',
      rule: 'tcp-without-authentication',
    });
  });
});

function aUserAccount(): Change {
  return all(dir('/home/bob', { uid: 1001, gid: 1001, mode: 0o700 }));
}

describe('the question', () => {
  it('is opened through the aliases of the client', () => {
    const aliases = configuration('/etc/libvirt/libvirt.conf', {
      settings: [
        {
          key: 'uri_aliases',
          value: { type: 'list', items: [{ type: 'string', value: `kvm=${uri}` }] },
          line: 1,
          column: 1,
        },
      ],
    });
    const answer = ask({ uri: 'kvm', client: [aliases] });
    expect(answer).toMatchObject({ ok: true, uri, host: 'kvm1.example.com', prediction: { verdict: 'connects' } });
  });

  it('finds a configuration of the client that does not parse before all else', () => {
    const broken = configuration('/etc/libvirt/libvirt.conf', {
      settings: [],
      error: { expected: 'expecting a value', line: 2, column: 1 },
    });
    expect(ask({ client: [broken] })).toMatchObject({
      ok: true,
      prediction: {
        verdict: 'fails',
        clientError: 'configuration file syntax error: /etc/libvirt/libvirt.conf:2: expecting a value',
        failure: { side: 'client', path: '/etc/libvirt/libvirt.conf' },
      },
    });
  });

  it.each<[string, Case, RegExp]>([
    ['a user that the client does not have', { user: 'mallory' }, /^the client has no account mallory$/],
    ['what is no URI', { uri: 'not a uri' }, /^not a uri is no URI that virsh takes: /],
    ['a driver that needs no daemon', { uri: 'test:///default' }, /is opened inside the client, without a daemon/],
    [
      'a viewer of which nothing is known',
      { uri: 'vnc://kvm1', viewer: 'krdc' },
      /^where krdc looks for certificates is not known/,
    ],
    ['vnc without a host', { uri: 'vnc://' }, /^vnc:\/\/ is no VNC address/],
    ['vnc with a path', { uri: 'vnc://kvm1:5900/x' }, /is no VNC address; write vnc:\/\/HOST:PORT/],
    ['vnc with a port too high', { uri: 'vnc://kvm1:65536' }, /is no VNC address/],
    ['vnc with port 0', { uri: 'vnc://kvm1:0' }, /is no VNC address/],
    ['vnc with a bare IPv6 address', { uri: 'vnc://2001:db8::1:5900' }, /is no VNC address/],
  ])('is refused for %s', (_, question, error) => {
    const answer = ask(question);
    expect(answer).toMatchObject({ ok: false, error: expect.stringMatching(error) as string });
  });

  it.each<[string, string]>([
    ['vnc://kvm1.example.com', 'kvm1.example.com'],
    ['vnc://kvm1.example.com:5901/', 'kvm1.example.com'],
    ['VNC://192.0.2.10:5900', '192.0.2.10'],
    ['vnc://[2001:db8::1]:5900', '2001:db8::1'],
  ])('may be %s', (address, host) => {
    expect(ask({ uri: address })).toMatchObject({ ok: true, protocol: 'vnc', host });
  });

  it('refuses parameters as virsh does', () => {
    expect(ask({ uri: `${uri}?no_verify=maybe` })).toMatchObject({
      ok: true,
      prediction: { verdict: 'fails', stage: 'client-credentials', failure: { side: 'client' } },
    });
  });

  it('takes the files of the user who asks', () => {
    const own = '/home/alice/.pki/libvirt';
    const hers = [
      aUser,
      certificate(`${own}/cacert.pem`, parsed('other-root')),
      ...pair(`${own}/clientcert.pem`, `${own}/clientkey.pem`, 'client'),
    ];
    const question = { client: hers, uri: `${uri}?no_sanity=1` };
    const answer = ask({ ...question, user: 'alice' });
    expect(answer).toMatchObject({
      account: { name: 'alice', uid: 1000 },
      clientFiles: [`${own}/cacert.pem`, '/etc/pki/CA/cacrl.pem', `${own}/clientcert.pem`, `${own}/clientkey.pem`],
    });
    // She trusts another CA than root does on the same host.
    expect(predicted(answer)).toMatchObject({ verdict: 'fails', stage: 'server-identity' });
    expect(predicted(ask({ ...question, user: 'root' })).verdict).toBe('connects');
    expect(predicted(ask(question)).verdict).toBe('connects');
  });
});

describe('with one side only', () => {
  const client = snapshotOf(facts(theClient));
  const server = snapshotOf(facts(theServer));

  it('says of the client what can be said, and what the server would settle', () => {
    const prediction = predicted(diagnose({ uri, client }));
    expect(prediction).toMatchObject({ verdict: 'unknown', stage: null, clientError: null, serverError: null });
    expect(prediction.steps.find(({ stage }) => stage === 'client-credentials')).toMatchObject({ outcome: 'pass' });
    expect(prediction.steps.find(({ stage }) => stage === 'server-credentials')).toMatchObject({
      outcome: 'unknown',
      message: "the server's files or snapshot would settle it (--server TARGET)",
    });
    const broken = snapshotOf(facts(theClient, absent(ca)));
    expect(predicted(diagnose({ uri, client: broken }))).toMatchObject({
      verdict: 'fails',
      stage: 'client-credentials',
    });
  });

  it('says of the server what can be said', () => {
    expect(predicted(diagnose({ uri, server }))).toMatchObject({ verdict: 'unknown' });
    const broken = snapshotOf(facts(theServer, absent(serverKey)));
    expect(predicted(diagnose({ uri, server: broken }))).toMatchObject({
      verdict: 'fails',
      stage: 'server-credentials',
      serverError: `Cannot read private key '${serverKey}': No such file or directory`,
      // Whether the client gets as far as dialling is not known.
      clientError: null,
    });
  });
});

describe('other transports', () => {
  it('opens the socket of its own host where the account may', () => {
    const local = 'qemu:///system';
    expect(predicted(ask({ uri: local })).verdict).toBe('connects');
    const bob = predicted(
      diagnose({
        uri: local,
        user: 'bob',
        client: snapshotOf(
          facts(theServer, theClient, settings(daemonConf, { unix_sock_rw_perms: '0770', unix_sock_group: 'libvirt' })),
        ),
      }),
    );
    expect(bob).toMatchObject({
      verdict: 'fails',
      stage: 'reach',
      clientError: "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
      failure: { fix: { applicability: 'unsafe' } },
    });
    expect(JSON.stringify(bob.failure?.fix)).toContain('["usermod","-aG","libvirt","bob"]');
  });

  it('cannot tell what ssh does, and says how to find out', () => {
    const prediction = predicted(ask({ uri: 'qemu+ssh://root@kvm1.example.com/system' }));
    expect(prediction.verdict).toBe('unknown');
    expect(prediction.steps.find(({ stage }) => stage === 'reach')?.message).toContain(
      'ssh root@kvm1.example.com true',
    );
  });
});

describe('a console', () => {
  const directory = '/etc/pki/libvirt-vnc';
  const creds = (more = '') => ['-object', `tls-creds-x509,id=tls0,dir=${directory},endpoint=server${more}`];
  const display = (more = '') => ['-vnc', `0.0.0.0:0,tls-creds=tls0${more}`];
  const consoleServer = (...argv: readonly string[]): Change =>
    all(
      dir(directory),
      certificate(`${directory}/ca-cert.pem`, parsed('root')),
      certificate(`${directory}/server-cert.pem`, parsed('server')),
      privateKey(`${directory}/server-key.pem`, parsed('server').publicKey),
      file(`${directory}/server-key.pem`, { gid: 64055, mode: 0o640 }),
      guests([['-name', 'web', ...argv]]),
    );
  const viewerKey = '/etc/pki/libvirt-vnc/private/clientkey.pem';
  const viewer = all(...pair('/etc/pki/libvirt-vnc/clientcert.pem', viewerKey, 'client'));
  const vnc = 'vnc://kvm1.example.com:5900';
  const askConsole = ({ server = [], client = [], ...question }: Case): Prediction =>
    predicted(ask({ uri: vnc, viewer: 'gvnccapture', ...question, server, client: [viewerOf(), ...client] }));
  function viewerOf(): Change {
    return all(
      viewer,
      ...pair('/etc/pki/gvnccapture/clientcert.pem', '/etc/pki/gvnccapture/private/clientkey.pem', 'client'),
    );
  }

  it('opens where all is well', () => {
    const { verdict, steps } = askConsole({ server: [consoleServer(...creds(), ...display())] });
    expect(steps.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')).toEqual([]);
    expect(verdict).toBe('connects');
  });

  it.each<
    [
      string,
      Case,
      { stage: string; side: string; client: string | null; server: string | null; mends: string | RegExp },
    ]
  >([
    [
      'an option that QEMU does not know',
      { server: [consoleServer(...creds(), '-vnc', '0.0.0.0:0,colour=blue')] },
      {
        stage: 'server-config',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: "Invalid parameter 'colour'",
        mends: 'qemu-argument-invalid',
      },
    ],
    [
      'credentials that are not there',
      { server: [consoleServer(...display())] },
      {
        stage: 'server-config',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: "No TLS credentials with id 'tls0'",
        mends: 'vnc-credentials-undefined',
      },
    ],
    [
      'credentials before an object that cannot be made',
      {
        server: [
          consoleServer(...creds(), '-object', 'secret,id=sec0', ...display()),
          absent(`${directory}/ca-cert.pem`),
        ],
      },
      {
        stage: 'server-credentials',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: `Unable to access credentials ${directory}/ca-cert.pem: No such file or directory`,
        mends: 'ca-certificate-missing',
      },
    ],
    [
      'credentials behind an object that cannot be made',
      {
        server: [
          consoleServer('-object', 'secret,id=sec0', ...creds(), ...display()),
          absent(`${directory}/ca-cert.pem`),
        ],
      },
      {
        stage: 'server-config',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: "Either 'file' or 'data' must be provided",
        mends: 'qemu-argument-invalid',
      },
    ],
    [
      'a pass phrase that is nowhere, of credentials without a CA',
      {
        server: [consoleServer(...creds(',passwordid=sec0'), ...display()), absent(`${directory}/ca-cert.pem`)],
      },
      {
        stage: 'server-credentials',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: `Unable to access credentials ${directory}/ca-cert.pem: No such file or directory`,
        mends: 'ca-certificate-missing',
      },
    ],
    [
      'a pass phrase that is nowhere',
      { server: [consoleServer(...creds(',passwordid=sec0'), ...display())] },
      {
        stage: 'server-config',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: "No secret with id 'sec0'",
        mends: 'qemu-argument-invalid',
      },
    ],
    [
      'a key that QEMU may not read',
      { server: [consoleServer(...creds(), ...display()), file(`${directory}/server-key.pem`, { mode: 0o600 })] },
      {
        stage: 'server-credentials',
        side: 'server',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: `Cannot load certificate '${directory}/server-cert.pem' & key '${directory}/server-key.pem': Error while reading file.`,
        mends: 'private-key-unreadable',
      },
    ],
    [
      'loopback alone',
      { server: [consoleServer(...creds(), '-vnc', '127.0.0.1:0,tls-creds=tls0')] },
      {
        stage: 'reach',
        side: 'client',
        client: 'Unable to connect to kvm1.example.com:5900: Connection refused',
        server: null,
        mends: /qemu\+ssh/,
      },
    ],
    [
      'a CA that the client does not trust',
      { server: [consoleServer(...creds(), ...display())], client: [certificate(ca, parsed('other-root'))] },
      {
        stage: 'server-identity',
        side: 'client',
        client: 'The certificate is not trusted',
        server: null,
        mends: /SHA-256 fingerprint.*"kind":"write","path":"\/etc\/pki\/CA\/cacert\.pem"/,
      },
    ],
    [
      'a name that the certificate does not have',
      { server: [consoleServer(...creds(), ...display())], uri: 'vnc://kvm9.example.com:5900' },
      {
        stage: 'server-identity',
        side: 'server',
        client: "The certificate's owner does not match hostname 'kvm9.example.com'",
        server: null,
        mends: 'server-name-mismatch',
      },
    ],
    [
      'a client without a certificate, of which QEMU logs nothing',
      { server: [consoleServer(...creds(), ...display())], client: [absent('/etc/pki/gvnccapture/clientcert.pem')] },
      {
        stage: 'client-identity',
        side: 'client',
        client: 'Unable to read from server',
        server: null,
        mends: 'client-certificate-missing',
      },
    ],
    [
      'an authorization that is not given',
      {
        server: [
          consoleServer(
            ...creds(),
            '-object',
            'authz-simple,id=auth0,identity=CN=nobody',
            ...display(',tls-authz=auth0'),
          ),
        ],
      },
      { stage: 'client-identity', side: 'server', client: 'Unable to read from server', server: null, mends: /auth0/ },
    ],
    [
      'a VNC password, for a client that asks nobody',
      { server: [consoleServer(...creds(), ...display(',password=on'))] },
      { stage: 'auth', side: 'client', client: null, server: null, mends: /remote-viewer/ },
    ],
  ])('%s', (_, question, { stage, side, client, server, mends }) => {
    const prediction = askConsole(question);
    expect({
      verdict: prediction.verdict,
      stage: prediction.stage,
      side: prediction.failure?.side,
      client: prediction.clientError,
      server: prediction.serverError,
    }).toEqual({ verdict: 'fails', stage, side, client, server });
    const { failure } = prediction;
    if (typeof mends === 'string') expect(failure?.rules).toContain(mends);
    else expect(JSON.stringify(failure?.fix)).toMatch(mends);
    expect(messageOf(prediction)).not.toMatch(/undefined|\[object|\.$/);
  });

  it('is open to everybody without verify-peer, and warns', () => {
    const { verdict, steps } = askConsole({
      server: [consoleServer(...creds(',verify-peer=off'), ...display())],
      client: [absent('/etc/pki/gvnccapture/clientcert.pem')],
    });
    expect(verdict).toBe('connects');
    expect(steps.find(({ stage }) => stage === 'client-identity')).toMatchObject({ outcome: 'warning' });
  });

  it('cannot tell whether a password is right where there is somebody to ask', () => {
    const { verdict } = askConsole({
      server: [consoleServer(...creds(), ...display(',password=on'))],
      viewer: 'virt-viewer',
      client: [...pair('/etc/pki/virt-viewer/clientcert.pem', '/etc/pki/virt-viewer/private/clientkey.pem', 'client')],
    });
    expect(verdict).toBe('unknown');
  });
});
