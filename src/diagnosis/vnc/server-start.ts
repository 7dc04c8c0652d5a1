import type {
  AddressFamily,
  QemuAddress,
  QemuCommandLine,
  QemuProcess,
  QemuRefusal,
  TlsCredentials,
} from '../../facts/qemu-processes.ts';
import { resolveName } from '../../domain/name-resolution.ts';
import { refusalKind } from '../../domain/qemu-refusal.ts';
import { momentText } from '../../domain/moment-text.ts';
import { fileOfRefusal, fixOfRefusal, rulesOfRefusal, whyOfRefusal } from '../rules-of-refusal.ts';
import { cannotTell, pass, skipped, type Step, type Take } from '../step.ts';
import { access } from '../../domain/access.ts';
import { walk } from '../../domain/walk.ts';
import { saslDirectories, saslServices } from '../../reference/configuration-files.ts';
import {
  accountOfGuest,
  addressText,
  askedGuest,
  credentialsOfObject,
  step,
  vncServerFacts,
  type VncQuestion,
  type VncServerFacts,
} from './question.ts';

const nameOf = ({ guest, program }: QemuCommandLine): string => (guest === undefined ? program : `the guest ${guest}`);

const noGuest = cannotTell('no running QEMU was seen on the server');

/** A refusal of the arguments as a step's answer; QEMU prints the option before its words. */
const refusedArguments = (commandLine: QemuCommandLine, { text }: QemuRefusal, rules: readonly string[]): Take => ({
  outcome: 'fail',
  message: `QEMU refuses the arguments of ${nameOf(commandLine)}: ${text}`,
  serverText: text,
  failure: { side: 'server', why: text, rules },
});

const rulesFor = (refusal: QemuRefusal): readonly string[] => {
  switch (refusalKind(refusal)) {
    case 'legacy':
      return ['vnc-argument-legacy'];
    case 'wrong-endpoint':
      return ['vnc-credentials-wrong-endpoint'];
    case 'undefined-credentials':
    case 'incomplete-credentials':
      return ['vnc-credentials-undefined', 'qemu-argument-invalid'];
    case 'other':
      return ['qemu-argument-invalid'];
  }
};

const isStarted = step({
  stage: 'server-config',
  side: 'server',
  question: 'Is there a guest with a VNC display?',
  source: 'QEMU softmmu/vl.c, ui/vnc.c: vnc_parse',
  needs: { server: ['qemuProcesses'] },
  take(question, { server }) {
    if (!server.qemuProcesses.observed) return noGuest;
    const guest = askedGuest(question, server);
    if (guest === undefined) {
      const count = server.qemuProcesses.processes.length;
      return count > 0
        ? pass(`${count} guests run`)
        : {
            outcome: 'fail',
            message: 'no guest runs on the server',
            failure: {
              side: 'server',
              why: 'a console is served by the guest itself',
              rules: [],
              fix: {
                title: 'Start the guest',
                applicability: 'manual',
                steps: [
                  { kind: 'manual', instruction: 'virsh list --all names the guests, virsh start GUEST starts one' },
                ],
              },
            },
          };
    }
    const { commandLine } = guest.process;
    const { unread } = commandLine;
    if (unread.length > 0) return cannotTell(`not all arguments of ${nameOf(commandLine)} are known`);
    const displays = commandLine.vnc.flatMap(({ addresses }) => addresses);
    return pass(
      displays.length === 0
        ? `${nameOf(commandLine)} runs`
        : `${nameOf(commandLine)} has its display at ${displays.map(addressText).join('; ')}`,
    );
  },
});

/** QEMU reads its whole command line, then creates its objects, then opens its displays. */
const argumentsAreTaken = (question: string, stages: readonly QemuRefusal['stage'][]): Step<VncQuestion> =>
  step({
    stage: 'server-config',
    side: 'server',
    question,
    source: 'QEMU softmmu/vl.c: qemu_init, qemu_create_late_backends; ui/vnc.c: vnc_display_open',
    needs: { server: ['qemuProcesses'] },
    take(asked, { server }) {
      const guest = askedGuest(asked, server);
      if (guest === undefined) return server.qemuProcesses.observed ? skipped('no guest is meant') : noGuest;
      const { commandLine } = guest.process;
      const { refusal } = commandLine;
      if (refusal === undefined || !stages.includes(refusal.stage)) return pass('it does');
      return refusedArguments(commandLine, refusal, rulesFor(refusal));
    },
  });

const objectsAreCreated = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does QEMU create its objects?',
  source: 'QEMU softmmu/vl.c: qemu_init; qom/object_interfaces.c: user_creatable_add_type',
  needs: { server: vncServerFacts },
  take(asked, { server }) {
    const guest = askedGuest(asked, server);
    if (guest === undefined) return server.qemuProcesses.observed ? skipped('no guest is meant') : noGuest;
    const { commandLine } = guest.process;
    const { refusal } = commandLine;
    if (refusal?.stage !== 'objects') return pass('it does');
    if (failsToLoadBefore(refusal, guest.process, server)) return pass('it does, up to credentials that stand before');
    return refusedArguments(commandLine, refusal, rulesFor(refusal));
  },
});

/**
 * Objects are made one after the other: credentials that stand before a refused one are loaded by then, and CA and certificate are checked
 * before a pass phrase is looked for (crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load).
 */
function failsToLoadBefore({ made = 0 }: QemuRefusal, process: QemuProcess, server: VncServerFacts): boolean {
  return process.commandLine.objects.slice(0, made + 1).some((object, index) => {
    if (object.type !== 'tls-creds-x509') return false;
    const { passwordId: _, ...withoutSecret } = object;
    const outcome = credentialsOfObject(server, process, index < made ? object : withoutSecret);
    if (outcome.state !== 'refused') return false;
    return index < made || (object.dir !== undefined && !/^key-/.test(outcome.refusal.kind));
  });
}

const credentialsLoad = step({
  stage: 'server-credentials',
  side: 'server',
  question: 'Does QEMU accept and load its credentials?',
  source: 'QEMU crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load; gnutls lib/cert-cred-x509.c',
  needs: { server: vncServerFacts },
  take(question, { server }) {
    const guest = askedGuest(question, server);
    if (guest === undefined) return server.qemuProcesses.observed ? skipped('no guest is meant') : noGuest;
    const { process } = guest;
    const objects = process.commandLine.objects.filter(
      (object): object is TlsCredentials => object.type === 'tls-creds-x509',
    );
    if (objects.length === 0) return skipped('it has none');
    for (const object of objects) {
      const outcome = credentialsOfObject(server, process, object);
      if (outcome.state === 'unknown') return cannotTell(outcome.because.detail);
      if (outcome.state === 'refused') {
        const { refusal } = outcome;
        return {
          outcome: 'fail',
          message: `QEMU: ${refusal.text.replace(/\.$/, '')}`,
          serverText: refusal.text,
          failure: {
            side: 'server',
            why: whyOfRefusal(refusal, 'QEMU'),
            rules: rulesOfRefusal(refusal, 'server'),
            ...fileOfRefusal(refusal),
            ...fixOfRefusal(refusal, 'server'),
          },
        };
      }
      const [leaf] = outcome.identity?.chain ?? [];
      if (object === objects.at(-1))
        return pass(
          leaf === undefined
            ? `${object.dir} loads`
            : `CA, certificate and key of ${object.dir} load; the certificate is valid until ${momentText(leaf.notAfter)}`,
        );
    }
    return pass('they load');
  },
});

const listensAtAll = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does the display listen on the network?',
  source: 'QEMU ui/vnc.c: vnc_display_listen; util/qemu-sockets.c: inet_listen_saddr',
  needs: { server: vncServerFacts },
  take(question, { server }) {
    const guest = askedGuest(question, server);
    if (guest === undefined) return server.qemuProcesses.observed ? skipped('no guest is meant') : noGuest;
    const { commandLine } = guest.process;
    const places = commandLine.vnc.flatMap(({ addresses, websockets }) => [...addresses, ...websockets]);
    const tcp = places.filter((address) => address.type === 'tcp');
    if (tcp.length === 0) {
      return {
        outcome: 'fail',
        message:
          places.length === 0
            ? `${nameOf(commandLine)} has no VNC display that listens`
            : `${nameOf(commandLine)} listens on ${places.map(addressText).join(', ')} alone, which no network reaches`,
        failure: {
          side: 'server',
          why: 'a display without a TCP address is for clients on the same host',
          rules: [],
          fix: {
            title: 'Reach the console through the host',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `From elsewhere open it through ssh: virt-viewer -c qemu+ssh://root@${question.host}/system ${commandLine.guest ?? 'GUEST'}`,
              },
            ],
          },
        },
      };
    }
    const unresolved = tcp.find(({ host }) => host !== '' && resolveName(host, server.identity).state !== 'resolved');
    const unknownName = unresolved && resolveName(unresolved.host, server.identity);
    if (unresolved !== undefined && unknownName !== undefined && unknownName.state !== 'resolved')
      return {
        outcome: 'fail',
        message: `the display is to listen on ${unresolved.host}, which the server's hosts file does not have, and QEMU does not start`,
        serverText: `address resolution failed for ${unresolved.host}:${unresolved.port ?? unresolved.service ?? ''}: ${unknownName.error}`,
        failure: {
          side: 'server',
          why: 'without asking the network, only the hosts file tells what a name means; DNS may know it',
          rules: ['vnc-listen-address-unavailable'],
        },
      };
    const taken = tcp.find((address, index) => tcp.slice(0, index).some((before) => isTaken(address, before)));
    if (taken !== undefined)
      return {
        outcome: 'fail',
        message: `port ${taken.port} is to be listened on twice, and QEMU does not start`,
        serverText: 'Failed to find an available port: Address already in use',
        failure: {
          side: 'server',
          why: 'another display of the same guest has the port already',
          rules: ['vnc-listen-address-unavailable'],
        },
      };
    const absent = tcp.find(({ host }) =>
      isAbsent(host, question, server.identity.addresses, [...server.identity.hosts.map(({ address }) => address)]),
    );
    if (absent === undefined) return pass(tcp.map(addressText).join('; '));
    return {
      outcome: 'fail',
      message: `the display is to listen on ${absent.host}, which the host does not have, and QEMU does not start`,
      serverText: 'Failed to bind socket: Cannot assign requested address',
      failure: {
        side: 'server',
        why: 'a process can listen only on addresses of its own host',
        rules: ['vnc-listen-address-unavailable'],
      },
    };
  },
});

type TcpAddress = Extract<QemuAddress, { type: 'tcp' }>;

/**
 * Does a listener have the port of a later one, which has no range to look for another in. An IPv6 socket that finds IPv4 taken makes do
 * with IPv6; one that came first has both. Source: QEMU util/qemu-sockets.c: try_bind, inet_listen_saddr.
 */
function isTaken(later: TcpAddress, before: TcpAddress): boolean {
  if (later.port === undefined || later.port !== before.port || (later.lastPort ?? later.port) > later.port)
    return false;
  const isWildcard = (host: string): boolean => ['', '0.0.0.0', '::'].includes(host);
  const meets = (family: AddressFamily): boolean =>
    later.families.includes(family) &&
    (before.families.includes(family) || before.host === '::') &&
    (later.host === before.host || isWildcard(later.host) || isWildcard(before.host));
  return meets('ipv4') || meets('ipv6');
}

/** A numeric address that the host does not have; where its addresses were not seen, one that nothing speaks of. */
function isAbsent(
  host: string,
  { host: dialled }: VncQuestion,
  addresses: readonly string[] | undefined,
  spokenOf: readonly string[],
): boolean {
  if (!/^\d+\.\d+\.\d+\.\d+$|:/.test(host) || /^(127\.|0\.0\.0\.0$|::1?$)/.test(host)) return false;
  return addresses === undefined ? host !== dialled && !spokenOf.includes(host) : !addresses.includes(host);
}

const saslStarts = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does SASL take its configuration?',
  source: 'QEMU ui/vnc.c: vnc_display_open; Cyrus SASL lib/config.c',
  needs: { server: ['qemuProcesses', 'saslConfigurations', 'files'] },
  take(question, { server }) {
    const guest = askedGuest(question, server);
    if (guest === undefined) return server.qemuProcesses.observed ? skipped('no guest is meant') : noGuest;
    if (!guest.process.commandLine.vnc.some(({ sasl }) => sasl)) return skipped('no display asks for SASL');
    const path = saslDirectories
      .flatMap((directory) => saslServices.qemu.map((name) => `${directory}/${name}`))
      .find((candidate) => server.saslConfigurations[candidate] !== undefined);
    const file = path === undefined ? undefined : server.saslConfigurations[path];
    if (path === undefined || file === undefined)
      return pass('it has no configuration file, and offers all that is installed');
    // What QEMU may not read is for Cyrus SASL not there.
    if (access(walk(server.files, path), accountOfGuest(guest.process), 'read').may === false)
      return pass(`QEMU may not read ${path}, and offers all that is installed`);
    if (!file.known) return cannotTell(file.detail);
    if (file.value.error === undefined) return pass(`${path} loads`);
    return {
      outcome: 'fail',
      message: `${path} does not load, and QEMU does not start`,
      serverText: 'Failed to initialize SASL auth: error when parsing configuration file',
      failure: {
        side: 'server',
        why: 'Cyrus SASL gives the whole file up at the first line that it does not understand',
        rules: ['sasl-configuration-malformed'],
        path,
      },
    };
  },
});

export const serverStart: readonly Step<VncQuestion>[] = [
  isStarted,
  argumentsAreTaken('Does QEMU understand its arguments?', ['arguments']),
  objectsAreCreated,
  credentialsLoad,
  argumentsAreTaken('Does QEMU open its displays?', ['spice', 'character-devices', 'displays']),
  saslStarts,
  listensAtAll,
];
