import type { ConfigurationFile, Setting } from '../facts/configurations.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import { configurationFiles } from '../reference/configuration-files.ts';
import { qemuFirstRefusal } from './daemon-configuration.ts';
import { verifiesClients } from './qemu-tls-settings.ts';
import { boolSetting, effectiveSetting, stringSetting } from './setting-value.ts';

/** What qemu.conf says of the VNC and SPICE displays of guests that libvirt will start. */
export interface ConsolePolicy {
  readonly path: string;
  readonly file: ConfigurationFile;
  /** The file is there, so that somebody chose these terms. */
  readonly written: boolean;
  readonly vnc: DisplayPolicy;
  readonly spice: DisplayPolicy;
}

export interface DisplayPolicy {
  readonly listen: string;
  /** Guests without an address of their own get a Unix socket. */
  readonly autoUnixSocket: boolean;
  readonly tls: boolean;
  /** Clients are asked for certificates, which SPICE never does. */
  readonly verify: boolean;
  /** A password for every guest without one of its own: its length in characters. */
  readonly password?: { readonly length: number };
  readonly sasl: boolean;
}

/** The policy in force, or why there is none: qemu.conf is closed to us, or the QEMU driver refuses it. */
export type PolicyAnswer =
  | { readonly state: 'loaded'; readonly policy: ConsolePolicy }
  | { readonly state: 'broken'; readonly path: string }
  | { readonly state: 'unknown'; readonly path: string; readonly because: Unknown };

/** Reads qemu.conf; without one all defaults hold. Source: libvirt src/qemu/qemu_conf.c: virQEMUDriverConfigLoadVNCEntry, …SPICEEntry. */
export function consolePolicy(facts: Known<'configurations' | 'software'>): PolicyAnswer {
  const path = configurationFiles.qemu;
  const fact = facts.configurations[path];
  if (fact !== undefined && !fact.known) return { state: 'unknown', path, because: fact };
  const file = fact?.value ?? { settings: [] };
  const version = facts.software.libvirt?.version;
  if (file.error !== undefined || qemuFirstRefusal(file, version === undefined ? {} : { version }) !== undefined)
    return { state: 'broken', path };
  const display = (kind: 'vnc' | 'spice'): DisplayPolicy => {
    const listen = stringSetting(file, `${kind}_listen`);
    const password = effectiveSetting(file, `${kind}_password`)?.value;
    return {
      listen: listen.ok && listen.value !== undefined ? listen.value : '127.0.0.1',
      autoUnixSocket: isOn(file, `${kind}_auto_unix_socket`),
      tls: isOn(file, `${kind}_tls`),
      verify: kind === 'vnc' && verifiesClients(facts, { id: 'vnc-server' }),
      ...(password === undefined
        ? {}
        : { password: { length: password.type === 'redacted' ? password.length : writtenLength(password) } }),
      sasl: isOn(file, `${kind}_sasl`),
    };
  };
  return {
    state: 'loaded',
    policy: { path, file, written: fact !== undefined, vnc: display('vnc'), spice: display('spice') },
  };
}

const writtenLength = (value: Setting['value']): number => (value.type === 'string' ? value.value.length : 0);

/** A switch that is off by default. */
export function isOn(file: ConfigurationFile, key: string): boolean {
  const value = boolSetting(file, key);
  return value.ok && value.value === true;
}
