import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import type { HostReport } from '../../src/engine/report.ts';
import { configurationFiles } from '../../src/reference/configuration-files.ts';
import { libvirtScenarios, snapshotOfTree, textOf, type Scenario, type Truth } from '../support/corpus.ts';

const rules = allRules.map(({ rule }) => rule);

/** What the real daemon said when it refused to start, and the rules that may say the same. */
const words: readonly (readonly [RegExp, readonly string[]])[] = [
  [/syntax error: .*(expecting a|unterminated|not closed)/, ['configuration-syntax-error']],
  [
    /expected an? |must be 0 or 1|unsupported auth|parse mode|host UUID|logging priority|maximum number of clients|Servname/,
    ['configuration-value-invalid'],
  ],
  [/Failed to parse group/, ['socket-group-missing']],
  [/No (CA certificate|server certificate|server key) path set/, ['tls-paths-incomplete']],
  [/Cannot read CA certificate/, ['ca-certificate-missing', 'dangling-symlink']],
  [/Cannot read certificate/, ['server-certificate-missing', 'dangling-symlink']],
  [/Cannot read private key/, ['server-key-missing', 'dangling-symlink']],
  [/Unable to import (server certificate|CA certificate list)|Is a directory/, ['certificate-malformed']],
  [/has expired/, ['certificate-expired']],
  [/is not yet active/, ['certificate-not-yet-valid']],
  [/basic constraints do not show a CA/, ['ca-bundle-holds-leaf', 'ca-certificate-not-a-ca']],
  [/is missing basic constraints for a CA/, ['ca-certificate-not-a-ca']],
  [/basic constraints show a CA/, ['certificate-is-a-ca']],
  [/usage does not permit certificate signing/, ['ca-key-usage-insufficient']],
  [/usage does not permit/, ['key-usage-insufficient']],
  [/purpose does not allow/, ['key-purpose-mismatch', 'private-key-encrypted']],
  [/failed validation .*insecure algorithm/, ['weak-signature']],
  [/failed validation/, ['certificate-untrusted']],
  [/Decryption has failed/, ['private-key-encrypted']],
  [/given key do not match/, ['private-key-mismatch']],
  [/requested data|ASN1 parser|Base64/, ['private-key-malformed']],
];

const rulesFor = (errors: readonly string[]): readonly string[] =>
  words.find(([pattern]) => pattern.test(errors.join('\n')))?.[1] ?? [];

const judge = async (scenario: Scenario, version: string): Promise<HostReport> =>
  evaluate(await snapshotOfTree(scenario.server, version), rules);

const errorsOf = (report: HostReport): readonly string[] => [
  ...new Set(report.findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)),
];

const skipsItsChecks = ({ server }: Scenario): boolean =>
  server.some(
    (entry) =>
      entry.path === configurationFiles.libvirtd &&
      'content' in entry &&
      /^tls_no_sanity_certificate = 1/m.test(textOf(entry)),
  );

const runs = libvirtScenarios.flatMap((scenario) =>
  Object.entries(scenario.truth).map(([version, truth]: [string, Truth]) => ({
    name: scenario.name,
    version,
    scenario,
    truth,
  })),
);

describe('scan of the server trees of real scenarios', () => {
  const refusals = runs.filter(({ truth }) => truth.daemon === 'exits');
  const silent = runs.filter(({ truth }) => truth.daemon === 'running' && truth.stage === 'server-config');
  // With its own checks switched off, the daemon starts with what its clients will refuse: that stays an error.
  const fine = runs.filter(({ truth, scenario }) => truth.connects && !skipsItsChecks(scenario));

  it('has many of each kind', () => {
    expect(refusals.length).toBeGreaterThan(150);
    expect(fine.length).toBeGreaterThan(250);
  });

  it.each(refusals)(
    '$name [$version]: the daemon refuses to start, and an error says why',
    async ({ scenario, version, truth }) => {
      const fitting = rulesFor(truth.daemonErrors);
      expect(fitting, `words for ${truth.daemonErrors.join('\n')}`).not.toEqual([]);
      const found = errorsOf(await judge(scenario, version));
      expect(
        found.filter((rule) => fitting.includes(rule)),
        `${truth.daemonErrors[0]}\nfound ${found.join(', ')}`,
      ).not.toEqual([]);
    },
  );

  it.each(silent)(
    '$name [$version]: the daemon runs and does not listen, and an error says so',
    async ({ scenario, version }) => {
      expect(errorsOf(await judge(scenario, version))).toContain('tls-not-listening');
    },
  );

  it.each(fine)(
    '$name [$version]: it works, and no error says that the daemon would refuse',
    async ({ scenario, version }) => {
      const refusing = new Set(words.flatMap(([, ids]) => ids));
      const found = errorsOf(await judge(scenario, version)).filter((rule) => refusing.has(rule));
      expect(found).toEqual([]);
    },
  );

  it.each(fine.filter(({ name }) => name.startsWith('base/')))(
    '$name [$version]: all is well, and no error is found',
    async ({ scenario, version }) => {
      expect(errorsOf(await judge(scenario, version))).toEqual([]);
    },
  );
});
