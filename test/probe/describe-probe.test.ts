import { describe, expect, it } from 'vitest';
import { describeProbe, type Probe } from '../../src/probe/describe-probe.ts';

const target = { host: 'kvm1', port: 5900, timeoutMs: 1000 };
const credentials = () => Promise.resolve(undefined);

describe('what would be sent', () => {
  it.each<[Probe, readonly RegExp[]]>([
    [{ ...target, asks: 'libvirt', transport: 'tcp' }, [/AUTH_LIST/]],
    [{ ...target, asks: 'libvirt', transport: 'tls' }, [/without a certificate/, /TLS 1.0, 1.1 and 1.2/]],
    [
      { ...target, asks: 'libvirt', transport: 'tls', credentials },
      [/without a certificate/, /the client’s own/, /1.0/],
    ],
    [{ ...target, asks: 'vnc' }, [/RFB/, /1.0/]],
    [{ ...target, asks: 'vnc', websocket: true, credentials }, [/WebSocket/, /inside TLS/, /the client’s own/, /1.0/]],
    [{ ...target, asks: 'spice' }, [/link message/, /TLS/]],
    [{ ...target, asks: 'spice', transport: 'tls' }, [/TLS handshake.*link message/]],
    [{ ...target, asks: 'nbd' }, [/NBD_OPT_STARTTLS/]],
    [{ ...target, asks: 'ssh' }, [/nothing/]],
    [{ ...target, asks: 'tcp' }, [/nothing/]],
  ])('%o', (probe, sends) => {
    const [lookup, ...steps] = describeProbe(probe);
    expect(lookup?.sends).toContain('kvm1');
    expect(steps.map((step) => step.to)).toEqual(sends.map(() => 'every address of kvm1, TCP port 5900'));
    for (const [index, pattern] of sends.entries()) expect(steps[index]?.sends).toMatch(pattern);
  });
});
