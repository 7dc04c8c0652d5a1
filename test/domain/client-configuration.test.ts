import { describe, expect, it } from 'vitest';
import { accountOf, rootAccount, userNamed } from '../../src/domain/account.ts';
import {
  clientConfiguration,
  clientConfigurationPath,
  openUri,
  type ClientConfiguration,
  type Opening,
} from '../../src/domain/client-configuration.ts';
import { unknown } from '../../src/facts/fact.ts';
import { parseConfiguration } from '../../src/parse/configuration.ts';
import { vocabularies } from '../../src/reference/settings.ts';
import { libvirtScenarios, snapshotOfTree } from '../support/corpus.ts';
import { bareFacts, configuration, dir, facts, file, having, type Change } from '../support/facts.ts';

const alice = accountOf(
  bareFacts.accounts,
  userNamed(bareFacts.accounts, 'alice') ?? { name: 'alice', uid: 1000, gid: 1000, home: '/home/alice', shell: '' },
);
const system = '/etc/libvirt/libvirt.conf';
const own = '/home/alice/.config/libvirt/libvirt.conf';
const mine = { uid: 1000, gid: 1000 };
const home: Change = (built) =>
  [
    dir('/home'),
    dir('/home/alice', mine),
    dir('/home/alice/.config', mine),
    dir('/home/alice/.config/libvirt', mine),
    file(own, mine),
  ].reduce((result, change) => change(result), built);

const parsed = (text: string) => parseConfiguration(Buffer.from(text), vocabularies.libvirt);
const open = (text: string, name?: string): Opening =>
  openUri({ state: 'loaded', path: system, file: parsed(text) } satisfies ClientConfiguration, name);

describe('clientConfiguration', () => {
  it('is the system’s for root alone', () => {
    expect(clientConfigurationPath(bareFacts, rootAccount)).toBe(system);
    expect(clientConfigurationPath(bareFacts, alice)).toBe(own);
    const read = facts(configuration(system, parsed('uri_default = "qemu:///system"\n')));
    expect(clientConfiguration(read, rootAccount)).toMatchObject({
      state: 'loaded',
      path: system,
      file: { settings: [{ key: 'uri_default' }] },
    });
    expect(clientConfiguration(read, alice)).toEqual({ state: 'loaded', path: own, file: { settings: [] } });
  });

  it.each([
    [
      'a syntax error',
      parsed('# x\nuri_default = qemu\n'),
      `configuration file syntax error: ${own}:2: expecting a value`,
    ],
    [
      'a directory',
      { settings: [], error: { expected: 'a regular file', line: 1, column: 1 } },
      `Failed to read file '${own}': Is a directory`,
    ],
  ])('breaks every connection with %s', (_, content, error) => {
    expect(clientConfiguration(facts(home, configuration(own, content)), alice)).toMatchObject({
      state: 'broken',
      error,
    });
  });

  it('breaks every connection when it is closed, and counts for nothing behind a closed directory', () => {
    const content = configuration(own, parsed('uri_default = "x"\n'));
    const closed = facts(home, file(own, { uid: 0, gid: 0, mode: 0o600 }), content);
    expect(clientConfiguration(closed, alice)).toMatchObject({
      state: 'broken',
      error: `Failed to open file '${own}': Permission denied`,
    });
    const behind = facts(home, dir('/home/alice/.config', { uid: 0, gid: 0, mode: 0o700 }), content);
    expect(clientConfiguration(behind, alice)).toMatchObject({ state: 'loaded', file: { settings: [] } });
  });

  it('is unknown when it could not be read', () => {
    const because = unknown('permission-denied', own);
    expect(clientConfiguration(facts(home, having({ configurations: { [own]: because } })), alice)).toEqual({
      state: 'unknown',
      path: own,
      because,
    });
  });
});

/** Texts are held to virsh's in test/peers/virsh-uri.test.ts. */
describe('openUri', () => {
  const aliases = 'uri_aliases = ["kvm=qemu+tls://kvm1/system", "tcp=qemu+tcp://kvm1/"]\n';

  it('goes by an alias and tells where it stands', () => {
    expect(open(aliases, 'tcp')).toMatchObject({
      ok: true,
      uri: { transport: 'tcp', host: 'kvm1' },
      from: { key: 'uri_aliases', line: 1 },
    });
    expect(open(aliases, 'qemu+tls://kvm2/')).not.toHaveProperty('from');
    expect(open(aliases, 'other')).toMatchObject({ ok: false, error: expect.stringContaining("'other'") as string });
  });

  it('goes by the default only when nothing is named', () => {
    const text = `${aliases}uri_default = "kvm"\n`;
    expect(open(text)).toMatchObject({
      ok: true,
      uri: { host: 'kvm1', transport: 'tls' },
      from: { key: 'uri_aliases' },
    });
    expect(open(text, 'qemu:///system')).toMatchObject({ ok: true, uri: { transport: 'unix' } });
    expect(open('')).toEqual({ ok: true });
  });

  it('names the statement at fault', () => {
    expect(open('uri_aliases = ["a.b=x"]\n', 'qemu:///system')).toMatchObject({
      ok: false,
      setting: { key: 'uri_aliases' },
    });
    expect(open('\nremote_mode = "x"\n', 'qemu+tls://kvm1/')).toMatchObject({
      ok: false,
      setting: { key: 'remote_mode', line: 2 },
    });
    expect(open('tls_priority = 1\n', 'qemu+tls://kvm1/')).toMatchObject({
      ok: false,
      setting: { key: 'tls_priority' },
    });
    expect(open('remote_proxy = "auto"\n', 'qemu+tls://kvm1/?no_verify=x')).not.toHaveProperty('setting');
  });

  it('takes the priority of the URI before its own, and for TLS alone', () => {
    const text = 'tls_priority = "NORMAL"\n';
    expect(open(text, 'qemu+tls://kvm1/')).toMatchObject({ tlsPriority: { value: 'NORMAL', setting: { line: 1 } } });
    expect(open(text, 'qemu+tls://kvm1/?tls_priority=SECURE128')).toMatchObject({
      tlsPriority: { value: 'SECURE128' },
    });
    expect(open(text, 'qemu+tcp://kvm1/')).not.toHaveProperty('tlsPriority');
  });
});

describe('clients of the corpus', () => {
  const configured = libvirtScenarios.filter(({ client }) => client.some(({ path }) => path.endsWith('/libvirt.conf')));
  const account = ({ user }: (typeof configured)[number]) =>
    user === 'root' ? rootAccount : { name: user, uid: user === 'bob' ? 1001 : 1000, gids: [1000] };

  it.each([...new Set(libvirtScenarios.filter((one) => !configured.includes(one)).map(({ uri }) => uri))])(
    'open %s',
    (uri) => {
      expect(open('', uri)).toMatchObject({ ok: true, uri: { opener: 'remote' } });
    },
  );

  it.each(configured)('open a URI or print its error: $name', async (scenario) => {
    const { facts: collected } = await snapshotOfTree(scenario.client, '9.0.0');
    const { configurations, accounts, files } = collected;
    if (!configurations.known || !accounts.known || !files.known) throw new Error('a fact is unknown');
    const read = { configurations: configurations.value, accounts: accounts.value, files: files.value };
    const loaded = clientConfiguration(read, account(scenario));
    const answer = loaded.state === 'loaded' ? openUri(loaded, scenario.uri) : loaded;
    const truth = Object.values(scenario.truth);
    if ('error' in answer) expect(truth.map(({ clientError }) => clientError)).toContain(answer.error);
    else expect(answer).toMatchObject({ ok: true, uri: { opener: 'remote' } });
    const isUriError = truth.some(({ clientError }) => /syntax error|no connection driver|URI/.test(clientError ?? ''));
    expect('error' in answer).toBe(isUriError);
  });
});
