import { confine, ownershipText } from '../../src/domain/access-change.ts';
import { audienceText, isEmpty } from '../../src/domain/access.ts';
import { privateKeyFacts, privateKeysInPlace, type KeyInPlace } from '../../src/domain/private-keys.ts';
import { unknown } from '../../src/facts/fact.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import { file } from '../../src/rule/subject.ts';

const meantFor = ({ holder, reader }: KeyInPlace): string =>
  reader === undefined || reader.uid === holder.uid ? holder.name : `${holder.name} and ${reader.name}`;

export default defineRule({
  id: 'private-key-exposed',
  title: 'A private key can be read by accounts that have no need of it',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...privateKeyFacts],
  rationale:
    'Whoever reads a private key can pose as its owner: as this host to every client, as a client with full control of other hosts, or, with a key of the CA, as anybody at all.',
  remedy:
    'Leave the key to its owner and to the one service that uses it. If others could read it, issue a new key and certificate as well, for a copy may have been taken.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'QEMU: TLS setup', url: 'https://www.qemu.org/docs/master/system/tls.html' },
    { title: 'CWE-732', url: 'https://cwe.mitre.org/data/definitions/732.html' },
  ],
  sources: ['acl(5), path_resolution(7)', 'Linux fs/namei.c: acl_permission_check'],
  options: {
    schema: {
      type: 'object',
      properties: {
        groups: { type: 'array', items: { type: 'string' }, description: 'Groups that may read private keys' },
      },
      additionalProperties: false,
    },
    defaults: { groups: [] as readonly string[] },
  },
  messages: {
    exposed: (d: { path: string; who: string; seen: string; needed: string }) => ({
      message: `The private key ${d.path} can be read by ${d.who}`,
      seen: d.seen,
      needed: `read access for ${d.needed} alone`,
    }),
  },

  check(facts, { roles, options, violation, undetermined }) {
    const { accounts } = facts;
    const { keys, gaps } = privateKeysInPlace(facts, roles, options.groups);
    const outcomes = keys.flatMap((key) => {
      const { path, way, exposedTo, trusted, holder, reader, isClients } = key;
      if (isEmpty(exposedTo)) return exposedTo.because === undefined ? [] : undetermined(file(path), exposedTo.because);
      if (key.readerUnknown && !exposedTo.anyone) {
        return undetermined(
          file(path),
          unknown('not-collected', 'the account as which QEMU runs is not known on this host'),
        );
      }
      if (key.isChosen) {
        const instruction = `${path} is a link out of the home directory of ${holder.name}: put a key of its own there that only ${holder.name} can read, and have a certificate issued for it`;
        const data = {
          path,
          who: audienceText(accounts, exposedTo),
          seen: `${ownershipText(accounts, way.entry)}, at ${way.path}`,
          needed: meantFor(key),
        };
        return violation('exposed', file(path), data, {
          fix: {
            title: `Give ${holder.name} a key of its own at ${path}`,
            applicability: 'manual',
            steps: [{ kind: 'manual', instruction }],
          },
        });
      }
      const steps = confine(way.path, way.entry, accounts, {
        owner: holder,
        trusted,
        ...(reader === undefined ? {} : { reader }),
      });
      return violation(
        'exposed',
        file(path),
        {
          path,
          who: audienceText(accounts, exposedTo),
          seen: `${ownershipText(accounts, way.entry)}${way.path === path ? '' : `, at ${way.path}`}`,
          needed: meantFor(key),
        },
        {
          fix: {
            title: `Leave ${way.path} to ${meantFor(key)}`,
            // Who loses the system's client key may have been connecting with it.
            applicability: way.entry.acl === 'unread' ? 'manual' : isClients ? 'unsafe' : 'safe',
            steps: [
              ...steps,
              {
                kind: 'manual',
                instruction: `issue a new key and certificate in the place of ${way.path}: others could read this key and may have a copy`,
              },
            ],
          },
        },
      );
    });
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
