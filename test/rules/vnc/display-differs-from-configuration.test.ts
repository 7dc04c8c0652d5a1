import rule from '../../../rules/vnc/display-differs-from-configuration.ts';
import { unknown } from '../../../src/facts/fact.ts';
import { aVncServer, change, configuration, domain, facts, guests, having, settings } from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const conf = '/etc/libvirt/qemu.conf';
const vm = (...vnc: readonly string[]) => ['-name', 'vm1', ...vnc];
const server = '-object';
const creds = (more = '') => `tls-creds-x509,id=tls0,dir=/etc/pki/libvirt-vnc,endpoint=server${more}`;
const closed = configuration(conf, unknown('permission-denied', 'closed'));
const broken = configuration(conf, { settings: [], error: { expected: 'expecting a value', line: 1, column: 1 } });
const graphics = (attributes: string, listen = '') =>
  `<graphics type='vnc' port='-1' autoport='yes' ${attributes}>${listen}</graphics>`;

const spice = (attributes: string) => `<graphics type='spice' ${attributes}/>`;

const libvirts = (...arguments_: readonly string[]) =>
  guests([vm('-object', 'secret,id=masterKey0,format=raw,file=/x', ...arguments_)]);
const tls = libvirts(server, creds(), '-vnc', '127.0.0.1:0,tls-creds=tls0');

testRule(rule, {
  pass: [
    {
      name: 'SPICE as configured',
      facts: facts(
        settings(conf, { spice_tls: 1, spice_sasl: 1 }),
        domain('vm1', spice("autoport='yes' passwd='x'")),
        libvirts('-spice', 'port=5900,tls-port=5901,addr=127.0.0.1,x509-dir=/etc/pki/libvirt-spice,sasl=on'),
      ),
    },
    {
      name: 'SPICE whose own file decides on its ports',
      facts: facts(
        settings(conf, { spice_tls: 1 }),
        domain('vm1', spice("port='5900' defaultMode='insecure'")),
        libvirts('-spice', 'port=5900,addr=127.0.0.1,disable-ticketing=on'),
      ),
    },
    {
      name: 'as configured',
      facts: facts(settings(conf, {}), domain('vm1', graphics('')), libvirts('-vnc', '127.0.0.1:0')),
    },
    { name: 'TLS as configured', facts: facts(aVncServer, tls) },
    {
      name: 'a guest of its own file',
      facts: facts(
        settings(conf, {}),
        domain('vm1', graphics("passwd='x'", "<listen type='address' address='0.0.0.0'/>")),
        libvirts('-vnc', '0.0.0.0:0,password=on'),
      ),
    },
    { name: 'a transient guest on another address', facts: facts(settings(conf, {}), libvirts('-vnc', '0.0.0.0:0')) },
  ],
  fail: [
    {
      name: 'SPICE: TLS, SASL and a password since',
      facts: facts(
        settings(conf, { spice_tls: 1, spice_sasl: 1, spice_password: 'x' }),
        domain('vm1', spice("autoport='yes'")),
        libvirts('-spice', 'port=5900,addr=127.0.0.1,disable-ticketing=on'),
      ),
      violations: [
        {
          messageId: 'differs',
          data: {
            differences: [
              'TLS: runs with off, configured is on',
              'SASL: runs with off, configured is on',
              'SPICE password: runs with off, configured is on',
            ],
          },
        },
      ],
    },
    {
      name: 'TLS switched on since',
      facts: facts(aVncServer, domain('vm1', graphics('')), libvirts('-vnc', '127.0.0.1:0')),
      violations: [
        {
          messageId: 'differs',
          subject: { kind: 'process', pid: 4242 },
          data: { guest: 'vm1', differences: ['TLS: runs with off, configured is on'] },
          fix: { applicability: 'unsafe', steps: [{ kind: 'manual' }] },
        },
      ],
    },
    {
      name: 'verification, SASL, password and address',
      facts: facts(
        aVncServer,
        settings(conf, { vnc_tls: 1, vnc_sasl: 1, vnc_listen: '192.0.2.10' }),
        domain('vm1', graphics('')),
        libvirts(server, creds(), '-vnc', '127.0.0.1:0,tls-creds=tls0,password=on'),
      ),
      violations: [
        {
          messageId: 'differs',
          data: {
            differences: [
              'verification of clients: runs with on, configured is off',
              'SASL: runs with off, configured is on',
              'VNC password: runs with on, configured is off',
              'address: runs with 127.0.0.1, configured is 192.0.2.10',
            ],
          },
        },
      ],
    },
    {
      name: 'a renewed certificate',
      facts: facts(
        aVncServer,
        change('/etc/pki/libvirt-vnc/server-cert.pem', { modified: '2026-05-20T00:00:00.000Z' }),
        tls,
      ),
      violations: [
        {
          messageId: 'certificates',
          fix: { steps: [{ kind: 'run', command: ['virsh', 'domdisplay-reload', 'vm1'] }] },
        },
      ],
    },
    {
      name: 'a renewed certificate where nothing reloads',
      facts: facts(
        aVncServer,
        having({ software: { libvirt: { version: '9.0.0', source: 'given' }, installed: [] } }),
        change('/etc/pki/libvirt-vnc/server-key.pem', { modified: '2026-05-20T00:00:00.000Z' }),
        tls,
      ),
      violations: [{ messageId: 'certificates', fix: { steps: [{ kind: 'manual' }] } }],
    },
  ],
  notApplicable: [
    { name: 'nothing runs', facts: facts(aVncServer) },
    { name: 'a QEMU that no libvirt started', facts: facts(aVncServer, guests([vm('-vnc', ':0')])) },
    { name: 'a configuration that does not load', facts: facts(broken, tls) },
  ],
  unknown: [
    {
      name: 'arguments that were not followed',
      facts: facts(settings(conf, {}), libvirts('-readconfig', '/x')),
      reason: 'not-collected',
    },
    { name: 'a closed configuration', facts: facts(closed, tls), reason: 'permission-denied' },
    {
      name: 'a start that is not known',
      facts: facts(aVncServer, tls, (built) => {
        const { qemuProcesses } = built;
        if (!qemuProcesses.observed) throw new Error('nothing runs');
        const processes = qemuProcesses.processes.map(({ started: _, ...process }) => process);
        return { ...built, qemuProcesses: { observed: true, processes } };
      }),
      reason: 'not-collected',
    },
  ],
});
