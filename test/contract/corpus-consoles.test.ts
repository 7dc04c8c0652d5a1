import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { snapshotOfTree, vncScenarios, type VncScenario } from '../support/corpus.ts';

const rules = allRules.map(({ rule }) => rule);

/** What the real QEMU said when it refused to start, and the rules that may say the same. */
const words: readonly (readonly [RegExp, readonly string[]])[] = [
  [/Failed to bind socket: Cannot assign requested address/, ['vnc-listen-address-unavailable']],
  [/No TLS credentials with id|Missing 'dir'/, ['vnc-credentials-undefined']],
  [/Expected TLS credentials for a server endpoint/, ['vnc-credentials-wrong-endpoint']],
  [/Invalid parameter '(tls|x509|x509verify|acl)'/, ['vnc-argument-legacy']],
  [/Invalid parameter|can't convert to a number|no vnc port specified/, ['qemu-argument-invalid']],
  [
    /Unable to access credentials .*No such file/,
    ['vnc-tls-directory-incomplete', 'ca-certificate-missing', 'server-certificate-missing', 'dangling-symlink'],
  ],
  [/Unable to access credentials .*Permission denied/, ['certificate-unreadable', 'private-key-unreadable']],
  [/Error while reading file/, ['certificate-unreadable', 'private-key-unreadable']],
  [/Unable to import (server certificate|CA certificate list)/, ['certificate-malformed']],
  [/has expired/, ['certificate-expired']],
  [/is not yet active/, ['certificate-not-yet-valid']],
  [/basic constraints do not show a CA/, ['ca-bundle-holds-leaf', 'ca-certificate-not-a-ca']],
  [/is missing basic constraints for a CA/, ['ca-certificate-not-a-ca']],
  [/basic constraints show a CA/, ['certificate-is-a-ca']],
  [/usage does not permit certificate signing/, ['ca-key-usage-insufficient']],
  [/usage does not permit/, ['key-usage-insufficient']],
  [/purpose does not allow/, ['key-purpose-mismatch']],
  [/failed validation .*insecure algorithm/, ['weak-signature']],
  [/failed validation/, ['certificate-untrusted', 'ca-key-usage-insufficient']],
  [/Decryption has failed/, ['private-key-encrypted']],
  [/given key do not match/, ['private-key-mismatch']],
  [/requested data|ASN1 parser|Base64/, ['private-key-malformed', 'crl-malformed']],
];

const rulesFor = (errors: readonly string[]): readonly string[] =>
  words.find(([pattern]) => pattern.test(errors.join('\n')))?.[1] ?? [];

const errorsOf = async (scenario: VncScenario, version: string): Promise<readonly string[]> => {
  const report = evaluate(await snapshotOfTree(scenario.server, version, 'qemu'), rules);
  return [...new Set(report.findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule))];
};

const runs = vncScenarios.flatMap((scenario) =>
  Object.entries(scenario.truth).map(([version, truth]) => ({ name: scenario.name, version, scenario, truth })),
);

describe('scan of the server trees of real consoles', () => {
  const refusals = runs.filter(({ truth }) => truth.qemu === 'exits');
  const fine = runs.filter(({ truth }) => truth.qemu === 'running');

  it('has many of each kind', () => {
    expect(refusals.length).toBeGreaterThan(120);
    expect(fine.length).toBeGreaterThan(250);
  });

  it.each(refusals)(
    '$name [$version]: QEMU refuses to start, and an error says why',
    async ({ scenario, version, truth }) => {
      const fitting = rulesFor(truth.qemuErrors);
      expect(fitting, `words for ${truth.qemuErrors.join('\n')}`).not.toEqual([]);
      const found = await errorsOf(scenario, version);
      expect(
        found.filter((rule) => fitting.includes(rule)),
        `${truth.qemuErrors.join('\n')}\nfound ${found.join(', ')}`,
      ).not.toEqual([]);
    },
  );

  it.each(fine)(
    '$name [$version]: QEMU runs, and no error says that it would refuse',
    async ({ scenario, version }) => {
      const refusing = new Set(words.flatMap(([, ids]) => ids));
      expect((await errorsOf(scenario, version)).filter((rule) => refusing.has(rule))).toEqual([]);
    },
  );
});
