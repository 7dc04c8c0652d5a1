import { describe, expect, it } from 'vitest';
import { explainRule } from '../../src/report/explain-rule.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { messagePreviews, rulePage } from '../../src/rule/rule-page.ts';

interface Entry {
  readonly path: string;
  readonly names: readonly string[];
  readonly mode: number;
  readonly daysLeft: number;
  readonly issuer?: { readonly name: string };
}

const reasons: Readonly<Record<string, string>> = { early: 'too early' };

const rule = defineRule({
  id: 'certificate-expires-soon',
  title: 'A certificate ends <soon>',
  severity: 'warning',
  roles: ['libvirt-server', 'vnc-server'],
  needs: ['certificates', 'clock'],
  rationale: 'When it ends nobody can connect, and an entry such as * does not help. `a*b` stays as it is.',
  remedy: 'Issue a new one.',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: ['libvirt src/rpc/virnettlscert.c: virNetTLSCertCheckTimes'],
  options: { schema: { type: 'object' }, defaults: { days: 30 } },
  messages: {
    plain: (d: Entry) => ({ message: `${d.path} ends in ${d.daysLeft} days`, seen: '', needed: 'a later end' }),
    methods: (d: Entry) => ({
      message: `${d.names.map((name) => name.toUpperCase()).join(', ')} and ${d.names.slice(0, 3).filter(Boolean).join(' ')} of ${d.names.length}`,
      seen: '',
      needed: `mode ${d.mode.toString(8).padStart(4, '0')} or ${d.daysLeft.toFixed(1)}`,
    }),
    nested: (d: Entry) => ({
      message: `Issued by ${d.issuer?.name ?? 'nobody'}, first ${d.names[0]}`,
      seen: '',
      needed: [...d.names].join(' or '),
    }),
    table: (d: { readonly reason: string }) => ({ message: `It is ${reasons[d.reason]}`, seen: '', needed: '' }),
    arithmetic: (d: Entry) => ({
      message: `Over by ${d.daysLeft * 2}`,
      seen: '',
      needed: d.daysLeft > 1 ? 'days' : 'a day',
    }),
    throwsAlways: (): never => {
      throw new Error('no');
    },
  },
  check: () => [],
});

describe('messagePreviews', () => {
  it('shows every message with names for data, and survives any of them', () =>
    expect(messagePreviews(rule)).toEqual([
      { id: 'plain', message: '<path> ends in <days left> days', needed: 'a later end' },
      { id: 'methods', message: '<names> and <names> of 2', needed: 'mode <mode> or <days left>' },
      { id: 'nested', message: 'Issued by <issuer>, first <names>', needed: '<names>' },
      { id: 'table', message: 'It is …', needed: '' },
      { id: 'arithmetic', message: 'Over by …', needed: 'a day' },
      { id: 'throwsAlways', message: 'throws Always', needed: '' },
    ]));
});

describe('rulePage', () => {
  it('is Markdown made of the definition', () =>
    expect(rulePage(rule, 'pki')).toMatchInlineSnapshot(`
    "# A certificate ends \\<soon>

    - Rule: \`certificate-expires-soon\`
    - Severity: warning
    - Family: pki
    - Judges: libvirt server, VNC server
    - Reads: \`certificates\`, \`clock\`
    - Option \`days\`: \`30\` by default

    ## What is wrong

    - \\<path> ends in \\<days left> days. Needed: a later end
    - \\<names> and \\<names> of 2. Needed: mode \\<mode> or \\<days left>
    - Issued by \\<issuer>, first \\<names>. Needed: \\<names>
    - It is …
    - Over by …. Needed: a day
    - throws Always

    ## Why it matters

    When it ends nobody can connect, and an entry such as \\* does not help. \`a*b\` stays as it is.

    ## What to do

    Issue a new one.

    ## Sources

    - libvirt src/rpc/virnettlscert.c: virNetTLSCertCheckTimes

    ## References

    - [libvirt: TLS certificates](https://libvirt.org/kbase/tlscerts.html)
    "
  `));
});

describe('explainRule', () => {
  it('is the same for a terminal', () =>
    expect(explainRule(rule, 'pki', { color: false, width: 80 })).toMatchInlineSnapshot(`
    "certificate-expires-soon                                          warning · pki/
    A certificate ends <soon>

    When it ends nobody can connect, and an entry such as * does not help. \`a*b\`
    stays as it is.

    What is wrong  <path> ends in <days left> days
                   <names> and <names> of 2
                   Issued by <issuer>, first <names>
                   It is …
                   Over by …
                   throws Always

    Needed         a later end
                   mode <mode> or <days left>
                   <names>
                   a day

    What to do     Issue a new one.

    Judges         hosts that are libvirt server, VNC server

    Reads          certificates, clock

    Options        days: 30 by default

    Where          libvirt src/rpc/virnettlscert.c: virNetTLSCertCheckTimes

    More           libvirt: TLS certificates https://libvirt.org/kbase/tlscerts.html
    "
  `));
});
