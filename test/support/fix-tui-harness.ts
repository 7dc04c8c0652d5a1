import { fixSource } from '../../src/cli/fix-tui.ts';
import { startTui } from '../../src/tui/start.tsx';

/**
 * The screen of fixes over a real directory, for tests that stop it while it applies. The arguments: how it goes (`slow`: each step takes
 * two seconds in which nothing else can be done; `crash`: an exception while the first step is done), the directory, and the moment.
 */
const [manner = 'slow', target = '', at = ''] = process.argv.slice(2);
const source = fixSource({ target, at });

const result = await startTui({
  color: false,
  fixes: {
    load: (progress) => source.load(progress),
    act: (request, progress, stop) =>
      source.act(
        request,
        (what) => {
          progress(what);
          if (request.kind !== 'apply') return;
          if (manner === 'slow') {
            const until = Date.now() + 2000;
            setTimeout(() => {
              while (Date.now() < until);
            }, 20);
          } else {
            setTimeout(() => {
              throw new Error('crashed on purpose');
            }, 60);
          }
        },
        stop,
      ),
  },
});
process.stdout.write(`the end: ${result.report.findings.length} findings\n`);
