import { Ajv } from 'ajv';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/engine/report.ts';
import reportSchema from '../../src/engine/report.schema.json' with { type: 'json' };
import { ensureBuilt, programFile } from '../support/built-program.ts';
import { directoryTree } from '../support/directory-tree.ts';
import { run } from '../support/run-program.ts';

const top = join(import.meta.dirname, '../..');
const example = join(top, 'fixtures/hosts/example');
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { version: string };
const validReport = new Ajv({ strict: false, validateFormats: false }).compile<Report>(reportSchema);

beforeAll(ensureBuilt, 120_000);
// Each test starts the program several times, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const reportOf = (text: string): Report => {
  const report: unknown = JSON.parse(text);
  expect(validReport(report), JSON.stringify(validReport.errors?.[0])).toBe(true);
  return report as Report;
};

/** A host of which nothing can be told: its accounts are too large to read, and nearly all else builds on them. */
const opaqueHost = (): string => {
  const root = directoryTree({ '/etc/passwd': '' });
  truncateSync(join(root, 'etc/passwd'), 64 * 1024 * 1024);
  return root;
};

describe('commands', () => {
  it('scan is the default, and may be named', async () => {
    const [plain, named] = await Promise.all([run([example]), run(['scan', example])]);
    expect(plain.out).toBe(named.out);
    expect(plain.status).toBe(1);
    expect(plain.out).toMatch(/^kvm1\.example\.com/);
    expect(plain.err).toBe('');
  });

  it('scans this machine when nothing is named', async () => {
    const { status, out, err } = await run(['--format', 'json', '--fail-on', 'never']);
    expect(err).toBe('');
    expect(status).toBe(0);
    expect(reportOf(out).hosts.map(({ target }) => target)).toEqual(['local']);
  });

  it('takes several targets into one report, in their order', async () => {
    const empty = directoryTree({});
    const { out, status } = await run([example, empty, '--format', 'json']);
    const report = reportOf(out);
    expect(report.hosts.map(({ target }) => target)).toEqual([example, empty]);
    expect(status).toBe(1);
    expect((await run([empty, example])).out).toContain('2 hosts');
  });

  it.each(['--version', '--help'])('%s writes to standard output and ends with 0', async (flag) => {
    const { status, out, err } = await run([flag]);
    expect(status).toBe(0);
    expect(err).toBe('');
    if (flag === '--version') expect(out).toBe(`${version}\n`);
    else for (const command of ['scan', 'collect', 'explain', 'rules', '--fail-on']) expect(out).toContain(command);
  });

  it('rules lists every rule by family, for people and as JSON', async () => {
    const [text, json] = await Promise.all([run(['rules']), run(['rules', '--format', 'json'])]);
    const catalogue = JSON.parse(json.out) as {
      format: string;
      families: string[];
      rules: { id: string; family: string }[];
    };
    expect(catalogue.format).toBe('virt-pki-check/rules');
    expect(new Set(catalogue.rules.map(({ family }) => family))).toEqual(new Set(catalogue.families));
    expect(catalogue.families).toEqual(expect.arrayContaining(['files', 'pki']));
    for (const { id, family } of catalogue.rules) {
      expect(existsSync(join(top, 'rules', family, `${id}.ts`))).toBe(true);
      expect(text.out).toMatch(new RegExp(`^ {2}${id} +(error|warning|note) `, 'm'));
    }
  });

  it('explain gives the page of every rule', async () => {
    const { rules } = JSON.parse((await run(['rules', '--format', 'json'])).out) as {
      rules: { id: string; family: string; title: string }[];
    };
    // One process for all of them: starting one a rule would take most of a minute.
    const script = `
      const { program } = require(${JSON.stringify(join(top, 'bin/load.js'))});
      (async () => {
        const pages = {};
        for (const id of ${JSON.stringify(rules.map(({ id }) => id))}) {
          let text = '';
          const stream = { isTerminal: false, width: 100, write: async (part) => { text += part; } };
          const status = await program().main(['explain', id], { streams: { out: stream, err: stream, env: {} } });
          pages[id] = { status, text };
        }
        console.log(JSON.stringify(pages));
      })();`;
    const pages = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as Record<
      string,
      { status: number; text: string }
    >;
    for (const { id, family } of rules) {
      expect(pages[id]?.status, id).toBe(0);
      expect(pages[id]?.text, id).toMatch(new RegExp(`^${id} .*${family}/\\n`));
      expect(pages[id]?.text, id).toMatch(/^What to do /m);
      expect(pages[id]?.text.replaceAll(id, ''), id).not.toMatch(/undefined|\[object|NaN/);
    }
    const [first] = rules;
    expect((await run(['explain', first?.id ?? ''])).out).toBe(pages[first?.id ?? '']?.text);
  });
});

describe('exit status', () => {
  const soon = ['--only', 'certificate-expires-soon'];

  it.each([
    ['an error', [], 1],
    ['an error, and nothing is minded', ['--fail-on', 'never'], 0],
    ['a warning, and errors are minded', soon, 0],
    ['a warning, and warnings are minded', [...soon, '--fail-on', 'warning'], 1],
    ['a warning, and notes are minded', [...soon, '--fail-on', 'note'], 1],
    ['nothing by then', [...soon, '--at', '2026-01-01', '--fail-on', 'note'], 0],
  ] as const)('%s: %j gives %i', async (_, flags, status) => {
    const ran = await run([example, ...flags]);
    expect(ran.err).toBe('');
    expect(ran.status).toBe(status);
  });

  it.each([
    [[], 3],
    [['--allow-unknown'], 0],
    [['--fail-on', 'never'], 0],
  ] as const)('of a host of which nothing can be told, with %j, is %i', async (flags, status) => {
    const ran = await run([opaqueHost(), '--role', 'libvirt-server', '--format', 'json', ...flags]);
    const { summary } = reportOf(ran.out);
    expect(summary.error).toBe(0);
    expect(summary.unknown).toBeGreaterThan(0);
    expect(ran.status).toBe(status);
  });

  it('is 0 for a directory in which there is nothing to judge', async () => {
    expect((await run([directoryTree({})])).status).toBe(0);
  });
});

describe('usage errors end with 2, say what would be right on standard error, and print no stack', () => {
  it.each([
    ['an unknown flag', ['--bogus'], /bogus.*--help/],
    ['a target that does not exist', ['/nonexistent/host'], /\/nonexistent\/host: no such directory/],
    ['one of several targets that does not exist', [example, '/nonexistent/host'], /nonexistent/],
    [
      'a file that is no snapshot',
      [join(top, 'package.json')],
      /no snapshot: "format" is missing where "virt-pki-check\/snapshot" is needed/,
    ],
    ['a file that is not JSON', [join(top, 'LICENSE')], /LICENSE is no snapshot: it is not JSON/],
    ['a device', ['/dev/null'], /not a directory/],
    ['an unknown format', ['--format', 'xml'], /"text", "json", "tui"/],
    ['a format given twice', ['--format', 'text', '--format', 'json'], /--format is given more than once/],
    ['--output given twice', ['--output', 'a', '--output', 'b'], /--output is given more than once/],
    ['--at given twice', ['--at', '2026-01-01', '--at', '2027-01-01'], /--at is given more than once/],
    ['--output without a file', [example, '--output'], /Not enough arguments following: output/],
    [
      'an output that cannot be written',
      [example, '--output', '/nonexistent/report'],
      /cannot write \/nonexistent\/report/,
    ],
    ['the TUI without a terminal', [example, '--format', 'tui'], /--format tui needs a terminal/],
    ['an unknown role', ['--role', 'server'], /libvirt-server/],
    ['an unknown severity', ['--fail-on', 'fatal'], /"error", "warning", "note", "never"/],
    ['quiet and verbose at once', [example, '-q', '-v'], /mutually exclusive/],
    [
      'a misspelt rule',
      [example, '--only', 'private-key-exposd'],
      /no rule is called private-key-exposd; perhaps private-key-exposed/,
    ],
    ['a misspelt rule to skip', [example, '--skip', 'private-key-exposd'], /perhaps private-key-exposed/],
    [
      'a rule that resembles none',
      [example, '--only', 'x'.repeat(200)],
      /no rule is called x+ \(virt-pki-check rules lists them\)/,
    ],
    ['explain of a misspelt rule', ['explain', 'certificate-expird'], /perhaps certificate-expired/],
    ['explain of nothing', ['explain'], /--help/],
    ['explain of two rules', ['explain', 'certificate-expired', 'private-key-exposed'], /--help/],
    ['collect of two targets', ['collect', example, example], /--help/],
    ['a moment that is none', [example, '--at', 'tomorrow'], /--at tomorrow is no moment; write 2027-01-31/],
    ['a day that no month has', [example, '--at', '2027-02-30'], /--at 2027-02-30 is no moment/],
    ['an hour that no day has', [example, '--at', '2027-02-20T25:00'], /is no moment/],
    ['a name with terminal escapes', ['/nonexistent/\u001b[31m\u202ered'], /\\x1b\[31m\\u202ered/],
    ['a file whose name begins with a dash', ['--', '--weird'], /\.\/--weird: no such directory/],
  ] as const)('%s', async (_, args, message) => {
    const { status, out, err } = await run(args);
    expect(err).toMatch(message);
    expect(err).toMatch(/^virt-pki-check: /);
    expect(err).not.toMatch(/fault of ours|\n {4}at /);
    expect(err).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(out).toBe('');
    expect(status).toBe(2);
  });
});

describe('flags of reports', () => {
  it('--format json writes one document, valid by its schema, and nothing else', async () => {
    const { out, err } = await run([example, '--format', 'json']);
    expect(err).toBe('');
    const report = reportOf(out);
    expect(report).toMatchObject({
      format: 'virt-pki-check/report',
      version: 1,
      tool: { name: 'virt-pki-check', version },
    });
    const { error, warning, note } = report.summary;
    expect(report.hosts.flatMap(({ findings }) => findings)).toHaveLength(error + warning + note);
    expect(out.endsWith('}\n')).toBe(true);
  });

  it('reports the host’s own paths, not those below the directory', async () => {
    const { out } = await run([example, '--format', 'json']);
    const paths = reportOf(out).hosts.flatMap(({ findings }) =>
      findings.flatMap(({ subject }) => ('path' in subject ? [subject.path] : [])),
    );
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) expect(path).toMatch(/^\/(?!.*fixtures)/);
  });

  it('--only and --skip choose the rules, and may be repeated', async () => {
    const [only, skip] = await Promise.all([
      run([example, '--format', 'json', '--only', 'private-key-exposed', '--only', 'certificate-expired']),
      run([example, '--format', 'json', '--skip', 'private-key-exposed']),
    ]);
    const judged = (text: string) => reportOf(text).hosts.flatMap(({ verdicts }) => verdicts.map(({ rule }) => rule));
    expect(judged(only.out)).toEqual(['certificate-expired', 'private-key-exposed']);
    expect(judged(skip.out)).not.toContain('private-key-exposed');
    expect(judged(skip.out)).toContain('certificate-expired');
  });

  it('--only gives what the whole scan gives of that rule', async () => {
    const [all, only] = await Promise.all([
      run([example, '--format', 'json']),
      run([example, '--format', 'json', '--only', 'private-key-exposed']),
    ]);
    const of = (text: string) =>
      reportOf(text).hosts.flatMap(({ findings }) => findings.filter(({ rule }) => rule === 'private-key-exposed'));
    expect(of(only.out)).toEqual(of(all.out));
    expect(of(only.out)).not.toEqual([]);
  });

  it('--role says what the host is for', async () => {
    const { out } = await run([example, '--format', 'json', '--role', 'vnc-client', '--role', 'libvirt-client']);
    expect(reportOf(out).hosts[0]?.roles).toEqual(['libvirt-client', 'vnc-client']);
  });

  it.each([
    ['2026-06-01', '2026-06-01T00:00:00.000Z'],
    ['2026-06-01T12:30', '2026-06-01T12:30:00.000Z'],
    ['2026-06-01T12:30:15+02:00', '2026-06-01T10:30:15.000Z'],
  ])('--at %s judges as of %s, wherever we are', async (at, time) => {
    const { out } = await run([example, '--format', 'json', '--at', at], { env: { TZ: 'Pacific/Kiritimati' } });
    expect(reportOf(out).time).toBe(time);
  });

  it('--at finds what will have expired', async () => {
    const { out } = await run([example, '--format', 'json', '--at', '2040-01-01', '--only', 'certificate-expired']);
    expect(reportOf(out).hosts.flatMap(({ findings }) => findings)).not.toEqual([]);
  });

  it('--libvirt-version and --qemu-version say what is installed', async () => {
    const { out } = await run([
      example,
      '--format',
      'json',
      '--libvirt-version',
      '9.0.0-4+deb12u2',
      '--qemu-version',
      '7.2',
    ]);
    expect(reportOf(out).hosts[0]?.software).toMatchObject({ libvirt: '9.0.0-4+deb12u2', qemu: '7.2' });
  });

  it('--output writes what would have gone to standard output', async () => {
    const file = join(directoryTree({}), 'report.json');
    const [piped, written] = await Promise.all([
      run([example, '--format', 'json']),
      run([example, '--format', 'json', '--output', file]),
    ]);
    expect(written.out).toBe('');
    expect(written.status).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(piped.out);
    expect((await run([example, '--format', 'json', '--output', '-'])).out).toBe(piped.out);
  });

  it('--quiet leaves findings only, --verbose adds what passed', async () => {
    const [plain, quiet, verbose] = await Promise.all([
      run([example]),
      run([example, '--quiet']),
      run([example, '--verbose']),
    ]);
    expect(quiet.out).toMatch(/^✖ /);
    expect(quiet.out).not.toMatch(/passed|Next:/);
    expect(plain.out).toContain('rules passed');
    expect(verbose.out).toMatch(/^✔ passed$/m);
    expect((await run([directoryTree({}), '--quiet'])).out).toBe('');
  });

  it.each([
    [['--color', 'always'], {}, true],
    [['--color', 'always'], { NO_COLOR: '1' }, true],
    [['--color', 'never'], {}, false],
    [[], {}, false],
    [[], { NO_COLOR: '1', TERM: 'xterm' }, false],
  ] as const)('into a pipe, %j with %j colours: %s', async (flags, env, colored) => {
    const { out } = await run([example, ...flags], { env });
    expect(out.includes('\u001b[')).toBe(colored);
  });
});

describe('standard output', () => {
  it('may be closed early: a reader that has seen enough is no error', async () => {
    const script = `${JSON.stringify(process.execPath)} ${JSON.stringify(programFile)} ${JSON.stringify(example)} --verbose --format json | head -1; echo "\${PIPESTATUS[0]}"`;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    expect(out).toBe('{\n1\n');
    expect(err).toBe('');
  });

  it.skipIf(!existsSync('/dev/full'))('may be full: that is said, and is no fault of ours', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [programFile, example], { stdio: ['ignore', full, 'pipe'] });
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(err).toMatch(/^virt-pki-check: cannot write the output: ENOSPC/);
    expect(status).toBe(2);
  });

  it('gets all of a large report though its reader is slow', async () => {
    const many = Array.from({ length: 12 }, () => example);
    const script = `${JSON.stringify(process.execPath)} ${JSON.stringify(programFile)} ${many.map((one) => JSON.stringify(one)).join(' ')} --format json | (sleep 1; cat)`;
    const text = execFileSync('bash', ['-c', script], { encoding: 'utf8', maxBuffer: 1 << 28 });
    expect(text.length).toBeGreaterThan(1 << 16);
    expect(reportOf(text).hosts).toHaveLength(12);
  });
});

it('the schemas fit the types', () => {
  execFileSync(process.execPath, [join(top, 'bin/schemas.js'), '--check'], { stdio: 'pipe' });
});
