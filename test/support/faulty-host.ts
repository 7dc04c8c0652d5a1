import { generateKeyPairSync } from 'node:crypto';
import { pemOf } from './certificates.ts';
import type { TreeEntry } from './directory-tree.ts';
import { wholeHost } from './whole-host.ts';

const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

/** A host whose faults can be mended on disk: owners, modes, an ACL, links, settings to set and to take out. */
export const faultyHost: Readonly<Record<string, TreeEntry>> = {
  ...Object.fromEntries(Object.entries(wholeHost()).filter(([path]) => !path.startsWith('/proc/'))),
  '/etc/pki/libvirt/private/serverkey.pem': { content: key, mode: 0o644, owner: 1000, group: 118 },
  '/etc/pki/libvirt/servercert.pem': { content: pemOf('server'), mode: 0o666 },
  '/etc/pki/libvirt-vnc/server-cert.pem': { content: pemOf('server'), mode: 0o600 },
  '/etc/libvirt/libvirtd.conf':
    '# TLS\n#listen_tls = 0\n\nauth_tls = "none"\ntls_no_sanity_certificate = 1\ntls_no_verify_certificate = 1 # for now\nadmin_min_workers = 1\ntls_priority = "NORMAL:+VERS-TLS1.0"\n',
  '/home/alice/.pki/libvirt': { type: 'directory', mode: 0o700, owner: 0, group: 0 },
  '/etc/libvirt/qemu.conf': {
    content:
      'vnc_listen = "127.0.0.1"\nvnc_tls = 1\nvnc_tls_x509_verify = 1\nvnc_password = "xyz"\nsecurity_driver = "none"\nuser = "libvirt-qemu"\n',
    mode: 0o644,
  },
};
