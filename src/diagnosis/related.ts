import type { FactName } from '../facts/facts.ts';
import { localProtocol } from './libvirt/local.ts';
import { libvirtProtocol } from './libvirt/protocol.ts';
import { sshProtocol } from './libvirt/ssh.ts';
import { nbdProtocol } from './nbd/protocol.ts';
import type { Sight } from './observed/sight.ts';
import { spiceProtocol } from './spice/protocol.ts';
import { vncProtocol } from './vnc/protocol.ts';
import type { Step } from './step.ts';

const factsOf = (steps: readonly Step<never>[]): readonly FactName[] =>
  steps.flatMap(({ needs }) => [...((needs.client ?? []) as FactName[]), ...((needs.server ?? []) as FactName[])]);

/** Every fact that any step asks for. */
export const diagnosisFacts: readonly FactName[] = [
  ...new Set(
    [libvirtProtocol, localProtocol, sshProtocol, vncProtocol, spiceProtocol, nbdProtocol].flatMap(
      ({ serverStart, clientStart, connection }) => factsOf([...serverStart, ...clientStart, ...connection]),
    ),
  ),
];

/** Rules of `scan` on certificates, keys and files, which concern every connection over TLS. */
const ofCredentials: readonly string[] = [
  'ca-bundle-holds-leaf',
  'ca-bundle-too-long',
  'ca-certificate-missing',
  'ca-certificate-not-a-ca',
  'ca-key-usage-insufficient',
  'certificate-expired',
  'certificate-expires-soon',
  'certificate-is-a-ca',
  'certificate-malformed',
  'certificate-not-yet-valid',
  'certificate-revoked',
  'certificate-unreadable',
  'certificate-untrusted',
  'client-certificate-missing',
  'client-key-missing',
  'crl-expired',
  'crl-malformed',
  'dangling-symlink',
  'key-purpose-mismatch',
  'key-usage-insufficient',
  'private-key-encrypted',
  'private-key-malformed',
  'private-key-mismatch',
  'private-key-unreadable',
  'served-certificate-differs-from-file',
  'server-certificate-missing',
  'server-key-missing',
  'server-name-address-without-san',
  'server-name-mismatch',
  'server-name-without-san',
  'weak-key',
  'weak-signature',
];

const ofLibvirt: readonly string[] = [
  'allowed-names-empty',
  'allowed-names-not-consulted',
  'allowed-names-unmatchable',
  'client-certificate-not-verified',
  'configuration-syntax-error',
  'configuration-value-invalid',
  'crl-setting-ignored',
  'keytab-missing',
  'listen-flag-with-socket-activation',
  'needs-restart',
  'port-blocked-by-firewall',
  'port-loopback-only',
  'port-not-listening',
  'sanity-check-disabled',
  'sasl-configuration-malformed',
  'sasl-mechanism-not-installed',
  'sasl-mechanism-unusable',
  'sasl-mechanisms-unrestricted',
  'socket-group-missing',
  'tcp-without-authentication',
  'tcp-without-encryption',
  'tls-not-listening',
  'tls-paths-incomplete',
  'tls-priority-invalid',
  'tls-priority-weak',
];

const ofConsoles: readonly string[] = [
  'port-blocked-by-firewall',
  'qemu-argument-invalid',
  'sasl-configuration-malformed',
  'sasl-mechanism-not-installed',
  'sasl-mechanism-unusable',
  'sasl-mechanism-without-encryption',
  'sasl-mechanisms-unrestricted',
  'vnc-anonymous-tls',
  'vnc-argument-legacy',
  'vnc-client-certificate-not-verified',
  'vnc-client-file-shadowed',
  'vnc-credentials-undefined',
  'vnc-credentials-wrong-endpoint',
  'vnc-listen-address-unavailable',
  'vnc-open-without-authentication',
  'vnc-sasl-shadowed-by-password',
  'vnc-tls-directory-incomplete',
  'vnc-without-encryption',
];

const ofSpice: readonly string[] = [
  'port-blocked-by-firewall',
  'qemu-argument-invalid',
  'served-certificate-differs-from-file',
  'spice-without-encryption',
];

const ofNbd: readonly string[] = ['nbd-without-tls', 'port-blocked-by-firewall'];

/** By whose rules a URI is opened: what is none of the others is virsh's affair. */
export function protocolOfUri(uri: string): Sight['kind'] {
  const [, scheme = ''] = /^(vnc|spice|nbd)(?:s|\+tls)?:/i.exec(uri) ?? [];
  const kind = scheme.toLowerCase();
  return kind === 'vnc' || kind === 'spice' || kind === 'nbd' ? kind : 'libvirt';
}

/** The rules of `scan` that concern a connection: they mend what fails, or say what does not stop it now. */
export function relatedRules(uri: string): readonly string[] {
  switch (protocolOfUri(uri)) {
    case 'libvirt':
      return [...ofCredentials, ...ofLibvirt];
    case 'vnc':
      return [...ofCredentials, ...ofConsoles];
    case 'spice':
      return ofSpice;
    case 'nbd':
      return ofNbd;
  }
}
