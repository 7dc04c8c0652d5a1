/** The group to which distributions give the daemon's sockets: its members run libvirt's clients (libvirt daemon/libvirtd.sysusers, packages' scripts). */
export const libvirtGroup = 'libvirt';
