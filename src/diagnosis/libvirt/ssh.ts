import { observeSsh } from '../observed/libvirt.ts';
import { cannotTell } from '../step.ts';
import type { Protocol } from '../walk.ts';
import { socketSteps } from './local.ts';
import { configurationStep } from './configuration-step.ts';
import { step, type LibvirtQuestion } from './question.ts';

const sshConnects = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the tunnel open?',
  source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewConnectSSH; src/rpc/virnetclient.c: virNetClientNewSSH',
  needs: {},
  take({ uri, account }) {
    if (uri.transport === 'ext')
      return cannotTell('the program of the URI opens the connection; what it does is not known');
    const target = `${uri.user ?? account.name}@${uri.host}`;
    return cannotTell(
      `ssh opens it, by its own keys and configuration: ssh ${uri.port === undefined || uri.port === 22 ? '' : `-p ${uri.port} `}${target} true must work without a question; on the server virt-ssh-helper or nc must be there`,
    );
  },
});

/** libvirt over ssh: the tunnel is ssh's affair, what comes after it that of the server's Unix socket. */
export const sshProtocol: Protocol<LibvirtQuestion> = {
  serverStart: [configurationStep],
  clientStart: [],
  connection: [sshConnects, ...socketSteps],
  refused: () => undefined,
  observe: (question, _snapshots, peer) => observeSsh(question, peer, sshConnects),
};
