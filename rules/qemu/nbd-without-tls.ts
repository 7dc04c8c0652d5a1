import { consoleFixFacts, restartDriver } from '../../src/domain/console-fix.ts';
import { isOn } from '../../src/domain/console-policy.ts';
import { qemuDriverFile } from '../../src/domain/qemu-driver-file.ts';
import { effectiveSetting } from '../../src/domain/setting-value.ts';
import { exists } from '../../src/domain/walk.ts';
import { qemuTlsDirectory } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

const key = 'nbd_tls';

export default defineRule({
  id: 'nbd-without-tls',
  title: 'Certificates for network disks are prepared, and TLS for them is off',
  severity: 'note',
  roles: ['vnc-server', 'migration', 'libvirt-server'],
  needs: [...consoleFixFacts],
  rationale: 'Disks that guests reach by NBD cross the network in the clear, and nobody proves who serves them.',
  remedy: "Set `nbd_tls` to 1, or `tls='yes'` at each disk.",
  references: [
    {
      title: 'libvirt: hard drives, network disks',
      url: 'https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms',
    },
    { title: 'CWE-319: cleartext transmission', url: 'https://cwe.mitre.org/data/definitions/319.html' },
  ],
  sources: ['libvirt 9.0 and 11.3 src/qemu/qemu_domain.c: qemuDomainPrepareStorageSourceTLS'],
  messages: {
    off: (d: { evidence: string; path: string }) => ({
      message: 'Disks over NBD do not use TLS',
      seen: `${d.evidence}, and ${key} is 0 in ${d.path}`,
      needed: `${key} = 1`,
    }),
  },

  check(facts, { violation, undetermined, notApplicable }) {
    const answer = qemuDriverFile(facts);
    const { path } = answer;
    if (answer.state === 'unknown') return [undetermined(file(path), answer.because)];
    if (answer.state === 'broken') return notApplicable(`${path} does not load`);
    const directory = qemuTlsDirectory('nbd');
    const named = effectiveSetting(answer.file, 'nbd_tls_x509_cert_dir');
    const evidence =
      named !== undefined
        ? 'nbd_tls_x509_cert_dir is set'
        : exists(facts.files, directory) === true
          ? `there is ${directory}`
          : effectiveSetting(answer.file, key) === undefined
            ? undefined
            : `${key} is set`;
    if (evidence === undefined) return notApplicable('nothing here is for disks over NBD');
    if (isOn(answer.file, key)) return [];
    const line = effectiveSetting(answer.file, key)?.line;
    return [
      violation(
        'off',
        setting(path, key, line),
        { evidence, path },
        {
          fix: {
            title: 'Use TLS for disks over NBD',
            applicability: 'unsafe',
            steps: [
              { kind: 'set', path, key, value: '1', ...(line === undefined ? {} : { line }) },
              ...restartDriver(facts),
            ],
          },
        },
      ),
    ];
  },
});
