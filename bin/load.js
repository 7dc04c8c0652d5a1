// Loads the bundles of dist/ with V8's compiled code beside them: without it, compiling takes longer than scanning a host.
// CommonJS, as all of bin/: Node starts it sooner than an ES module.
const { existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(dirname(__dirname), 'dist');
/** @type {Map<string, { module: { exports: any }, script: Script }>} */
const loaded = new Map();

/** Runs a bundle once and returns its exports; `./NAME.cjs` inside it comes back here. */
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.module.exports;
  const filename = join(dist, name);
  const cache = `${filename}.cache`;
  // Code compiled by another version of Node is rejected by V8 and then simply not used.
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  // The bundles are ASCII, which latin1 reads without decoding.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`;
  const script = new Script(source, { filename, cachedData });
  const module = { exports: {} };
  loaded.set(name, { module, script });
  const requireThere = (id) => (id.startsWith('./') ? load(id.slice(2)) : require(id));
  script.runInThisContext()(module.exports, requireThere, module, filename, dist);
  return module.exports;
}

/** The program: `main(argv, shell)` and `firstLook(shell)`. */
const program = () => load('virt-pki-check.cjs');

/** What the program gets from us: the process's streams, and the way to the TUI, which is a module of its own. */
const shell = () => ({ streams: program().processStreams(), loadTui: () => import('../dist/tui.mjs') });

/** Runs the program over a host and over a snapshot of it, so that what it uses is compiled, and keeps the compiled code beside the bundles. */
async function writeCodeCache(host) {
  const silent = { isTerminal: false, width: 80, write: async () => {} };
  const { err } = shell().streams;
  const silently = { streams: { out: silent, err, env: {} } };
  const snapshot = join(dist, 'example.json');
  for (const argv of [
    ['scan', host, '--format', 'json'],
    ['collect', host, '--output', snapshot],
    ['scan', snapshot, '--format', 'json'],
  ]) {
    if ((await program().main(argv, silently)) === 2) throw new Error(`the built program cannot ${argv.join(' ')}`);
  }
  rmSync(snapshot);
  for (const [name, { script }] of loaded) writeFileSync(join(dist, `${name}.cache`), script.createCachedData());
}

module.exports = { program, shell, writeCodeCache };
