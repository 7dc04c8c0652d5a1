import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSaslConfiguration } from '../../src/parse/sasl-configuration.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

const valueOf = (text: string, key: string): string | undefined =>
  parseSaslConfiguration(text).settings.find((setting) => setting.key === key)?.value;

const installed = spawnSync('saslpasswd2', ['-?']).error === undefined;
const seed = runSeed();

/**
 * saslpasswd2 reads the service file that SASL_CONF_PATH leads to and makes the account file that sasldb_path names: the file tells which
 * setting counted. One at the end stands in for files without the setting, so that the machine's own accounts stay as they are.
 */
describe.skipIf(!installed)(
  installed ? `Cyrus SASL reads what we read (SEED=${seed})` : 'saslpasswd2 is not installed',
  () => {
    let directory = '';
    beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'sasl-'))));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    const ask = (text: string): string | 'refused' => {
      for (const name of readdirSync(directory)) rmSync(join(directory, name));
      writeFileSync(join(directory, 'probe.conf'), text);
      const { stderr, status } = spawnSync('saslpasswd2', ['-a', 'probe', '-p', '-c', '-u', 'realm', 'user'], {
        cwd: directory,
        env: { SASL_CONF_PATH: directory, PATH: process.env['PATH'] },
        input: 'password',
        encoding: 'utf8',
        timeout: 5000,
      });
      if (stderr.includes('error when parsing configuration file')) return 'refused';
      expect(status, stderr).toBe(0);
      return readdirSync(directory)
        .filter((name) => name.startsWith('db'))
        .join(' ');
    };

    const blank = fc.constantFrom('', '', ' ', '\t', '  ', '\r', '\v');
    const line = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(blank, fc.constantFrom('sasldb_path', 'SASLDB_Path', 'other', 'o-1_x', ''), fc.constantFrom(':', ':', ':', ' :', '=', ''), blank, fc.constantFrom('DIR/db1', 'DIR/db2', 'DIR/db3', 'DIR/db1\0DIR/db2'), blank).map((parts) => parts.join('')) },
    { weight: 2, arbitrary: fc.tuple(blank, fc.constantFrom('#', '# sasldb_path: DIR/db4', '#x\0', '', '')).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.constantFrom('other:', 'other: \t', 'other', ': x', 'é: x', `other: ${'y'.repeat(4088)}`, `other: ${'y'.repeat(4089)}`, `other: ${'y'.repeat(4088)}sasldb_path: DIR/db5`, `other: ${'y'.repeat(4087)} # x`) },
  ); // prettier-ignore
    const file = fc
      .tuple(fc.array(line, { maxLength: 5 }), fc.constantFrom('\n', '\r\n', '\n\n'))
      .map(([lines, ending]) => `${lines.map((one) => one + ending).join('')}sasldb_path: DIR/db9\n`);

    it('on 120 random files', { timeout: 60_000 }, () => {
      const counts = { refused: 0, read: 0 };
      for (const pattern of fc.sample(file, { seed, numRuns: 120 })) {
        const text = pattern.replaceAll('DIR', directory);
        const theirs = ask(text);
        const { error } = parseSaslConfiguration(text);
        const ours = error === undefined ? valueOf(text, 'sasldb_path')?.slice(directory.length + 1) : 'refused';
        expect(ours, JSON.stringify(pattern)).toBe(theirs);
        counts[theirs === 'refused' ? 'refused' : 'read'] += 1;
      }
      expect(Math.min(counts.refused, counts.read)).toBeGreaterThan(20);
    });
  },
);
