import type { Known } from '../facts/facts.ts';
import type { PortRange } from '../facts/firewall.ts';
import { firewalldServices } from '../reference/firewall-files.ts';
import { firewalldZone, type Place } from './firewall.ts';
import type { CommandStep } from './service-commands.ts';

/** A command, or what only a person can do, in the shape of a fix's steps. */
export type OpeningStep = CommandStep | { readonly kind: 'manual'; readonly instruction: string };

const run = (...command: readonly string[]): OpeningStep => ({ kind: 'run', command });
const manual = (instruction: string): OpeningStep => ({ kind: 'manual', instruction });

const written = ([low, high]: PortRange, between: string): string =>
  low === high ? String(low) : `${low}${between}${high}`;

/** What makes the firewall that blocks these TCP ports let them in, in the language of whoever manages its rules. */
export function openingSteps(
  place: Place,
  ports: PortRange,
  { operatingSystem }: Known<'operatingSystem'>,
): readonly OpeningStep[] {
  const { table, chain, rule, path } = place;
  const zone = firewalldZone(path);
  if (zone !== undefined) {
    if (/_(?:deny|pre)$/.test(chain))
      return [
        manual(
          `take the rich rule that refuses port ${written(ports, '-')} out of zone ${zone}: firewall-cmd --zone=${zone} --list-rich-rules`,
        ),
      ];
    const service = ports[0] === ports[1] ? firewalldServices[ports[0]] : undefined;
    const what = service === undefined ? `--add-port=${written(ports, '-')}/tcp` : `--add-service=${service}`;
    return [run('firewall-cmd', '--permanent', `--zone=${zone}`, what), run('firewall-cmd', '--reload')];
  }
  if (Object.keys(table.chains).some((name) => /^ufw6?-user-input$/.test(name))) {
    const port = `${written(ports, ':')}/tcp`;
    return /^ufw6?-user-input$/.test(chain)
      ? [manual(`take out the rule of ufw that refuses ${port}: ufw status numbered, then ufw delete NUMBER`)]
      : [run('ufw', 'allow', port)];
  }
  if (table.program === 'nft' || table.program === 'firewall-cmd') {
    // Behind a rule that blocks, another one would never be asked.
    const verb = rule === undefined ? 'add' : 'insert';
    return [
      run('nft', verb, 'rule', table.family, table.name, chain, 'tcp', 'dport', written(ports, '-'), 'accept'),
      manual('write the same rule where the ruleset is kept (/etc/nftables.conf), or it is gone after a restart'),
    ];
  }
  const inTable = table.name === 'filter' ? [] : ['-t', table.name];
  const save =
    operatingSystem.family === 'debian' || operatingSystem.family === 'ubuntu'
      ? 'netfilter-persistent save'
      : `service ${table.program.startsWith('ip6') ? 'ip6tables' : 'iptables'} save`;
  return [
    run(table.program, ...inTable, '-I', chain, '-p', 'tcp', '--dport', written(ports, ':'), '-j', 'ACCEPT'),
    manual(`keep the rule over a restart: ${save}, or whatever sets up the rules of this host`),
  ];
}
