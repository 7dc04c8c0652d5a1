/** Where firewalld's zones and services are: the host's own come before those that it brings (firewalld.dirs(5)). */
export const firewalldPaths = {
  own: '/etc/firewalld',
  shipped: ['/usr/lib/firewalld'],
} as const;

/** Rules that a service gives the kernel at start: Debian's netfilter-persistent, and iptables-services of Fedora and RHEL. */
export const iptablesFiles = [
  { path: '/etc/iptables/rules.v4', service: 'netfilter-persistent.service', program: 'iptables' },
  { path: '/etc/iptables/rules.v6', service: 'netfilter-persistent.service', program: 'ip6tables' },
  { path: '/etc/sysconfig/iptables', service: 'iptables.service', program: 'iptables' },
  { path: '/etc/sysconfig/ip6tables', service: 'ip6tables.service', program: 'ip6tables' },
] as const;

/** What nftables.service gives the kernel. */
export const nftablesFile = '/etc/nftables.conf';

/** Says whether ufw is on. */
export const ufwSwitch = '/etc/ufw/ufw.conf';

/** The zones in a sosreport (sos report/plugins/firewalld.py). */
export const reportedZones = '/sos_commands/firewalld/firewall-cmd_--list-all-zones';

/** Services of firewalld by the TCP port that they are for; `vnc-server` opens the first four displays. */
export const firewalldServices: Readonly<Record<number, string>> = {
  16514: 'libvirt-tls',
  16509: 'libvirt',
  5900: 'vnc-server',
  5901: 'vnc-server',
  5902: 'vnc-server',
  5903: 'vnc-server',
  10809: 'nbd',
};
