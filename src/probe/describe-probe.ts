import type { LibvirtProbe } from './probe-libvirt.ts';
import type { ProbeTarget } from './probe-target.ts';
import type { VncProbe } from './probe-vnc.ts';

/** A probe by what it asks. */
export type Probe =
  | ({ readonly asks: 'libvirt' } & LibvirtProbe)
  | ({ readonly asks: 'vnc' } & VncProbe)
  | ({ readonly asks: 'spice' | 'nbd' | 'ssh' | 'tcp' } & ProbeTarget);

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
      ];
    }
    case 'vnc': {
      const rfb = 'our version of RFB, a choice of security type and, for VeNCrypt, of its sub-type, a TLS handshake';
      const own =
        probe.credentials === undefined ? [] : ['if a certificate is asked for: the same with the client’s own'];
      if (probe.websocket !== true) return [`${rfb} without a certificate`, ...own];
      return [
        `a request for a WebSocket, and in it ${rfb} without a certificate`,
        'if that is not answered: the same inside TLS',
        ...own,
      ];
    }
    case 'spice':
      return ['SPICE’s link message', 'if that is not answered: a TLS handshake and in it the same'];
    case 'nbd':
      return [
        'our flags, NBD_OPT_STARTTLS, a TLS handshake without a certificate if that is granted, and NBD_OPT_ABORT',
      ];
    case 'ssh':
    case 'tcp':
      return ['nothing: the connection is opened and closed'];
  }
}
