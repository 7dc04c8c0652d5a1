import {
  authentication,
  authenticationFacts,
  type AuthenticationFacts,
  offeredAuthentication,
  offeredAuthenticationFacts,
  type OfferedAuthentication,
} from '../../domain/sasl-client.ts';
import {
  effectiveBool,
  effectiveList,
  effectiveString,
  remoteConfiguration,
  type ConfigurationFacts,
  type LoadedConfiguration,
} from '../../domain/remote-configuration.ts';
import { openedDriver } from '../../domain/opened-driver.ts';
import { restart } from '../../domain/service-commands.ts';
import type { LibvirtUri } from '../../domain/libvirt-uri.ts';
import type { Fix } from '../../rule/fix.ts';
import type { Failure } from '../diagnosis.ts';
import { cannotTell, pass, warning, type Take } from '../step.ts';
import { step, type LibvirtQuestion } from './question.ts';

export const authenticates = step({
  stage: 'auth',
  side: 'server',
  question: 'Does authentication succeed?',
  source:
    'libvirt src/remote/remote_daemon_dispatch.c: remoteDispatchAuthList; src/remote/remote_driver.c: remoteAuthenticate',
  needs: { client: authenticationFacts, server: offeredAuthenticationFacts },
  take(question, { client, server }) {
    const offered = offeredAuthentication(server, transportOf(question));
    if (offered.kind === 'nothing') return cannotTell('what the daemon asks is not known');
    const configuration = loadedConfiguration(server);
    const answer = answerTo(offered, question, client, configuration);
    const isThrough = answer.outcome === 'pass' || answer.outcome === 'warning';
    // A driver looks at the rest of the URI first.
    const opens = openedDriver(question.uri.opens).state === 'opens';
    return (isThrough && opens ? deniedAccess(configuration) : undefined) ?? answer;
  },
});

/**
 * What polkit as an access driver makes of a client from elsewhere: it asks for a process, of which the network tells nothing. Source:
 * src/access/viraccessdriverpolkit.c: virAccessDriverPolkitGetCaller; viraccessmanager.c: virAccessManagerSanitizeError.
 */
function deniedAccess(configuration: LoadedConfiguration | undefined): Take | undefined {
  const { value = [], setting } = configuration === undefined ? {} : effectiveList(configuration, 'access_drivers');
  if (configuration === undefined || !value.includes('polkit')) return undefined;
  const text = "access denied: 'QEMU' denied access";
  const path = configuration.path;
  return {
    outcome: 'fail',
    message: 'the client gets in, and polkit, which access_drivers names, denies it everything',
    evidence: [`${path}${setting === undefined ? '' : `:${setting.line}`}: access_drivers names polkit`],
    clientText: text,
    serverText: text,
    failure: {
      side: 'server',
      why: 'polkit as an access driver judges the process of a client, and of a client over the network there is none on this host',
      rules: [],
      path,
      fix: {
        title: 'Connect through ssh, where polkit can judge the client',
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction:
              'Open the host with qemu+ssh://, whose other end is a process of an account that polkit knows; over TLS nobody gets in as long as access_drivers names polkit, and tls_allowed_dn_list says who may then do everything',
          },
        ],
      },
    },
  };
}

/** The transport by whose settings the daemon asks. */
const transportOf = ({ uri }: LibvirtQuestion): 'tcp' | 'tls' => (uri.transport === 'tcp' ? 'tcp' : 'tls');

function loadedConfiguration(server: ConfigurationFacts): LoadedConfiguration | undefined {
  const configuration = remoteConfiguration(server);
  return configuration.state === 'loaded' ? configuration : undefined;
}

/** What the client makes of what a daemon asks of it; `configuration` is the daemon's, where its files are known. */
export function answerTo(
  offered: Exclude<OfferedAuthentication, { kind: 'nothing' }>,
  question: LibvirtQuestion,
  client: AuthenticationFacts,
  configuration?: LoadedConfiguration,
): Take {
  const { uri, account } = question;
  const transport = transportOf(question);
  const outcome = authentication(offered, client, { transport, parameters: uri.parameters, account });
  const asked =
    offered.kind === 'sasl'
      ? `auth_${transport} is sasl, with ${offered.mechanisms.join(', ') || 'no mechanism that it could offer'}`
      : `auth_${transport} is ${offered.kind}`;
  switch (outcome.outcome) {
    case 'passes':
      if (outcome.mechanism === 'ANONYMOUS')
        return warning(`${asked}: ANONYMOUS lets everybody in`, 'sasl-mechanisms-unrestricted');
      return offered.kind === 'none' && transport === 'tcp'
        ? warning(`${asked}: whoever reaches the port controls the host`, 'tcp-without-authentication')
        : pass(asked);
    case 'depends':
      return cannotTell(
        `${asked}: ${outcome.mechanism} takes ${outcome.on === 'ticket' ? 'a Kerberos ticket' : 'a name and password'}, and whether they are right only a login tells; if not, the client prints "${outcome.error}"`,
      );
    case 'unknown':
      return cannotTell(outcome.because.detail);
    case 'fails': {
      const { error } = outcome;
      const isDaemonsWord = offered.kind === 'polkit' ? error === offered.refusal : error === refusedByDaemon;
      return {
        outcome: 'fail',
        message: `${asked}, and the client cannot answer`,
        clientText: error,
        // The daemon logs what it sends; of a client that gives up by itself it learns nothing.
        ...(isDaemonsWord ? { serverText: error } : {}),
        failure: failureOf(offered, error, uri, asked, configuration),
      };
    }
  }
}

/** What the daemon sends when it gives up on a client, whatever the reason (remote_daemon_dispatch.c: VIR_ERR_AUTH_FAILED). */
const refusedByDaemon = 'authentication failed: authentication failed';

/** Who is to mend what: a daemon that nobody can answer, a URI that asks for something else, a client without a login. */
function failureOf(
  offered: Exclude<OfferedAuthentication, { kind: 'nothing' }>,
  error: string,
  uri: LibvirtUri,
  asked: string,
  configuration: LoadedConfiguration | undefined,
): Failure {
  const rules = [
    'sasl-mechanism-unusable',
    'sasl-mechanism-not-installed',
    'keytab-missing',
    'sasl-configuration-malformed',
  ];
  if (/unknown authentication type|requested authentication type|not supported by server/.test(error))
    return {
      side: 'client',
      why: `the URI asks for another authentication (auth=) than the daemon offers: ${asked}`,
      rules: [],
      fix: {
        title: 'Ask for what the daemon offers',
        applicability: 'manual',
        steps: [
          { kind: 'manual', instruction: 'Take auth= out of the URI, or name a mechanism that the daemon lists' },
        ],
      },
    };
  if (offered.kind === 'sasl')
    return {
      side: offered.mechanisms.length > 0 ? 'client' : 'server',
      why: `the client has no name and password for it, or no mechanism in common: ${asked}`,
      rules,
      fix: loginFix(uri.host),
    };
  return {
    side: 'server',
    why: 'polkit knows local processes only: over the network nobody passes',
    rules,
    fix: asksForCertificates(configuration, uri) ?? {
      title: answerableTitle,
      applicability: 'manual',
      steps: [
        {
          kind: 'manual',
          instruction:
            'Set auth_tls to "none", by which client certificates decide, or to "sasl", and restart the daemon',
        },
      ],
    },
  };
}

const answerableTitle = 'Let the daemon ask what a remote client can answer';

/** The daemon let to go by client certificates alone, where it does verify them. */
function asksForCertificates(configuration: LoadedConfiguration | undefined, uri: LibvirtUri): Fix | undefined {
  if (configuration === undefined || uri.transport !== 'tls') return undefined;
  if (effectiveBool(configuration, 'tls_no_verify_certificate').value) return undefined;
  const { path, daemon } = configuration;
  const { setting } = effectiveString(configuration, 'auth_tls');
  if (setting === undefined) return undefined;
  return {
    title: answerableTitle,
    applicability: 'unsafe',
    steps: [
      {
        kind: 'manual',
        instruction:
          'Decide whether whoever has a certificate that the daemon accepts may control this host, without a login',
      },
      { kind: 'set', path, key: 'auth_tls', value: '"none"', line: setting.line },
      ...restart(daemon),
    ],
  };
}

/** The way out where a login is asked for that the client does not have. */
const loginFix = (host: string): Fix => ({
  title: 'Give the client a login',
  applicability: 'manual',
  steps: [
    { kind: 'manual', instruction: 'On the server, make a login: saslpasswd2 -a libvirt NAME' },
    {
      kind: 'text',
      path: '~/.config/libvirt/auth.conf',
      text: `[credentials-host]\nauthname=NAME\npassword=…\n\n[auth-libvirt-${host}]\ncredentials=host\n`,
    },
    { kind: 'manual', instruction: 'Give that file mode 0600; or run virsh in a terminal, where it asks' },
  ],
});
