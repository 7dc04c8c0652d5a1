import { build } from 'esbuild';

/** Bundles the probes' driver into one file that Node can start in a namespace; its argument is a JSON array of requests. */
export const bundleProbe = async (outfile: string): Promise<void> => {
  await build({
    entryPoints: [new URL('probe-driver.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
};
