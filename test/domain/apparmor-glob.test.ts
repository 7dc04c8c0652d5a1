import { describe, expect, it } from 'vitest';
import { matchesAppArmorGlob } from '../../src/domain/apparmor-glob.ts';

describe('matchesAppArmorGlob', () => {
  it.each([
    ['/etc/pki/qemu/** ', '/etc/pki/qemu/ca-cert.pem', false],
    ['/etc/pki/qemu/**', '/etc/pki/qemu/ca-cert.pem', true],
    ['/etc/pki/qemu/**', '/etc/pki/qemu/a/b.pem', true],
    ['/etc/pki/qemu/**', '/etc/pki/qemu/', false],
    ['/etc/pki/CA/*', '/etc/pki/CA/cacert.pem', true],
    ['/etc/pki/CA/*', '/etc/pki/CA/private/cakey.pem', false],
    ['/etc/pki/libvirt{,-spice,-vnc}/**', '/etc/pki/libvirt/servercert.pem', true],
    ['/etc/pki/libvirt{,-spice,-vnc}/**', '/etc/pki/libvirt-vnc/server-key.pem', true],
    ['/etc/pki/libvirt{,-spice,-vnc}/**', '/etc/pki/libvirt-migrate/server-key.pem', false],
    ['/srv/{a,b{1,2}}/x', '/srv/b2/x', true],
    ['/srv/{a,b{1,2}}/x', '/srv/b/x', false],
    ['/srv/pk?/[a-c]*.pem', '/srv/pki/ca.pem', true],
    ['/srv/pk?/[^a-c]*.pem', '/srv/pki/ca.pem', false],
    ['/run/@{pid}/x', '/run/12/x', true],
    ['/srv/a.b', '/srv/axb', false],
    ['/srv/\\*', '/srv/*', true],
    ['/srv/{a', '/srv/a', false],
    ['/srv/a}', '/srv/a', false],
    ['/srv/[a', '/srv/a', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(matchesAppArmorGlob(pattern, path)).toBe(expected);
  });

  it('takes time in proportion to pattern and path, whatever the pattern', () => {
    const start = performance.now();
    expect(matchesAppArmorGlob(`/${'**a'.repeat(60)}`, `/${'a'.repeat(4000)}`)).toBe(true);
    expect(matchesAppArmorGlob(`/${'**a'.repeat(60)}b`, `/${'a'.repeat(4000)}`)).toBe(false);
    expect(matchesAppArmorGlob('{a,b}'.repeat(40), 'a'.repeat(40))).toBe(false);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
