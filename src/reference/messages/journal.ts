import { onServer, worded, type KnownMessage } from './message.ts';

/**
 * What the system log says around a daemon that does not come up or may not read its files.
 *
 * Sources: systemd src/core/socket.c, src/core/unit.c; Linux security/apparmor, SELinux audit records (audit-userspace).
 */
export const journalMessages: readonly KnownMessage[] = [
  {
    id: 'apparmor-denied',
    wordings: worded(
      'apparmor="DENIED" operation="<operation>" profile="<profile>" name="<file>"',
      'apparmor="DENIED" <detail>',
    ),
    example:
      'audit: type=1400 audit(1795312801.123:42): apparmor="DENIED" operation="open" profile="libvirt-3e1c" name="/srv/pki/server-key.pem" pid=4242 comm="qemu-system-x86" requested_mask="r"',
    printedBy: ['journal'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'AppArmor keeps the program from <file>, whatever the mode of the file says',
        look: 'the profile, and where the files are',
        rules: ['mandatory-access-denies-path'],
        fix: 'Keep certificates below /etc/pki, or add the path to /etc/apparmor.d/local/abstractions/libvirt-qemu',
        commands: ['aa-status | grep libvirt'],
      }),
    ],
    source: 'Linux security/apparmor/lsm.c',
  },
  {
    id: 'selinux-denied',
    wordings: worded(
      'avc: denied { <permission> } for <detail>',
      'SELinux is preventing <program> from <access> access on the <what>',
    ),
    example:
      'type=AVC msg=audit(1795312801.123:42): avc:  denied  { read } for  pid=4242 comm="qemu-kvm" name="server-key.pem" dev="dm-0" ino=123 scontext=system_u:system_r:svirt_t:s0 tcontext=unconfined_u:object_r:user_home_t:s0 tclass=file',
    printedBy: ['journal'],
    kind: 'reason',
    causes: [
      onServer('server-credentials', {
        why: 'SELinux keeps the program from a file whose label is not that of certificates, as after mv from a home directory',
        look: 'label of the file that the line names',
        rules: ['selinux-label-unusual'],
        fix: 'Restore the label',
        commands: ['restorecon -Rv /etc/pki'],
      }),
    ],
    source: 'Linux security/selinux/avc.c: avc_audit',
  },
  {
    id: 'socket-service-active',
    wordings: worded(
      'Socket service <service> already active, refusing',
      'Socket service <service> not loaded, refusing',
    ),
    example: 'libvirtd-tls.socket: Socket service libvirtd.service already active, refusing.',
    printedBy: ['journal'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'A socket unit can only be started while its daemon is down',
        look: 'the daemon and its socket units',
        rules: ['tls-not-listening'],
        fix: 'Stop the daemon, start the socket, start the daemon',
        commands: ['systemctl stop libvirtd', 'systemctl enable --now libvirtd-tls.socket', 'systemctl start libvirtd'],
      }),
    ],
    source: 'systemd src/core/socket.c: socket_start',
  },
  {
    id: 'socket-not-listening',
    wordings: worded(
      'Failed to create listening socket (<address>): <reason>',
      'Failed to listen on sockets: <reason>',
      "<unit>.socket: Failed with result '<result>'",
    ),
    example: 'libvirtd-tls.socket: Failed to listen on sockets: Address already in use',
    printedBy: ['journal'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'systemd cannot open the socket: another daemon (libvirtd or virtproxyd) or socket unit has the port, or the address is not this host’s',
        look: 'what listens there; ListenStream of the unit',
        rules: ['port-not-listening', 'tls-not-listening'],
        fix: 'Stop the other one; only one of libvirtd and virtproxyd can have the port',
        commands: ['ss -ltnp', 'systemctl list-sockets'],
      }),
    ],
    source: 'systemd src/core/socket.c: socket_open_fds',
  },
  {
    id: 'socket-group-unresolvable',
    wordings: worded('Failed to resolve group <group>: <reason>', 'Failed to resolve group: <reason>'),
    example: 'libvirtd.socket: Failed to resolve group libvirt: No such process',
    printedBy: ['journal'],
    kind: 'reason',
    causes: [
      onServer('server-config', {
        why: 'SocketGroup of the unit names a group that does not exist',
        look: 'SocketGroup of the unit',
        rules: ['socket-group-missing'],
        fix: 'Create the group',
        commands: ['groupadd --system libvirt', 'systemctl restart libvirtd.socket'],
      }),
    ],
    source: 'systemd src/core/socket.c: socket_chown',
  },
  {
    id: 'service-failed',
    wordings: worded(
      '<unit>.service: Main process exited, code=exited, status=<status>',
      "<unit>.service: Failed with result '<result>'",
      '<unit>.service: Start request repeated too quickly',
      'Failed to start <unit>.service',
    ),
    example: 'libvirtd.service: Main process exited, code=exited, status=6/NOTCONFIGURED',
    printedBy: ['journal'],
    kind: 'symptom',
    part: 'frame',
    causes: [
      onServer('server-config', {
        why: 'The daemon ended on starting; a line of its own before this one has the reason',
        look: 'the lines before this one',
        rules: ['configuration-syntax-error', 'configuration-value-invalid'],
        fix: 'Mend what it names, then start it again',
        commands: ['journalctl -u <unit> -b --no-pager | tail -30', 'systemctl reset-failed <unit>'],
      }),
      onServer('server-credentials', {
        why: 'It refused its own certificates',
        look: 'the lines before this one',
        rules: ['certificate-expired', 'certificate-untrusted', 'server-certificate-missing'],
        fix: 'Mend them, then start it again',
      }),
    ],
    source: 'systemd src/core/service.c: service_sigchld_event, service_enter_dead',
  },
];
