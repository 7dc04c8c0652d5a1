import type { Scanned } from '../../src/tui/scanned.ts';
import { startTui } from '../../src/tui/start.tsx';
import { aReport, faultyHost, faultyReport, familyOf, scanned } from './report.ts';

/**
 * The TUI on its own, with a literal report, for tests that drive it through a terminal. The first argument says how it goes:
 * `report`, `collecting` (never done), `failure` (the work fails), `later` (it fails when it is done again) or `crash` (an exception while the report is shown).
 */
const manner = process.argv[2] ?? 'report';
let looks = 0;

const load = async (progress: (what: string) => void): Promise<Scanned> => {
  for (const what of ['operating system', '/etc/libvirt/libvirtd.conf', '/etc/pki/CA/\x1b[31mcacert.pem'])
    progress(what);
  await new Promise((resolve) => setTimeout(resolve, manner === 'collecting' ? 3_600_000 : 300));
  if (manner === 'failure') throw new Error('the work failed');
  if (manner === 'crash')
    setTimeout(() => {
      throw new Error('crashed on purpose');
    }, 300);
  looks += 1;
  if (manner === 'later' && looks > 1) throw new Error('the host went away');
  // The second look finds one thing less.
  return scanned(looks === 1 ? faultyReport : aReport({ ...faultyHost, findings: faultyHost.findings.slice(1) }));
};

const { report } = await startTui({ load, color: process.env['NO_COLOR'] === undefined, familyOf });
process.stdout.write(`the end: ${report.summary.error} errors\n`);
