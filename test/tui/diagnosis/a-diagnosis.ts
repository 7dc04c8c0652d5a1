import type { DiagnosisReport } from '../../../src/engine/diagnosis-report.ts';
import { aFinding } from '../../support/report.ts';

type Step = DiagnosisReport['steps'][number];

const aStep = (stage: Step['stage'], over: Partial<Step> = {}): Step => ({
  stage,
  side: stage.startsWith('server-c') ? 'server' : 'client',
  question: `Does ${stage} go well?`,
  outcome: 'pass',
  message: `${stage} goes well`,
  source: 'libvirt src/rpc/virnettlscontext.c',
  ...over,
});

const notReached = { outcome: 'skipped', message: 'not reached' } as const;

/** A connection that fails because the server's certificate has another name. */
export const failing: DiagnosisReport = {
  format: 'virt-pki-check/diagnosis',
  version: 1,
  tool: { name: 'virt-pki-check', version: '0.1.0' },
  uri: 'qemu+tls://kvm1.example.com/system',
  time: '2026-03-01T14:02:09.000Z',
  client: {
    target: 'desk7.json',
    hostname: 'desk7',
    software: { os: 'Debian 12', libvirt: '9.0.0-4+deb12u2', qemu: null, gnutls: '3.7.9-2' },
    user: 'alice',
  },
  server: {
    target: 'kvm1.json',
    hostname: 'kvm1',
    software: { os: 'Debian 13', libvirt: '11.3.0-3+deb13u3', qemu: '1:10.0.13+ds-0+deb13u1', gnutls: '3.8.9-3' },
  },
  wire: { asked: false, notes: ['this is what follows from the files'] },
  verdict: 'fails',
  stage: 'server-identity',
  clientError: "authentication failed: Failed to verify peer's certificate",
  serverError: null,
  steps: [
    aStep('server-config', { message: 'it loads' }),
    aStep('server-config', { question: 'Does the daemon listen?', message: 'libvirtd listens for TLS on [::]:16514' }),
    aStep('server-credentials', {
      outcome: 'warning',
      message: 'the certificate expires in 12 days',
      rule: 'certificate-expires-soon',
      evidence: ['/etc/pki/libvirt/servercert.pem', '/etc/pki/libvirt/private/serverkey.pem'],
    }),
    aStep('client-credentials'),
    aStep('reach', { message: 'kvm1.example.com is 192.0.2.10' }),
    aStep('handshake', { message: 'TLS 1.3' }),
    aStep('server-identity', {
      question: "Does the client believe the server's certificate?",
      outcome: 'fail',
      message: 'the certificate names kvm1, not kvm1.example.com',
      rule: 'server-name-mismatch',
      evidence: ['/etc/pki/libvirt/servercert.pem: DNS kvm1'],
    }),
    aStep('client-identity', notReached),
    aStep('auth', notReached),
  ],
  why: 'GnuTLS compares the name in the URI with the DNS names of the certificate; it has one, so that the common name is not looked at',
  mendedOn: 'server',
  cause: null,
  fix: {
    title: 'Have a certificate issued with both names',
    applicability: 'manual',
    steps: [
      { kind: 'run', command: ['certtool', '--generate-request', '--template', '/etc/pki/libvirt/server cert.info'] },
      { kind: 'manual', instruction: 'have the CA sign it' },
    ],
  },
  warnings: [
    {
      ...aFinding({
        rule: 'certificate-expires-soon',
        severity: 'warning',
        subject: { kind: 'file', path: '/etc/pki/libvirt/servercert.pem' },
        message: 'The server certificate expires in 12 days',
        fix: null,
      }),
      side: 'server',
    },
  ],
};

/** The same connection when nothing stands in its way. */
export const connecting: DiagnosisReport = {
  ...failing,
  verdict: 'connects',
  stage: null,
  clientError: null,
  steps: failing.steps.map((step) => aStep(step.stage)),
  why: null,
  mendedOn: null,
  cause: null,
  fix: null,
  warnings: [],
};

const settle = "the server's files or snapshot would settle it (--server TARGET)";

/** A console of which only the client's side is known. */
export const undecided: DiagnosisReport = {
  ...connecting,
  uri: 'vnc://kvm1.example.com:5901',
  server: null,
  verdict: 'unknown',
  steps: connecting.steps.map((step) =>
    step.stage === 'client-credentials' ? step : { ...step, outcome: 'unknown', message: settle },
  ),
};

/** A diagnosis in which every text that a host can influence is `text`. */
export const hostile = (text: string): DiagnosisReport => ({
  ...failing,
  uri: text,
  client: { target: text, hostname: text, software: { os: text, libvirt: text, qemu: text, gnutls: text }, user: text },
  server: { target: text, hostname: null, software: { os: text, libvirt: text, qemu: text, gnutls: text } },
  clientError: text,
  serverError: text,
  steps: failing.steps.map((step) => ({ ...step, message: text, evidence: [text, text] })),
  why: text,
  fix: {
    title: text,
    applicability: 'unsafe',
    steps: [
      { kind: 'chmod', path: text, from: 0, to: 0o600 },
      { kind: 'set', path: text, key: text, value: text, line: 3 },
      { kind: 'text', path: text, text },
      { kind: 'manual', instruction: text },
    ],
  },
  warnings: [
    { ...aFinding({ subject: { kind: 'setting', path: text, key: text, line: 1 }, message: text }), side: 'client' },
  ],
});
