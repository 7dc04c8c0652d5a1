import { known, type Fact } from '../facts/fact.ts';
import type { SecretHolder } from '../facts/facts.ts';
import { clientAuthenticationSecrets, domainSecrets } from '../parse/domain-secrets.ts';
import { clientAuthenticationFiles, configurationFiles } from '../reference/configuration-files.ts';
import { settingsOf } from '../reference/settings.ts';
import { contentsByPath } from './by-path.ts';
import { defineCollector } from './collector.ts';
import { domainFiles } from './domain-files.ts';

const limit = 1024 * 1024;

export default defineCollector({
  fact: 'secretHolders',
  after: ['configurations', 'accounts', 'caller'],
  collect: async (view, { configurations, accounts, caller }) => {
    const text = (content: Uint8Array): string => new TextDecoder().decode(content);
    const nothing = (kind: SecretHolder['kind']) => (): SecretHolder => ({ kind, secrets: [] });
    const homes = accounts.users
      .filter(({ uid, home }) => home.startsWith('/') && (caller === null || caller.uid === 0 || caller.uid === uid))
      .map(({ home }) => `${home.replace(/\/+$/, '')}/${clientAuthenticationFiles.user}`);
    const holders: Record<string, Fact<SecretHolder>> = {
      ...(await contentsByPath<SecretHolder>(
        view,
        (await domainFiles(view)).files,
        limit,
        (content) => ({ kind: 'domain', secrets: domainSecrets(text(content)) }),
        nothing('domain'),
      )),
      ...(await contentsByPath<SecretHolder>(
        view,
        [clientAuthenticationFiles.system, ...homes],
        limit,
        (content) => ({ kind: 'client-authentication', secrets: clientAuthenticationSecrets(text(content)) }),
        nothing('client-authentication'),
      )),
    };
    const qemu = configurations[configurationFiles.qemu];
    if (qemu !== undefined) {
      holders[configurationFiles.qemu] = qemu.known
        ? known({ kind: 'qemu-configuration', secrets: qemuSecrets(qemu.value.settings) })
        : qemu;
    }
    return holders;
  },
});

/** Passwords set in qemu.conf; an empty one locks the console and is no secret. */
const qemuSecrets = (
  settings: readonly {
    readonly key: string;
    readonly value: { readonly type: string; readonly length?: number };
    readonly line: number;
  }[],
): SecretHolder['secrets'] =>
  settings.flatMap(({ key, value, line }) =>
    settingsOf.qemu[key]?.secret === true && value.type === 'redacted' && value.length !== undefined && value.length > 0
      ? [{ name: key, line, length: value.length }]
      : [],
  );
