import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QemuAddress, QemuCommandLine } from '../../src/facts/qemu-processes.ts';
import { parseQemuCommandLine } from '../../src/parse/qemu-command-line.ts';
import { optionId, optionParameters } from '../../src/parse/qemu-options.ts';
import type { QemuVersion } from '../../src/parse/qemu-vnc.ts';

const parse = (...vector: readonly string[]): QemuCommandLine =>
  parseQemuCommandLine(['qemu-system-x86_64', ...vector]);
const parseFor = (version: QemuVersion, ...vector: readonly string[]): QemuCommandLine =>
  parseQemuCommandLine(['qemu-system-x86_64', ...vector], { version });
const x509 = (more = ''): readonly string[] => [
  '-object',
  `tls-creds-x509,id=tls0,dir=/etc/pki/qemu,endpoint=server${more}`,
];
const display = (...vector: readonly string[]) => {
  const { vnc, refusal } = parse(...vector);
  expect(refusal).toBeUndefined();
  expect(vnc).toHaveLength(1);
  return vnc[0]!;
};
const both = ['ipv4', 'ipv6'];

describe('parameters', () => {
  it.each<[string, string | undefined, readonly (readonly [string, string])[]]>([
    [':1,password=on', 'vnc', [['vnc', ':1'], ['password', 'on']]],
    ['vnc=:1,vnc=:2', 'vnc', [['vnc', ':1'], ['vnc', ':2']]],
    ['a,,b,c', 'vnc', [['vnc', 'a,b'], ['c', 'on']]],
    ['x=a,,,,b', undefined, [['x', 'a,,b']]],
    ['x=a,,', undefined, [['x', 'a,']]],
    ['x=a,', undefined, [['x', 'a']]],
    ['x=a=b', undefined, [['x', 'a=b']]],
    ['sasl,nopassword', undefined, [['sasl', 'on'], ['password', 'off']]],
    ['none', undefined, [['ne', 'off']]],
    ['', 'vnc', []],
    [',a', 'vnc', [['vnc', ''], ['a', 'on']]],
    [',=', undefined, [['', 'on'], ['', '']]],
  ])('%j with first %j', (text, first, pairs) => {
    expect(optionParameters(text, first).map(({ name, value }) => [name, value])).toEqual(pairs);
  }); // prettier-ignore

  it('finds an id even where a doubled comma hides one', () => {
    expect(optionId('unix:/tmp/a,,id=x')).toBe('x');
    expect(optionId('id')).toBe('on');
  });

  it('reads back what was printed, whatever commas and signs are inside', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string()), { maxLength: 8 }), (pairs) => {
        const text = pairs.map(([name, value]) => `${name}=${value.replaceAll(',', ',,')}`).join(',');
        expect(optionParameters(text).map(({ name, value }) => [name, value])).toEqual(pairs);
      }),
    );
  });
});

describe('where a display listens', () => {
  const tcp = (host: string, port: number, more: Partial<QemuAddress> = {}) => ({
    type: 'tcp',
    host,
    families: both,
    port,
    ...more,
  });
  it.each<[string, readonly unknown[], readonly unknown[]]>([
    [':0', [tcp('', 5900)], []],
    ['127.0.0.1:7', [tcp('127.0.0.1', 5907, { families: ['ipv4'] })], []],
    ['[::1]:7', [tcp('::1', 5907, { families: ['ipv6'] })], []],
    ['kvm1.example.com:7,ipv6', [tcp('kvm1.example.com', 5907, { families: ['ipv6'] })], []],
    [':7,ipv4', [tcp('', 5907, { families: ['ipv4'] })], []],
    [':7,ipv4=off', [tcp('', 5907, { families: ['ipv6'] })], []],
    [':7,ipv4=on,ipv6=on', [tcp('', 5907)], []],
    ['localhost:0,to=99', [tcp('localhost', 5900, { lastPort: 5999 })], []],
    ['unix:/run/vnc.sock', [{ type: 'unix', path: '/run/vnc.sock' }], []],
    ['none', [], []],
    ['none,websocket=on', [], []],
    ['vnc=127.0.0.1:1,vnc=[::]:2', [tcp('127.0.0.1', 5901, { families: ['ipv4'] }), tcp('::', 5902, { families: ['ipv6'] })], []],
    ['127.0.0.1:3,websocket=on', [tcp('127.0.0.1', 5903, { families: ['ipv4'] })], [tcp('127.0.0.1', 5703, { families: ['ipv4'] })]],
    ['127.0.0.1:3,websocket=8080', [tcp('127.0.0.1', 5903, { families: ['ipv4'] })], [tcp('127.0.0.1', 8080, { families: ['ipv4'] })]],
    ['127.0.0.1:3,websocket=[::1]:8080', [tcp('127.0.0.1', 5903, { families: ['ipv4'] })], [tcp('::1', 8080, { families: ['ipv6'] })]],
    ['vnc=127.0.0.1:1,vnc=127.0.0.1:2,websocket=8080', [tcp('127.0.0.1', 5901, { families: ['ipv4'] }), tcp('127.0.0.1', 5902, { families: ['ipv4'] })], [tcp('', 8080)]],
    ['unix:/run/vnc.sock,websocket=8080', [{ type: 'unix', path: '/run/vnc.sock' }], [tcp('', 8080)]],
    ['127.0.0.1:3,websocket=unix:/run/ws.sock', [tcp('127.0.0.1', 5903, { families: ['ipv4'] })], [{ type: 'unix', path: '/run/ws.sock' }]],
    [':3,websocket=http', [tcp('', 5903)], [{ type: 'tcp', host: '', families: both, service: 'http' }]],
  ])('%s', (argument, addresses, websockets) => {
    expect(display('-vnc', argument)).toMatchObject({ addresses, websockets });
  }); // prettier-ignore

  it('connects instead, to the very port, in reverse mode', () => {
    expect(display('-vnc', '192.0.2.1:5500,reverse=on')).toMatchObject({
      addresses: [],
      connectsTo: { host: '192.0.2.1', port: 5500 },
    });
  });

  it('takes two dashes, -display vnc=, and several displays', () => {
    const { vnc } = parse('--vnc', ':1', '-display', 'vnc=:2,id=second', '-vnc', 'none');
    expect(vnc.map(({ id, argument, addresses }) => [id, argument, addresses.length])).toEqual([
      ['default', 1, 1],
      ['second', 3, 1],
      ['vnc2', 5, 0],
    ]);
  });

  it('names displays at once before 8.0, and last of all since', () => {
    const vector = ['-vnc', ':1', '-vnc', ':2,id=default'];
    expect(parseFor([7, 2], ...vector).refusal?.text).toBe("Duplicate ID 'default' for vnc");
    expect(parseFor([10, 0], ...vector).vnc.map(({ id }) => id)).toEqual(['vnc2', 'default']);
  });
});

describe('what a display asks for', () => {
  const psk = ['-object', 'tls-creds-anon,id=tls0,endpoint=server'];
  it.each<[string, readonly string[], readonly [number, number | undefined, number]]>([
    ['nothing', ['-vnc', ':0'], [1, undefined, 1]],
    ['a password', ['-vnc', ':0,password'], [2, undefined, 2]],
    ['SASL', ['-vnc', ':0,sasl=on'], [20, undefined, 20]],
    ['a password, whatever SASL says', ['-vnc', ':0,sasl=on,password=on'], [2, undefined, 2]],
    ['TLS', [...x509(), '-vnc', ':0,tls-creds=tls0'], [19, 260, 1]],
    ['TLS and a password', [...x509(), '-vnc', ':0,tls-creds=tls0,password=on,sasl=on'], [19, 261, 2]],
    ['TLS and SASL', [...x509(), '-vnc', ':0,tls-creds=tls0,sasl=on'], [19, 263, 20]],
    ['anonymous TLS', [...psk, '-vnc', ':0,tls-creds=tls0'], [19, 257, 1]],
    ['anonymous TLS and a password', [...psk, '-vnc', ':0,tls-creds=tls0,password=on'], [19, 258, 2]],
    ['anonymous TLS and SASL', [...psk, '-vnc', ':0,tls-creds=tls0,sasl=on'], [19, 264, 20]],
  ])('%s', (_, vector, [security, subtype, websocket]) => {
    const { securityType, vencryptSubtype, websocketSecurityType } = display(...vector);
    expect([securityType, vencryptSubtype, websocketSecurityType]).toEqual([security, subtype, websocket]);
  });

  it('knows the credentials, in both spellings', () => {
    const members = {
      'qom-type': 'tls-creds-x509',
      id: 'tls0',
      dir: '/etc/pki/a,b',
      endpoint: 'server',
      'verify-peer': false,
    };
    const expected = {
      type: 'tls-creds-x509',
      id: 'tls0',
      dir: '/etc/pki/a,b',
      endpoint: 'server',
      verifyPeer: false,
      sanityCheck: true,
    };
    for (const object of [
      JSON.stringify(members),
      'tls-creds-x509,id=tls0,dir=/etc/pki/a,,b,endpoint=server,verify-peer=no',
    ]) {
      const { tls, tlsAuthz } = display('-object', object, '-vnc', ':0,tls-creds=tls0,tls-authz=authz0');
      expect(tls).toStrictEqual({ type: 'x509', credentials: expected });
      expect(tlsAuthz).toBe('authz0');
    }
  });

  it('demands a client certificate and ends as a client unless told otherwise', () => {
    const [object] = parse('-object', 'tls-creds-x509,id=tls0,dir=/d').objects;
    expect(object).toMatchObject({ verifyPeer: true, endpoint: 'client', sanityCheck: true });
  });

  it('reads authorization objects', () => {
    const rules = [{ match: 'CN=a,O=b', policy: 'allow', format: 'glob' }, { match: 'x', policy: 'deny' }];
    const { objects, refusal } = parse(
      '-object', 'authz-simple,id=a,identity=CN=x,,O=y',
      '-object', JSON.stringify({ 'qom-type': 'authz-list', id: 'b', policy: 'deny', rules }),
      '-object', 'authz-pam,id=d,service=qemu-vnc',
      '-object', 'authz-listfile,id=c,filename=/etc/qemu/acl.json,refresh=off',
    );
    expect(refusal).toMatchObject({ stage: 'objects', text: 'invalid object type: authz-listfile' });
    expect(objects).toEqual([
      { type: 'authz-simple', id: 'a', identity: 'CN=x,O=y' },
      { type: 'authz-list', id: 'b', policy: 'deny', rules: [rules[0], { ...rules[1], format: 'exact' }] },
      { type: 'authz-pam', id: 'd', service: 'qemu-vnc' },
      { type: 'authz-listfile', id: 'c', filename: '/etc/qemu/acl.json', refresh: false },
    ]);
  }); // prettier-ignore

  it('understands the old TLS options of a QEMU that still has them', () => {
    const { vnc, refusal } = parseFor([2, 12], '-vnc', ':0,tls,x509verify=/etc/pki/qemu');
    expect(refusal).toBeUndefined();
    expect(vnc[0]).toMatchObject({
      securityType: 19,
      vencryptSubtype: 260,
      tls: { credentials: { dir: '/etc/pki/qemu', verifyPeer: true } },
    });
    expect(parseFor([2, 12], '-vnc', ':0,tls,x509=/d').vnc[0]?.tls).toMatchObject({
      credentials: { verifyPeer: false },
    });
    expect(parseFor([2, 12], '-vnc', ':0,tls').vnc[0]?.tls.type).toBe('anonymous');
    const refused = parse('-vnc', ':0,tls,x509verify=/etc/pki/qemu');
    expect([refused.refusal?.text, refused.vnc[0]?.legacy]).toEqual(["Invalid parameter 'tls'", ['tls', 'x509verify']]);
  });
});

describe('the rest of the arguments', () => {
  it('knows the guest', () => {
    const parsed = parse('-name', 'guest=a,,b,debug-threads=on', '-uuid', '4CE376A6-db4a-9382-4f06-03ea4d2f6d0b', '-machine', 'pc-q35-7.2,usb=off', '-nodefaults', '-display', 'none');
    expect(parsed).toMatchObject({ guest: 'a,b', uuid: '4ce376a6-db4a-9382-4f06-03ea4d2f6d0b', machine: 'pc-q35-7.2', display: 'none', defaultDevices: false, defaultVnc: false });
    expect(parse('-name', 'vm1').guest).toBe('vm1');
    expect(parse().defaultVnc).toBe(true);
    expect(parse('-spice', 'port=5930').defaultVnc).toBe(false);
  }); // prettier-ignore

  it('reads SPICE, merged', () => {
    const { spice, refusal } = parse('-spice', 'port=5930,tls-port=5931,addr=127.0.0.1,x509-dir=/etc/pki/libvirt-spice', '-spice', 'disable-ticketing=on,tls-channel=main,plaintext-channel=default');
    expect(refusal).toBeUndefined();
    expect(spice).toEqual({
      argument: 1, port: 5930, tlsPort: 5931, address: '127.0.0.1', families: both, unix: false, ticketing: false, sasl: false,
      tls: { caCertificate: '/etc/pki/libvirt-spice/ca-cert.pem', certificate: '/etc/pki/libvirt-spice/server-cert.pem', key: '/etc/pki/libvirt-spice/server-key.pem' },
      channels: [{ name: 'main', security: 'tls' }, { name: 'default', security: 'plaintext' }],
    });
  }); // prettier-ignore

  it('reads sockets of character devices, and migrations', () => {
    const { characterDevices, incoming } = parse('-object', 'tls-creds-x509,id=t,dir=/d,endpoint=server', '-chardev', 'socket,id=c,host=0.0.0.0,port=4555,server=on,wait=off,tls-creds=t', '-chardev', 'pty,id=p', '-incoming', 'tcp:[::]:49152');
    expect(characterDevices).toEqual([{ id: 'c', argument: 3, host: '0.0.0.0', port: '4555', server: true, websocket: false, tlsCredentials: 't' }]);
    expect(incoming).toEqual({ protocol: 'tcp', address: '[::]:49152' });
    expect(parse('-incoming', 'exec:curl -u user:hunter2 x').incoming).toEqual({ protocol: 'exec' });
  }); // prettier-ignore

  it('says what it could not follow', () => {
    expect(parse('-readconfig', '/etc/qemu/vm.cfg', '-set', 'object.s.data=hunter2').unread).toEqual([
      { option: 'readconfig', path: '/etc/qemu/vm.cfg' },
      { option: 'set' },
    ]);
  });
});

describe('refusals by version', () => {
  it.each<[QemuVersion, readonly string[], string | undefined]>([
    [[7, 2], ['-vnc', ':0,websocket=unix:/x'], 'UNIX sockets not supported with websock'],
    [[8, 2], ['-vnc', ':0,websocket=unix:/x'], undefined],
    [[7, 2], ['-vnc', ':0,audiodev=a'], "Audiodev 'a' not found"],
    [[10, 0], ['-vnc', ':0,audiodev=a'], "audiodev 'a' not found"],
    [[7, 2], ['-spice', 'port=1,password=x'], undefined],
    [[10, 0], ['-spice', 'port=1,password=x'], "Invalid parameter 'password'"],
    [[7, 2], ['-runas', 'nobody'], undefined],
    [[10, 0], ['-runas', 'nobody'], 'invalid option'],
    [[7, 2], ['-run-with', 'user=nobody'], 'invalid option'],
    [[10, 0], ['-run-with', 'user=nobody'], undefined],
    [[10, 0], ['-vnc', ':0,new-thing=on'], "Invalid parameter 'new-thing'"],
    [[11, 1], ['-vnc', ':0,new-thing=on'], undefined],
    [[11, 1], ['-vnc', ':0,tls=on'], "Invalid parameter 'tls'"],
  ])('QEMU %j, %j: %s', (version, vector, text) => {
    expect(parseFor(version, ...vector).refusal?.text).toBe(text);
  });

  it('speaks of a wrong name before all else, then of what comes first', () => {
    expect(parse('-vnc', 'x', '-nonsense').refusal).toEqual({
      argument: 3,
      stage: 'arguments',
      text: 'invalid option',
    });
    expect(parse('-vnc', 'x', '-object', 'secret,id=s').refusal?.stage).toBe('objects');
  });
});

describe('secrets', () => {
  it.each([
    ['key=value', ['-object', 'secret,id=s,data=hunter2']],
    ['JSON', ['-object', '{"qom-type":"secret","id":"s","data":"hunter2"}']],
    ['JSON that is broken', ['-object', '{"qom-type":"secret","id":"s","data":hunter2}']],
    ['a comma in it', ['-object', 'secret,id=s,data=x,hunter2']],
    ['a comma and more in it', ['-object', 'secret,id=s,data=x,hunter2=y']],
    ['an unknown JSON member', ['-object', '{"qom-type":"secret","id":"s","data":"x","hunter2":1}']],
    ['SPICE', ['-spice', 'port=5930,password=hunter2']],
    ['SPICE with a comma in it', ['-spice', 'port=5930,password=x,hunter2']],
    ['a key of SPICE', ['-spice', 'tls-port=5930,x509-key-password=hunter2']],
    ['a device', ['-drive', 'file=http://user:hunter2@example.com/x']],
    ['an object of another kind', ['-object', 'cryptodev-backend,id=c,data=hunter2']],
  ])('do not leave the parser: %s', (_, vector) => {
    for (const version of [[7, 2], [10, 0], [11, 0]] as const)
      expect(JSON.stringify(parseFor(version, ...vector))).not.toContain('hunter2');
  }); // prettier-ignore
});

describe('real outcomes', () => {
  interface Row {
    readonly name: string;
    readonly arguments: readonly string[];
    readonly truth: Readonly<
      Record<
        string,
        { readonly errors: readonly string[]; readonly listening: readonly string[]; readonly security: number | null }
      >
    >;
  }
  const rows = readFileSync(join(import.meta.dirname, '../../fixtures/qemu/command-lines.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row)
    .flatMap((row) => Object.entries(row.truth).map(([version, truth]) => ({ ...row, version, truth })));

  /** What files and the network of that host decide. */
  const otherwise =
    /^(Unable to |The (server |client |CA )?certificate |Our own |Cannot load |Certificate )|: Failed to bind socket/;
  const wildcard = { ipv4: '0.0.0.0', ipv6: '[::]' } as const;
  const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

  it.each(rows)('$name [$version]', ({ arguments: argv, version, truth }) => {
    const parsed = parseQemuCommandLine(argv, { version: version.startsWith('1:7.2') ? [7, 2] : [10, 0] });
    const { refusal } = parsed;
    const [error] = truth.errors.filter((line) => !/: warning: |^Please use |^VNC server running/.test(line));
    if (error === undefined || otherwise.test(error)) expect(refusal).toBeUndefined();
    else {
      const place =
        refusal?.stage === 'objects' ? '' : `${argv[refusal?.argument ?? 0]} ${argv[(refusal?.argument ?? 0) + 1]}: `;
      expect(place + (refusal?.text ?? '')).toBe(error);
    }
    if (error !== undefined) return;
    const listening = parsed.vnc.flatMap(({ addresses, websockets }) =>
      [...addresses, ...websockets].flatMap((address) => {
        if (address.type === 'unix') return [];
        const hosts =
          address.host === '' ? address.families.map((family) => wildcard[family]) : [bracketed(address.host)];
        return hosts.map((host) => `${host}:${address.port}`);
      }),
    );
    expect(listening.sort()).toEqual([...truth.listening].sort());
    if (truth.security !== null)
      expect(parsed.vnc.map((one) => one.vencryptSubtype ?? one.securityType)).toContain(truth.security);
  });
});

describe('any input', () => {
  const word = fc.oneof(
    fc.constantFrom('-vnc', '--vnc', '-object', '-spice', '-chardev', '-display', '-name', '-uuid', '-machine', '-set', '-audiodev', '-incoming', '-run-with', '-help', '--', '-', ''),
    fc.constantFrom(':0', 'none', 'unix:', 'unix:x,websocket', '[', '[]:0', ':,', 'vnc', 'vnc=', ':0,to=99999999999999999999', ':18446744073709551616', ':0,to=0x', ':0,to=00000', ':0,connections=-1', '{', '{}', '{"a":{}}', "{'qom-type':'authz-list','id':'x','rules':[[]]}", '{"\\u00":1}', '"', 'secret,id', 'constructor=1', '__proto__=1,id=__proto__', ':0,constructor'),
    fc.string({ unit: fc.constantFrom(',', '=', ':', '{', '}', '"', "'", '[', ']', '\\', 'a', 'no', 'id=', '0', '\0', ' ', 'é'), maxLength: 20 }),
    fc.string({ unit: 'binary' }),
  ); // prettier-ignore

  it('is read without an exception, the same every time', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (vector) => {
        for (const version of [[2, 12], [7, 2], [10, 0], [11, 0]] as const)
          expect(parseFor(version, ...vector)).toEqual(parseFor(version, ...vector));
      }),
      { numRuns: 2000 },
    );
  }); // prettier-ignore

  it.each<[string, readonly string[]]>([
    ['a value of doubled commas', ['-vnc', `unix:${',,'.repeat(500_000)}`]],
    ['a million commas', ['-vnc', ','.repeat(1_000_001)]],
    ['flags without end', ['-vnc', 'a,'.repeat(500_000)]],
    ['flags of SPICE without end', ['-spice', 'a,'.repeat(500_000)]],
    ['a number without end', ['-vnc', `:0,to=${'9'.repeat(1_000_000)}`]],
    ['a port without end', ['-vnc', `:${'0'.repeat(1_000_000)}`]],
    ['blanks without end', ['-vnc', `:${' '.repeat(1_000_000)}x`]],
    ['JSON without end', ['-object', `{"a":${'['.repeat(1_000_000)}`]],
    ['a string of escapes', ['-object', `{"a":"${'\\n'.repeat(500_000)}"}`]],
    ['displays without end', Array.from({ length: 200_000 }, (_, index) => (index % 2 === 0 ? '-vnc' : ':0'))],
    [
      'objects without end',
      Array.from({ length: 100_000 }, (_, index) => (index % 2 === 0 ? '-object' : `secret,id=s${index},data=x`)),
    ],
  ])('takes time in proportion: %s', { timeout: 15_000 }, (_, vector) => {
    for (const version of [
      [7, 2],
      [10, 0],
    ] as const)
      parseQemuCommandLine(['qemu-system-x86_64', ...vector], { version });
  });
});
