/**
 * Where clients of the system look for a daemon's socket for reading and writing: libvirtd's below LOCALSTATEDIR (`/var` in packages), so
 * that old paths go on working, those of the others below RUNSTATEDIR.
 *
 * Source: libvirt src/remote/remote_sockets.c: remoteGetUNIXSocketHelper (9.0, 11.3); seen in virsh 9.0.
 */
export const systemSocket = (daemon: string): string =>
  daemon === 'libvirtd' ? '/var/run/libvirt/libvirt-sock' : `/run/libvirt/${daemon}-sock`;
