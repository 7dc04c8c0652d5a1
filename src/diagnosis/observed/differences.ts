import type { Stage, StepOutcome } from '../diagnosis.ts';

/** Why what is seen can differ from what follows from the files, by the stage at which it does. */
export function whyDifferent(stage: Stage, seen: StepOutcome, kind: 'libvirt' | 'vnc'): string {
  const server = kind === 'vnc' ? 'the guest' : 'the daemon';
  const older = `${server} runs with what it read when it started`;
  switch (stage) {
    case 'server-config':
    case 'server-credentials':
      return `${older}, or another process owns the port; at the next start this would stop it`;
    case 'client-credentials':
      return 'the files have changed meanwhile';
    case 'reach':
      return seen === 'fail'
        ? `${server} does not run or runs with an older configuration, a firewall stands before it, or the name leads to another machine`
        : `the name resolves by other means than the hosts file, ${server} runs with an older configuration, or another process owns the port`;
    case 'handshake':
      return `${older}, or another process owns the port`;
    case 'server-identity':
      return kind === 'vnc'
        ? 'the certificate that is served is not the one on disk (virsh domdisplay-reload GUEST has QEMU load it), or another process owns the port'
        : 'the certificate that is served is not the one on disk (virt-admin server-update-tls libvirtd has the daemon load it), or another process owns the port';
    case 'client-identity':
      return kind === 'vnc'
        ? `${older}: its CA, its revocation list and its options`
        : `${older}: its CA, its revocation list and tls_allowed_dn_list`;
    case 'auth':
      return `${older}: which authentication it asks for`;
  }
}
