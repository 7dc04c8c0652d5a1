import rule from '../../../rules/sasl/sasl-spice-configuration-missing.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aVncServer, configuration, facts } from '../../support/facts.ts';
import {
  aSaslConsole,
  aSaslServer,
  noServiceFile,
  qemuConf,
  qemuSasl,
  redHat,
  serviceFile,
} from '../../support/sasl.ts';
import { testRule } from '../../support/test-rule.ts';

testRule(rule, {
  pass: [
    {
      name: 'with the link',
      facts: facts(
        aSaslConsole,
        redHat('centos', '7'),
        serviceFile('/etc/sasl2/spice.conf', { mech_list: 'scram-sha-256' }),
      ),
    },
    {
      name: 'no file at all is another fault',
      facts: facts(aSaslConsole, redHat('centos', '7'), noServiceFile(qemuSasl)),
    },
  ],
  fail: [
    {
      name: 'without',
      facts: facts(
        aSaslConsole,
        redHat('centos', '7.9'),
        noServiceFile(qemuSasl),
        serviceFile('/etc/sasl2/qemu-kvm.conf', { mech_list: 'scram-sha-256' }),
      ),
      violations: [
        {
          messageId: 'missing',
          subject: { path: '/etc/sasl2/spice.conf' },
          fix: {
            applicability: 'unsafe',
            steps: [{ kind: 'symlink', path: '/etc/sasl2/spice.conf', target: 'qemu-kvm.conf' }, { kind: 'manual' }],
          },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'another distribution', facts: facts(aSaslConsole) },
    { name: 'a newer one', facts: facts(aSaslConsole, redHat('centos', '8')) },
    { name: 'no SASL for VNC', facts: facts(aSaslServer, redHat('centos', '7')) },
  ],
  unknown: [
    {
      name: 'a closed qemu.conf',
      facts: facts(aVncServer, redHat('centos', '7'), configuration(qemuConf, unknown('permission-denied', 'closed'))),
      reason: 'permission-denied',
    },
  ],
});
