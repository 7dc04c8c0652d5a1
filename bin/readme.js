#!/usr/bin/env node
// Writes the README's table of what is checked from the rules, and the recording of the TUI that its test made. With --check it only says
// whether they are up to date.
const { execFileSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const top = dirname(__dirname);
const readme = join(top, 'README.md');

const { families, rules } = JSON.parse(
  execFileSync(process.execPath, [join(__dirname, 'virt-pki-check.js'), 'rules', '--format', 'json'], {
    encoding: 'utf8',
  }),
);
const table = families
  .map((family) => {
    const rows = rules
      .filter((rule) => rule.family === family)
      .map(({ id, severity, title }) => `| \`${id}\` | ${severity} | ${title.replaceAll('|', '\\|')} |`);
    return `**${family}/**\n\n| rule | severity | fires when |\n|---|---|---|\n${rows.join('\n')}\n`;
  })
  .join('\n');

/** A text with what stands between the markers of a name replaced. */
function withBlock(text, name, block) {
  const [opening] = new RegExp(`<!-- ${name}:begin[^>]*-->\\n`).exec(text) ?? [];
  const start = text.indexOf(opening) + opening.length;
  return `${text.slice(0, start)}\n${block}\n${text.slice(text.indexOf(`<!-- ${name}:end -->`))}`;
}

const text = readFileSync(readme, 'utf8');
const recording = readFileSync(join(top, 'fixtures', 'recording.md'), 'utf8');
const written = withBlock(withBlock(text, 'rules', table), 'recording', recording);
if (!process.argv.includes('--check')) {
  if (written !== text) writeFileSync(readme, written);
} else if (written !== text) {
  console.error("README.md's table of rules or recording of the TUI is not up to date: run npm run build");
  process.exitCode = 1;
}
