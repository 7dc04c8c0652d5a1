#!/usr/bin/env node
// Writes the README's table of what is checked from the rules. With --check it only says whether the table is up to date.
const { execFileSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const top = dirname(__dirname);
const readme = join(top, 'README.md');
const [begin, end] = [/<!-- rules:begin[^>]*-->\n/, /<!-- rules:end -->/];

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

const text = readFileSync(readme, 'utf8');
const [opening] = begin.exec(text) ?? [];
const start = text.indexOf(opening) + opening.length;
const written = `${text.slice(0, start)}\n${table}\n${text.slice(text.search(end))}`;
if (!process.argv.includes('--check')) {
  if (written !== text) writeFileSync(readme, written);
} else if (written !== text) {
  console.error("README.md's table of rules is not up to date: run npm run build");
  process.exitCode = 1;
}
