import { describe, expect, it } from 'vitest';
import type { Finding, HostReport, Verdict } from '../../src/engine/report.ts';
import { confirm } from '../../src/explain/confirm.ts';
import { recognise } from '../../src/explain/recognise.ts';

const finding = (rule: string, path: string, severity: Finding['severity'] = 'error'): Finding => ({
  rule,
  severity,
  subject: { kind: 'file', path },
  message: 'm',
  seen: 's',
  needed: 'n',
  effect: 'e',
  fingerprint: '0123456789abcdef',
  references: [],
  fix: null,
});

const host = (findings: readonly Finding[], verdicts: readonly Verdict[]): HostReport => ({
  target: 'local',
  hostname: 'kvm1',
  roles: ['libvirt-server'],
  software: { os: null, libvirt: null, qemu: null, gnutls: null },
  findings,
  verdicts,
});

const passed = (...rules: readonly string[]): readonly Verdict[] => rules.map((rule) => ({ rule, outcome: 'pass' }));
const refused = recognise("error: unable to connect to server at 'kvm1:16514': Connection refused");

describe('confirm', () => {
  it('leaves everything open where nobody looked', () => {
    const [one] = confirm(refused, {});
    expect(one?.causes.map(({ standing }) => standing)).toEqual(refused[0]?.causes.map(() => 'open'));
    expect(one?.stages).toEqual(refused[0]?.stages);
  });

  it('puts the cause first that a rule found on that side', () => {
    const server = host([finding('tls-not-listening', '/etc/libvirt/libvirtd.conf')], []);
    const [one] = confirm(refused, { server });
    expect(one?.causes[0]).toMatchObject({
      standing: 'confirmed',
      stage: 'server-config',
      findings: [{ rule: 'tls-not-listening' }],
    });
    expect(one?.stages[0]).toBe('server-config');
    // The other side's findings are none of this cause.
    expect(confirm(refused, { client: server })[0]?.causes[0]?.standing).toBe('open');
  });

  it('puts what every rule cleared last, and says unknown where one could not be judged', () => {
    const rules = refused[0]?.causes[0]?.rules ?? [];
    const cleared = confirm(refused, { server: host([], passed(...rules)) })[0];
    expect(cleared?.causes.at(-1)).toMatchObject({ standing: 'ruled-out', stage: 'server-credentials' });
    expect(cleared?.stages[0]).toBe('server-config');
    const [first = '', ...others] = rules;
    const gap: Verdict = { rule: first, outcome: 'unknown', gaps: [{ reason: 'permission-denied', detail: 'd' }] };
    const unsure = confirm(refused, { server: host([], [gap, ...passed(...others)]) })[0];
    expect(unsure?.causes[0]).toMatchObject({ standing: 'unknown', stage: 'server-credentials' });
  });

  it('prefers the finding about the file that the message names', () => {
    const found = recognise(
      'Unable to set x509 key and certificate: /etc/pki/libvirt/private/serverkey.pem, /etc/pki/libvirt/servercert.pem: Error while reading file.',
    );
    const server = host(
      [
        finding('private-key-unreadable', '/etc/pki/qemu/server-key.pem'),
        finding('private-key-unreadable', '/etc/pki/libvirt/private/serverkey.pem'),
      ],
      [],
    );
    expect(confirm(found, { server })[0]?.causes[0]?.findings[0]?.subject).toMatchObject({
      path: '/etc/pki/libvirt/private/serverkey.pem',
    });
  });
});
