import { readFileSync } from 'node:fs';
import type { Probe } from '../../src/probe/describe-probe.ts';
import { probeLibvirt } from '../../src/probe/probe-libvirt.ts';
import { probeNbd, probeSpice, probeSsh, probeTcp } from '../../src/probe/probe-ports.ts';
import { probeVnc } from '../../src/probe/probe-vnc.ts';

/** A probe without what cannot be written down; `as` names a client whose certificate and key are NAME.pem and NAME.key. */
export type Request = Probe & { readonly as?: string };

const ask = ({ as, ...probe }: Request) => {
  const credentials =
    as === undefined
      ? {}
      : {
          credentials: () =>
            Promise.resolve({ certificate: readFileSync(`${as}.pem`), key: readFileSync(`${as}.key`) }),
        };
  switch (probe.asks) {
    case 'libvirt':
      return probeLibvirt({ ...probe, ...credentials });
    case 'vnc':
      return probeVnc({ ...probe, ...credentials });
    case 'spice':
      return probeSpice(probe);
    case 'nbd':
      return probeNbd(probe);
    case 'ssh':
      return probeSsh(probe);
    case 'tcp':
      return probeTcp(probe);
  }
};

// The process ends by itself, or the probe left something behind.
const requests = JSON.parse(process.argv[2] ?? '[]') as readonly Request[];
const results: unknown[] = [];
for (const request of requests) {
  const begin = performance.now();
  const { observation } = await ask(request);
  results.push({ observation, milliseconds: performance.now() - begin });
}
console.log(JSON.stringify(results));
