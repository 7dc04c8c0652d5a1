import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDomainXml } from '../../src/parse/domain-xml.ts';
import { runSeed } from '../support/random-scenarios/random.ts';

/** libvirt's own parser by way of virsh and its test driver: what it makes of a definition must read the same as the definition itself. */
const installed = spawnSync('virsh', ['--version']).status === 0;
const seed = runSeed();
const runs = 60;

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const attributes = (names: Readonly<Record<string, fc.Arbitrary<string | undefined>>>) =>
  fc.record(names).map((found) =>
    Object.entries(found)
      .map(([name, value]) => (value === undefined ? '' : ` ${name}='${value}'`))
      .join(''),
  );
const address = pick(undefined, '', '0.0.0.0', '127.0.0.1', '::1', 'kvm1.example.com');
const listen = fc.oneof(
  attributes({ type: pick('address'), address }),
  attributes({ type: pick('network'), network: pick('default', 'lab') }),
  attributes({ type: pick('socket'), socket: pick(undefined, '/run/a.sock', '/run/b&amp;c.sock') }),
  pick(" type='none'"),
);
const listens = fc
  .array(listen, { maxLength: 2 })
  .map((all) => all.map((one) => `<listen${one}/>`).join(' <!-- > --> '));
const vnc = fc.tuple(
  attributes({
    type: pick('vnc'),
    port: pick(undefined, '-1', '5907'),
    autoport: pick(undefined, 'yes', 'no'),
    listen: address,
    socket: pick(undefined, undefined, undefined, '/run/vnc.sock'),
    passwd: pick(undefined, '', 'secret', 'lt&lt;quot&quot;', '&#x20AC;&#8364;'),
    connected: pick(undefined, 'keep'),
    sharePolicy: pick(undefined, 'ignore', 'force-shared', 'allow-exclusive'),
    websocket: pick(undefined, '5700', '-1'),
  }),
  listens,
);
const spice = fc.tuple(
  attributes({
    type: pick('spice'),
    tlsPort: pick(undefined, '5999'),
    autoport: pick('no'),
    listen: address,
    passwd: pick(undefined, 'secret'),
    passwdValidTo: pick(undefined, '2030-01-01T00:00:00'),
    defaultMode: pick(undefined, 'secure', 'insecure', 'any'),
  }),
  listens,
);
const domain = fc.array(fc.oneof(vnc, spice), { minLength: 1, maxLength: 2 }).map((all) => {
  const graphics = all.map(([found, children]) => `<graphics${found}>${children}</graphics>`).join('\n');
  return `<domain type='test'><name>probe&amp;1</name><memory>1</memory><os><type>hvm</type></os><devices>${graphics}</devices></domain>`;
});

describe.skipIf(!installed)(
  installed ? `libvirt reads what we read of a domain (SEED=${seed})` : 'virsh is not installed',
  () => {
    let scratch = '';
    beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), 'domain-xml-'))));
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    /** The definition as libvirt gives it back; undefined where it refuses it. */
    function roundTrip(xml: string): string | undefined {
      const path = join(scratch, 'domain.xml');
      writeFileSync(path, xml);
      const { stdout } = spawnSync(
        'virsh',
        ['-q', '-c', 'test:///default', `define ${path}; dumpxml probe&1 --security-info --inactive`],
        { encoding: 'utf8', timeout: 10_000, env: { PATH: process.env['PATH'], LC_ALL: 'C', HOME: scratch } },
      );
      const start = stdout.indexOf('<domain');
      return start === -1 ? undefined : stdout.slice(start);
    }

    function judged(xml: string): unknown {
      const file = parseDomainXml(xml);
      if ('malformation' in file) return file;
      const { name, graphics } = file.domain;
      // What libvirt adds or leaves out on its own: lines, ports it will choose, and defaults.
      return {
        name,
        graphics: graphics.map(
          ({ type, listens, password, connected, sharePolicy, defaultMode, websocket, tlsPort }) => ({
            type,
            listens,
            password,
            connected: password === undefined ? undefined : connected,
            sharePolicy,
            defaultMode: defaultMode === 'any' ? undefined : defaultMode,
            // It prints no port of what listens on a socket or not at all.
            ...(listens[0]?.type === 'address' || listens[0]?.type === 'network' ? { websocket, tlsPort } : {}),
          }),
        ),
      };
    }

    it(`on ${runs} random definitions`, { timeout: 120_000 }, () => {
      let read = 0;
      for (const xml of fc.sample(domain, { seed, numRuns: runs })) {
        const theirs = roundTrip(xml);
        if (theirs === undefined) continue;
        read += 1;
        expect(judged(xml), xml).toEqual(judged(theirs));
      }
      expect(read).toBeGreaterThan(runs / 4);
    });
  },
);
