import { toJson } from '../report/json.ts';
import { allRules } from './load-rules.ts';
import type { Shell } from './shell.ts';

/** Lists the catalogue: by family, with severity and title; as JSON with everything that a program may ask. */
export async function rules(args: { readonly format: 'text' | 'json' }, shell: Shell): Promise<number> {
  const document =
    args.format === 'json'
      ? toJson({
          format: 'virt-pki-check/rules',
          version: 1,
          families: [...new Set(allRules.map(({ family }) => family))],
          rules: allRules.map(({ family, rule }) => ({
            id: rule.id,
            family,
            title: rule.title,
            severity: rule.severity,
            roles: rule.roles,
            needs: rule.needs,
            options: rule.options?.defaults ?? {},
            references: rule.references,
          })),
        })
      : list();
  await shell.streams.out.write(document);
  return 0;
}

function list(): string {
  const width = Math.max(...allRules.map(({ rule }) => rule.id.length));
  const lines: string[] = [];
  let last = '';
  for (const { family, rule } of allRules) {
    if (family !== last) lines.push(...(last === '' ? [] : ['']), `${family}/`);
    last = family;
    lines.push(`  ${rule.id.padEnd(width)}  ${rule.severity.padEnd(7)}  ${rule.title}`);
  }
  return `${lines.join('\n')}\n`;
}
