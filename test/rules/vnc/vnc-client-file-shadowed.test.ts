import rule from '../../../rules/vnc/vnc-client-file-shadowed.ts';
import type { Caller } from '../../../src/facts/accounts.ts';
import { unknown } from '../../../src/facts/fact.ts';
import {
  absent,
  aClient,
  aServer,
  aUser,
  certificate,
  change,
  clientCertificate,
  caCertificate,
  dir,
  entry,
  facts,
  file,
  having,
  installed,
  privateKey,
  publicKey,
  type Change,
} from '../../support/facts.ts';
import { testRule } from '../../support/test-rule.ts';

const own = '/home/alice/.pki';
const mine = { uid: 1000, gid: 1000 };
const alice: Caller = { uid: 1000, gid: 1000, groups: [118], name: 'alice' };

/** alice's pair for virt-manager, and the CA for everybody. */
const aliceViewer: readonly Change[] = [
  installed('virt-manager'),
  certificate('/etc/pki/CA/cacert.pem', caCertificate()),
  dir('/home/alice', { ...mine, mode: 0o750 }),
  dir(own, { ...mine, mode: 0o700 }),
  certificate(`${own}/libvirt-vnc/clientcert.pem`, clientCertificate({ publicKey: publicKey('alice') })),
  privateKey(`${own}/libvirt-vnc/private/clientkey.pem`, publicKey('alice')),
  change(`${own}/libvirt-vnc/private/clientkey.pem`, { ...mine, mode: 0o600 }),
];
const systemCertificate = '/etc/pki/libvirt-vnc/clientcert.pem';
const systemKey = '/etc/pki/libvirt-vnc/private/clientkey.pem';
/** A pair of the system for virt-manager, whose key is root's. */
const rootsPair: readonly Change[] = [
  certificate(systemCertificate, clientCertificate({ publicKey: publicKey('root') })),
  dir('/etc/pki/libvirt-vnc/private', { mode: 0o700 }),
  privateKey(systemKey, publicKey('root')),
  change(systemKey, { mode: 0o600 }),
];

testRule(rule, {
  pass: [
    { name: "a user's own pair", facts: facts(...aliceViewer) },
    { name: "root's pair out of sight, and a user without one", facts: facts(...rootsPair, installed('virt-manager')) },
    {
      name: 'a pair for everybody beside that of a user',
      facts: facts(
        ...aliceViewer,
        ...rootsPair,
        change('/etc/pki/libvirt-vnc/private', { mode: 0o755 }),
        change(systemKey, { gid: 118, mode: 0o644 }),
      ),
    },
    {
      name: 'the same pair in both places, one half of it out of sight',
      facts: facts(
        ...aliceViewer,
        ...rootsPair,
        certificate(systemCertificate, clientCertificate({ publicKey: publicKey('alice') })),
      ),
    },
    {
      name: 'a closed key that no certificate belongs to',
      facts: facts(installed('virt-manager'), file(systemKey, { mode: 0o600 })),
    },
    {
      name: "what stops libvirt's client too",
      facts: facts(aClient, installed('virt-viewer'), having({ caller: alice })),
      roles: ['libvirt-client', 'vnc-client'],
    },
  ],
  fail: [
    {
      name: "the system's key in sight, and closed",
      facts: facts(aClient, installed('virt-viewer')),
      violations: [
        {
          messageId: 'closed',
          severity: 'warning',
          subject: { path: '/etc/pki/libvirt/private/clientkey.pem' },
          data: {
            clients: 'virt-viewer',
            who: 'alice, bob',
            seen: '/etc/pki/libvirt/private/clientkey.pem is root:root 0600',
            own: undefined,
          },
          fix: { applicability: 'manual' },
        },
      ],
    },
    {
      name: "the system's key hides a user's own",
      facts: facts(...aliceViewer, ...rootsPair, change('/etc/pki/libvirt-vnc/private', { mode: 0o755 })),
      violations: [
        {
          messageId: 'closed',
          severity: 'error',
          data: { own: `${own}/libvirt-vnc/private/clientkey.pem`, clients: 'virt-manager' },
        },
      ],
    },
    {
      name: 'a CA that only root can read, for every viewer at once',
      facts: facts(
        installed('virt-manager', 'gvncviewer'),
        certificate('/etc/pki/CA/cacert.pem', caCertificate()),
        change('/etc/pki/CA/cacert.pem', { mode: 0o600 }),
      ),
      violations: [
        {
          messageId: 'closed',
          data: { clients: 'virt-manager and gvncviewer', who: 'alice, bob', what: 'CA certificate' },
          fix: {
            applicability: 'safe',
            steps: [{ kind: 'chmod', path: '/etc/pki/CA/cacert.pem', from: 0o600, to: 0o644 }],
          },
        },
      ],
    },
    {
      name: "root's certificate with a user's key",
      facts: facts(...aliceViewer, ...rootsPair),
      violations: [
        {
          messageId: 'mixed',
          subject: { path: systemCertificate },
          data: {
            owner: "alice's virt-manager",
            certificate: systemCertificate,
            key: `${own}/libvirt-vnc/private/clientkey.pem`,
          },
        },
      ],
    },
    {
      name: "root's certificate, and a user's key in libvirt's place",
      facts: facts(aClient, aUser, installed('virt-viewer'), change('/etc/pki/libvirt/private', { mode: 0o700 })),
      violations: [
        {
          messageId: 'halved',
          severity: 'warning',
          subject: { path: '/etc/pki/libvirt/clientcert.pem' },
          data: { systemKey: '/etc/pki/libvirt/private/clientkey.pem', key: `${own}/libvirt/private/clientkey.pem` },
        },
      ],
    },
  ],
  notApplicable: [
    { name: 'a server', facts: facts(aServer), roles: ['libvirt-server', 'vnc-client'] },
    { name: "libvirt's clients", facts: facts(aClient, aUser), roles: ['vnc-client'] },
    { name: 'a viewer without gtk-vnc', facts: facts(installed('xtigervncviewer'), absent('/etc/pki')) },
  ],
  unknown: [
    {
      name: 'a file that could not be seen',
      facts: facts(...aliceViewer, entry(systemCertificate, unknown('permission-denied', 'EACCES'))),
      reason: 'permission-denied',
    },
    {
      name: 'an access control list that could not be read',
      facts: facts(...aliceViewer, change('/etc/pki/CA/cacert.pem', { mode: 0o640, acl: 'unread' })),
    },
  ],
});
