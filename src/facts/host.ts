import type { Moment } from './fact.ts';

/** Distribution family: it decides the arguments file, QEMU's account and which daemon layout is usual. */
export type OsFamily = 'debian' | 'ubuntu' | 'fedora' | 'rhel' | 'suse' | 'arch' | 'gentoo' | 'other';

export interface OperatingSystem {
  /** `ID` and `VERSION_ID` of os-release; absent where there is none. */
  readonly id?: string;
  readonly versionId?: string;
  readonly prettyName?: string;
  readonly family: OsFamily;
}

export interface PackageVersion {
  /** The full package version (`9.0.0-4+deb12u2`) or, from a library's file name, the upstream one (`9.0.0`). */
  readonly version: string;
  readonly source: 'dpkg' | 'rpm' | 'library' | 'given';
}

/** Installed versions; absent where a program is not installed or could not be found. */
export interface Software {
  readonly libvirt?: PackageVersion;
  readonly qemu?: PackageVersion;
  readonly gnutls?: PackageVersion;
  /** Programs whose executables are there, by name: libvirtd, virtproxyd, virtqemud, virsh, VNC clients, and `qemu` for any system emulator. */
  readonly installed: readonly string[];
}

export interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
  readonly line: number;
}

/** The names and addresses by which others may know this host. */
export interface HostIdentity {
  readonly hostname?: string;
  /** The fully qualified name: the host name if it has a dot, else what the hosts file makes of it. */
  readonly fqdn?: string;
  /** Addresses of the interfaces, loopback included; absent where they could not be seen (a directory without proc/). */
  readonly addresses?: readonly string[];
  readonly hosts: readonly HostsEntry[];
}

/** When the host was looked at, ISO 8601 in UTC: rules have no other clock. */
export interface Clock {
  readonly now: Moment;
}

/** What was to be looked at beside what every host has. */
export interface Scope {
  /** Directories of a client's credentials that a URI names (`pkipath=`), absolute. */
  readonly pkiDirectories: readonly string[];
}
