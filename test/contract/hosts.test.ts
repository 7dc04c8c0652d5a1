import fastGlob from 'fast-glob';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import { makeReport } from '../../src/engine/make-report.ts';
import type { Report } from '../../src/engine/report.ts';
import { describedHost } from '../../src/host/described-host.ts';
import json from '../../src/report/json.ts';
import text from '../../src/report/text.ts';

const top = join(import.meta.dirname, '../..');
const hosts = fastGlob.sync('fixtures/hosts/*/host.json', { cwd: top }).map((file) => file.split('/')[2] ?? '');
const tool = { name: 'virt-pki-check', version: 'test' } as const;
const options = { color: false, width: 100, verbose: false, quiet: false };

const reportOn = async (name: string): Promise<Report> => {
  const host = describedHost(join(top, 'fixtures/hosts', name));
  if (host === undefined) throw new Error(`fixtures/hosts/${name} describes no host`);
  const snapshot = await collectSnapshot(host, { tool });
  const report = makeReport(
    [{ ...snapshot, target: name }],
    allRules.map(({ rule }) => rule),
    tool,
  );
  // Rules that find nothing are left out: one that is added changes nothing here unless it has something to say.
  return {
    ...report,
    summary: { ...report.summary, pass: 0, notApplicable: 0 },
    hosts: report.hosts.map((one) => ({
      ...one,
      verdicts: one.verdicts.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown'),
    })),
  };
};

/* What is expected stands beside each host, to be read as a whole: vitest --update writes it anew. */
describe.each(hosts)('the host %s', (name) => {
  it('gives the report that is expected', async () => {
    await expect(json.render(await reportOn(name), options)).toMatchFileSnapshot(
      join(top, 'fixtures/hosts', name, 'report.json'),
    );
  });

  it('reads well', async () => {
    await expect(text.render(await reportOn(name), options)).toMatchFileSnapshot(
      join(top, 'fixtures/hosts', name, 'report.txt'),
    );
  });
});

describe('the hosts', () => {
  it('are healthy ones and faulty ones, servers and clients', async () => {
    const reports = await Promise.all(hosts.map(reportOn));
    expect(reports.some(({ summary }) => summary.error === 0 && summary.warning === 0)).toBe(true);
    expect(reports.some(({ summary }) => summary.error > 0)).toBe(true);
    expect(new Set(reports.flatMap(({ hosts: [host] }) => host?.roles ?? []))).toContain('libvirt-client');
  });
});
