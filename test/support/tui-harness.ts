import type { Report } from '../../src/engine/report.ts';
import { startTui } from '../../src/tui/start.tsx';
import { faultyReport, familyOf } from './report.ts';

/**
 * The TUI on its own, with a literal report, for tests that drive it through a terminal. The first argument says how it goes:
 * `report`, `collecting` (never done), `failure` (the work fails) or `crash` (an exception while the report is shown).
 */
const manner = process.argv[2] ?? 'report';

const load = async (progress: (what: string) => void): Promise<Report> => {
  for (const what of ['operating system', '/etc/libvirt/libvirtd.conf', '/etc/pki/CA/\x1b[31mcacert.pem'])
    progress(what);
  await new Promise((resolve) => setTimeout(resolve, manner === 'collecting' ? 3_600_000 : 300));
  if (manner === 'failure') throw new Error('the work failed');
  if (manner === 'crash')
    setTimeout(() => {
      throw new Error('crashed on purpose');
    }, 300);
  return faultyReport;
};

const report = await startTui({ load, color: process.env['NO_COLOR'] === undefined, familyOf });
process.stdout.write(`the end: ${report.summary.error} errors\n`);
