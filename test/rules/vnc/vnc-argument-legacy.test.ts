import rule from '../../../rules/vnc/vnc-argument-legacy.ts';
import { aVncServer, facts, guests, type Change } from '../../support/facts.ts';
import { parseQemuCommandLine } from '../../../src/parse/qemu-command-line.ts';
import { testRule } from '../../support/test-rule.ts';

const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;

/** The same as an older QEMU reads it. */
const old =
  (...arguments_: readonly string[]): Change =>
  (built) => {
    const change = guests([vm(...arguments_)])(built);
    const process = change.qemuProcesses.observed ? change.qemuProcesses.processes[0] : undefined;
    if (process === undefined) throw new Error('no process');
    const commandLine = parseQemuCommandLine(['qemu-system-x86_64', ...vm(...arguments_)], { version: [2, 12] });
    return { ...change, qemuProcesses: { observed: true, processes: [{ ...process, commandLine }] } };
  };

testRule(rule, {
  pass: [
    { name: 'modern options', facts: facts(guests([vm(server, creds(), '-vnc', ':0,tls-creds=tls0,password=on')])) },
    {
      name: 'arguments that are refused for another reason',
      facts: facts(guests([vm('-vnc', ':0,colour=blue,sasl')])),
    },
  ],
  fail: [
    {
      name: 'what QEMU refuses now',
      facts: facts(guests([vm('-vnc', ':0,tls,x509verify=/etc/pki/libvirt-vnc')])),
      violations: [
        {
          messageId: 'removed',
          data: {
            option: 'tls',
            text: "Invalid parameter 'tls'",
            instead: '-object tls-creds-x509,id=tls0,dir=DIRECTORY,endpoint=server,verify-peer=on and tls-creds=tls0',
          },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'access lists',
      facts: facts(guests([vm('-vnc', ':0,acl=on')])),
      violations: [{ messageId: 'removed', data: { option: 'acl' } }],
    },
    {
      name: 'an older QEMU',
      facts: facts(old('-vnc', ':0,tls,x509=/x')),
      violations: [{ messageId: 'old', severity: 'note', data: { options: ['tls', 'x509'] } }],
    },
    {
      name: 'switches without a value',
      facts: facts(guests([vm('-vnc', ':0,password,sasl')])),
      violations: [{ messageId: 'short', severity: 'note', data: { options: ['password', 'sasl'] } }],
    },
  ],
  notApplicable: [{ name: 'nothing runs', facts: facts(aVncServer) }],
});
