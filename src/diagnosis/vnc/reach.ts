import type { Known } from '../../facts/facts.ts';
import type { QemuAddress } from '../../facts/qemu-processes.ts';
import { resolveName, type NameResolution } from '../../domain/name-resolution.ts';
import { cannotTell, pass } from '../step.ts';
import { knownName, onlyHostsFile } from '../unresolved-name.ts';
import { addressText, step, vncServerFacts, type VncQuestion } from './question.ts';

/** GLib knows localhost by itself, whatever the hosts file says (gresolver.c). */
export function resolve(host: string, identity: Known<'identity'>['identity']): NameResolution {
  return /^(.+\.)?localhost\.?$/i.test(host)
    ? { state: 'resolved', addresses: ['::1', '127.0.0.1'] }
    : resolveName(host, identity);
}

export const unable = ({ host, port }: VncQuestion, error: string): string =>
  `Unable to connect to ${host}:${port}: ${error}`;

/** What the client prints when it dials and nobody answers. */
export function unansweredText(question: VncQuestion, identity: Known<'identity'>['identity']): string {
  const resolution = resolve(question.host, identity);
  return resolution.state === 'resolved'
    ? unable(question, 'Connection refused')
    : unable(question, `Error resolving “${question.host}”: ${resolution.error}`);
}

function arrives(address: string, port: number, at: QemuAddress, server: Known<'identity'>['identity']): boolean {
  if (at.type === 'unix' || at.port !== port) return false;
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (at.host === '') return at.families.includes(family);
  if (at.host === '0.0.0.0') return family === 'ipv4';
  // Without another listener on the port the socket takes IPv4 as well.
  if (at.host === '::') return true;
  if (at.host === address) return true;
  const named = resolveName(at.host, server);
  return named.state === 'resolved' && named.addresses.includes(address);
}

const nothingSeen = cannotTell('no running QEMU was seen on the server');

export const isReached = step({
  stage: 'reach',
  side: 'client',
  question: 'Does the client knock where the display listens?',
  source: 'gtk-vnc src/vncconnection.c: vnc_connection_open_host; QEMU util/qemu-sockets.c',
  needs: { client: ['identity'], server: vncServerFacts },
  take(question, { client, server }) {
    const { host, port } = question;
    const resolution = resolve(host, client.identity);
    if (resolution.state !== 'resolved') {
      return {
        outcome: 'fail',
        message: `${host} is not in the client's hosts file`,
        clientText: unansweredText(question, client.identity),
        failure: {
          side: 'client',
          why: onlyHostsFile,
          rules: [],
          fix: knownName(host),
        },
      };
    }
    if (!server.qemuProcesses.observed) return nothingSeen;
    const displays = server.qemuProcesses.processes.flatMap(({ commandLine }) => commandLine.vnc);
    const places = displays.flatMap(({ addresses }) => addresses);
    if (resolution.addresses.some((address) => places.some((place) => arrives(address, port, place, server.identity))))
      return pass(`${host} is ${resolution.addresses.join(', ')}, and a display listens there on port ${port}`);
    const seen =
      places.length === 0 ? 'no display listens' : `displays listen on ${places.map(addressText).join('; ')}`;
    return {
      outcome: 'fail',
      message: `the client dials ${resolution.addresses.join(', ')}, port ${port}, and ${seen}`,
      clientText: unable(question, 'Connection refused'),
      failure: {
        side: 'client',
        why: 'an address or port that nobody listens on refuses the connection; display N is port 5900 + N',
        rules: [],
        fix: {
          title: 'Let address and port of client and display agree',
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `On the server, virsh vncdisplay GUEST says which display a guest has; ${seen}. To open one that listens on loopback, go through ssh: virt-viewer -c qemu+ssh://root@${host}/system GUEST`,
            },
          ],
        },
      },
    };
  },
});
