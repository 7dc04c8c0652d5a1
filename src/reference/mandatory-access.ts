/** What AppArmor lets QEMU guests do, as libvirt ships it (src/security/apparmor/libvirt-qemu.in). */
export const apparmorAbstraction = '/etc/apparmor.d/abstractions/libvirt-qemu';

/**
 * Where a host's own additions to AppArmor's abstraction for QEMU guests go: the older place, and the newer one since libvirt 9.6.0.
 * Source: libvirt 9.0 and 11.3 src/security/apparmor/libvirt-qemu, NEWS.
 */
export const apparmorAdditions = {
  local: '/etc/apparmor.d/local/abstractions/libvirt-qemu',
  directory: { path: '/etc/apparmor.d/abstractions/libvirt-qemu.d/local', since: '9.6.0' },
} as const;

/** The SELinux type of certificates and their keys: what the policy gives to everything below /etc/pki. */
export const certificateType = 'cert_t';

/** The SELinux type of keytabs. */
export const keytabType = 'krb5_keytab_t';

/**
 * SELinux types under which files end up that were copied or moved from elsewhere, and which the confined domains of libvirt and QEMU do
 * not read: home directories, temporary directories, files without a label. Types that are not here may be fine.
 * Source: selinux-policy refpolicy policy/modules/contrib/virt.te, system/userdomain.if, kernel/files.if.
 */
export const unreadableTypes: Readonly<Record<string, string>> = {
  user_home_t: 'the type of files in home directories',
  user_home_dir_t: 'the type of home directories',
  home_root_t: 'the type of /home',
  home_cert_t: 'the type of certificates in home directories',
  admin_home_t: 'the type of files in the home directory of root',
  ssh_home_t: 'the type of ~/.ssh',
  user_tmp_t: "the type of users' temporary files",
  tmp_t: 'the type of temporary files',
  default_t: 'the type of files in places that the policy does not know',
  unlabeled_t: 'the type of files without a valid label',
};
