import type { Finding, HostReport, Report, Verdict } from '../../src/engine/report.ts';
import type { Scanned } from '../../src/tui/scanned.ts';

/** A finding like most: an error about a file with a safe fix. */
export const aFinding = (over: Partial<Finding> = {}): Finding => ({
  rule: 'private-key-unreadable',
  severity: 'error',
  subject: { kind: 'file', path: '/etc/pki/libvirt-vnc/server-key.pem' },
  message: 'QEMU runs as libvirt-qemu and cannot read its key',
  seen: 'root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu',
  needed: 'read access for libvirt-qemu',
  effect: 'guests with VNC over TLS do not start: "Cannot load certificate … Error while reading file."',
  fingerprint: '0123456789abcdef',
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  fix: {
    title: 'Let libvirt-qemu read the key',
    applicability: 'safe',
    steps: [
      { kind: 'chgrp', path: '/etc/pki/libvirt-vnc/server-key.pem', from: 'root', to: 'libvirt-qemu' },
      { kind: 'chmod', path: '/etc/pki/libvirt-vnc/server-key.pem', from: 0o600, to: 0o640 },
    ],
  },
  ...over,
});

export const aHost = (over: Partial<HostReport> = {}): HostReport => ({
  target: 'local',
  hostname: 'kvm1.example.com',
  roles: ['libvirt-server', 'vnc-server'],
  software: { os: 'Debian 13', libvirt: '11.3.0-3+deb13u3', qemu: '10.0.13', gnutls: '3.8.9' },
  findings: [],
  verdicts: [{ rule: 'certificate-expired', outcome: 'pass' }],
  ...over,
});

/** A report of these hosts, its summary counted. */
export const aReport = (...hosts: readonly HostReport[]): Report => {
  const findings = hosts.flatMap((host) => host.findings);
  const verdicts = hosts.flatMap((host) => host.verdicts);
  const outcome = (wanted: Verdict['outcome']) => verdicts.filter((verdict) => verdict.outcome === wanted).length;
  const severity = (wanted: Finding['severity']) => findings.filter((finding) => finding.severity === wanted).length;
  return {
    format: 'virt-pki-check/report',
    version: 1,
    tool: { name: 'virt-pki-check', version: '0.1.0' },
    time: '2026-03-01T14:02:09.000Z',
    summary: {
      error: severity('error'),
      warning: severity('warning'),
      note: severity('note'),
      pass: outcome('pass'),
      unknown: outcome('unknown'),
      notApplicable: outcome('not-applicable'),
    },
    hosts,
  };
};

/** A report as a scan gives it to the screen, without facts, and the same at every moment. */
export const scanned = (report: Report): Scanned => ({
  report,
  snapshots: [],
  judgeAt: (moment) => scanned({ ...report, time: moment }),
});

const denied = { reason: 'permission-denied', detail: 'permission denied on /etc/pki/libvirt/private' } as const;

/** A host with findings of every severity and kind of subject, and with two rules held up by one closed directory. */
export const faultyHost: HostReport = aHost({
  findings: [
    aFinding(),
    aFinding({
      rule: 'certificate-untrusted',
      subject: { kind: 'file', path: '/etc/pki/libvirt/servercert.pem' },
      message: 'The certificate is signed by another CA than the one in the CA file',
      seen: 'issuer CN=Old CA',
      needed: 'a certificate signed by CN=Example CA',
      effect: 'clients refuse the server',
      fix: {
        title: 'Issue the certificate again',
        applicability: 'manual',
        steps: [
          {
            kind: 'manual',
            instruction: 'Have the CA issue a certificate for kvm1.example.com and put it in place of the old one',
          },
        ],
      },
    }),
    aFinding({
      rule: 'tls-not-listening',
      subject: { kind: 'setting', path: '/etc/libvirt/libvirtd.conf', key: 'listen_tls', line: 31 },
      message: 'TLS is switched off',
      seen: 'listen_tls = 0',
      needed: 'listen_tls = 1',
      effect: '',
      fix: {
        title: 'Listen for TLS',
        applicability: 'unsafe',
        steps: [
          { kind: 'set', path: '/etc/libvirt/libvirtd.conf', key: 'listen_tls', value: '1', line: 31 },
          { kind: 'run', command: ['systemctl', 'restart', 'libvirtd.service'] },
        ],
      },
    }),
    aFinding({
      rule: 'certificate-expires-soon',
      severity: 'warning',
      subject: { kind: 'file', path: '/etc/pki/CA/cacert.pem' },
      message: 'The CA certificate expires in 12 days',
      seen: 'valid until 2026-03-13',
      needed: 'a later end',
      effect: 'then nobody can connect',
      fix: null,
    }),
    aFinding({
      rule: 'port-loopback-only',
      severity: 'warning',
      subject: { kind: 'endpoint', host: '::1', port: 16514 },
      message: 'The TLS port is open on the loopback interface alone',
      seen: '[::1]:16514',
      needed: 'an address that clients reach',
      effect: 'clients on other hosts see "Connection refused"',
      fix: null,
    }),
    aFinding({
      rule: 'crl-not-configured',
      severity: 'note',
      subject: { kind: 'host' },
      message: 'Client certificates are verified and no revocation list is there',
      seen: 'no list',
      needed: 'a list, once a certificate must be revoked',
      effect: 'a lost client key stays good until its certificate expires',
      fix: null,
    }),
  ],
  verdicts: [
    { rule: 'ca-key-present', outcome: 'pass' },
    { rule: 'certificate-expired', outcome: 'pass' },
    { rule: 'certificate-expires-soon', outcome: 'fail' },
    { rule: 'certificate-untrusted', outcome: 'fail' },
    { rule: 'client-certificate-missing', outcome: 'not-applicable', reason: 'this host is no libvirt-client' },
    { rule: 'crl-not-configured', outcome: 'fail' },
    { rule: 'port-loopback-only', outcome: 'fail' },
    { rule: 'private-key-exposed', outcome: 'unknown', reason: denied.detail, gaps: [denied] },
    {
      rule: 'private-key-mismatch',
      outcome: 'unknown',
      reason: denied.detail,
      gaps: [{ subject: { kind: 'file', path: '/etc/pki/libvirt/private/serverkey.pem' }, ...denied }],
    },
    { rule: 'private-key-unreadable', outcome: 'fail', gaps: [denied] },
    { rule: 'qemu-runs-as-root', outcome: 'pass' },
    { rule: 'sasl-database-exposed', outcome: 'not-applicable', reason: 'SASL is not asked for' },
    { rule: 'tls-not-listening', outcome: 'fail' },
  ],
});

export const faultyReport: Report = aReport(faultyHost);
export const cleanReport: Report = aReport(aHost());

/** The family of each rule in these reports. */
export const familyOf = (rule: string): string | undefined =>
  ({
    'ca-key-present': 'files',
    'private-key-exposed': 'files',
    'private-key-unreadable': 'files',
    'certificate-expired': 'pki',
    'certificate-expires-soon': 'pki',
    'certificate-untrusted': 'pki',
    'client-certificate-missing': 'pki',
    'crl-not-configured': 'pki',
    'private-key-mismatch': 'pki',
    'tls-not-listening': 'libvirtd',
    'port-loopback-only': 'network',
    'qemu-runs-as-root': 'qemu',
    'sasl-database-exposed': 'sasl',
  })[rule];

/** A report in which every text that a host can influence is `text`. */
export const hostileReport = (text: string): Report =>
  aReport(
    aHost({
      target: text,
      hostname: text,
      software: { os: text, libvirt: text, qemu: text, gnutls: text },
      findings: [
        aFinding({
          subject: { kind: 'setting', path: text, key: text, line: 1 },
          message: text,
          seen: text,
          needed: text,
          effect: text,
          references: [{ title: text, url: text }],
          fix: {
            title: text,
            applicability: 'safe',
            steps: [
              { kind: 'chmod', path: text, from: 0, to: 0o600 },
              { kind: 'chown', path: text, from: text, to: text },
              { kind: 'chgrp', path: text, from: text, to: text },
              { kind: 'setfacl', path: text, entry: text },
              { kind: 'remove', path: text },
              { kind: 'symlink', path: text, target: text },
              { kind: 'set', path: text, key: text, value: text, line: 3 },
              { kind: 'unset', path: text, key: text, line: 3 },
              { kind: 'run', command: [text, text] },
              { kind: 'text', path: text, text },
              { kind: 'manual', instruction: text },
            ],
          },
        }),
        aFinding({ subject: { kind: 'process', pid: 1, program: text }, fix: null }),
        aFinding({ subject: { kind: 'endpoint', host: text, port: 1 }, fix: null }),
      ],
      verdicts: [
        { rule: text, outcome: 'pass' },
        { rule: text, outcome: 'not-applicable', reason: text },
        { rule: text, outcome: 'unknown', reason: text },
        {
          rule: text,
          outcome: 'unknown',
          reason: text,
          gaps: [{ subject: { kind: 'file', path: text }, reason: 'unreadable', detail: text }],
        },
      ],
    }),
    aHost({ hostname: null, target: text }),
  );

/** Texts from a hostile host: escape sequences, fake lines, bidi overrides, invisible characters, halves of surrogate pairs. */
export const hostileTexts: readonly string[] = [
  '\x1b[2J\x1b]0;title\x07',
  'a\r\n✔ all is well',
  '\x9b31mred\x85next',
  'abc\u202egnp.exe\u2066\u2069',
  'zero\u200bwidth\ufeff\u{e0041}\u3164',
  'half \ud800 and byte \udcff',
  'DEL\x7f NUL\0 line\u2028paragraph\u2029',
  '`printf bad` $(id) \'";|&',
];
