import type { Accounts, Caller } from './accounts.ts';
import type { CertificateFile, PrivateKeyFile, RevocationListFile } from './certificates.ts';
import type { ConfigurationFile } from './configurations.ts';
import type { DomainFile } from './domains.ts';
import type { Fact } from './fact.ts';
import type { Files } from './files.ts';
import type { Firewall } from './firewall.ts';
import type { Clock, HostIdentity, OperatingSystem, Scope, Software } from './host.ts';
import type { QemuProcesses } from './qemu-processes.ts';
import type { ObservedPeer } from './observation.ts';
import type { Keytab } from './keytab.ts';
import type { RemminaProfile } from './remmina.ts';
import type { SaslConfiguration } from './sasl.ts';
import type { Runtime, Services } from './services.ts';

/** Contents by the path under which a program looks the file up; a path that does not exist has no entry. */
export type ByPath<T> = Readonly<Record<string, Fact<T>>>;

/** The catalogue: everything that rules may know of a host. To add a fact, extend this; the compiler then asks for its collector. */
export interface Facts {
  readonly clock: Clock;
  readonly caller: Caller | null;
  readonly scope: Scope;
  readonly operatingSystem: OperatingSystem;
  readonly software: Software;
  readonly identity: HostIdentity;
  readonly accounts: Accounts;
  readonly configurations: ByPath<ConfigurationFile>;
  readonly services: Services;
  readonly runtime: Runtime;
  readonly qemuProcesses: QemuProcesses;
  /**
   * Guests by the file that defines them (/etc/libvirt/qemu) or tells their state (/run/libvirt/qemu); a directory that may not be listed
   * has an entry itself, which is unknown.
   */
  readonly domains: ByPath<DomainFile>;
  readonly files: Files;
  readonly certificates: ByPath<CertificateFile>;
  readonly privateKeys: ByPath<PrivateKeyFile>;
  readonly revocationLists: ByPath<RevocationListFile>;
  /** Files of other programs that hold a password in clear text, by path: what kind of secret, never the secret. */
  readonly secretHolders: ByPath<SecretHolder>;
  readonly saslConfigurations: ByPath<SaslConfiguration>;
  /** Keytabs by path; no key is ever read. */
  readonly keytabs: ByPath<Keytab>;
  /** Plug-in directories of Cyrus SASL that exist, and the names of the files in them. */
  readonly saslPlugins: ByPath<readonly string[]>;
  /**
   * Remmina's profiles for VNC consoles; one that could not be looked at, a directory of them that may not be listed and preferences that
   * may not be read have entries that are unknown.
   */
  readonly remminaProfiles: ByPath<RemminaProfile>;
  readonly mandatoryAccess: MandatoryAccess;
  readonly firewall: Firewall;
  /** What was seen of this host's own ports; empty where nothing was sent. */
  readonly observations: readonly ObservedPeer[];
}

/** A configuration file in which a password stands, and where; `secrets` is empty when it holds none. */
export interface SecretHolder {
  readonly kind: 'qemu-configuration' | 'domain' | 'client-authentication';
  readonly secrets: readonly { readonly name: string; readonly line: number; readonly length: number }[];
}

/** The state of AppArmor and SELinux. */
export interface MandatoryAccess {
  readonly selinux: 'enforcing' | 'permissive' | 'disabled';
  readonly apparmor: 'enabled' | 'disabled';
  /**
   * Path patterns (AppArmor globs) that the abstraction for QEMU guests lets them read, with local additions; absent when no such
   * abstraction is installed.
   */
  readonly apparmorReadable?: readonly string[];
}

export type FactName = keyof Facts;

/** The facts that a rule or step asked for, all known. */
export type Known<N extends FactName> = Readonly<Pick<Facts, N>>;
