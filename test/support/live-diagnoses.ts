import { Ajv } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DiagnosisReport } from '../../src/engine/diagnosis-report.ts';
import { findProgram } from '../../src/host/run-program.ts';
import { ensureBuilt, programFile } from './built-program.ts';

const top = join(import.meta.dirname, '../..');
const seconds = 2;

/** A connection that is diagnosed from the client alone, and what must come of it. */
export interface Case {
  readonly name: string;
  /** Shell: what the server becomes first. Without it, it stays what it was. */
  readonly server?: string;
  /** Shell words: the URI and flags. */
  readonly asks: string;
  readonly verdict: DiagnosisReport['verdict'];
  readonly stage?: DiagnosisReport['stage'];
  /** What the decisive rung says. */
  readonly message?: RegExp;
  /** What some rung says: `STAGE OUTCOME: MESSAGE`. */
  readonly says?: RegExp;
  /** What the real client is not asked for: it would wait for minutes, or its words are known to depend on the moment. */
  readonly withoutClient?: true;
  /** Seconds, where the usual time limit is too short. */
  readonly within?: number;
}

export interface Outcome {
  readonly report: DiagnosisReport;
  readonly status: number;
  readonly milliseconds: number;
  readonly left: string;
  /** The last error line of the real client; empty when it connects, null when it was not asked. */
  readonly client: string | null;
}

/** Shell: `diagnose CLIENT URI FLAG…` diagnoses, asks the real client, and prints both as one line of JSON. */
export const diagnose = `
diagnose() {
  local client=$1 begin status=0 said=; shift
  begin=$(date +%s%3N)
  timeout 60 "$NODE" "$PROGRAM" diagnose "$@" --format json --timeout \${TIMEOUT:-${seconds}} > report.json || status=$?
  local ms=$(( $(date +%s%3N) - begin ))
  local left=$(ss --no-header --tcp --processes state connected exclude time-wait | grep '"node"' | grep -v 'pid='$PEERS, || true; pgrep -f "$PROGRAM" || true)
  case $client in
    virsh) said=$(timeout 20 virsh -c "$1" uri 2>&1 >/dev/null </dev/null | sed -n 's/^error: //p' | tail -1) ;;
    qemu) said=$(timeout 20 qemu-system-x86_64 -machine none -display none -drive "if=none,format=raw,file=$1" 2>&1 </dev/null | sed -n 's/^.*format=raw[^:]*:.*: \\(Failed to connect\\)/\\1/p' | tail -1) ;;
    gvnccapture) said=$(timeout 20 gvnccapture --debug "$DISPLAY_ADDRESS" shot.png 2>&1 | sed -n 's/^.*\\.c Error: //p' | tail -1) ;;
  esac
  "$NODE" -e '
    const [status, ms, left, client, said] = process.argv.slice(1);
    const report = JSON.parse(require("fs").readFileSync("report.json", "utf8"));
    console.log(JSON.stringify({ report, status: +status, milliseconds: +ms, left: left.trim(), client: client === "none" ? null : said }));
  ' "$status" "$ms" "$left" "$client" "$said"
}
PEERS=0
`;

/** One word of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Shell: one line per case, for a function `try CLIENT SERVER WORDS SECONDS`. */
export const tryLines = (cases: readonly Case[], client: string): string =>
  cases
    .map(
      ({ server = '', asks, withoutClient, within = seconds }) =>
        `try ${withoutClient ? 'none' : client} ${quoted(server)} ${quoted(asks)} ${within}`,
    )
    .join('\n');

const outcomesIn = (out: string): readonly Outcome[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);

const validate = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(
  JSON.parse(readFileSync(join(top, 'src/engine/diagnosis.schema.json'), 'utf8')) as object,
);

/** What must hold of every outcome, and of each its own. */
function holds(
  { verdict, stage = null, message, says = /./, within = seconds }: Case,
  { report, status, milliseconds, left, client }: Outcome,
): void {
  const shown = report.steps.map((step) => `${step.stage} ${step.outcome}: ${step.message}`).join('\n');
  expect({ verdict: report.verdict, stage: report.stage }, shown).toEqual({ verdict, stage });
  expect(status).toBe({ connects: 0, fails: 1, unknown: 3 }[verdict]);
  const decisive = report.steps.find((step) => step.stage === stage && step.outcome === 'fail');
  if (message !== undefined) expect(decisive?.message).toMatch(message);
  expect(shown).toMatch(says);
  if (client !== null) expect(report.clientError ?? '', shown).toBe(client);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  expect(report.wire.asked).toBe(true);
  // Beside the deadline there is a host to collect, on a machine that may be busy.
  expect(milliseconds).toBeLessThan(within * 1000 + 8000);
  expect(left, 'no connection and no process stays').toBe('');
}

/** A suite that runs all cases at once and then looks at what came of each. */
export function suite(title: string, missing: readonly string[], cases: readonly Case[], run: () => string): void {
  describe.skipIf(missing.length > 0)(`${title}${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
    let outcomes: readonly Outcome[];
    beforeAll(() => {
      ensureBuilt();
      outcomes = outcomesIn(run());
    }, 300_000);

    it.each(cases.map((one, index) => ({ ...one, index })))('$name: $verdict $stage', ({ index, ...one }) => {
      expect(outcomes).toHaveLength(cases.length);
      holds(one, outcomes[index]!);
    });
  });
}

/** What `diagnose` needs to know. */
export const environment = { PROGRAM: programFile };
/** Which of these programs are not installed. */
export const absent = (...names: readonly string[]): readonly string[] =>
  names.filter((name) => findProgram(name) === undefined);
