import type { LibvirtProbe } from './probe-libvirt.ts';
import type { SpiceProbe } from './probe-ports.ts';
import type { ProbeTarget } from './probe-target.ts';
import type { VncProbe } from './probe-vnc.ts';

/** A probe by what it asks. */
export type Probe =
  | ({ readonly asks: 'libvirt' } & LibvirtProbe)
  | ({ readonly asks: 'vnc' } & VncProbe)
  | ({ readonly asks: 'spice' } & SpiceProbe)
  | ({ readonly asks: 'nbd' } & ProbeTarget)
  | ({ readonly asks: 'ssh' } & ProbeTarget)
  | ({ readonly asks: 'tcp' } & ProbeTarget);

/** Something that would be sent, and to whom. */
export interface ProbeStep {
  readonly to: string;
  readonly sends: string;
}

/** What a probe would send, in order, for `--dry-run`; nothing is sent or looked up. */
export function describeProbe(probe: Probe): readonly ProbeStep[] {
  const to = `every address of ${probe.host}, TCP port ${probe.port}`;
  return [
    { to: 'the system’s resolver', sends: `the question for the addresses of ${probe.host}` },
    ...questions(probe).map((sends) => ({ to, sends })),
  ];
}

const oldest = 'TLS 1.0, 1.1 and 1.2 alone, one after the other, until one is taken';

function questions(probe: Probe): readonly string[] {
  switch (probe.asks) {
    case 'libvirt': {
      const rpc = 'libvirt’s calls AUTH_LIST and, for SASL, AUTH_SASL_INIT';
      if (probe.transport === 'tcp') return [rpc];
      return [
        `a TLS handshake without a certificate and, if that lets us in, ${rpc}`,
        ...(probe.credentials === undefined
          ? []
          : [`if a certificate is asked for: a TLS handshake with the client’s own and, if that lets us in, ${rpc}`]),
        `if TLS is spoken: handshakes with ${oldest}`,
      ];
    }
    case 'vnc': {
      const rfb = 'our version of RFB, a choice of security type and, for VeNCrypt, of its sub-type, a TLS handshake';
      const own =
        probe.credentials === undefined ? [] : ['if a certificate is asked for: the same with the client’s own'];
      const last = `if TLS with certificates is spoken: the same with ${oldest}`;
      if (probe.websocket !== true) return [`${rfb} without a certificate`, ...own, last];
      return [
        `a request for a WebSocket, and in it ${rfb} without a certificate`,
        'if that is not answered: the same inside TLS',
        ...own,
        last,
      ];
    }
    case 'spice':
      if (probe.transport === 'tls') return ['a TLS handshake without a certificate, and in it SPICE’s link message'];
      return ['SPICE’s link message', 'if that is not answered: a TLS handshake and in it the same'];
    case 'nbd':
      return [
        'our flags, NBD_OPT_STRUCTURED_REPLY, NBD_OPT_STARTTLS, a TLS handshake without a certificate if that is granted, and NBD_OPT_ABORT',
      ];
    case 'ssh':
    case 'tcp':
      return ['nothing: the connection is opened and closed'];
  }
}
