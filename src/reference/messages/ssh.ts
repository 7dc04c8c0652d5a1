import { onClient, onServer, worded, type KnownMessage } from './message.ts';

/**
 * The ssh transport (qemu+ssh): what ssh, the shell on the other side and libvirt's ssh libraries say.
 *
 * Sources: OpenSSH 9.2 ssh.c, sshconnect.c, sshconnect2.c; libvirt src/rpc/virnetsshsession.c, virnetlibsshsession.c, virnetclient.c.
 */
export const sshMessages: readonly KnownMessage[] = [
  {
    id: 'ssh-host-key-unknown',
    wordings: worded(
      'Host key verification failed',
      "SSH host key for '<host>' (<fingerprint>) was not accepted",
      'REMOTE HOST IDENTIFICATION HAS CHANGED',
    ),
    example: 'Host key verification failed.',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onClient('server-identity', {
        why: 'The key of the host is not in known_hosts of the user who connects (root, when virt-manager or a service does), and nobody is there to be asked',
        look: '~/.ssh/known_hosts of that user',
        rules: [],
        fix: 'Connect once by hand as that user and compare the fingerprint',
        commands: ['ssh HOST true'],
      }),
      onServer('server-identity', {
        why: 'The host has a new key, after a new installation for example',
        look: 'the host’s key',
        rules: [],
        fix: 'Make sure that it is the right host, then drop the old key',
        commands: ['ssh-keygen -R HOST'],
      }),
    ],
    source: 'OpenSSH sshconnect.c: verify_host_key; libvirt src/rpc/virnetsshsession.c',
  },
  {
    id: 'ssh-permission-denied',
    wordings: worded(
      'Permission denied (<methods>)',
      'Permission denied, please try again',
      'All provided authentication methods with credentials were rejected by the server',
      'No authentication methods and credentials provided',
      'None of the requested authentication methods are supported by the server',
      "authentication with private key '<file>' has failed: <reason>",
    ),
    example: 'alice@kvm1.example.com: Permission denied (publickey,password).',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'ssh has no key that the server accepts for this user, and could not ask for a password',
        look: 'user in the URI (without one it is the own name), ~/.ssh, ssh-agent',
        rules: [],
        fix: 'Install the public key there, or name the user: qemu+ssh://USER@HOST/system',
        commands: ['ssh-copy-id USER@HOST', 'ssh -v HOST true'],
      }),
      onServer('auth', {
        why: 'sshd does not let the user in (PermitRootLogin, AllowUsers, mode of the home directory)',
        look: '/etc/ssh/sshd_config',
        rules: [],
        fix: 'Connect as a user of the group libvirt instead of root',
        commands: ['journalctl -u ssh -u sshd --since -5min --no-pager'],
      }),
    ],
    source: 'OpenSSH sshconnect2.c: userauth',
  },
  {
    id: 'ssh-host-unresolvable',
    wordings: worded('ssh: Could not resolve hostname <host>: <reason>'),
    example: 'ssh: Could not resolve hostname kvm1: Name or service not known',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onClient('reach', {
        why: 'The client finds no address for <host>',
        look: '/etc/hosts, the name service, and Host entries of ~/.ssh/config',
        rules: [],
        fix: 'Correct the name in the URI',
        commands: ['getent ahosts <host>'],
      }),
    ],
    source: 'OpenSSH ssh.c: resolve_host',
  },
  {
    id: 'ssh-not-reachable',
    wordings: worded('ssh: connect to host <host> port <port>: <reason>'),
    example: 'ssh: connect to host kvm1.example.com port 22: Connection refused',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onServer('reach', {
        why: 'sshd does not answer there: it does not run, listens on another port, or a firewall is between (<reason>)',
        look: 'sshd and the firewall of the server',
        rules: [],
        fix: 'Start sshd or open its port; another port stands in the URI: qemu+ssh://HOST:PORT/system',
        commands: ['systemctl status ssh sshd', 'ss -ltn'],
      }),
    ],
    source: 'OpenSSH sshconnect.c: ssh_connect_direct',
  },
  {
    id: 'ssh-helper-missing',
    wordings: worded(
      'nc: command not found',
      'nc: not found',
      'virt-ssh-helper: command not found',
      'virt-ssh-helper: not found',
      'netcat: command not found',
    ),
    example: 'bash: line 1: nc: command not found',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onServer('reach', {
        why: 'The server has neither virt-ssh-helper (libvirt 6.8 and later) nor netcat, one of which carries the connection to the daemon’s socket',
        look: 'packages of the server',
        rules: [],
        fix: 'Install libvirt’s client or daemon package there, or netcat-openbsd',
        commands: ['ssh HOST "command -v virt-ssh-helper nc"'],
      }),
    ],
    source: 'libvirt src/rpc/virnetclient.c: virNetClientSSHHelperCommand',
  },
  {
    id: 'ssh-netcat-unfit',
    wordings: worded("nc: invalid option -- 'U'", 'nc: unix connect failed: <reason>', 'nc: invalid option'),
    example: "nc: invalid option -- 'U'",
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onServer('reach', {
        why: 'The netcat of the server cannot speak to Unix sockets, or there is no socket of the daemon',
        look: 'which netcat is installed; /run/libvirt',
        rules: [],
        fix: 'Install netcat-openbsd, or use ?proxy=native with libvirt 6.8 and later on both sides',
        commands: ['ssh HOST "ls -l /run/libvirt"'],
      }),
    ],
    source: 'libvirt src/rpc/virnetclient.c: virNetClientSSHHelperCommand',
  },
  {
    id: 'ssh-closed',
    wordings: worded(
      'Connection closed by <address> port <port>',
      'kex_exchange_identification: <reason>',
      'SSH session handshake failed: <reason>',
      'Too many authentication failures',
    ),
    example: 'Connection closed by 192.0.2.10 port 22',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onServer('handshake', {
        why: 'sshd closed the connection before anybody was asked: MaxStartups, fail2ban, hosts.deny, or no algorithm in common',
        look: 'sshd’s log',
        rules: [],
        fix: 'Read the reason there',
        commands: ['journalctl -u ssh -u sshd --since -5min --no-pager', 'ssh -v HOST true'],
      }),
    ],
    source: 'OpenSSH sshconnect.c, packet.c',
  },
  {
    id: 'ssh-askpass-missing',
    wordings: worded(
      'ssh_askpass: exec(<file>): No such file or directory',
      'Pseudo-terminal will not be allocated because stdin is not a terminal',
      'You need to install openssh-askpass or similar to connect to this host',
    ),
    example: 'ssh_askpass: exec(/usr/bin/ssh-askpass): No such file or directory',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onClient('auth', {
        why: 'ssh wants to ask for a password or a new host key and has no terminal: virt-manager needs a program that asks in a window',
        look: 'packages of the client',
        rules: [],
        fix: 'Use a key with ssh-agent, or install ssh-askpass',
        commands: ['ssh-add -l'],
      }),
    ],
    source: 'OpenSSH readpass.c: ssh_askpass; virt-manager virtManager/connection.py',
  },
  {
    id: 'ssh-remote-command-failed',
    wordings: worded(
      'Remote program terminated with non-zero code: <code>',
      'Remote command terminated with non-zero code: <code>',
      "unable to connect to '<file>': <reason>",
    ),
    example: 'Remote program terminated with non-zero code: 127',
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onServer('reach', {
        why: 'The helper on the other side ended: 127 is a program that is not there, 1 mostly a socket that is not there or must not be used',
        look: 'virt-ssh-helper or nc, and /run/libvirt of the server',
        rules: [],
        fix: 'Try it by hand, as the user of the URI',
        commands: ['ssh HOST virt-ssh-helper qemu:///system </dev/null'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsshsession.c: virNetSSHChannelRead; virnetlibsshsession.c',
  },
  {
    id: 'ssh-known-hosts-unusable',
    wordings: worded(
      "known hosts file '<file>' does not exist",
      "unable to load knownhosts file '<file>': <reason>",
      "failed to write known_host file '<file>': <reason>",
    ),
    example: "known hosts file '/root/.config/libvirt/known_hosts' does not exist",
    printedBy: ['client'],
    kind: 'reason',
    causes: [
      onClient('server-identity', {
        why: 'qemu+libssh2 and qemu+libssh keep their own list of known hosts, and it cannot be used',
        look: '<file>',
        rules: [],
        fix: 'Create it, or give the path with ?known_hosts= in the URI',
        commands: ['ls -l <file>'],
      }),
    ],
    source: 'libvirt src/rpc/virnetsshsession.c: virNetSSHSessionSetHostKeyVerification',
  },
];
