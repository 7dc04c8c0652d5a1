#!/usr/bin/env node
// Writes the JSON Schemas from the types, which are their only source. With --check it only says whether they are up to date.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const top = dirname(__dirname);
const documents = [
  { type: 'Snapshot', source: 'src/facts/snapshot.ts', schema: 'src/facts/snapshot.schema.json' },
  { type: 'DiagnosisReport', source: 'src/engine/diagnosis-report.ts', schema: 'src/engine/diagnosis.schema.json' },
  { type: 'PlanDocument', source: 'src/fix/plan-document.ts', schema: 'src/fix/plan.schema.json' },
  {
    type: 'ConnectionPlanDocument',
    source: 'src/fix/connection-document.ts',
    schema: 'src/fix/connection-plan.schema.json',
  },
  { type: 'Report', source: 'src/engine/report.ts', schema: 'src/engine/report.schema.json' },
];

async function main() {
  // An ES module, which this is not.
  const { createGenerator } = await import('ts-json-schema-generator');
  let stale = false;
  for (const { type, source, schema } of documents) {
    const generator = createGenerator({
      path: join(top, source),
      tsconfig: join(top, 'tsconfig.json'),
      type,
      expose: 'all',
      topRef: true,
      additionalProperties: false,
      skipTypeCheck: true,
    });
    const text = `${JSON.stringify(generator.createSchema(type), null, 2)}\n`;
    const file = join(top, schema);
    if (process.argv.includes('--check')) {
      if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
        console.error(`${schema} does not fit ${type} in ${source}: run npm run schemas`);
        stale = true;
      }
    } else {
      writeFileSync(file, text);
    }
  }
  process.exitCode = stale ? 1 : 0;
}

main();
