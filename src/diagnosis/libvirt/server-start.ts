import type { ConfigurationFile } from '../../facts/configurations.ts';
import type { Known } from '../../facts/facts.ts';
import { qemuFirstRefusal, tlsPathRefusal } from '../../domain/daemon-configuration.ts';
import { listening, type Listening, type ListenAddress, type Listener } from '../../domain/listening.ts';
import type { LoadingRefusal } from '../../domain/load-credentials.ts';
import { momentText } from '../../domain/moment-text.ts';
import { configurationFacts, effectiveString, type ConfigurationFacts } from '../../domain/remote-configuration.ts';
import { saslFacts, saslServices } from '../../domain/sasl.ts';
import { effectiveSetting, refusalText } from '../../domain/setting-value.ts';
import { socketGroupExists } from '../../domain/start-obstacle.ts';
import { exists } from '../../domain/walk.ts';
import { configurationFiles } from '../../reference/configuration-files.ts';
import { qemuTlsUses } from '../../reference/pki-files.ts';
import type { Fix } from '../../rule/fix.ts';
import type { Step, Take } from '../step.ts';
import { cannotTell, pass, skipped } from '../step.ts';
import { commandLineIsTaken } from './command-line.ts';
import { configurationStep } from './configuration-step.ts';
import { fileOfRefusal, fixOfRefusal, rulesOfRefusal, whyOfRefusal } from '../rules-of-refusal.ts';
import { credentialsOfServer, pathsOfServer, serverCredentialFacts, step, type LibvirtQuestion } from './question.ts';

/** The daemon's configuration as far as it determines where it listens; the step before has said why if it does not. */
function determined(facts: ConfigurationFacts): Listening | undefined {
  const answer = listening(facts);
  return answer.state === 'determined' ? answer : undefined;
}

const activationAgrees = step({
  stage: 'server-config',
  side: 'server',
  question: 'Do --listen and the sockets of systemd agree?',
  source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  needs: { server: configurationFacts },
  take(_question, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    if (answer.activation !== 'conflict')
      return pass(
        answer.activation === 'sockets'
          ? `systemd opens the sockets of ${answer.daemon}`
          : `${answer.daemon} opens its sockets itself`,
      );
    return {
      outcome: 'fail',
      message: `${answer.daemon} is started with --listen while systemd hands it sockets, and refuses to start`,
      serverText: `--listen parameter not permitted with systemd activation sockets, see 'man libvirtd' for further guidance`,
      failure: {
        side: 'server',
        why: 'a daemon that is handed sockets by systemd may not open its own',
        rules: ['listen-flag-with-socket-activation'],
      },
    };
  },
});

const socketGroupIsThere = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does the group of its Unix socket exist?',
  source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking; src/util/virutil.c: virGetGroupID',
  needs: { server: [...configurationFacts, 'accounts'] },
  take(_question, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    const { value: group } = effectiveString(answer.configuration, 'unix_sock_group');
    if (group === undefined) return pass('no group is named');
    const exists = socketGroupExists(server, answer.configuration);
    if (exists === undefined)
      return cannotTell(`whether there is a group ${group}, only another source of groups knows`);
    if (exists) return pass(`there is a group ${group}`);
    return {
      outcome: 'fail',
      message: `unix_sock_group names ${group}, which is no group here, and ${answer.daemon} does not start`,
      serverText: `invalid argument: Failed to parse group '${group}'`,
      failure: {
        side: 'server',
        why: 'the group is looked up at every start, even where systemd opens the sockets',
        rules: ['socket-group-missing'],
        path: answer.configuration.path,
      },
    };
  },
});

/** A listener for people: `0.0.0.0:16514`, `all addresses, port 16514`. */
const addressText = ({ address, service }: ListenAddress): string =>
  address === undefined
    ? `all addresses, port ${service}`
    : `${address.includes(':') ? `[${address}]` : address}:${service}`;

const listenerText = ({ transport, addresses }: Listener): string =>
  `${transport === 'tls' ? 'TLS' : 'plain TCP'} on ${addresses.map(addressText).join(', ')}`;

const listensAtAll = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does the daemon listen on the network?',
  source:
    'libvirt src/remote/remote_daemon.c: daemonSetupNetworking; the units libvirtd-tls.socket and libvirtd-tcp.socket',
  needs: { server: configurationFacts },
  take({ uri }, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    const listeners = [answer.tls, answer.tcp].filter((one) => one !== undefined);
    if (listeners.length > 0) return pass(`${answer.daemon} listens for ${listeners.map(listenerText).join(' and ')}`);
    const { daemon, activation } = answer;
    return {
      outcome: 'fail',
      message:
        activation === 'sockets'
          ? `neither ${daemon}-tls.socket nor ${daemon}-tcp.socket is enabled, so that ${daemon} does not listen on the network`
          : daemon === 'libvirtd' && !answer.listenFlag
            ? `${daemon} is not started with --listen, so that it does not listen on the network`
            : `${daemon} has neither listen_tls nor listen_tcp on, so that it does not listen on the network`,
      failure: {
        side: 'server',
        why:
          activation === 'sockets'
            ? 'under socket activation the units decide, and listen_tls and listen_tcp count for nothing'
            : 'a daemon listens on the network only when it is told to',
        rules: ['tls-not-listening'],
        ...(uri.transport === 'tcp' ? { fix: tcpAdvice } : {}),
      },
    };
  },
});

/** Nobody is helped by an open port that has no encryption: the way out is the other transport. */
const tcpAdvice = {
  title: 'Use TLS instead of plain TCP',
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction:
        'Plain TCP needs SASL that encrypts by itself (GSSAPI): set up TLS on the server and open qemu+tls:// instead; virt-pki-check scan on the server says what TLS still lacks',
    },
  ],
} as const;

const pathsAreComplete = step({
  stage: 'server-config',
  side: 'server',
  question: 'Are ca_file, cert_file and key_file set together?',
  source: 'libvirt src/remote/remote_daemon.c: daemonSetupNetworking',
  needs: { server: configurationFacts },
  take(_question, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    if (answer.tls === undefined) return skipped('the daemon does not serve TLS');
    const refusal = tlsPathRefusal(answer.configuration.file, server.software.libvirt?.version);
    if (refusal === undefined) return pass('all of them or none');
    return {
      outcome: 'fail',
      message: `${answer.configuration.path} sets only some of ca_file, cert_file and key_file, and ${answer.daemon} does not start`,
      serverText: refusalText(refusal, answer.configuration.path),
      failure: {
        side: 'server',
        why: 'with any of the three the defaults are off for all of them',
        rules: ['tls-paths-incomplete'],
        path: answer.configuration.path,
      },
    };
  },
});

/** A refusal of a program's own files as a step's answer; `wayOut` makes one of what a person is told where no rule finds the same. */
export function refusedFiles(
  who: string,
  refusal: LoadingRefusal,
  side: 'server' | 'client',
  wayOut: (told: Fix | undefined) => Fix | undefined = (told) => told,
): Take {
  const fix = wayOut(fixOfRefusal(refusal, side).fix);
  return {
    outcome: 'fail',
    message: `${refusal.text.includes(refusal.path) ? who : `${who} refuses ${refusal.path}`}: ${refusal.text.replace(/\.$/, '')}`,
    ...(side === 'server' ? { serverText: refusal.text } : { clientText: refusal.text }),
    failure: {
      side,
      why: whyOfRefusal(refusal, 'libvirt'),
      rules: rulesOfRefusal(refusal, side),
      ...fileOfRefusal(refusal),
      ...(fix === undefined ? {} : { fix }),
    },
  };
}

const credentialsLoad = step({
  stage: 'server-credentials',
  side: 'server',
  question: 'Does the daemon accept and load its CA, certificate and key?',
  source:
    'libvirt src/rpc/virnettlscert.c: virNetTLSCertSanityCheck; src/rpc/virnettlscontext.c: virNetTLSContextLoadCredentials; gnutls lib/cert-cred-x509.c',
  needs: { server: serverCredentialFacts },
  take(_question, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    if (answer.tls === undefined) return skipped('the daemon does not serve TLS');
    const outcome = credentialsOfServer(server);
    switch (outcome.state) {
      case 'unknown':
        return cannotTell(outcome.because.detail);
      case 'refused':
        return refusedFiles(answer.daemon, outcome.refusal, 'server');
      case 'loaded': {
        const paths = pathsOfServer(server);
        const leaf = outcome.identity?.chain[0];
        return pass(
          leaf === undefined
            ? 'it starts without a certificate'
            : `CA, certificate and key load; the certificate is valid until ${momentText(leaf.notAfter)}`,
          Object.values(paths),
        );
      }
    }
  },
});

/** Addresses that every host has. */
const isAlwaysThere = (address: string): boolean => /^(127\.|0\.0\.0\.0$|::$|::1$|localhost$)/.test(address);

const addressesAreThere = step({
  stage: 'server-config',
  side: 'server',
  question: 'Are the addresses to listen on there?',
  source: 'libvirt src/rpc/virnetsocket.c: virNetSocketNewListenTCP',
  needs: { server: [...configurationFacts, 'identity'] },
  take(_question, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    const unresolved = [answer.tls, answer.tcp]
      .flatMap((listener) => listener?.addresses ?? [])
      .find(({ port }) => port === undefined);
    if (unresolved !== undefined) {
      return {
        outcome: 'fail',
        message: `${unresolved.service} is no port and no service that is known, and ${answer.daemon} does not start`,
        serverText: `Unable to resolve address '${unresolved.address ?? '(null)'}' service '${unresolved.service}': Servname not supported for ai_socktype`,
        failure: {
          side: 'server',
          why: 'a port is a number in quotes or a name of /etc/services',
          rules: ['configuration-value-invalid'],
          path: answer.configuration.path,
        },
      };
    }
    const nameless = [answer.tls, answer.tcp]
      .flatMap((listener) => listener?.addresses ?? [])
      .find(({ address }) => address === '');
    if (nameless !== undefined) {
      return {
        outcome: 'fail',
        message: `listen_addr is empty, which is no address, and ${answer.daemon} does not start`,
        serverText: `Unable to resolve address '' service '${nameless.service}': Name or service not known`,
        failure: {
          side: 'server',
          why: 'an empty listen_addr is looked up like any other name; without the setting the daemon listens on all addresses',
          rules: ['configuration-value-invalid'],
          path: answer.configuration.path,
        },
      };
    }
    const [tls, tcp] = [answer.tls, answer.tcp].map((listener) => listener?.addresses[0]?.port);
    // The same listen_addr holds for both, and port 0 is another one each time.
    if (answer.activation === 'traditional' && tls !== undefined && tls !== 0 && tls === tcp) {
      return {
        outcome: 'fail',
        message: `tls_port and tcp_port are both ${tls}, and ${answer.daemon} does not start`,
        serverText: 'Unable to bind to port: Address already in use',
        failure: {
          side: 'server',
          why: 'the daemon takes the port for plain TCP first, and then finds it taken',
          rules: [],
          path: answer.configuration.path,
          fix: {
            title: 'Give TLS a port of its own',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `In ${answer.configuration.path}, take tls_port out or write another, or leave listen_tcp out, and restart ${answer.daemon}`,
              },
            ],
          },
        },
      };
    }
    const wanted = [answer.tls, answer.tcp]
      .flatMap((listener) => listener?.addresses ?? [])
      .flatMap(({ address }) => address ?? [])
      .filter((address) => !isAlwaysThere(address));
    const { addresses, hosts } = server.identity;
    if (wanted.length === 0) return pass('they are');
    if (addresses === undefined)
      return skipped(`the addresses of the host were not seen; it is taken to have ${wanted.join(', ')}`);
    const known = new Set([
      ...addresses,
      ...hosts
        .filter(({ address }) => addresses.includes(address) || isAlwaysThere(address))
        .flatMap(({ names }) => names),
    ]);
    const absent = wanted.find((address) => !known.has(address));
    if (absent === undefined) return pass(`the host has ${wanted.join(', ')}`);
    if (!/^[\d.]+$|:/.test(absent)) return skipped(`${absent} is a name that the hosts file does not have`);
    return {
      outcome: 'fail',
      message: `listen_addr is ${absent}, which the host does not have, and ${answer.daemon} does not start`,
      serverText: 'Unable to bind to port: Cannot assign requested address',
      failure: {
        side: 'server',
        why: `the host has ${addresses.join(', ')}`,
        rules: ['port-not-listening'],
        path: answer.configuration.path,
      },
    };
  },
});

const saslStarts = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does SASL take its configuration?',
  source: 'libvirt src/rpc/virnetsaslcontext.c: virNetSASLContextNewServer; Cyrus SASL lib/config.c',
  needs: { server: saslFacts },
  take(_question, { server }) {
    const service = saslServices(server, ['libvirt-server']).services.find(({ program }) => program === 'libvirt');
    if (service === undefined) return skipped('nothing that the daemon serves asks for SASL');
    const { file } = service;
    if (file.state === 'unknown') return cannotTell(file.because.detail);
    if (file.state !== 'broken')
      return pass(
        file.state === 'loaded'
          ? `${file.path} loads`
          : 'it has no configuration file, and offers all that is installed',
      );
    return {
      outcome: 'fail',
      message: `${file.path} does not load, and ${service.daemon} does not start`,
      serverText: 'failed to initialize SASL library: -100 (error when parsing configuration file)',
      failure: {
        side: 'server',
        why: 'Cyrus SASL gives the whole file up at the first line that it does not understand',
        rules: ['sasl-configuration-malformed'],
        path: file.path,
      },
    };
  },
});

const driverStarts = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does its QEMU driver start?',
  source: 'libvirt src/qemu/qemu_conf.c: virQEMUDriverConfigLoadFile; src/qemu/qemu_driver.c: qemuStateInitialize',
  needs: { server: [...configurationFacts, 'files', 'accounts'] },
  take(_question, { server }) {
    const answer = determined(server);
    if (answer === undefined) return cannotTell('its configuration is not known');
    return qemuDriver(server, answer.daemon);
  },
});

/** In the order of the daemon's main(). */
export const serverStart: readonly Step<LibvirtQuestion>[] = [
  commandLineIsTaken,
  configurationStep,
  activationAgrees,
  socketGroupIsThere,
  listensAtAll,
  pathsAreComplete,
  credentialsLoad,
  addressesAreThere,
  saslStarts,
  driverStarts,
];

/** What stops the QEMU driver of a monolithic daemon, which then ends with status 0. */
function qemuDriver(server: Known<'configurations' | 'software' | 'files'>, daemon: string): Take {
  if (daemon !== 'libvirtd') return skipped(`${daemon} has no driver of its own`);
  const path = configurationFiles.qemu;
  const fact = server.configurations[path];
  if (fact === undefined) return pass('there is no qemu.conf');
  if (!fact.known) return cannotTell(fact.detail);
  const { error } = fact.value;
  const version = server.software.libvirt?.version;
  const refusal = qemuFirstRefusal(fact.value, version === undefined ? {} : { version });
  const absent = error === undefined && refusal === undefined ? absentDirectory(server, fact.value) : undefined;
  const text =
    error !== undefined
      ? `configuration file syntax error: ${path}:${error.line}: ${error.expected}`
      : refusal !== undefined
        ? refusalText(refusal, path)
        : absent;
  if (text === undefined) return pass('nothing in qemu.conf stops it');
  return {
    outcome: 'fail',
    message: `the QEMU driver refuses ${path}, and ${daemon} ends again right after its start`,
    serverText: `Initialization of QEMU state driver failed: ${text}`,
    failure: {
      side: 'server',
      why: text,
      rules: [
        error === undefined ? 'configuration-value-invalid' : 'configuration-syntax-error',
        'vnc-tls-directory-incomplete',
      ],
      path,
    },
  };
}

/** virQEMUDriverConfigValidate: a directory that is set must be there. */
function absentDirectory({ files }: Known<'files'>, file: ConfigurationFile): string | undefined {
  for (const use of ['default', ...Object.keys(qemuTlsUses)]) {
    const key = `${use}_tls_x509_cert_dir`;
    const value = effectiveSetting(file, key)?.value;
    if (value?.type !== 'string' || exists(files, value.value) !== false) continue;
    return `configuration file syntax error: ${key} directory '${value.value}' does not exist`;
  }
  return undefined;
}
