import { describe, expect, it } from 'vitest';
import { allRules } from '../../../src/cli/load-rules.ts';
import { evaluate } from '../../../src/engine/evaluate.ts';
import type { Snapshot } from '../../../src/facts/snapshot.ts';
import { endings, endingsEvidence } from '../../../src/report/evidence/endings.ts';
import { evidenceLines, type Evidence } from '../../../src/report/evidence/evidence.ts';
import { evidenceOf, faultyParts } from '../../../src/report/evidence/evidence-of.ts';
import { wrap } from '../../../src/report/wrap.ts';
import { libvirtScenarios, snapshotOfTree, vncScenarios } from '../../support/corpus.ts';

const rules = allRules.map(({ rule }) => rule);

/** Every so many scenarios: each takes as long as a scan of two hosts. */
const stride = 12;

const marked = (evidence: readonly Evidence[], title: RegExp): boolean =>
  evidence.some((one) => title.test(one.title) && one.rows.some(({ sign }) => sign === 'error'));

/** What evidence must show of each finding, and what it may not. */
function check(name: string, snapshot: Snapshot): number {
  const { roles, findings } = evaluate(snapshot, rules);
  for (const finding of findings) {
    const about = `${name}: ${finding.rule} ${JSON.stringify(finding.subject)}`;
    const evidence = evidenceOf(snapshot, roles, finding);
    if ('path' in finding.subject) expect(evidence.length, about).toBeGreaterThan(0);
    const parts = faultyParts[finding.rule] ?? [];
    if (parts.length > 0) expect(marked(evidence, /^(certificate|private key) /), about).toBe(true);
    if (finding.rule === 'certificate-untrusted') expect(marked(evidence, /^chain /), about).toBe(true);
    if (/^(private-key|certificate)-unreadable$/.test(finding.rule))
      expect(marked(evidence, /^path /), about).toBe(true);
    if (finding.subject.kind === 'setting')
      expect(
        evidence.map(({ title }) => title),
        about,
      ).toContainEqual(expect.stringMatching(/^configuration /));
    for (const one of evidence)
      for (const line of evidenceLines(one, 76, wrap))
        expect(typeof line === 'string' ? line : line.map(({ text }) => text).join(''), about).not.toMatch(
          /[\p{Cc}\p{Cf}\p{Cs}]/u,
        );
  }
  const all = endings([snapshot]);
  expect(endingsEvidence(all, '2026-06-01T00:00:00.000Z').rows).toHaveLength(all.length);
  return findings.length;
}

describe('evidence of real scenarios', { timeout: 300_000 }, () => {
  it.each([
    ['libvirt', libvirtScenarios, '9.0.0-4+deb12u2'],
    ['qemu', vncScenarios, '1:7.2+dfsg-7+deb12u16'],
  ] as const)('%s: marks what each finding is about', async (program, scenarios, version) => {
    let found = 0;
    for (const scenario of scenarios.filter((_, index) => index % stride === 0)) {
      for (const side of ['server', 'client'] as const) {
        const snapshot = await snapshotOfTree(scenario[side], version, program);
        found += check(`${scenario.name} ${side}`, snapshot);
      }
    }
    expect(found).toBeGreaterThan(50);
  });
});
