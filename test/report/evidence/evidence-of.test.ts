import columnsOf from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../../src/cli/load-rules.ts';
import { evaluate } from '../../../src/engine/evaluate.ts';
import { known } from '../../../src/facts/fact.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import type { Role } from '../../../src/facts/role.ts';
import type { Snapshot } from '../../../src/facts/snapshot.ts';
import { parseConfiguration } from '../../../src/parse/configuration.ts';
import { vocabularies } from '../../../src/reference/settings.ts';
import { evidenceLines } from '../../../src/report/evidence/evidence.ts';
import { evidenceOf, faultyListParts, faultyParts } from '../../../src/report/evidence/evidence-of.ts';
import { wrap } from '../../../src/report/wrap.ts';
import { certificate as real } from '../../support/certificates.ts';
import { hostileTexts } from '../../support/report.ts';
import {
  aServer,
  aVncServer,
  certificate,
  configuration,
  dir,
  facts,
  file,
  link,
  privateKey,
  publicKey,
  type Change,
} from '../../support/facts.ts';

const snapshotOf = (built: Facts): Snapshot => ({
  format: 'virt-pki-check/snapshot',
  version: 1,
  tool: { name: 'virt-pki-check', version: '0.1.0' },
  target: 'local',
  facts: Object.fromEntries(Object.entries(built).map(([name, value]) => [name, known(value)])) as Snapshot['facts'],
});

const rules = allRules.map(({ rule }) => rule);

/** What is drawn of the first finding of a rule. */
const drawn = (
  rule: string,
  built: Facts,
  roles: readonly Role[] = ['libvirt-server', 'vnc-server'],
  width = 76,
): string => {
  const snapshot = snapshotOf(built);
  const report = evaluate(
    snapshot,
    rules.filter(({ id }) => id === rule),
    { roles },
  );
  const [finding] = report.findings;
  if (finding === undefined) throw new Error(`${rule} found nothing`);
  return evidenceOf(snapshot, roles, finding)
    .flatMap((evidence) => evidenceLines(evidence, width, wrap))
    .map((line) => (typeof line === 'string' ? line : line.map(({ text }) => text).join('')).trimEnd())
    .join('\n');
};

const parsed = (content: string) => parseConfiguration(Buffer.from(content), vocabularies.libvirtd);

const ca = '/etc/pki/CA/cacert.pem';
const cert = '/etc/pki/libvirt/servercert.pem';
const key = '/etc/pki/libvirt/private/serverkey.pem';
const libvirtd = '/etc/libvirt/libvirtd.conf';

/** A server with certificates whose signatures verify. */
const server = (leaf: readonly string[], cas: readonly string[], ...more: readonly Change[]): Facts =>
  facts(
    aServer,
    certificate(cert, ...leaf.map((name) => real(name))),
    certificate(ca, ...cas.map((name) => real(name))),
    privateKey(key, real(leaf[0] ?? '').publicKey),
    ...more,
  );

describe('the rules whose certificates are drawn', () => {
  it.each([...Object.keys(faultyParts), ...Object.keys(faultyListParts)])('%s exists', (id) =>
    expect(rules.map((rule) => rule.id)).toContain(id),
  );
});

describe('a certificate as a person reads it, and its chain', () => {
  it('marks what has expired, in both', () =>
    expect(drawn('certificate-expired', server(['server-expired'], ['root']))).toMatchInlineSnapshot(`
      "certificate /etc/pki/libvirt/servercert.pem:1
        subject   CN=old.example.com
        names     none beside the common name
      ✖ valid     2020-01-01 to 2021-01-01 · expired 5 years ago
        key       EC prime256v1 256 bits
        usages    digital signature (critical)
        purposes  TLS web server
        issuer    C=GB,O=Example,CN=Root CA
        CA        no (critical)
        signed    ECDSA-SHA256
        serial    59782a0887b70268831292aca7016d7126ee78af
        sha256    57550640f174724cb8eac572df00348ee6e4a2ecc0f2c7054499c03704f7a6b2
      chain libvirtd, /etc/pki/CA/cacert.pem
      ✔ C=GB,O=Example,CN=Root CA · trusted, /etc/pki/CA/cacert.pem:1 · 24 years
        left
      ✖ └─ CN=old.example.com · server, /etc/pki/libvirt/servercert.pem:1 ·
           expired 5 years ago
      ✖    the certificate CN=old.example.com expired at 2021-01-01 00:00:00 UTC"
    `));

  it('marks the broken link where another CA is trusted', () =>
    expect(drawn('certificate-untrusted', server(['server'], ['other-root']))).toMatchInlineSnapshot(`
      "certificate /etc/pki/libvirt/servercert.pem:1
        subject   C=GB,O=Example,CN=kvm1.example.com
        names     DNS kvm1.example.com, DNS *.guests.example.com, IP 192.0.2.10,
                  IP 2001:db8::10, URI https://example.com/
        valid     2024-01-01 to 2049-12-31 · 24 years left
        key       EC prime256v1 256 bits
        usages    digital signature (critical)
        purposes  TLS web server
      ✖ issuer    C=GB,O=Example,CN=Root CA
        CA        no (critical)
        signed    ECDSA-SHA256
        serial    3f350adb0d4a4cec54ca79225cb5f430537ded0b
        sha256    8363a7e486ce2aa72691e81966efd6491ac60c53fed1c069d26c61592589e880
      chain libvirtd, /etc/pki/CA/cacert.pem
      ✖ C=GB,O=Example,CN=Root CA, which is not at hand
      ✖ └✖ C=GB,O=Example,CN=kvm1.example.com · server,
           /etc/pki/libvirt/servercert.pem:1 · 24 years left
      ✖    the certificate C=GB,O=Example,CN=kvm1.example.com was issued by
           C=GB,O=Example,CN=Root CA, which is not among the trusted CAs
        trusted instead: C=DE,O=Other,CN=Other Root · /etc/pki/CA/cacert.pem:1 ·
        24 years left"
    `));

  it('marks a CA of the same name with another key', () =>
    expect(drawn('certificate-untrusted', server(['server'], ['root-same-name-other-key']))).toMatchInlineSnapshot(`
      "certificate /etc/pki/libvirt/servercert.pem:1
        subject   C=GB,O=Example,CN=kvm1.example.com
        names     DNS kvm1.example.com, DNS *.guests.example.com, IP 192.0.2.10,
                  IP 2001:db8::10, URI https://example.com/
        valid     2024-01-01 to 2049-12-31 · 24 years left
        key       EC prime256v1 256 bits
        usages    digital signature (critical)
        purposes  TLS web server
      ✖ issuer    C=GB,O=Example,CN=Root CA
        CA        no (critical)
        signed    ECDSA-SHA256
        serial    3f350adb0d4a4cec54ca79225cb5f430537ded0b
        sha256    8363a7e486ce2aa72691e81966efd6491ac60c53fed1c069d26c61592589e880
      chain libvirtd, /etc/pki/CA/cacert.pem
      ✔ C=GB,O=Example,CN=Root CA · trusted, /etc/pki/CA/cacert.pem:1 · 24 years
        left
      ✖ └✖ C=GB,O=Example,CN=kvm1.example.com · server,
           /etc/pki/libvirt/servercert.pem:1 · 24 years left
      ✖    the certificate C=GB,O=Example,CN=kvm1.example.com was issued by a CA
           of the same name as the certificate C=GB,O=Example,CN=Root CA with
           another key"
    `));

  it('marks an intermediate at which the program does not look', () =>
    expect(drawn('certificate-untrusted', server(['server-with-intermediate', 'intermediate'], ['root'])))
      .toMatchInlineSnapshot(`
      "certificate /etc/pki/libvirt/servercert.pem:1 (1 of 2)
        subject   C=GB,O=Example,CN=kvm2.example.com
        names     DNS kvm2.example.com
        valid     2024-01-01 to 2049-12-31 · 24 years left
        key       EC prime256v1 256 bits
        usages    digital signature (critical)
        purposes  TLS web server
      ✖ issuer    C=GB,O=Example,CN=Intermediate CA
        CA        no (critical)
        signed    ECDSA-SHA256
        serial    379c9ce3a690320f2b397f5d094f2502c5f7983c
        sha256    366729cff236ac743a0488ac212a9a26c56e5cf67b75402cd56f621b33e24ee7
      chain libvirtd, /etc/pki/CA/cacert.pem
      ✔ C=GB,O=Example,CN=Root CA · trusted, /etc/pki/CA/cacert.pem:1 · 24 years
        left
      ✔ └─ C=GB,O=Example,CN=Intermediate CA · beside the certificate,
           /etc/pki/libvirt/servercert.pem:21 · 24 years left
      ✖    └✖ C=GB,O=Example,CN=kvm2.example.com · server,
              /etc/pki/libvirt/servercert.pem:1 · 24 years left
      ✖       the certificate C=GB,O=Example,CN=kvm2.example.com was issued by the
              intermediate CA C=GB,O=Example,CN=Intermediate CA, which is not
              among the trusted CAs"
    `));

  it('stays within narrow columns', () => {
    const lines = drawn('certificate-untrusted', server(['server'], ['other-root']), ['libvirt-server'], 40).split(
      '\n',
    );
    // Only words that are wider than all there is, such as paths and fingerprints, stand out.
    for (const line of lines.filter((each) => !/[/]|[0-9a-f]{32}|CN=/.test(each)))
      expect(columnsOf(line)).toBeLessThanOrEqual(40);
  });
});

describe('a private key beside its certificate', () => {
  it('holds the public halves against each other', () =>
    expect(drawn('private-key-mismatch', facts(aServer, privateKey(key, publicKey('another'))))).toMatchInlineSnapshot(`
      "private key /etc/pki/libvirt/private/serverkey.pem
        key          RSA 2048 bits (pkcs8)
        public half  sha256
                     70788cae2040f85490826c62c05438b8882aa440b01cd08ee8e6c01cf0f884a6
      ✖ certificate  /etc/pki/libvirt/servercert.pem: of another key, RSA 2048
                     bits, sha256
                     582c7876e05494a430b2681cd02cf8fee0d41ca4b03a689c582c7876e05494a4"
    `));
});

describe('the way along a path', () => {
  const vncKey = '/etc/pki/libvirt-vnc/server-key.pem';
  it('marks the file that stops the reader', () =>
    expect(drawn('private-key-unreadable', facts(aVncServer, file(vncKey, { mode: 0o600 })))).toMatchInlineSnapshot(`
      "path /etc → pki → libvirt-vnc → server-key.pem ✖
      ✔ /               root:root 0755 · libvirt-qemu may pass
      ✔ /etc            root:root 0755 · libvirt-qemu may pass
      ✔ pki             root:root 0755 · libvirt-qemu may pass
      ✔ libvirt-vnc     root:libvirt-qemu 0750 · libvirt-qemu may pass
      ✖ server-key.pem  root:root 0600 · libvirt-qemu may not read it
        who reads it    root"
    `));

  it('marks the directory that stops the reader, and says nothing of what lies behind', () =>
    expect(drawn('private-key-unreadable', facts(aVncServer, dir('/etc/pki/libvirt-vnc', { mode: 0o700 }))))
      .toMatchInlineSnapshot(`
        "path /etc → pki → libvirt-vnc ✖ → server-key.pem
        ✔ /               root:root 0755 · libvirt-qemu may pass
        ✔ /etc            root:root 0755 · libvirt-qemu may pass
        ✔ pki             root:root 0755 · libvirt-qemu may pass
        ✖ libvirt-vnc     root:root 0700 · libvirt-qemu may not pass
          server-key.pem  root:libvirt-qemu 0640
          who reads it    root"
      `));

  it('shows links, and who can read what should be closed', () =>
    expect(
      drawn(
        'private-key-exposed',
        facts(
          aServer,
          link(key, '/srv/keys/kvm1.pem'),
          dir('/srv'),
          dir('/srv/keys'),
          file('/srv/keys/kvm1.pem', { gid: 110, mode: 0o640 }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      "path /etc → pki → libvirt → private → serverkey.pem → /srv → keys → kvm1.pem
        /                                   root:root 0755
        /etc                                root:root 0755
        pki                                 root:root 0755
        libvirt                             root:root 0755
        private                             root:root 0700
        serverkey.pem → /srv/keys/kvm1.pem  symbolic link
        /srv                                root:root 0755
        keys                                root:root 0755
        kvm1.pem                            root:ssl-cert 0640
      ✖ who reads it                        root, group ssl-cert, bob"
    `));

  it('ends where nothing is there', () =>
    expect(drawn('dangling-symlink', facts(aServer, link(ca, '/srv/none.pem')))).toMatchInlineSnapshot(`
      "path /etc → pki → CA → cacert.pem → …
        /                           root:root 0755
        /etc                        root:root 0755
        pki                         root:root 0755
        CA                          root:root 0755
        cacert.pem → /srv/none.pem  symbolic link
      ✖ /srv                        is not there"
    `));
});

describe('a line of a configuration in its surroundings', () => {
  it('marks the statement, numbers the lines and shows no secret', () =>
    expect(
      drawn(
        'configuration-unknown-setting',
        facts(
          aServer,
          configuration(
            libvirtd,
            parsed(
              'listen_tls = 1\n# a comment\nauth_tls = "sasl"\nvnc_pasword = "hunter2"\ntls_allowed_dn_list = [ "CN=a", "CN=b" ]\n\n\nmax_clients = 20\n',
            ),
          ),
        ),
      ),
    ).toMatchInlineSnapshot(`
      "configuration /etc/libvirt/libvirtd.conf
        1  │ listen_tls = 1
        ⋮
        3  │ auth_tls = "sasl"
      ✖ 4  │ vnc_pasword = ‹not shown›
        5  │ tls_allowed_dn_list = [ "CN=a", "CN=b" ]
        ⋮
        8  │ max_clients = 20"
    `));

  it('marks where libvirt stops', () =>
    expect(
      drawn(
        'configuration-syntax-error',
        facts(aServer, configuration(libvirtd, parsed('listen_tls = 1\nauth_tls = none\n'))),
      ),
    ).toMatchInlineSnapshot(`
      "configuration /etc/libvirt/libvirtd.conf
        1  │ listen_tls = 1
      ✖ 2  │ libvirt stops here, in column 12: expecting a value"
    `));

  it('says that the second statement of a name does not count', () =>
    expect(
      drawn(
        'configuration-duplicate-setting',
        facts(aServer, configuration(libvirtd, parsed('listen_tcp = 0\nlisten_tcp = 1\n'))),
      ),
    ).toMatchInlineSnapshot(`
      "configuration /etc/libvirt/libvirtd.conf
        1  │ listen_tcp = 0
      ✖ 2  │ listen_tcp = 1 (ignored: set before)"
    `));
});

describe('texts of a hostile host', () => {
  it.each(hostileTexts)('cannot steer a terminal: %j', (text) => {
    const built = facts(
      aServer,
      configuration(libvirtd, {
        settings: [{ key: 'listen_tsl', value: { type: 'string', value: text }, line: 1, column: 1 }],
      }),
      link(key, `/srv/${text}`),
      certificate(cert, { ...real('server'), subject: { text, der: '', commonNames: [text] } }),
    );
    const rule = allRules.filter(({ family }) => ['libvirtd', 'pki', 'files'].includes(family)).map((one) => one.rule);
    const snapshot = snapshotOf(built);
    const { findings, roles } = evaluate(snapshot, rule, { roles: ['libvirt-server'] });
    expect(findings.length).toBeGreaterThan(2);
    const lines = findings.flatMap((finding) =>
      evidenceOf(snapshot, roles, finding).flatMap(({ title, rows }) => [
        title,
        ...rows.flatMap(({ label, text: said }) => [label, said]),
      ]),
    );
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  });

  it('are cut before they fill the screen', () => {
    const built = facts(
      aServer,
      certificate(cert, { ...real('server-expired'), subject: { text: 'x'.repeat(1e5), der: '', commonNames: [] } }),
    );
    expect(drawn('certificate-expired', built).length).toBeLessThan(10_000);
  });
});
