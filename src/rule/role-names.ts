import type { Role } from '../facts/role.ts';

/** What a person calls a role. */
export const roleNames: Readonly<Record<Role, string>> = {
  'libvirt-server': 'libvirt server',
  'libvirt-client': 'libvirt client',
  'vnc-server': 'VNC server',
  'vnc-client': 'VNC client',
  migration: 'migration',
};
