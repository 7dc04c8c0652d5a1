import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt } from '../support/built-program.ts';
import { pemOf } from '../support/certificates.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { run } from '../support/run-program.ts';
import { tlsIdentity } from '../support/tls-identity.ts';

const top = join(import.meta.dirname, '../..');
const example = join(top, 'fixtures/hosts/example');

beforeAll(ensureBuilt, 120_000);
// Each test starts the program several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** Writes down every file that is read as code, from before the program starts. */
const preload = `
const fs = require('node:fs');
const Module = require('node:module');
const seen = [];
const readFileSync = fs.readFileSync;
fs.readFileSync = (path, ...rest) => { seen.push(String(path)); return readFileSync(path, ...rest); };
const load = Module._load;
Module._load = (request, ...rest) => { seen.push(request); return load(request, ...rest); };
process.on('exit', () => fs.writeFileSync(process.env.LOADED, JSON.stringify(seen)));
`;

/** What a command loads: the bundles of dist/ and packages, each by its name. ES modules tell of themselves by NODE_DEBUG. */
async function loadedBy(args: readonly string[]): Promise<readonly string[]> {
  const directory = directoryTree({ '/preload.cjs': preload });
  const list = join(directory, 'loaded.json');
  const { status, err } = await run(args, {
    node: ['--require', join(directory, 'preload.cjs')],
    env: { LOADED: list, NODE_DEBUG: 'esm' },
  });
  expect(status, err).not.toBe(2);
  const seen = [...(JSON.parse(readFileSync(list, 'utf8')) as string[]), ...(err.match(/file:\/\/\S+/g) ?? [])];
  const code = seen.flatMap((path) => {
    const bundle = /\/dist\/([\w-]+)\.[cm]js\b/.exec(path)?.[1];
    const dependency = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    return bundle ?? dependency ?? (/^(ink|react|yargs|ajv|fast-glob|@peculiar\/x509)(\/|$)/.test(path) ? path : []);
  });
  return [...new Set(code)].sort();
}

const program = 'virt-pki-check';

describe('a command loads no more than its work needs', () => {
  it.each([
    ['--version', ['--version']],
    ['--help', ['--help']],
    ['rules', ['rules', '--format', 'json']],
    ['explain', ['explain', 'private-key-exposed']],
  ] as const)('%s: one bundle', async (_, args) => {
    expect(await loadedBy(args)).toEqual([program]);
  });

  it('explain of a text: the messages that are known, and nothing besides', async () => {
    expect(await loadedBy(['explain', 'Unable to read TLS confirmation: Input/output error'])).toEqual([
      'explain-text',
      program,
    ]);
  });

  it('diagnose without a look at the wire: nothing that sends', async () => {
    const host = directoryTree({ '/usr/bin/virsh': '' });
    for (const more of [['--client', host], ['--offline']])
      expect(await loadedBy(['diagnose', 'qemu+tls://127.0.0.1:9/system', '--format', 'json', ...more])).not.toContain(
        'look-at-wire',
      );
  });

  it('diagnose with one: that, and neither Ink nor ajv', async () => {
    const loaded = await loadedBy(['diagnose', 'qemu+tls://127.0.0.1:9/system', '--format', 'json', '--timeout', '1']);
    expect(loaded).toContain('look-at-wire');
    expect(loaded.filter((name) => !['look-at-wire', 'x509-files', 'fast-glob', program].includes(name))).toEqual([]);
  });

  it('scan of a host without certificates, keys or guests: neither X.509 nor a glob', async () => {
    const host = directoryTree({ '/etc/libvirt/libvirtd.conf': 'listen_tls = 1\n', '/usr/sbin/libvirtd': '' });
    expect(await loadedBy([host, '--format', 'json', '--fail-on', 'never'])).toEqual([program]);
  });

  it('scan of a host with a certificate: X.509, and still neither Ink nor React nor ajv', async () => {
    const host = directoryTree({ '/etc/pki/CA/cacert.pem': pemOf('root') });
    for (const format of ['json', 'text']) {
      const loaded = await loadedBy([host, '--format', format, '--role', 'libvirt-server', '--fail-on', 'never']);
      expect(loaded).toContain('x509-files');
      expect(loaded.filter((name) => !['x509-files', 'fast-glob', program].includes(name))).toEqual([]);
    }
  });

  it('scan in text with the evidence: what draws it, and no more', async () => {
    const host = directoryTree({ '/etc/libvirt/libvirtd.conf': 'listen_tsl = 1\n', '/usr/sbin/libvirtd': '' });
    expect(await loadedBy([host, '--format', 'text', '--verbose', '--fail-on', 'never'])).toEqual([
      'gather-evidence',
      program,
    ]);
  });

  it('fix with a CA at hand: what issues certificates, where one is wanted', async () => {
    const ca = await tlsIdentity('Some CA');
    const authority = directoryTree({ '/ca.pem': ca.certificate, '/ca.key': { content: ca.key, mode: 0o600 } });
    const options = ['--ca-cert', join(authority, 'ca.pem'), '--ca-key', join(authority, 'ca.key')];
    const server = { '/usr/sbin/libvirtd': '', '/etc/hostname': 'kvm1.example.com\n' };
    for (const listens of [0, 1]) {
      const host = directoryTree({ ...server, '/etc/libvirt/libvirtd.conf': `listen_tls = ${listens}\n` });
      const loaded = await loadedBy(['fix', host, '--role', 'libvirt-server', '--format', 'json', ...options]);
      expect(loaded.includes('issue-certificate')).toBe(listens === 1);
    }
  });

  it('scan of a host with more directories for credentials than usual: a glob, and no X.509', async () => {
    const host = directoryTree({ '/etc/pki/qemu/2019': { type: 'directory' } });
    expect(await loadedBy([host, '--format', 'json', '--fail-on', 'never'])).toEqual(['fast-glob', program]);
  });

  it('scan of a snapshot: ajv, and nothing that reads hosts', async () => {
    const snapshot = join(directoryTree({}), 'snapshot.json');
    writeFileSync(snapshot, (await run(['collect', example])).out);
    expect(await loadedBy([snapshot, '--format', 'json', '--fail-on', 'never'])).toEqual(['parse-snapshot', program]);
  });

  it('an ES module would have been seen', () => {
    const script = `import(${JSON.stringify(pathToFileURL(join(top, 'dist/tui.mjs')).href)})`;
    const debug = execFileSync(
      'bash',
      ['-c', `NODE_DEBUG=esm ${JSON.stringify(process.execPath)} -e ${JSON.stringify(script)} 2>&1`],
      {
        encoding: 'utf8',
      },
    );
    expect(debug).toMatch(/file:\/\/\S+\/dist\/tui\.mjs/);
  });
});
