import type { Stage, StepOutcome } from '../diagnosis.ts';
import type { Sight } from './sight.ts';

const servers: Readonly<Record<Sight['kind'], string>> = {
  libvirt: 'the daemon',
  vnc: 'the guest',
  spice: 'the guest',
  nbd: 'the NBD server',
};

/** How a server loads another certificate. */
const reloading: Readonly<Record<Sight['kind'], string>> = {
  libvirt: 'virt-admin server-update-tls libvirtd has the daemon load it',
  vnc: 'virsh domdisplay-reload GUEST has QEMU load it',
  spice: 'it is loaded when the guest starts',
  nbd: 'it is loaded when the server starts',
};

/** Why what is seen can differ from what follows from the files, by the stage at which it does. */
export function whyDifferent(stage: Stage, seen: StepOutcome, kind: Sight['kind']): string {
  const server = servers[kind];
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
      return `the certificate that is served is not the one on disk (${reloading[kind]}), or another process owns the port`;
    case 'client-identity':
      return kind !== 'libvirt'
        ? `${older}: its CA, its revocation list and its options`
        : `${older}: its CA, its revocation list and tls_allowed_dn_list`;
    case 'auth':
      return `${older}: which authentication it asks for`;
  }
}
