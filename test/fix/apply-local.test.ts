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

  it('opens a socket, and closes it again', { timeout: 240_000 }, () => {
    const [applied, commands, undone, all] = parts(`
ours='--only tls-not-listening'
# As far as a scan can see, the daemon runs.
cp /usr/bin/sleep libvirtd
./libvirtd 60 > /dev/null 2>&1 & daemon=$!
run fix --apply --yes --unsafe $ours; echo --
cat log; echo --
true > log; run fix --undo; echo --
cat log; kill $daemon
`);
    expect(applied).toMatch(/(\d+) of \1 steps are done/);
    expect(commands).toBe('stop libvirtd\nenable --now libvirtd-tls.socket\nstart libvirtd\n');
    expect(undone).toContain('ran systemctl disable --now libvirtd-tls.socket');
    expect(all).toBe('disable --now libvirtd-tls.socket\nrestart libvirtd\n');
  });

  it('says that an apply was interrupted, before it plans another', { timeout: 240_000 }, () => {
    const [seen, json, refused, undone, after] = parts(`
run fix --apply --yes $ours > /dev/null
# What a power cut in the middle of it leaves.
journal=/var/lib/virt-pki-check/000001/journal.jsonl
grep -v '"kind":"end"' $journal > cut; cat cut > $journal
run fix $ours; echo --
"$NODE" "$PROGRAM" fix --format json $ours | grep -A3 '"interrupted"' || true; echo --
run fix --apply --yes --unsafe $ours; echo --
run fix --undo; echo --
run fix $ours
`);
    expect(seen).toMatch(
      /^status 1\nAn apply of \d{4}-\S+ was interrupted after 1 of 1 steps\. To take it back: virt-pki-check fix --undo\n/,
    );
    expect(json).toContain('"steps": 1');
    expect(refused).toMatch(/nothing was changed: an earlier apply was interrupted .*: take it back first/);
    expect(undone).toContain('which was interrupted');
    expect(after).not.toContain('was interrupted');
  });

  it('issues a certificate with the key that is there, and takes it back', { timeout: 240_000 }, () => {
    const [applied, verified, journal, undone, same] = parts(`
# An expired one.
printf '%s\\n' "cn=$(uname -n)" "dns_name=$(uname -n)" tls_www_server signing_key encryption_key 'activation_date="2020-01-01"' 'expiration_date="2021-01-01"' > old.t
certtool --generate-certificate --load-privkey $key --load-ca-certificate /etc/pki/CA/cacert.pem --load-ca-privkey ca.key --template old.t --outfile $certificate 2>/dev/null
chmod 0600 ca.key; sum=$(sha256sum < $certificate)
run fix --apply --yes --unsafe --ca-cert /etc/pki/CA/cacert.pem --ca-key ca.key --only certificate-expired; echo --
certtool --verify --load-ca-certificate /etc/pki/CA/cacert.pem --infile $certificate; cat log; echo --
cat /var/lib/virt-pki-check/*/journal.jsonl; echo --
run fix --undo; echo --
[ "$sum" = "$(sha256sum < $certificate)" ] && echo same; ls /etc/pki/libvirt
`);
    expect(applied).toMatch(/(\d+) of \1 steps are done/);
    expect(verified).toContain('The certificate is trusted');
    expect(verified).toContain('libvirtd');
    expect(journal).not.toContain('PRIVATE KEY');
    expect(undone).toContain('restored /etc/pki/libvirt/servercert.pem');
    expect(same).toBe('same\nprivate\nservercert.pem\n');
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
