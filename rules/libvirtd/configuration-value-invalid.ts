import { configurationsInUse, configurationsInUseFacts } from '../../src/domain/configurations-in-use.ts';
import { firstRefusal, loggedRefusal, qemuFirstRefusal } from '../../src/domain/daemon-configuration.ts';
import { listening } from '../../src/domain/listening.ts';
import { correctionOf, type Correction } from '../../src/domain/setting-correction.ts';
import { effectiveSetting, refusalText, stringListSetting, stringSetting } from '../../src/domain/setting-value.ts';
import type { ConfigurationFile, Setting } from '../../src/facts/configurations.ts';
import { unknown } from '../../src/facts/fact.ts';
import { settingsOf } from '../../src/reference/settings.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file, setting } from '../../src/rule/subject.ts';

/** A value as it is written, a secret one left out. */
function written({ value }: Setting): string {
  switch (value.type) {
    case 'string':
      return JSON.stringify(value.value);
    case 'unsigned':
    case 'signed':
      return String(value.value);
    case 'list':
      return `a list of ${value.items.length}`;
    case 'redacted':
      return `a ${value.was === 'string' ? 'string' : value.was === 'list' ? 'list' : 'number'}`;
  }
}

/** What would be right, by libvirt's words of refusal. */
function acceptable(error: string): string {
  if (/must be 0 or 1|expected a bool/.test(error)) return '0 or 1, without quotes';
  if (/expected a string list/.test(error)) return 'a list of strings: ["…", "…"]';
  if (/expected a string or string list/.test(error)) return 'a string in quotes, or a list of strings';
  if (/expected a string/.test(error)) return 'a string in quotes';
  if (/expected an unsigned integer/.test(error)) return 'a number without sign and quotes';
  if (/expected a signed integer/.test(error)) return 'a number without quotes';
  if (/unsupported auth/.test(error)) return '"none", "sasl" or "polkit"';
  if (/Failed to parse mode/.test(error)) return 'permissions in octal digits, such as "0770"';
  if (/minimum SSF/.test(error)) return '112 or more';
  if (/security driver/.test(error)) return '"polkit" or "none"';
  return 'a value that libvirt accepts';
}

/** Values of libvirt.conf that are read for every connection. */
function clientRefusal(content: ConfigurationFile): { readonly setting: Setting; readonly text: string } | undefined {
  for (const [key, { type }] of Object.entries(settingsOf.libvirt)) {
    const read = type === 'string-list' ? stringListSetting(content, key) : stringSetting(content, key);
    if (!read.ok) return { setting: read.setting, text: read.error };
  }
  return undefined;
}

export default defineRule({
  id: 'configuration-value-invalid',
  title: 'libvirt refuses a value in a configuration file',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'migration'],
  needs: [...configurationsInUseFacts],
  rationale:
    'libvirt takes each setting in one type alone and checks some values when it starts; the first that it refuses stops the program that reads the file.',
  remedy: 'Write the value in the type and form that libvirt reads, and start the daemon again.',
  references: [
    { title: 'libvirt: configuring the daemon', url: 'https://libvirt.org/remote.html#libvirtd-configuration-file' },
  ],
  sources: [
    'libvirt 9.0 and 11.3 src/util/virconf.c: virConfGetValueBool and the other getters',
    'libvirt 9.0 and 11.3 src/remote/remote_daemon_config.c, remote_daemon.c: main, daemonSetupNetworking',
    'libvirt 9.0 and 11.3 src/qemu/qemu_conf.c: virQEMUDriverConfigLoadFile',
  ],
  messages: {
    daemon: (d: { key: string; value: string; needed: string; daemon: string; logged: readonly string[] }) => ({
      message: `${d.daemon} refuses the value of ${d.key}`,
      seen: `${d.key} = ${d.value}`,
      needed: d.needed,
      effect: `${d.daemon} does not start: ${d.logged.join('; ')}`,
    }),
    driver: (d: { key: string; value: string; needed: string; daemon: string; text: string }) => ({
      message: `The QEMU driver of ${d.daemon} refuses the value of ${d.key}`,
      seen: `${d.key} = ${d.value}`,
      needed: d.needed,
      effect: `${d.daemon} ends right after its start: Initialization of QEMU state driver failed: ${d.text}`,
    }),
    client: (d: { key: string; value: string; needed: string; reader: string; text: string }) => ({
      message: `libvirt's client refuses the value of ${d.key}`,
      seen: `${d.key} = ${d.value}`,
      needed: d.needed,
      effect: `${d.reader} do not connect where the setting is read: ${d.text}`,
    }),
    port: (d: { key: string; service: string; daemon: string }) => ({
      message: `${d.daemon} cannot make a port of ${d.key}`,
      seen: `${d.key} = ${JSON.stringify(d.service)}`,
      needed: 'a port number or the name of a service, in quotes',
      effect: `${d.daemon} does not start: Unable to resolve address … service '${d.service}': Servname not supported for ai_socktype`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const files = configurationsInUse(facts, roles);
    if (files.length === 0) return notApplicable('there is no configuration file of libvirt');
    const version = facts.software.libvirt?.version;
    return files.flatMap(({ name, path, reader, daemon, content }): readonly (Violation | Undetermined)[] => {
      if (!content.known) return [undetermined(file(path), content)];
      if (content.value.error !== undefined) return [];
      const fixFor = (refused: Setting, needed: string, correction: Correction | undefined): Fix => {
        const { key, line } = refused;
        const again = daemon === undefined ? [] : [{ kind: 'run' as const, command: ['systemctl', 'restart', daemon] }];
        // Who reads the file gets no further now: a client that is given its file in order loses nothing.
        const applicability = daemon === undefined ? 'safe' : 'unsafe';
        switch (correction?.kind) {
          case 'set': {
            const step = { kind: 'set', path, key, value: correction.value, line } as const;
            return { title: `Write ${key} = ${correction.value} in ${path}`, applicability, steps: [step, ...again] };
          }
          case 'unset': {
            const title = `Take ${key} out of ${path}, so that its default holds`;
            return { title, applicability, steps: [{ kind: 'unset', path, key, line }, ...again] };
          }
          case undefined: {
            const instruction = `edit line ${line} of ${path}: ${key} takes ${needed}`;
            return {
              title: `Correct ${key} in ${path}`,
              applicability: 'manual',
              steps: [{ kind: 'manual', instruction }, ...again],
            };
          }
        }
      };
      /** The way out of a refusal that `refusal` finds. */
      const wayOut = (
        refused: Setting,
        needed: string,
        refusal: (file: ConfigurationFile) => { readonly setting: Setting } | undefined,
      ): Fix => {
        const type = settingsOf[name][refused.key]?.type;
        const still = (file: ConfigurationFile): boolean => refusal(file)?.setting.key === refused.key;
        return fixFor(refused, needed, correctionOf(content.value, refused, type, still));
      };
      if (name === 'libvirt') {
        const refused = clientRefusal(content.value);
        if (refused === undefined) return [];
        const { key, line } = refused.setting;
        const needed = acceptable(refused.text);
        const data = {
          key,
          value: written(refused.setting),
          needed,
          reader,
          text: `internal error: ${path}: ${refused.text}`,
        };
        return [
          violation('client', setting(path, key, line), data, { fix: wayOut(refused.setting, needed, clientRefusal) }),
        ];
      }
      if (name === 'qemu') {
        const refusal = (file: ConfigurationFile) => qemuFirstRefusal(file, version === undefined ? {} : { version });
        const refused = refusal(content.value);
        if (refused === undefined || daemon === undefined) return [];
        const { key, line } = refused.setting;
        const needed = acceptable(refused.error);
        const data = { key, value: written(refused.setting), needed, daemon, text: refusalText(refused, path) };
        return [violation('driver', setting(path, key, line), data, { fix: wayOut(refused.setting, needed, refusal) })];
      }
      const refusal = (file: ConfigurationFile) => firstRefusal(file, name, version);
      const refused = refusal(content.value);
      if (refused !== undefined) {
        const { key, line } = refused.setting;
        const needed = acceptable(refused.error);
        const data = {
          key,
          value: written(refused.setting),
          needed,
          daemon: name,
          logged: loggedRefusal(refused, path),
        };
        return [violation('daemon', setting(path, key, line), data, { fix: wayOut(refused.setting, needed, refusal) })];
      }
      const answer = listening(facts);
      if (answer.state !== 'determined' || answer.daemon !== name) return [];
      return [answer.tls, answer.tcp].flatMap((listener): readonly (Violation | Undetermined)[] => {
        const address = listener?.addresses[0];
        if (listener === undefined || address === undefined || address.port !== undefined) return [];
        const key = `${listener.transport}_port`;
        const written = effectiveSetting(content.value, key);
        const subject = setting(path, key, written?.line);
        const { service } = address;
        // Names of services have letters, digits and a few signs (RFC 6335 and what /etc/services adds).
        if (/^[\w.+*/-]+$/.test(service)) {
          const detail = `whether ${service} names a service is in /etc/services, which is not looked at`;
          return [undetermined(subject, unknown('not-collected', detail))];
        }
        const data = { key, service, daemon: name };
        if (written === undefined) return [violation('port', subject, data)];
        const fix = fixFor(written, 'a port number in quotes', { kind: 'unset' });
        return [violation('port', subject, data, { fix })];
      });
    });
  },
});
