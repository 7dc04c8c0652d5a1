import { listening } from '../../src/domain/listening.ts';
import { configurationFacts } from '../../src/domain/remote-configuration.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const keys = ['listen_tls', 'listen_tcp', 'tls_port', 'tcp_port', 'listen_addr'] as const;

export default defineRule({
  id: 'listen-setting-ignored',
  title: 'A setting on listening has no effect under socket activation',
  severity: 'note',
  roles: ['libvirt-server'],
  needs: [...configurationFacts],
  rationale:
    'When systemd opens the sockets, its units alone decide on ports and addresses; `listen_tls`, `listen_tcp`, the ports and `listen_addr` are read and not used.',
  remedy: 'Set ports and addresses in a drop-in of the socket unit, and take the settings out.',
  references: [
    {
      title: 'libvirt: libvirtd, system socket activation',
      url: 'https://libvirt.org/manpages/libvirtd.html#system-socket-activation',
    },
  ],
  sources: ['libvirt 9.0 and 11.3 src/remote/remote_daemon.c: daemonSetupNetworking', 'observed with 9.0 and 11.3'],
  messages: {
    ignored: (d: { key: string; daemon: string; unit: string }) => ({
      message: `${d.key} has no effect, for systemd opens the sockets of ${d.daemon}`,
      seen: `${d.key} in the configuration`,
      needed: `ListenStream= in ${d.unit}`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = listening(facts);
    if (answer.state === 'unknown') return [undetermined(file(answer.path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${answer.path} does not load`);
    if (answer.activation !== 'sockets') return notApplicable(`systemd opens no sockets of ${answer.daemon}`);
    const { daemon, configuration, tls } = answer;
    return keys.flatMap((key) => {
      const found = effectiveSetting(configuration.file, key);
      // That TLS is switched on here and does not come is an error with a rule of its own.
      if (found === undefined || (key === 'listen_tls' && tls === undefined)) return [];
      const { path } = configuration;
      const unit = `${daemon}-${key.includes('tcp') ? 'tcp' : 'tls'}.socket`;
      return violation(
        'ignored',
        setting(path, key, found.line),
        { key, daemon, unit },
        {
          fix: {
            title: `Take ${key} out of ${path}`,
            applicability: 'manual',
            steps: [
              {
                kind: 'manual',
                instruction: `where another port or address is meant: systemctl edit ${unit}, with ListenStream= empty and then the right one`,
              },
              { kind: 'unset', path, key, line: found.line },
            ],
          },
        },
      );
    });
  },
});
