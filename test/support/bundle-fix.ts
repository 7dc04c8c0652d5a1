import { build } from 'esbuild';

/** Bundles the harness of applying and undoing into one file that Node can start. */
export const bundleFix = async (outfile: string): Promise<void> => {
  await build({
    entryPoints: [new URL('fix-harness.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  });
};
