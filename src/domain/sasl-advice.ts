import type { HostIdentity, OsFamily } from '../facts/host.ts';
import { defaultKeytab, defaultSaslDatabase, sampleSaslFiles } from '../reference/configuration-files.ts';
import type { SaslMechanism } from '../reference/sasl-mechanisms.ts';
import type { SaslService } from './sasl.ts';
import { restart, type CommandStep } from './service-commands.ts';

/** A command, or what only a person can do, in the shape of a step of a fix. */
export type AdviceStep = CommandStep | { readonly kind: 'manual'; readonly instruction: string };

/** The database or keytab to make for a service: QEMU gets one of its own in place of those that the whole host shares. */
export const ownFile = ({ program }: SaslService, kind: 'database' | 'keytab', path: string): string =>
  program === 'qemu' && (path === defaultKeytab || path === defaultSaslDatabase) ? sampleSaslFiles.qemu[kind] : path;

/** The application name by which a program's service file is found: its name without `.conf`. */
export const applicationOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.conf$/, '');

/** The mechanism to offer: SCRAM where something else encrypts, Kerberos where SASL itself must. */
export const advisedMechanism = ({ transports }: SaslService): 'gssapi' | 'scram-sha-256' =>
  transports.some(({ kind }) => kind === 'tcp') ? 'gssapi' : 'scram-sha-256';

/** Lines of a service file that offers the advised mechanism alone. */
export function advisedLines(service: SaslService): string {
  const { database, keytab } = sampleSaslFiles[service.program];
  return advisedMechanism(service) === 'gssapi'
    ? `mech_list: gssapi\nkeytab: ${keytab}\n`
    : `mech_list: scram-sha-256\nsasldb_path: ${database}\n`;
}

/** What makes a changed service file, database or keytab count: libvirt's daemons read them at start, guests at theirs. */
export const takeEffect = ({ program, daemon }: SaslService): readonly AdviceStep[] =>
  program === 'libvirt'
    ? restart(daemon)
    : [
        {
          kind: 'manual',
          instruction:
            'shut down and start the guests with such displays again, or migrate them: QEMU reads it at start',
        },
      ];

/** Creates a user; the database goes to who must read it, by the steps that follow. */
export const addUser = (application: string, database: string): AdviceStep => ({
  kind: 'manual',
  instruction: `make an account for each user: saslpasswd2 -a ${application} -f ${database} USER`,
});

/** The host's name in principals; a placeholder where it is not known. */
export const principalHost = ({ fqdn }: HostIdentity): string => fqdn?.toLowerCase() ?? 'FULLY.QUALIFIED.HOST.NAME';

/** Commands that make a key for a principal and put it into a keytab: for MIT's KDC, and for FreeIPA's. */
export const makeKey = (principal: string, keytab: string): AdviceStep => ({
  kind: 'manual',
  instruction: `as an administrator of the realm run: kadmin -q "addprinc -randkey ${principal}" and kadmin -q "ktadd -k ${keytab} ${principal}"; with FreeIPA: ipa service-add ${principal} and ipa-getkeytab -p ${principal} -k ${keytab}`,
});

/** The package that brings a mechanism's plug-in; undefined where we know of none. */
export function packageOf(family: OsFamily, { plugin }: SaslMechanism): string | undefined {
  if (plugin === undefined) return undefined;
  switch (family) {
    case 'debian':
    case 'ubuntu':
      return plugin === 'gssapiv2'
        ? 'libsasl2-modules-gssapi-mit'
        : plugin === 'otp'
          ? 'libsasl2-modules-otp'
          : ['scram', 'digestmd5', 'crammd5', 'ntlm', 'plain', 'login', 'anonymous'].includes(plugin)
            ? 'libsasl2-modules'
            : undefined;
    case 'fedora':
    case 'rhel':
      return redHatPackages[plugin];
    case 'suse':
      return susePackages[plugin];
    case 'arch':
      return plugin === 'gssapiv2' || plugin === 'gs2' ? 'cyrus-sasl-gssapi' : 'cyrus-sasl';
    case 'gentoo':
      return 'dev-libs/cyrus-sasl';
    case 'other':
      return undefined;
  }
}

const redHatPackages: Readonly<Record<string, string>> = {
  gssapiv2: 'cyrus-sasl-gssapi',
  gs2: 'cyrus-sasl-gs2',
  scram: 'cyrus-sasl-scram',
  digestmd5: 'cyrus-sasl-md5',
  crammd5: 'cyrus-sasl-md5',
  ntlm: 'cyrus-sasl-ntlm',
  plain: 'cyrus-sasl-plain',
  login: 'cyrus-sasl-plain',
  anonymous: 'cyrus-sasl-lib',
};

const susePackages: Readonly<Record<string, string>> = {
  gssapiv2: 'cyrus-sasl-gssapi',
  gs2: 'cyrus-sasl-gs2',
  scram: 'cyrus-sasl-scram',
  digestmd5: 'cyrus-sasl-digestmd5',
  crammd5: 'cyrus-sasl-crammd5',
  ntlm: 'cyrus-sasl-ntlm',
  otp: 'cyrus-sasl-otp',
  plain: 'cyrus-sasl-plain',
  login: 'cyrus-sasl-plain',
};

/** The command that installs a package. */
export function installPackage(family: OsFamily, name: string): readonly string[] {
  switch (family) {
    case 'debian':
    case 'ubuntu':
      return ['apt-get', 'install', name];
    case 'fedora':
    case 'rhel':
      return ['dnf', 'install', name];
    case 'suse':
      return ['zypper', 'install', name];
    case 'arch':
      return ['pacman', '-S', name];
    case 'gentoo':
      return ['emerge', name];
    case 'other':
      return ['install', name];
  }
}
