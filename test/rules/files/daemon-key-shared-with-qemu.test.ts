import rule from '../../../rules/files/daemon-key-shared-with-qemu.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  aVncServer,
  change,
  configuration,
  entry,
  facts,
  link,
  privateKey,
  publicKey,
  settings,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const key = '/etc/pki/libvirt/private/serverkey.pem';
const vncKey = '/etc/pki/libvirt-vnc/server-key.pem';
const open = change('/etc/pki/libvirt/private', { gid: 64055, mode: 0o750 });

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy VNC server', facts: facts(aServer, aVncServer) },
    {
      name: 'a key that everybody can read is private-key-exposed',
      facts: facts(aServer, change('/etc/pki/libvirt/private', { mode: 0o755 }), change(key, { mode: 0o644 })),
    },
  ],
  fail: [
    {
      name: 'linked for VNC, and opened for it',
      facts: facts(
        aServer,
        aVncServer,
        open,
        change(key, { gid: 64055, mode: 0o640 }),
        link(vncKey, '../libvirt/private/serverkey.pem'),
      ),
      violations: [
        {
          messageId: 'readable',
          subject: { path: key },
          data: { account: 'libvirt-qemu', seen: `root:libvirt-qemu 0640; ${vncKey} leads to it` },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: 'open to QEMU, and nobody uses that',
      facts: facts(aServer, open, change(key, { gid: 64055, mode: 0o640 })),
      violations: [
        {
          messageId: 'readable',
          fix: { applicability: 'safe', steps: [{ kind: 'chmod', path: key, from: 0o640, to: 0o600 }] },
        },
      ],
    },
    {
      name: 'a copy',
      facts: facts(aServer, aVncServer, privateKey(vncKey, publicKey('server'))),
      violations: [
        { messageId: 'copy', subject: { path: vncKey }, data: { daemonPath: key }, fix: { applicability: 'manual' } },
      ],
    },
  ],
  notApplicable: [
    { name: 'a client', facts: facts(aClient) },
    { name: 'no key', facts: facts(aServer, absent(key)) },
    {
      name: 'QEMU runs as root',
      facts: facts(aServer, aVncServer, settings('/etc/libvirt/qemu.conf', { user: 'root' })),
    },
    {
      name: 'the daemon loads no key',
      facts: facts(aServer, settings('/etc/libvirt/libvirtd.conf', { key_file: '', cert_file: '', ca_file: '' })),
    },
  ],
  unknown: [
    {
      name: 'a closed directory',
      facts: facts(aServer, entry(key, unknown('permission-denied', 'permission denied'))),
      reason: 'permission-denied',
    },
    {
      name: 'a closed configuration',
      facts: facts(
        aServer,
        configuration('/etc/libvirt/libvirtd.conf', unknown('permission-denied', 'permission denied')),
      ),
      reason: 'permission-denied',
    },
  ],
});
