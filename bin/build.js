#!/usr/bin/env node
// Builds dist/: the list of rules, the program in a few bundles, and V8's compiled code for them. Run by `npm ci` (prepare).
const { build } = require('esbuild');
const fastGlob = require('fast-glob');
const { Ajv } = require('ajv');
const { default: standaloneCode } = require('ajv/dist/standalone');
const { mkdirSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { execFileSync } = require('node:child_process');
const { basename, dirname, join, relative } = require('node:path');

const top = dirname(__dirname);
const dist = join(top, 'dist');
mkdirSync(dist, { recursive: true });

/** Modules that the program loads only when it needs them, by the bundle that each becomes. */
const lazy = {
  'x509-files': 'src/parse/x509-files.ts',
  'parse-snapshot': 'src/cli/parse-snapshot.ts',
  'explain-text': 'src/cli/explain-text.ts',
  'look-at-wire': 'src/cli/look-at-wire.ts',
  'issue-certificate': 'src/fix/issue-certificate.ts',
  'gather-evidence': 'src/cli/gather-evidence.ts',
  'fast-glob': 'fast-glob',
};

/** Turns import() of those modules into a require of their bundle. */
const separateBundles = {
  name: 'separate-bundles',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => {
      if (kind !== 'dynamic-import' || path.startsWith('node:')) return undefined;
      const bundle = Object.keys(lazy).find((name) => basename(path, '.ts') === name);
      // Others stay in the bundle that imports them, and run when they are first imported.
      return bundle === undefined ? undefined : { path: `./${bundle}.cjs`, external: true };
    });
  },
};

/** yargs asserts two things about its own state: Node's module for that takes as long to load as yargs itself. */
const smallAssert = {
  name: 'small-assert',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^assert$/ }, () => ({ path: 'assert', namespace: 'small-assert' }));
    onLoad({ filter: /.*/, namespace: 'small-assert' }, () => ({
      contents: `
        const check = (holds, message) => { if (!holds) throw message instanceof Error ? message : new Error(message); };
        export const strictEqual = (actual, expected, message) => check(Object.is(actual, expected), message);
        export const notStrictEqual = (actual, expected, message) => check(!Object.is(actual, expected), message);`,
    }));
  },
};

/**
 * Drops what the X.509 library and its parts would do on loading for exports that nobody uses: their modules define classes and no
 * more. That halves the time to load them.
 */
const withoutUnused = {
  name: 'without-unused',
  setup({ onResolve, resolve }) {
    onResolve(
      { filter: /^(@peculiar\/|tsyringe$|pvtsutils$)/ },
      async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === withoutUnused) return undefined;
        return {
          ...(await resolve(path, { importer, resolveDir, kind, pluginData: withoutUnused })),
          sideEffects: false,
        };
      },
    );
  },
};

async function main() {
  writeRuleList();
  writeSnapshotValidator();
  // V8 takes compiled code for that of any source of the same length.
  for (const name of readdirSync(dist).filter((one) => one.endsWith('.cache'))) rmSync(join(dist, name));

  const common = {
    absWorkingDir: top,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    minify: true,
    legalComments: 'linked',
    logLevel: 'warning',
    // yargs measures text with string-width, whose regular expressions take longer to compile than our whole program.
    alias: { 'string-width': 'fast-string-width' },
    loader: { '.json': 'json' },
  };

  await Promise.all([
    build({
      ...common,
      format: 'cjs',
      entryPoints: { 'virt-pki-check': 'src/cli/main.ts', ...lazy },
      outdir: dist,
      outExtension: { '.js': '.cjs' },
      // yargs asks for the terminal's width on loading, and with it for all of Node's streams; we tell it the width.
      define: {
        'import.meta.url': '__fileUrl',
        'import.meta.dirname': '__dirname',
        'process.stdout.columns': 'undefined',
      },
      banner: { js: 'const __fileUrl = require("node:url").pathToFileURL(__filename).href;' },
      supported: { 'dynamic-import': false },
      mainFields: ['module', 'main'],
      plugins: [separateBundles, smallAssert, withoutUnused],
    }),
    build({
      ...common,
      format: 'esm',
      entryPoints: { tui: 'src/tui/start.tsx' },
      outdir: dist,
      outExtension: { '.js': '.mjs' },
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"production"' },
      alias: { ...common.alias, 'react-devtools-core': join(top, 'src/tui/no-devtools.ts') },
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    }),
  ]);

  await require('./load.js').writeCodeCache(join(top, 'fixtures', 'hosts', 'example'));
  // A new rule shows in the README without anybody's doing.
  execFileSync(process.execPath, [join(__dirname, 'readme.js')], { stdio: 'inherit' });
}

/** Has ajv write down the code that checks a snapshot: making it from the schema takes three times as long as a scan. */
function writeSnapshotValidator() {
  const ajv = new Ajv({ strict: false, code: { source: true } });
  // Rules reckon with times, and JavaScript throws where it writes one that is none.
  ajv.addFormat('date-time', /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$/);
  const validate = ajv.compile(require('../src/facts/snapshot.schema.json'));
  writeFileSync(join(dist, 'validate-snapshot.cjs'), standaloneCode(ajv, validate));
  writeFileSync(
    join(dist, 'validate-snapshot.d.cts'),
    `declare function validate(document: unknown): boolean;
declare namespace validate {
  let errors: { instancePath: string; message?: string }[] | null | undefined;
}
export = validate;
`,
  );
}

/** Lists every rule by globbing the folders: a rule is added by adding its file. */
function writeRuleList() {
  const files = fastGlob.sync('rules/*/*.ts', { cwd: top }).sort();
  const imports = files.map((file, index) => `import rule${index} from '${relative(dist, join(top, file))}';`);
  const entries = files.map((file, index) => `  { family: '${basename(dirname(file))}', rule: rule${index} },`);
  writeFileSync(
    join(dist, 'rule-list.ts'),
    `// Written by bin/build.js from the folders of rules/.\n${imports.join('\n')}\n\nexport const catalogue = [\n${entries.join('\n')}\n];\n`,
  );
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
