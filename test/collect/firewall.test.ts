import { describe, expect, it } from 'vitest';
import { collectSnapshot } from '../../src/collect/collect-snapshot.ts';
import type { Firewall } from '../../src/facts/firewall.ts';
import { AccessError } from '../../src/host/access-error.ts';
import type { HostAccess } from '../../src/host/host-access.ts';
import { memoryHost, type MemoryEntry, type MemoryHostOptions } from '../support/memory-host.ts';

const observe = async (host: HostAccess): Promise<Firewall> => {
  const { facts } = await collectSnapshot(host, {
    tool: { name: 'virt-pki-check', version: '0' },
    needs: ['firewall'],
  });
  if (!facts.firewall.known) throw new Error(facts.firewall.detail);
  return facts.firewall.value;
};
const root = { uid: 0, gid: 0, groups: [] };
const running = (
  outputs: MemoryHostOptions['outputs'] = {},
  tree: Readonly<Record<string, MemoryEntry>> = {},
  uid = 0,
) =>
  memoryHost(
    { '/proc/net/dev': 'Inter-|\n face |\n    lo: 0\n  eth0: 0\n', ...tree },
    { live: true, caller: { ...root, uid }, outputs },
  );

const list = 'nft --json list ruleset';
const ruleset = (...items: readonly object[]) => JSON.stringify({ nftables: items });
const foreign = ruleset(
  { table: { family: 'ip', name: 'filter' } },
  { chain: { family: 'ip', table: 'filter', name: 'INPUT', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } },
  {
    rule: {
      family: 'ip',
      table: 'filter',
      chain: 'INPUT',
      expr: [{ xt: { type: 'match', name: 'multiport' } }, { drop: null }],
    },
  },
);
const saved = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m multiport --dports 16509,16514 -j DROP\nCOMMIT\n';
const service = '<service><port port="16514" protocol="tcp"/></service>';
const enabled = (name: string) => ({
  [`/etc/systemd/system/multi-user.target.wants/${name}`]: { link: `/usr/lib/systemd/system/${name}` },
});

describe('the firewall of a running system', () => {
  it('is what nft lists', async () => {
    expect(await observe(running({ [list]: ruleset() }))).toEqual({
      observed: true,
      interfaces: ['lo', 'eth0'],
      tables: { known: true, value: [] },
    });
  });

  it('asks iptables for what only it can put into words', async () => {
    const tree = { '/usr/sbin/iptables': { link: 'xtables-nft-multi' }, '/usr/sbin/xtables-nft-multi': '' };
    const seen = await observe(running({ [list]: foreign, 'iptables-nft-save': saved }, tree));
    expect(seen).toMatchObject({ tables: { value: [{ name: 'filter', program: 'iptables' }] } });
    const legacy = { '/usr/sbin/iptables': { link: 'xtables-legacy-multi' }, '/usr/sbin/xtables-legacy-multi': '' };
    const other = await observe(running({ [list]: foreign, 'iptables-nft-save': saved }, legacy));
    expect(other).toMatchObject({ tables: { value: [{ name: 'filter', program: 'iptables-nft' }] } });
  });

  it('asks the older iptables only where the kernel has its tables', async () => {
    const outputs = { [list]: ruleset(), 'ip6tables-legacy-save': saved, 'iptables-legacy-save': saved };
    const seen = await observe(
      running(outputs, { '/proc/net/ip6_tables_names': 'filter\n', '/proc/net/ip_tables_names': '' }),
    );
    expect(seen).toMatchObject({ tables: { value: [{ family: 'ip6', name: 'filter' }] } });
    if (seen.observed && seen.tables.known) expect(seen.tables.value).toHaveLength(1);
  });

  it.each<[string, HostAccess, string]>([
    ['nft shows nothing to others than root', running({ [list]: '' }, {}, 1000), 'permission-denied'],
    ['nft shows nothing to root', running({ [list]: '' }), 'unsupported'],
    ['nft is not installed', running({}, { '/proc/modules': 'nf_tables 1 0\n' }), 'unsupported'],
    ['nft prints something else', running({ [list]: 'Usage: nft' }), 'unreadable'],
    [
      'tables of the older kind may not be seen',
      running({ [list]: ruleset() }, { '/proc/net/ip_tables_names': { refused: 'permission-denied' } }),
      'permission-denied',
    ],
    [
      'nobody can list tables of the older kind',
      running({ [list]: ruleset() }, { '/proc/net/ip_tables_names': 'filter\n' }),
      'unsupported',
    ],
  ])('is unknown where %s', async (_, host, reason) => {
    expect(await observe(host)).toMatchObject({ observed: true, tables: { known: false, reason } });
  });

  it('is empty where the kernel has no packet filter', async () => {
    expect(await observe(running({}, { '/proc/modules': 'kvm 1 0\n' }))).toMatchObject({
      tables: { known: true, value: [] },
    });
  });

  it('does without the elements of sets where they are too many', async () => {
    const host = running({ 'nft --json --terse list ruleset': ruleset({ table: { family: 'ip', name: 't' } }) });
    const run: HostAccess['run'] = async (program, args) => {
      if ([program, ...args].join(' ') === list)
        throw new AccessError('too-large', 'nft printed more than 1048576 bytes');
      return host.run(program, args);
    };
    expect(await observe({ ...host, run })).toMatchObject({ tables: { known: true, value: [{ name: 't' }] } });
  });

  it('asks firewalld, as root alone, where the rules cannot be listed', async () => {
    const outputs = {
      'firewall-cmd --list-all-zones': 'work\n  target: default\n  services: libvirt-tls\n',
      'firewall-cmd --get-default-zone': 'work\n',
    };
    const tree = { '/proc/modules': 'nf_tables 1 0\n', '/usr/lib/firewalld/services/libvirt-tls.xml': service };
    expect(await observe(running(outputs, tree))).toMatchObject({
      tables: { known: false },
      firewalld: { defaultZone: 'work', services: { 'libvirt-tls': [{ protocol: 'tcp', ports: [16514, 16514] }] } },
    });
    expect(await observe(running(outputs, tree, 1000))).not.toHaveProperty('firewalld');
  });
});

describe('the firewall of an image', () => {
  it('is nothing where none is set up', async () => {
    expect(await observe(memoryHost({ '/etc/nftables.conf': 'flush ruleset' }))).toEqual({ observed: false });
  });

  it('is what firewalld has in its files, the host’s own first', async () => {
    const seen = await observe(
      memoryHost({
        ...enabled('firewalld.service'),
        '/etc/firewalld/firewalld.conf': 'DefaultZone=work\n',
        '/etc/firewalld/zones/work.xml': '<zone><service name="tls"/><service name="../../etc/passwd"/></zone>',
        '/usr/lib/firewalld/zones/work.xml': '<zone target="DROP"/>',
        '/usr/lib/firewalld/zones/drop.xml': '<zone target="DROP"/>',
        '/etc/firewalld/services/tls.xml':
          '<service><include service="tls"/><port port="16514" protocol="tcp"/></service>',
      }),
    );
    expect(seen).toMatchObject({
      tables: { known: false },
      firewalld: { defaultZone: 'work', zones: { work: { target: 'default' }, drop: { target: 'DROP' } } },
    });
    expect(seen.observed && Object.keys(seen.firewalld?.services ?? {})).toEqual(['tls']);
  });

  it('is what a report has of the zones', async () => {
    const seen = await observe(
      memoryHost({
        '/sos_commands/firewalld/firewall-cmd_--list-all-zones': 'home (default, active)\n  target: ACCEPT\n',
      }),
    );
    expect(seen).toMatchObject({ firewalld: { defaultZone: 'home', zones: { home: { target: 'ACCEPT' } } } });
  });

  it('is the rules that a service of iptables loads', async () => {
    const seen = await observe(
      memoryHost({ ...enabled('netfilter-persistent.service'), '/etc/iptables/rules.v4': saved }),
    );
    expect(seen).toMatchObject({ tables: { known: true, value: [{ family: 'ip', program: 'iptables' }] } });
  });

  it.each([
    ['nftables.service', { ...enabled('nftables.service'), '/etc/nftables.conf': 'flush ruleset\n' }],
    ['ufw', { '/etc/ufw/ufw.conf': 'ENABLED=yes\n' }],
  ])('is unknown with %s', async (_, tree) => {
    expect(await observe(memoryHost(tree))).toMatchObject({
      observed: true,
      tables: { known: false, reason: 'unsupported' },
    });
  });
});
