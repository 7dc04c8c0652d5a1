import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstRefusal,
  loggedRefusal,
  qemuFirstRefusal,
  tlsPathRefusal,
  type DaemonRefusal,
} from '../../src/domain/daemon-configuration.ts';
import { refusalText } from '../../src/domain/setting-value.ts';
import type { ConfigurationFile } from '../../src/facts/configurations.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { settingsOf, vocabularies } from '../../src/reference/settings.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const libvirtd = (text: string): ConfigurationFile => parseConfiguration(encode(text), vocabularies.libvirtd);
const qemu = (text: string): ConfigurationFile => parseConfiguration(encode(text), vocabularies.qemu);

describe('a daemon', () => {
  it.each<[string, string, DaemonRefusal['stage'], number]>([
    ['listen_tls = "1"', "internal error: FILE: expected a bool for 'listen_tls' parameter", 'load', 1],
    ['auth_tls = "x509"', 'unsupported configuration: FILE: auth_tls: unsupported auth x509', 'load', 1],
    ['tcp_min_ssf = 56', 'unsupported configuration: minimum SSF levels lower than 112 are not supported', 'load', 1],
    ['max_workers = 0', "internal error: 'max_workers' must be greater than 0", 'load', 1],
    ['host_uuid = "0"', 'invalid host UUID: 0', 'host-uuid', 1],
    ['host_uuid_source = "dmi"', 'invalid UUID source: dmi', 'host-uuid', 1],
    ['log_level = 5', "invalid argument: Failed to set logging priority, argument '5' is invalid", 'logging', 1],
    ['log_filters = "9:rpc"', "invalid argument: Invalid priority '9' for filter '9:rpc'", 'logging', 1],
    [
      'log_outputs = "1:file"',
      "invalid argument: Log output '1:file' does not meet the format requirements for destination type 'file'",
      'logging',
      1,
    ],
    ['access_drivers = ["polkit", "rbac"]', "internal error: Cannot find security driver 'rbac'", 'access-drivers', 1],
    [
      'max_clients = 19',
      'internal error: The overall maximum number of clients must not be less than the number of clients waiting for authentication',
      'workers',
      3,
    ],
    ['unix_sock_rw_perms = "rwx"', "Failed to parse mode 'rwx'", 'sockets', 6],
  ])('refuses %s', (text, words, stage, exitStatus) => {
    const refusal = firstRefusal(libvirtd(text), 'libvirtd');
    expect(refusal).toMatchObject({ stage, exitStatus, setting: { line: 1 } });
    expect(refusal && refusalText(refusal, 'FILE')).toBe(words);
  });

  it.each([
    [''],
    ['unix_sock_rw_perms = "0770"\nlisten_tls = 0\nauth_unix_rw = "none"'],
    ['log_level = 0\nlog_filters = "1:rpc 3:+util"\nlog_outputs = "1:file:/var/log/x 3:syslog:libvirtd"'],
    ['max_clients = 10\nmax_anonymous_clients = 10'],
    ['tcp_min_ssf = 112\naccess_drivers = []\nkeepalive_interval = -1'],
    ['no_such_setting = [[1]]'],
    ['listen_tls = 1\nlisten_tls = "ignored, for the first counts"'],
  ])('takes %j', (text) => {
    expect(firstRefusal(libvirtd(text), 'libvirtd')).toBeUndefined();
  });

  it('complains in the order in which it reads, not in that of the file', () => {
    const file = libvirtd('unix_sock_ro_perms = "x"\nmax_clients = "x"\nlisten_tcp = 7\n');
    expect(firstRefusal(file, 'libvirtd')?.setting.key).toBe('listen_tcp');
    // virtqemud does not read listen_tcp.
    expect(firstRefusal(file, 'virtqemud')?.setting.key).toBe('max_clients');
  });

  it('blames the statement that makes two settings clash', () => {
    expect(firstRefusal(libvirtd('max_anonymous_clients = 6000'), 'libvirtd')?.setting.key).toBe(
      'max_anonymous_clients',
    );
  });

  it('does not read what its version does not know', () => {
    expect(firstRefusal(libvirtd('key_files = 1'), 'libvirtd', '11.3.0-3+deb13u3')).toBeUndefined();
    expect(firstRefusal(libvirtd('key_files = 1'), 'libvirtd', '11.10.0')?.error).toBe(
      "expected a string list for 'key_files' parameter",
    );
  });

  it('has nothing to say of a file that does not parse', () => {
    expect(firstRefusal(libvirtd('listen_tls = "1"\n!'), 'libvirtd')).toBeUndefined();
  });

  it.each([
    [
      'listen_tls = "1"',
      ["Can't load config file: internal error: FILE: expected a bool for 'listen_tls' parameter: FILE"],
    ],
    ['access_drivers = ["x"]', ["internal error: Cannot find security driver 'x'", "Can't initialize access manager"]],
    ['host_uuid = "0"', ['invalid host UUID: 0', "Can't setup host uuid"]],
    ['unix_sock_ro_perms = ""', ["Failed to parse mode ''"]],
  ])('logs for %s', (text, lines) => {
    const refusal = firstRefusal(libvirtd(text), 'libvirtd');
    expect(refusal && loggedRefusal(refusal, 'FILE')).toEqual(lines);
  });
});

describe('TLS paths', () => {
  it.each([
    ['', undefined],
    ['crl_file = "/r"', undefined],
    ['ca_file = "/a"\ncert_file = "/c"\nkey_file = ""', undefined],
    ['key_file = "/k"', 'unsupported configuration: No CA certificate path set to match server key/cert'],
    [
      'ca_file = "/a"\nkey_file = "/k"',
      'unsupported configuration: No server certificate path set to match server key',
    ],
    ['ca_file = "/a"\ncert_file = "/c"', 'unsupported configuration: No server key path set to match server cert'],
    ['ca_file = "/a"', 'unsupported configuration: No server certificate path set to match server key'],
  ])('%j', (text, words) => {
    const refusal = tlsPathRefusal(libvirtd(text));
    expect(refusal && refusalText(refusal, 'FILE')).toBe(words);
  });
});

describe('the QEMU driver', () => {
  it.each<[string, string]>([
    ['vnc_tls = "1"', "internal error: FILE: expected a bool for 'vnc_tls' parameter"],
    ['vnc_password = 12345678', "internal error: FILE: expected a string for 'vnc_password' parameter"],
    [
      'remote_display_port_min = 5899',
      'internal error: FILE: remote_display_port_min: port must be greater than or equal to 5900',
    ],
    [
      'remote_display_port_min = 65536',
      'internal error: FILE: remote_display_port_max: port must be between the minimal port and 65535',
    ],
    [
      'migration_port_max = 10',
      'internal error: FILE: migration_port_max: port must be between the minimal port 49152 and 65535',
    ],
    [
      'migration_host = "127.0.0.1"',
      'configuration file syntax error: migration_host must not be the address of the local machine: 127.0.0.1',
    ],
    [
      'migration_address = "[::1]"',
      'configuration file syntax error: migration_address must not be the address of the local machine: ::1',
    ],
    ['max_core = "all"', "unsupported configuration: Unknown core size 'all'"],
    ['stdio_handler = "pipe"', 'unsupported configuration: Unknown stdio handler pipe'],
    ['allow_disk_format_probing = 1', 'unsupported configuration: allow_disk_format_probing is no longer supported'],
    ['security_driver = ["selinux", "selinux"]', 'configuration file syntax error: Duplicate security driver selinux'],
    ['security_driver = 1', "internal error: FILE: expected a string or string list for 'security_driver' parameter"],
    ['cgroup_controllers = ["cpus"]', "configuration file syntax error: Unknown cgroup controller 'cpus'"],
    ['namespaces = ["pid"]', 'configuration file syntax error: Unknown namespace: pid'],
    ['save_image_format = "zip"', "unsupported configuration: Invalid save_image_format 'zip'"],
  ])('refuses %s', (text, words) => {
    const refusal = qemuFirstRefusal(qemu(text));
    expect(refusal && refusalText(refusal, 'FILE')).toBe(words);
  });

  it.each([
    [''],
    ['vnc_tls = 1\nvnc_password = "12345678"\nvnc_listen = "0.0.0.0"'],
    ['max_core = "unlimited"'],
    ['max_core = 4294967296'],
    ['namespaces = []\nsecurity_driver = "none"\nseccomp_sandbox = -1'],
    ['migration_host = "127.0.0.2"'],
  ])('takes %j', (text) => {
    expect(qemuFirstRefusal(qemu(text))).toBeUndefined();
  });

  it('looks at image formats since 11.2 only', () => {
    expect(qemuFirstRefusal(qemu('save_image_format = "zip"'), { version: '9.0.0-4+deb12u2' })).toBeUndefined();
  });

  it('refuses namespaces in a session', () => {
    expect(qemuFirstRefusal(qemu('namespaces = ["mount"]'), { privileged: false })?.error).toBe(
      'cannot use namespaces in session mode',
    );
  });
});

it('never throws, whatever a file says', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('1:', ':', '0', '-', '[::]', '0x', '٣', ' '.repeat(2000)));
  const value = fc.oneof(
    text.map((body) => `"${body.replace(/["\r\n]/g, '')}"`),
    fc.bigInt().map(String),
    fc.constantFrom('[]', '[1]', '[["x"]]', '["x"]'),
  );
  const files = [...(['libvirtd', 'qemu'] as const)].map((program) =>
    fc
      .array(fc.tuple(fc.constantFrom(...Object.keys(settingsOf[program])), value), { maxLength: 4 })
      .map((lines) => ({ program, text: lines.map(([key, written]) => `${key} = ${written}\n`).join('') })),
  );
  fc.assert(
    fc.property(fc.oneof(...files), ({ program, text: source }) => {
      const file = parseConfiguration(encode(source), vocabularies[program], { overflow: 'wraps' });
      expect(file.error).toBeUndefined();
      const refusal = program === 'qemu' ? qemuFirstRefusal(file) : firstRefusal(file, 'libvirtd');
      if (refusal !== undefined) expect(file.settings).toContain(refusal.setting);
    }),
    { numRuns: 1000 },
  );
});
