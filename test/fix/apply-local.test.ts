import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../support/built-program.ts';
import { missingForLibvirtd, runInNamespaces } from '../support/own-host.ts';

const program = join(import.meta.dirname, '../../bin/virt-pki-check.js');
const missing = [
  ...missingForLibvirtd,
  ...['/usr/bin/systemctl', '/var/lib/dpkg/status'].filter((path) => !existsSync(path)),
];

/**
 * This machine with certificates, configuration and journals of its own, and a systemctl that notes what it is told: `log`. It fails for
 * a verb that `fails` names.
 */
const preamble = `
set -eu
# All of it lies in file systems that end with these namespaces: nothing has to be removed, and nothing of the machine is bound in.
mount -t tmpfs none /run
cd /run
cp /var/lib/dpkg/status status
mkdir -p /etc/pki
for directory in /var/lib /etc/pki /etc/libvirt /etc/systemd/system; do mount -t tmpfs none $directory; done
mkdir /var/lib/dpkg
cp status /var/lib/dpkg
touch log fails
cat > systemctl <<END
#!/bin/sh
echo "\\$*" >> $PWD/log
[ "\\$1" != "\\$(cat $PWD/fails)" ]
END
chmod 0755 systemctl
mount --bind systemctl /usr/bin/systemctl
mkdir -p /etc/pki/CA /etc/pki/libvirt/private
certificate=/etc/pki/libvirt/servercert.pem key=/etc/pki/libvirt/private/serverkey.pem
printf '%s\\n' 'cn="CA"' ca cert_signing_key expiration_days=3000 > ca.t
printf '%s\\n' "cn=$(uname -n)" "dns_name=$(uname -n)" tls_www_server signing_key encryption_key expiration_days=900 > server.t
{
  for name in ca server; do certtool --generate-privkey --outfile $name.key; done
  certtool --generate-self-signed --load-privkey ca.key --template ca.t --outfile /etc/pki/CA/cacert.pem
  install -m 0644 server.key $key
  certtool --generate-certificate --load-privkey $key --load-ca-certificate /etc/pki/CA/cacert.pem --load-ca-privkey ca.key --template server.t --outfile $certificate
} 2>/dev/null
printf '%s\\n' '# ours' 'tls_no_verify_certificate = 1 # for now' > /etc/libvirt/libvirtd.conf
state() { cat /etc/libvirt/libvirtd.conf; stat -c %a $key; }
# Only what is at fault by our own doing: whatever else this machine has is none of our business.
ours='--only private-key-exposed --only client-certificate-not-verified'
run() { status=0; "$NODE" "$PROGRAM" "$@" > out 2>&1 || status=$?; echo "status $status"; cat out; }
`;

const parts = (script: string): readonly string[] =>
  runInNamespaces(`${preamble}\n${script}`, { PROGRAM: program }).split('--\n');

const before = '# ours\ntls_no_verify_certificate = 1 # for now\n644\n';
const after = '# ours\ntls_no_verify_certificate = 0 # for now\n600\n';

describe.skipIf(missing.length > 0)(`fix --apply of this machine (missing: ${missing.join(', ') || 'nothing'})`, () => {
  beforeAll(ensureBuilt, 120_000);

  it('changes files, runs what makes them count, and takes both back', { timeout: 240_000 }, () => {
    const [safe, unsafe, undone, again, commands, journals] = parts(`
run fix --apply --yes $ours > /dev/null; state; cat log; echo --
run fix --apply --yes --unsafe $ours; state; echo --
run fix --undo; run fix --undo; state; echo --
run fix --undo; echo --
cat log; echo --
ls /var/lib
`);
    // The safe steps run nothing.
    expect(safe).toBe('# ours\ntls_no_verify_certificate = 1 # for now\n600\n');
    expect(unsafe).toMatch(/(\d+) of \1 steps are done/);
    expect(unsafe).toContain('to take all of it back: virt-pki-check fix --undo\n');
    expect(unsafe?.endsWith(after)).toBe(true);
    expect(undone).toContain('restored /etc/libvirt/libvirtd.conf');
    expect(undone).toContain(`restored /etc/pki/libvirt/private/serverkey.pem`);
    expect(undone?.endsWith(before)).toBe(true);
    expect(again).toBe('status 0\nThere is nothing to take back.\n');
    expect(commands).toBe('restart libvirtd\nrestart libvirtd\n');
    expect(journals).toBe('dpkg\n');
  });

  it('stops where a command fails, says so, and can be taken back', { timeout: 240_000 }, () => {
    const [applied, undone, journals] = parts(`
echo restart > fails
run fix --apply --yes --unsafe $ours; state; echo --
true > fails; run fix --undo; state; echo --
ls /var/lib
`);
    expect(applied).toMatch(/^status 1\n/);
    expect(applied).toMatch(/Step \d was not: systemctl restart libvirtd ends with 1/);
    expect(applied?.endsWith(after)).toBe(true);
    expect(undone?.endsWith(before)).toBe(true);
    expect(journals).toBe('dpkg\n');
  });
});
