/** What a host is for; a host can have several. */
export type Role = 'libvirt-server' | 'libvirt-client' | 'vnc-server' | 'vnc-client' | 'migration';

export const roles: readonly Role[] = ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'];
