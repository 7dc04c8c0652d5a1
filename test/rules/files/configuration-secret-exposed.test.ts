import rule from '../../../rules/files/configuration-secret-exposed.ts';
import { known, unknown, type Fact } from '../../../src/facts/fact.ts';
import type { SecretHolder } from '../../../src/facts/facts.ts';
import {
  aClient,
  aServer,
  aUser,
  aVncServer,
  change,
  type Change,
  dir,
  entry,
  facts,
  file,
  having,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const qemu = '/etc/libvirt/qemu.conf';
const guest = '/etc/libvirt/qemu/web.xml';
const system = '/etc/libvirt/auth.conf';
const alices = '/home/alice/.config/libvirt/auth.conf';
const holds = (path: string, kind: SecretHolder['kind'], name: string): Change =>
  holder(path, known({ kind, secrets: [{ name, line: 7, length: 8 }] }));
const holder =
  (path: string, fact: Fact<SecretHolder>): Change =>
  (built) =>
    having({ secretHolders: { ...built.secretHolders, [path]: fact } })(built);
const password = holds(qemu, 'qemu-configuration', 'vnc_password');

testRule(rule, {
  pass: [
    { name: 'a healthy server', facts: facts(aServer) },
    { name: 'a healthy client', facts: facts(aClient) },
    { name: 'a healthy VNC server', facts: facts(aVncServer) },
    { name: 'a password that root alone can read', facts: facts(aVncServer, password) },
    {
      name: 'an open file without a password',
      facts: facts(
        aVncServer,
        change(qemu, { mode: 0o644 }),
        holder(qemu, known({ kind: 'qemu-configuration', secrets: [] })),
      ),
    },
    {
      name: 'a guest in a closed directory',
      facts: facts(
        aVncServer,
        file(guest),
        dir('/etc/libvirt/qemu', { mode: 0o700 }),
        holds(guest, 'domain', 'passwd'),
      ),
    },
    {
      name: "alice's own",
      facts: facts(
        aUser,
        file(alices, { uid: 1000, gid: 1000, mode: 0o600 }),
        holds(alices, 'client-authentication', 'password'),
      ),
    },
    {
      name: "libvirt's group and the file for all clients",
      facts: facts(
        aClient,
        file(system, { gid: 118, mode: 0o640 }),
        holds(system, 'client-authentication', 'password'),
      ),
    },
    {
      name: 'unreadable for us, and for all but root',
      facts: facts(aVncServer, holder(qemu, unknown('permission-denied', 'permission denied'))),
    },
  ],
  fail: [
    {
      name: 'qemu.conf',
      facts: facts(aVncServer, password, change(qemu, { mode: 0o644 })),
      violations: [
        {
          messageId: 'exposed',
          subject: { path: qemu, line: 7 },
          data: { who: 'every account', secrets: 'vnc_password', needed: 'root' },
          fix: {
            applicability: 'safe',
            steps: [{ kind: 'chmod', path: qemu, from: 0o644, to: 0o600 }, { kind: 'manual' }],
          },
        },
      ],
    },
    {
      name: "a guest's definition",
      facts: facts(aVncServer, file(guest, { gid: 110, mode: 0o640 }), holds(guest, 'domain', 'passwd')),
      violations: [{ messageId: 'exposed', data: { who: 'group ssl-cert, bob' } }],
    },
    {
      name: "alice's auth.conf",
      facts: facts(
        aUser,
        change('/home/alice', { mode: 0o755 }),
        file(alices, { uid: 1000, gid: 1000 }),
        holds(alices, 'client-authentication', 'password'),
      ),
      violations: [
        {
          messageId: 'exposed',
          data: { needed: 'alice' },
          fix: { steps: [{ kind: 'chmod', to: 0o600 }, { kind: 'manual' }] },
        },
      ],
    },
  ],
  unknown: [
    {
      name: 'open to a group, and its content is not known',
      facts: facts(
        aVncServer,
        change(qemu, { gid: 110, mode: 0o640 }),
        holder(qemu, unknown('permission-denied', 'permission denied')),
      ),
      reason: 'permission-denied',
    },
    {
      name: 'could not be seen',
      facts: facts(
        aVncServer,
        entry(guest, unknown('permission-denied', 'permission denied')),
        holds(guest, 'domain', 'passwd'),
      ),
      reason: 'permission-denied',
    },
  ],
});
