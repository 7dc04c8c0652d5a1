import { listening } from '../../src/domain/listening.ts';
import { configurationFacts } from '../../src/domain/remote-configuration.ts';
import { openSocket, restart } from '../../src/domain/service-commands.ts';
import { saslDirectories, saslServices } from '../../src/reference/configuration-files.ts';
import {
  encryptingMechanisms,
  saslMechanism,
  weaklyEncryptingMechanisms,
} from '../../src/reference/sasl-mechanisms.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'tcp-without-encryption',
  title: 'Plain TCP is open with SASL mechanisms that do not encrypt well',
  severity: 'error',
  roles: ['libvirt-server'],
  needs: [...configurationFacts, 'saslConfigurations'],
  rationale:
    'On plain TCP the SASL mechanism is all that encrypts the connection. DIGEST-MD5 is broken (RFC 6331), and a mechanism without encryption is refused, so that nobody gets in.',
  remedy: 'Use TLS, or offer GSSAPI alone on plain TCP.',
  references: [
    { title: 'libvirt: authentication', url: 'https://libvirt.org/auth.html' },
    { title: 'RFC 6331: moving DIGEST-MD5 to historic', url: 'https://www.rfc-editor.org/rfc/rfc6331' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/rpc/virnetsaslcontext.c: virNetSASLSessionSecProps',
    'libvirt 9.0 and 11.3 src/remote/remote_daemon_dispatch.c: remoteDispatchAuthSaslInit',
  ],
  messages: {
    none: (d: { mechanisms: readonly string[]; path: string; daemon: string }) => ({
      message: `No SASL mechanism of ${d.path} encrypts the plain TCP connections of ${d.daemon}`,
      seen: `mech_list: ${d.mechanisms.join(' ')}`,
      needed: 'TLS, or a mechanism that encrypts, such as gssapi',
      effect: 'clients are refused: no SASL mechanisms are available, or negotiated SSF 0 was not strong enough',
    }),
    weak: (d: { mechanisms: readonly string[]; path: string; daemon: string }) => ({
      message: `Plain TCP connections of ${d.daemon} are encrypted by DIGEST-MD5 at best`,
      seen: `mech_list: ${d.mechanisms.join(' ')}`,
      needed: 'TLS, or gssapi',
      effect: 'who listens on the way can break the encryption, and then has full control of this host',
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = listening(facts);
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    const { tcp, daemon, activation, configuration } = answer;
    if (tcp === undefined) return notApplicable(`${daemon} does not listen for plain TCP`);
    if (tcp.authentication !== 'sasl') return notApplicable('plain TCP does not use SASL');
    // The first directory that has the file counts.
    const path = saslDirectories
      .flatMap((directory) => saslServices.libvirt.map((name) => `${directory}/${name}`))
      .find((candidate) => facts.saslConfigurations[candidate] !== undefined);
    const content = path === undefined ? undefined : facts.saslConfigurations[path];
    if (path === undefined || content === undefined)
      return notApplicable('there is no configuration of SASL for libvirt');
    if (!content.known) return [undetermined(file(path), content)];
    if (content.value.error !== undefined) return notApplicable(`${path} does not load`);
    const list = content.value.settings.find(({ key }) => key === 'mech_list');
    const mechanisms = (list?.value ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((name) => name !== '');
    if (list === undefined || mechanisms.length === 0) return notApplicable(`${path} does not restrict the mechanisms`);
    if (mechanisms.some((name) => encryptingMechanisms.includes(name))) return [];
    // Nobody gets in by these without TLS, and nothing leaks: that no mechanism is left is a rule of SASL's.
    if (mechanisms.every((name) => saslMechanism(name)?.verdict === 'good')) return [];
    const weak = mechanisms.some((name) => weaklyEncryptingMechanisms.includes(name));
    const close =
      activation === 'sockets'
        ? [
            { kind: 'run' as const, command: ['systemctl', 'disable', '--now', `${daemon}-tcp.socket`] },
            ...openSocket(facts, daemon, 'tls'),
          ]
        : [
            {
              kind: 'set' as const,
              path: configuration.path,
              key: 'listen_tcp',
              value: '0',
              ...(tcp.setting === undefined ? {} : { line: tcp.setting.line }),
            },
            ...restart(daemon),
          ];
    return [
      violation(
        weak ? 'weak' : 'none',
        file(path, list.line),
        { mechanisms, path, daemon },
        {
          severity: weak ? 'warning' : 'error',
          fix: {
            title: 'Serve TLS in place of plain TCP',
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: 'give the server its certificate and let clients connect with qemu+tls:// first',
              },
              ...close,
            ],
          },
        },
      ),
    ];
  },
});
