import type { Account } from '../../domain/account.ts';
import { groupNamed, userNamed, accountOf } from '../../domain/account.ts';
import { qemuDaemon } from '../../domain/configurations-in-use.ts';
import { unixSocket } from '../../domain/listening.ts';
import { configurationFacts, configurationOf, type ConfigurationFacts } from '../../domain/remote-configuration.ts';
import { libvirtGroup } from '../../reference/libvirt-group.ts';
import { systemSocket } from '../../reference/libvirt-sockets.ts';
import type { Accounts } from '../../facts/accounts.ts';
import { cannotTell, pass, skipped, warning, type Step } from '../step.ts';
import type { Protocol } from '../walk.ts';
import { configurationStep } from './configuration-step.ts';
import { step, type LibvirtQuestion } from './question.ts';

const isSession = ({ uri }: LibvirtQuestion): boolean => uri.path === '/session';

const ownDaemon = skipped("the user's own daemon is started when it is asked, and lets nobody else in");

/** The account as which the client arrives at the socket: over ssh the one of the URI, which the server's own list knows. */
function arrivingAccount({ uri, account }: LibvirtQuestion, accounts: Accounts): Account | undefined {
  if (uri.transport === 'unix') return account;
  const user = userNamed(accounts, uri.user ?? account.name);
  return user === undefined ? undefined : accountOf(accounts, user);
}

const socketOf = (facts: ConfigurationFacts) => {
  const daemon = qemuDaemon(facts);
  const configuration = configurationOf(facts, daemon);
  return configuration.state === 'loaded' ? { daemon, socket: unixSocket(facts, configuration) } : undefined;
};

const socketOpens = step({
  stage: 'reach',
  side: 'server',
  question: 'May the account connect to the Unix socket?',
  source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewListenUNIX; the SocketMode= of the unit',
  needs: { server: [...configurationFacts, 'accounts'] },
  take(question, { server }) {
    if (isSession(question)) return ownDaemon;
    const found = socketOf(server);
    if (found === undefined) return cannotTell('the configuration of the daemon is not known');
    const account = arrivingAccount(question, server.accounts);
    if (account === undefined) return cannotTell('the account at the other end is not known');
    const { daemon, socket } = found;
    const { mode, group } = socket;
    if (mode === undefined) return cannotTell('the mode of the socket is not known');
    const shown = mode.toString(8).padStart(4, '0');
    const gid = group === undefined ? 0 : groupNamed(server.accounts, group)?.gid;
    const may =
      account.uid === 0 ||
      (mode & 0o002) !== 0 ||
      (gid !== undefined && account.gids.includes(gid) && (mode & 0o020) !== 0);
    if (may)
      return pass(`the socket of ${daemon} has mode ${shown}${group === undefined ? '' : ` and group ${group}`}`);
    const path = systemSocket(daemon);
    return {
      outcome: 'fail',
      message: `the socket of ${daemon} has mode ${shown} and group ${group ?? 'root'}, to which ${account.name} does not belong`,
      clientText: `Failed to connect socket to '${path}': Permission denied`,
      failure: {
        side: 'server',
        why: 'connecting to a socket takes the right to write to it',
        rules: [],
        fix: {
          title: `Let ${account.name} use the socket`,
          applicability: 'unsafe',
          steps: [
            {
              kind: 'manual',
              instruction: `Whoever may use this socket controls the host like root. If ${account.name} may:`,
            },
            { kind: 'run', command: ['usermod', '-aG', group ?? libvirtGroup, account.name] },
          ],
        },
      },
    };
  },
});

const polkitAgrees = step({
  stage: 'auth',
  side: 'server',
  question: 'Does authentication succeed?',
  source: 'libvirt src/remote/remote_daemon_dispatch.c: remoteDispatchAuthPolkit; libvirt.rules of polkit',
  needs: { server: [...configurationFacts, 'accounts'] },
  take(question, { server }) {
    if (isSession(question)) return ownDaemon;
    const found = socketOf(server);
    const account = arrivingAccount(question, server.accounts);
    if (found === undefined || account === undefined) return cannotTell('the daemon or the account is not known');
    switch (found.socket.authentication) {
      case 'none':
        return pass('auth_unix_rw is none: whoever reaches the socket is in');
      case 'sasl':
        return cannotTell('SASL asks for a login');
      case 'polkit': {
        if (account.uid === 0) return pass('polkit does not ask root');
        const gid = groupNamed(server.accounts, libvirtGroup)?.gid;
        return gid !== undefined && account.gids.includes(gid)
          ? pass(`${account.name} is in group ${libvirtGroup}, which polkit lets in`)
          : warning(
              `polkit asks ${account.name} for an administrator's password; without a terminal or an agent it refuses ("no polkit agent available to authenticate action 'org.libvirt.unix.manage'")`,
            );
      }
    }
  },
});

/** What a local socket needs, on the host whose socket it is. */
export const socketSteps: readonly Step<LibvirtQuestion>[] = [socketOpens, polkitAgrees];

/** libvirt over the Unix socket of the same host. */
export const localProtocol: Protocol<LibvirtQuestion> = {
  serverStart: [configurationStep],
  clientStart: [],
  connection: socketSteps,
  refused: () => `Failed to connect socket to '${systemSocket('libvirtd')}': No such file or directory`,
};
