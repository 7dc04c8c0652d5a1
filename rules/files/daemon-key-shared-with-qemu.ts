import { confine, ownershipText } from '../../src/domain/access-change.ts';
import { access, audience, isEmpty, trusting } from '../../src/domain/access.ts';
import { rootAccount } from '../../src/domain/account.ts';
import { credentials } from '../../src/domain/credentials.ts';
import { privateKeyFacts } from '../../src/domain/private-keys.ts';
import { qemuAccount } from '../../src/domain/qemu-account.ts';
import { canonicalSteps, walk } from '../../src/domain/walk.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'daemon-key-shared-with-qemu',
  title: "QEMU can read the daemon's own private key",
  severity: 'note',
  roles: ['libvirt-server'],
  needs: [...privateKeyFacts],
  rationale:
    'Older guides link the key of libvirtd into the directory for VNC. An escape from a guest then owns the identity with which the host is managed, and can pose as it.',
  remedy: 'Issue QEMU a key and certificate of its own, and leave the key of the daemon to root.',
  references: [{ title: 'libvirt wiki: VNC over TLS', url: 'https://wiki.libvirt.org/VNCTLSSetup.html' }],
  sources: ['libvirt wiki: VNC TLS setup, step of the symbolic links'],
  messages: {
    readable: (d: { path: string; daemon: string; account: string; seen: string }) => ({
      message: `QEMU, which runs as ${d.account}, can read the private key of ${d.daemon}`,
      seen: d.seen,
      needed: `a key of QEMU's own, and ${d.path} for root alone`,
    }),
    copy: (d: { path: string; daemon: string; daemonPath: string; account: string }) => ({
      message: `QEMU, which runs as ${d.account}, uses a copy of the private key of ${d.daemon}`,
      seen: `${d.path} holds the same key as ${d.daemonPath}`,
      needed: "a key of QEMU's own",
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { accounts, files, privateKeys } = facts;
    const { sets, gaps } = credentials(facts, roles);
    const daemon = sets.find(({ id }) => id === 'libvirt-server');
    const path = daemon?.key?.path;
    if (daemon === undefined || path === undefined) {
      const [gap] = gaps;
      return gap === undefined
        ? notApplicable('the daemon reads no private key')
        : [undetermined(file(gap.path), gap.because)];
    }
    const qemu = qemuAccount(facts);
    if (qemu === undefined || qemu.uid === 0) return notApplicable('QEMU has no account of its own on this host');
    const way = walk(files, path);
    if (way.outcome === 'unknown') return [undetermined(file(path), way.because)];
    if (way.outcome !== 'found' || way.entry.type !== 'file') return notApplicable('the daemon has no private key');
    const trusted = trusting(accounts, [qemu], qemu.gids.slice(0, 1));
    // Open to others as well, it is private-key-exposed.
    if (!isEmpty(audience(way, accounts, 'read', trusted))) return [];

    const users = sets.filter(({ program, key }) => program === 'qemu' && key !== undefined);
    const linked = users.flatMap(({ key }) => {
      const other = key === undefined ? undefined : walk(files, key.path);
      return other?.outcome === 'found' && other.path === way.path && key !== undefined ? [key.path] : [];
    });
    const answer = access({ ...way, steps: canonicalSteps(way) }, qemu, 'read');
    if (answer.may === undefined) return [undetermined(file(path), answer.because)];
    if (answer.may) {
      const fix: Fix =
        linked.length === 0
          ? {
              title: `Leave ${way.path} to root`,
              applicability: 'safe',
              steps: confine(way.path, way.entry, accounts, { owner: rootAccount, trusted: { uids: [], gids: [] } }),
            }
          : {
              title: 'Give QEMU a key of its own',
              applicability: 'manual',
              steps: [
                {
                  kind: 'manual',
                  instruction: `issue a server key and certificate for QEMU in the place of ${linked.join(', ')}`,
                },
                {
                  kind: 'manual',
                  instruction: `then leave the key of the daemon to root: chown root:root ${way.path}; chmod 0600 ${way.path}`,
                },
              ],
            };
      const seen = `${ownershipText(accounts, way.entry)}${linked.length === 0 ? '' : `; ${linked.join(', ')} leads to it`}`;
      return [
        violation('readable', file(path), { path: way.path, daemon: daemon.owner, account: qemu.name, seen }, { fix }),
      ];
    }
    const fingerprintOf = (at: string): string | undefined => {
      const content = privateKeys[at];
      return content?.known === true && content.value.state === 'readable'
        ? content.value.publicKey.fingerprint
        : undefined;
    };
    const own = fingerprintOf(path);
    return users.flatMap(({ key }) => {
      if (key === undefined || own === undefined || linked.includes(key.path) || fingerprintOf(key.path) !== own)
        return [];
      const instruction = `issue a server key and certificate for QEMU in the place of ${key.path}`;
      const fix: Fix = {
        title: 'Give QEMU a key of its own',
        applicability: 'manual',
        steps: [{ kind: 'manual', instruction }],
      };
      const data = { path: key.path, daemon: daemon.owner, daemonPath: path, account: qemu.name };
      return violation('copy', file(key.path), data, { fix });
    });
  },
});
