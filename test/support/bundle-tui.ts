import { build } from 'esbuild';

const here = (path: string): string => new URL(path, import.meta.url).pathname;

/** Bundles a harness of the TUI into one file that Node can start, in the way of bin/build.js. */
export const bundleTui = async (outfile: string, harness = 'tui-harness.ts'): Promise<void> => {
  await build({
    entryPoints: [here(harness)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    jsx: 'automatic',
    alias: { 'string-width': 'fast-string-width', 'react-devtools-core': here('../../src/tui/no-devtools.ts') },
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
};
