import { describe, expect, it } from 'vitest';
import text from '../../src/report/text.ts';
import type { RenderOptions } from '../../src/report/reporter.ts';
import { aFinding, aHost, aReport, cleanReport, faultyHost, faultyReport } from '../support/report.ts';

const render = (report: Parameters<typeof text.render>[0], over: Partial<RenderOptions> = {}): string =>
  text.render(report, { color: false, width: 80, verbose: false, quiet: false, ...over });

describe('text', () => {
  it('says how bad it is, what, why and what to type, and what nobody could judge', () =>
    expect(render(faultyReport, { width: 120 })).toMatchInlineSnapshot(`
      "kvm1.example.com   libvirt 11.3.0-3+deb13u3 · QEMU 10.0.13 · Debian 13   roles: libvirt server, VNC server
      3 errors, 2 warnings, 1 note · 3 rules passed · 2 could not be judged

      ✖ private-key-unreadable   /etc/pki/libvirt-vnc/server-key.pem
          QEMU runs as libvirt-qemu and cannot read its key
          seen    root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu
          needed  read access for libvirt-qemu
          effect  guests with VNC over TLS do not start: "Cannot load certificate … Error while reading file."
          fix     chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem
                  chmod 0640 /etc/pki/libvirt-vnc/server-key.pem

      ✖ certificate-untrusted   /etc/pki/libvirt/servercert.pem
          The certificate is signed by another CA than the one in the CA file
          seen    issuer CN=Old CA
          needed  a certificate signed by CN=Example CA
          effect  clients refuse the server
          fix     Issue the certificate again (by hand)
                  Have the CA issue a certificate for kvm1.example.com and put it in place of the old one

      ✖ tls-not-listening   /etc/libvirt/libvirtd.conf:31 listen_tls
          TLS is switched off
          seen    listen_tls = 0
          needed  listen_tls = 1
          fix     Listen for TLS (interrupts or replaces something: think first)
                  in /etc/libvirt/libvirtd.conf, line 31: listen_tls = 1
                  systemctl restart libvirtd.service

      ⚠ certificate-expires-soon   /etc/pki/CA/cacert.pem
          The CA certificate expires in 12 days
          seen    valid until 2026-03-13
          needed  a later end
          effect  then nobody can connect

      ⚠ port-loopback-only   [::1]:16514
          The TLS port is open on the loopback interface alone
          seen    [::1]:16514
          needed  an address that clients reach
          effect  clients on other hosts see "Connection refused"

      ℹ crl-not-configured   this host
          Client certificates are verified and no revocation list is there
          seen    no list
          needed  a list, once a certificate must be revoked
          effect  a lost client key stays good until its certificate expires

      ? could not be judged
          permission denied on /etc/pki/libvirt/private
          rules   private-key-exposed, private-key-mismatch, private-key-unreadable
          to do   run it as root

      Next: virt-pki-check explain private-key-unreadable   says more about a rule, here the first
      "
    `));

  it('adds passed and inapplicable rules and references when verbose', () =>
    expect(render(aReport({ ...faultyHost, findings: faultyHost.findings.slice(0, 1) }), { verbose: true }))
      .toMatchInlineSnapshot(`
        "kvm1.example.com
          libvirt 11.3.0-3+deb13u3 · QEMU 10.0.13 · Debian 13
          roles: libvirt server, VNC server
        1 error · 3 rules passed · 2 could not be judged

        ✖ private-key-unreadable   /etc/pki/libvirt-vnc/server-key.pem
            QEMU runs as libvirt-qemu and cannot read its key
            seen    root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu
            needed  read access for libvirt-qemu
            effect  guests with VNC over TLS do not start: "Cannot load certificate …
                    Error while reading file."
            fix     Let libvirt-qemu read the key
                    chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem
                    chmod 0640 /etc/pki/libvirt-vnc/server-key.pem
            more    libvirt: TLS certificates https://libvirt.org/kbase/tlscerts.html

        ? could not be judged
            permission denied on /etc/pki/libvirt/private
            rules   private-key-exposed, private-key-mismatch, private-key-unreadable
            to do   run it as root

        ✔ passed
            ca-key-present, certificate-expired, qemu-runs-as-root

        · does not apply
            client-certificate-missing: this host is no libvirt-client
            sasl-database-exposed: SASL is not asked for

        Next: virt-pki-check explain private-key-unreadable   says more about a rule, here the first
        "
      `));

  it('prints findings only when quiet', () => {
    const report = aReport({ ...faultyHost, findings: faultyHost.findings.slice(3, 4) });
    expect(render(report, { quiet: true })).toMatchInlineSnapshot(`
      "⚠ certificate-expires-soon   /etc/pki/CA/cacert.pem
          The CA certificate expires in 12 days
          seen    valid until 2026-03-13
          needed  a later end
          effect  then nobody can connect
      "
    `);
    expect(render(cleanReport, { quiet: true })).toBe('');
  });

  it('says plainly when all is well', () =>
    expect(render(cleanReport)).toMatchInlineSnapshot(`
    "kvm1.example.com
      libvirt 11.3.0-3+deb13u3 · QEMU 10.0.13 · Debian 13
      roles: libvirt server, VNC server
    All is well: no fault found · 1 rule passed
    "
  `));

  it('does not call well what could not be judged', () => {
    const shown = render(aReport({ ...faultyHost, findings: [] }));
    expect(shown).toContain('No fault found in what could be judged · 3 rules passed · 2 could not be judged');
    expect(shown).not.toContain('All is well');
  });

  it('says that nothing was judged where no rule applies', () =>
    expect(
      render(
        aReport(aHost({ roles: [], software: { os: null, libvirt: null, qemu: null, gnutls: null }, verdicts: [] })),
      ),
    ).toMatchInlineSnapshot(`
      "kvm1.example.com   no libvirt or QEMU found   no role found
      Nothing was judged: no rule applies here
      "
    `));

  it('keeps several hosts apart', () =>
    expect(
      render(
        aReport(
          aHost({ hostname: 'kvm1', findings: [aFinding({ fix: null })] }),
          aHost({ hostname: 'kvm2', target: '/mnt/kvm2' }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      "1 error · 2 rules passed · 2 hosts

      kvm1
        libvirt 11.3.0-3+deb13u3 · QEMU 10.0.13 · Debian 13
        roles: libvirt server, VNC server

      ✖ private-key-unreadable   /etc/pki/libvirt-vnc/server-key.pem
          QEMU runs as libvirt-qemu and cannot read its key
          seen    root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu
          needed  read access for libvirt-qemu
          effect  guests with VNC over TLS do not start: "Cannot load certificate …
                  Error while reading file."

      kvm2 (/mnt/kvm2)
        libvirt 11.3.0-3+deb13u3 · QEMU 10.0.13 · Debian 13
        roles: libvirt server, VNC server
      All is well: no fault found here

      Next: virt-pki-check explain private-key-unreadable   says more about a rule, here the first
      "
    `));

  it('names a cause once, with the rules that it holds up and what to do', () => {
    const shown = render(faultyReport);
    expect(shown.match(/permission denied/g)).toHaveLength(1);
    expect(shown).toMatch(/rules +private-key-exposed, private-key-mismatch, private-key-unreadable/);
    expect(shown).toMatch(/to do +run it as root/);
  });

  it('breaks neither commands nor paths, however narrow', () => {
    const path = '/etc/pki/libvirt/a directory/with a rather long name/serverkey.pem';
    const finding = aFinding({
      subject: { kind: 'file', path },
      message: `The key ${path} is open`,
      fix: { title: 'Close it', applicability: 'safe', steps: [{ kind: 'chmod', path, from: 0o644, to: 0o600 }] },
    });
    const lines = render(aReport(aHost({ findings: [finding] })), { width: 30 }).split('\n');
    expect(lines.filter((line) => line.includes(path))).toHaveLength(3);
    expect(lines).toContain(`    fix     chmod 0600 '${path}'`);
  });

  it('draws evidence between the effect and the way out, and says what ends when', () => {
    const evidence = {
      of: (host: number, finding: number) =>
        host === 0 && finding === 0
          ? [
              {
                title: 'path /etc → server-key.pem ✖',
                rows: [
                  { sign: 'pass', label: '/etc', text: 'root:root 0755 · libvirt-qemu may pass' } as const,
                  {
                    sign: 'error',
                    label: 'server-key.pem',
                    text: 'root:root 0600 · libvirt-qemu may not read it',
                  } as const,
                ],
              },
            ]
          : [],
      endings: { title: 'what ends when', rows: [{ label: '2026-06-13', text: '12 days left · CN=kvm1' }] },
    };
    const shown = render(aReport(aHost({ findings: [aFinding()] })), { verbose: true, evidence });
    expect(shown.slice(shown.indexOf('    effect'), shown.indexOf('    more'))).toMatchInlineSnapshot(`
      "    effect  guests with VNC over TLS do not start: "Cannot load certificate …
                  Error while reading file."
          path /etc → server-key.pem ✖
          ✔ /etc            root:root 0755 · libvirt-qemu may pass
          ✖ server-key.pem  root:root 0600 · libvirt-qemu may not read it
          fix     Let libvirt-qemu read the key
                  chgrp libvirt-qemu /etc/pki/libvirt-vnc/server-key.pem
                  chmod 0640 /etc/pki/libvirt-vnc/server-key.pem
      "
    `);
    expect(shown.slice(shown.indexOf('what ends'))).toMatchInlineSnapshot(`
      "what ends when
        2026-06-13  12 days left · CN=kvm1

      Next: virt-pki-check explain private-key-unreadable   says more about a rule, here the first
      "
    `);
    expect(render(aReport(aHost({ findings: [aFinding()] })), { verbose: true })).not.toContain('ends when');
  });
});
