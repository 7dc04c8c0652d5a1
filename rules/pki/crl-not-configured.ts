import { reload } from '../../src/domain/certificate-order.ts';
import { contentFacts, contentGaps, credentialContents } from '../../src/domain/credential-contents.ts';
import { serverPathSettings } from '../../src/domain/credentials.ts';
import { tlsWanted } from '../../src/domain/listening.ts';
import { verifiesClients } from '../../src/domain/qemu-tls-settings.ts';
import { effectiveBool, remoteConfiguration } from '../../src/domain/remote-configuration.ts';
import { systemPki } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file, setting } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'crl-not-configured',
  title: 'There is no revocation list',
  severity: 'note',
  roles: ['libvirt-server', 'vnc-server', 'migration'],
  needs: [...contentFacts],
  rationale:
    'Without a revocation list a client certificate opens this host until it expires, whatever has become of its key: the only other way out is a new CA.',
  remedy: "Make a revocation list where the CA's key is kept, even an empty one, and renew it by routine.",
  references: [{ title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' }],
  sources: [
    'libvirt 11.3 src/rpc/virnettlsconfig.c, src/remote/remote_daemon.c: daemonSetupNetworking',
    'QEMU 10.0 crypto/tlscredsx509.c: qcrypto_tls_creds_x509_load',
  ],
  messages: {
    absent: (d: { path: string; owner: string }) => ({
      message: `There is no revocation list for ${d.owner}`,
      seen: `nothing at ${d.path}`,
      needed: 'the revocation list of the CA that issues client certificates',
      effect: `${d.owner} accepts a client certificate until it expires, even when its key was stolen`,
    }),
    notNamed: (d: { owner: string; key: string }) => ({
      message: `There is no revocation list for ${d.owner}`,
      seen: `${d.key} is not set beside the other paths, and the default list is not used then`,
      needed: `${d.key} with the revocation list of the CA that issues client certificates`,
      effect: `${d.owner} accepts a client certificate until it expires, even when its key was stolen`,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = credentialContents(facts, roles);
    const configuration = remoteConfiguration(facts);
    const asked = sets.filter(({ set, certificate }) => {
      if (set.endpoint !== 'server') return false;
      if (set.program === 'qemu') return certificate.state === 'loaded' && verifiesClients(facts, set);
      return (
        tlsWanted(facts) &&
        configuration.state === 'loaded' &&
        !effectiveBool(configuration, 'tls_no_verify_certificate').value
      );
    });
    const unknowns = [...gaps, ...contentGaps(asked, 'crl')];
    if (asked.length === 0 && unknowns.length === 0) return notApplicable('no client certificates are verified here');
    const key = serverPathSettings['revocation-list'];
    const outcomes = asked.flatMap(({ set, crl, ca }) => {
      const { owner } = set;
      const fixAt = (path: string) =>
        ({
          title: `Install a revocation list at ${path}`,
          applicability: 'manual',
          steps: [
            {
              kind: 'run',
              where: `where the CA's key is kept; then bring cacrl.pem to ${path}`,
              command: [
                ...['certtool', '--generate-crl', '--load-ca-privkey', 'cakey.pem'],
                ...['--load-ca-certificate', 'cacert.pem', '--outfile', 'cacrl.pem'],
              ],
            },
            ...reload(set),
          ],
        }) as const;
      // Without a path the three other settings are there: a default list that they switch off is an error of its own.
      if (crl.state === 'none') {
        const named = ca.state === 'none' ? undefined : ca.file.setting;
        const defaultList = facts.revocationLists[systemPki['revocation-list']];
        if (named === undefined || defaultList !== undefined) return [];
        return [
          violation('notNamed', setting(named.path, key), { owner, key }, { fix: fixAt(systemPki['revocation-list']) }),
        ];
      }
      // A path that was set and leads to nothing is an error of its own.
      if (crl.state !== 'absent' || crl.dangling || crl.file.setting?.key === key) return [];
      const { path } = crl.file;
      return [violation('absent', file(path), { path, owner }, { fix: fixAt(path) })];
    });
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});
