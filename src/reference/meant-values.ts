/**
 * What people write in libvirt's configuration files where libvirt takes something else, and how far a program may go in putting it right:
 * it never chooses a value that lets somebody in who is kept out by another.
 */

const switchWords: Readonly<Record<string, boolean>> = {
  yes: true,
  true: true,
  on: true,
  enable: true,
  enabled: true,
  '1': true,
  no: false,
  false: false,
  off: false,
  disable: false,
  disabled: false,
  '0': false,
};

/** The state of a switch by a word for it; undefined for other words. */
export function switchOf(word: string): boolean | undefined {
  const known = word.trim().toLowerCase();
  return Object.hasOwn(switchWords, known) ? switchWords[known] : undefined;
}

/** Switches that open something when they are on, beside those of qemu.conf that protect something and must not go off. */
const opening: ReadonlySet<string> = new Set([
  'listen_tcp',
  'tls_no_sanity_certificate',
  'tls_no_verify_certificate',
  'relaxed_acs_check',
  'allow_disk_format_probing',
  'vnc_allow_host_audio',
  'nographics_allow_host_audio',
]);
const protecting =
  /(?<!^listen)_tls$|_(?:tls_x509_verify|sasl)$|^(?:migrate_tls_force|security_default_confined|security_require_confined|dynamic_ownership|audit_logging)$/;

/** Would a switch in this state let in, or trust, what the other state does not. */
export const isLaxSwitch = (key: string, on: boolean): boolean => (on ? opening.has(key) : protecting.test(key));

/** The kinds of authentication by which a setting `auth_*` may be put right; `none` only where the client's certificate stays. */
export const authenticationsToWrite = (key: string): readonly string[] =>
  key === 'auth_tls' ? ['none', 'sasl', 'polkit'] : ['sasl', 'polkit'];

const fallingBack: ReadonlySet<string> = new Set([
  'listen_tls',
  'listen_tcp',
  'tls_port',
  'tcp_port',
  'unix_sock_admin_perms',
  'tls_no_sanity_certificate',
  'tls_no_verify_certificate',
  'tls_priority',
  'audit_level',
  'host_uuid',
  'host_uuid_source',
  'log_level',
  'log_filters',
  'log_outputs',
  'ovs_timeout',
  'prio_workers',
  'allow_disk_format_probing',
]);

/** May a setting whose value makes no sense be taken out: its default is as strict as any value, or has nothing to do with who gets in. */
export const mayFallBack = (key: string): boolean =>
  fallingBack.has(key) ||
  /^(?:admin_)?(?:max|min)_(?:workers|clients|queued_clients|anonymous_clients|client_requests)$/.test(key) ||
  /^(?:admin_)?keepalive_(?:interval|count)$/.test(key) ||
  /^(?:remote_websocket|remote_display|migration)_port_(?:min|max)$/.test(key) ||
  /^(?:save|dump|snapshot)_image_format$/.test(key);
