import type { Applied } from '../../../src/fix/apply.ts';
import type { Mended, PlannedFix, PlannedStep } from '../../../src/fix/plan.ts';
import type { StepPreview } from '../../../src/fix/preview.ts';
import type { ProvenPlan } from '../../../src/fix/simulate.ts';
import type { Snapshot } from '../../../src/facts/snapshot.ts';
import type { Fixing } from '../../../src/tui/fix/fixing.ts';
import { aFinding, aHost } from '../../support/report.ts';

const key = '/etc/pki/libvirt-vnc/server-key.pem';
const daemon = '/etc/libvirt/libvirtd.conf';

export const unreadable = aFinding({ fingerprint: 'unreadable' });
export const switchedOff = aFinding({
  rule: 'tls-not-listening',
  subject: { kind: 'setting', path: daemon, key: 'listen_tls', line: 31 },
  message: 'TLS is switched off',
  fingerprint: 'switched-off',
});
const expired = aFinding({
  rule: 'certificate-expired',
  severity: 'warning',
  subject: { kind: 'file', path: '/etc/pki/libvirt/servercert.pem' },
  message: 'The server certificate has expired',
  fingerprint: 'expired',
});
const restart = aFinding({
  rule: 'needs-restart',
  severity: 'note',
  subject: { kind: 'host' },
  message: 'libvirtd has not loaded what was changed',
  fingerprint: 'restart',
});

const mended = ({ rule, severity, subject, message, fingerprint }: typeof unreadable): Mended => ({
  rule,
  severity,
  subject,
  message,
  fingerprint,
});

const step = (id: string, of: PlannedStep['step'], over: Partial<PlannedStep> = {}): PlannedStep => ({
  id,
  step: of,
  applicability: 'safe',
  fixes: [],
  expects: { kind: 'anything' },
  touches: [],
  interrupts: [],
  undo: 'as it was',
  ...over,
});

const steps: readonly PlannedStep[] = [
  step('group', { kind: 'chgrp', path: key, from: 'root', to: 'libvirt-qemu' }, { undo: 'group root' }),
  step('mode', { kind: 'chmod', path: key, from: 0o600, to: 0o640 }, { undo: 'mode 0600' }),
  step('listen', { kind: 'set', path: daemon, key: 'listen_tls', value: '1', line: 31 }, { undo: 'listen_tls = 0' }),
  step(
    'restart',
    { kind: 'run', command: ['systemctl', 'restart', 'libvirtd'] },
    {
      applicability: 'unsafe',
      interrupts: ['connections to libvirtd are cut and must be made anew, migrations that run fail'],
      undo: 'nothing to take back',
    },
  ),
];

const fixes: readonly PlannedFix[] = [
  {
    id: 'switched-off',
    title: 'Listen for TLS',
    applicability: 'unsafe',
    findings: [mended(switchedOff)],
    steps: ['listen', 'restart'],
    told: [],
    untried: 'what systemctl changes is not known beforehand',
  },
  {
    id: 'unreadable',
    title: 'Let libvirt-qemu read the key',
    applicability: 'safe',
    findings: [mended(unreadable)],
    steps: ['group', 'mode'],
    told: [],
  },
  {
    id: 'expired',
    title: 'Have the certificate issued anew',
    applicability: 'manual',
    findings: [mended(expired)],
    steps: [],
    told: [
      { kind: 'manual', instruction: 'have the CA sign the request' },
      { kind: 'run', command: ['certtool', '--generate-request', '--outfile', 'server.csr'] },
      { kind: 'text', path: '/etc/pki/server.info', text: 'cn = "kvm1"\ntls_www_server\n' },
    ],
  },
  {
    id: 'restart',
    title: 'Restart libvirtd',
    applicability: 'unsafe',
    findings: [mended(restart)],
    steps: ['restart'],
    told: [],
  },
];

const previews: readonly StepPreview[] = [
  {
    step: 'group',
    of: 'status',
    path: key,
    lines: [
      { sign: '-', text: `-rw------- root root ${key}` },
      { sign: '+', text: `-rw------- root libvirt-qemu ${key}` },
    ],
  },
  {
    step: 'mode',
    of: 'status',
    path: key,
    lines: [
      { sign: '-', text: `-rw------- root libvirt-qemu ${key}` },
      { sign: '+', text: `-rw-r----- root libvirt-qemu ${key}` },
    ],
  },
  {
    step: 'listen',
    of: 'content',
    path: daemon,
    lines: [
      { sign: '@', text: `${daemon}, line 31` },
      { sign: ' ', text: '# TLS, for all that come from elsewhere' },
      { sign: '-', text: 'listen_tls = 0' },
      { sign: '+', text: 'listen_tls = 1' },
      { sign: ' ', text: '' },
    ],
  },
  { step: 'restart', of: 'nothing', path: '', lines: [] },
];

const report = aHost({ findings: [unreadable, switchedOff, expired] });

const planOf = (over: Partial<ProvenPlan> = {}): ProvenPlan => ({
  fixes,
  steps,
  withheld: [
    {
      fix: {
        id: 'harmful',
        title: 'Drop the revocation list',
        applicability: 'safe',
        findings: [mended(aFinding({ rule: 'crl-expired', severity: 'warning', fingerprint: 'harmful' }))],
      },
      because: 'it would bring up certificate-revoked: a revoked client gets in',
    },
  ],
  after: {} as Snapshot,
  remaining: aHost({ findings: [expired] }),
  emerging: [],
  wanted: [],
  ...over,
});

/** A host with a way out of each kind, and one that follows from another. */
export const aFixing: Fixing = { report, plan: planOf(), previews };

/** The plan of the safe way out alone, and what it leaves. */
export const aPrepared = {
  plan: planOf({
    fixes: fixes.filter(({ id }) => id === 'unreadable'),
    steps: steps.slice(0, 2),
    withheld: [],
    remaining: aHost({ findings: [switchedOff, expired, restart] }),
    emerging: ['restart'],
  }),
  previews: previews.slice(0, 2),
};

/** The host when that was applied. */
export const afterwards: Fixing = {
  ...aFixing,
  report: aHost({ findings: [switchedOff, expired, restart] }),
  plan: planOf({ fixes: fixes.filter(({ id }) => id !== 'unreadable'), steps: steps.slice(2) }),
  latest: { time: '2026-03-01T14:05:00.000Z', interrupted: false, paths: [key] },
};

export const applied: Applied = { done: ['group', 'mode'], left: [], journal: '/var/lib/virt-pki-check/000001' };

/** One that stopped at its second step. */
export const stopped: Applied = {
  done: ['group'],
  failed: { step: 'mode', because: `${key}: the file system is read-only` },
  left: ['listen'],
  journal: '/var/lib/virt-pki-check/000001',
};

/** Ways out in which every text that a host can influence is `text`. */
export const hostileFixing = (text: string): Fixing => ({
  report: aHost({ target: text, hostname: text, findings: [aFinding({ message: text })] }),
  plan: planOf({
    fixes: fixes.map((fix) => ({
      ...fix,
      title: text,
      untried: text,
      findings: fix.findings.map((one) => ({ ...one, message: text, subject: { kind: 'file', path: text } })),
      told: [
        { kind: 'manual', instruction: text },
        { kind: 'text', path: text, text },
        { kind: 'run', command: [text], where: text },
      ],
    })),
    steps: steps.map((one) => ({
      ...one,
      step: { kind: 'set', path: text, key: text, value: text },
      interrupts: [text],
      undo: text,
    })),
    withheld: [{ fix: { id: 'x', title: text, applicability: 'safe', findings: [] }, because: text }],
  }),
  previews: [],
  readOnly: text,
});
