import { ownershipText, writeProtect } from '../../src/domain/access-change.ts';
import { audience, audienceText, isEmpty, replaceable, trusting } from '../../src/domain/access.ts';
import { groupNamed, homeOf, rootAccount, type Account } from '../../src/domain/account.ts';
import { credentialFacts, credentials, filesOf } from '../../src/domain/credentials.ts';
import { inHome } from '../../src/domain/home-directory.ts';
import { walk } from '../../src/domain/walk.ts';
import { pkiDirectory } from '../../src/reference/pki-files.ts';
import { defineRule } from '../../src/rule/define-rule.ts';
import type { Fix } from '../../src/rule/fix.ts';
import { file } from '../../src/rule/subject.ts';

export default defineRule({
  id: 'pki-file-replaceable',
  title: 'Somebody else can swap a key, certificate or CA',
  severity: 'error',
  roles: ['libvirt-server', 'libvirt-client', 'vnc-server', 'vnc-client', 'migration'],
  needs: [...credentialFacts],
  rationale:
    'Who can write a file, or a directory on the way to it, can put another in its place: a CA of his own lets him pose as every host and every client, and his own revocation list takes others off the air.',
  remedy:
    'Take the right to write from everybody but root and the owner, on the file and on every directory that leads to it.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'CWE-732', url: 'https://cwe.mitre.org/data/definitions/732.html' },
  ],
  sources: ['acl(5), path_resolution(7), unlink(2): sticky directories'],
  options: {
    schema: {
      type: 'object',
      properties: {
        groups: { type: 'array', items: { type: 'string' }, description: 'Groups that may replace these files' },
      },
      additionalProperties: false,
    },
    defaults: { groups: [] as readonly string[] },
  },
  messages: {
    writableFile: (d: { path: string; who: string; seen: string; owner: string }) => ({
      message: `${d.path} can be written by ${d.who}`,
      seen: d.seen,
      needed: `write access for root alone, as ${d.owner} relies on it`,
    }),
    writableDirectory: (d: { path: string; who: string; seen: string; target: string; owner: string }) => ({
      message: `${d.target} can be swapped by ${d.who} through ${d.path}`,
      seen: d.seen,
      needed: `a directory whose entries only root can change, as ${d.owner} relies on it`,
    }),
  },

  check(facts, { roles, options, violation, undetermined }) {
    const { accounts } = facts;
    const { sets, gaps } = credentials(facts, roles);
    const named = options.groups.flatMap((name) => groupNamed(accounts, name)?.gid ?? []);
    const seen = new Set<string>();
    const outcomes = sets.flatMap((set) =>
      filesOf(set).flatMap(({ path, kind }) => {
        const way = walk(facts.files, path);
        if (way.outcome === 'unknown') return undetermined(file(path), way.because);
        if (way.outcome !== 'found') return [];
        const readers = set.readers.filter(({ uid }) => uid !== 0);
        const meant: readonly Account[] = [...readers, { name: '', uid: way.entry.uid, gids: [] }];
        const service = set.program === 'qemu' ? readers.flatMap(({ gids }) => gids.slice(0, 1)) : [];
        const trusted = trusting(accounts, meant, [...named, ...service]);
        return replaceable(way, accounts, trusted).flatMap((component) => {
          const { by, entry } = component;
          // One finding for a directory, however many files it leads to.
          if (seen.has(component.path)) return [];
          if (isEmpty(by)) return by.because === undefined ? [] : undetermined(file(component.path), by.because);
          const isEnd = component.path === way.path;
          // A key that can be written by those who can read it is private-key-exposed.
          if (isEnd && kind === 'private-key' && !isEmpty(audience(way, accounts, 'read', trusted))) return [];
          seen.add(component.path);
          const person =
            set.program !== 'qemu' &&
            !way.path.startsWith(`${pkiDirectory}/`) &&
            set.readers.every(({ uid }) => uid !== 0)
              ? set.readers[0]
              : undefined;
          const who = audienceText(accounts, by);
          const data = { path: component.path, who, seen: ownershipText(accounts, entry), owner: set.owner };
          const home = person === undefined ? undefined : homeOf(accounts, person);
          const isInside = person !== undefined && inHome(facts, person)(component.path);
          // Where a person's link or profile leads out of the home directory, the file is not the person's to be given.
          const isElsewhere = home !== undefined && !isInside && !home.startsWith(`${component.path}/`);
          const title = `Take the right to write ${component.path} from ${who}`;
          const fix: Fix = isElsewhere
            ? {
                title: `Keep ${path} where only ${person?.name} can write`,
                applicability: 'manual',
                steps: [
                  {
                    kind: 'manual',
                    instruction: `put a copy of ${way.path} below ${home}, and use that in its place; or see with the owner of ${component.path} whether ${who} must write there`,
                  },
                ],
              }
            : {
                title,
                applicability: 'safe',
                steps: writeProtect(component.path, entry, accounts, {
                  owner: isInside && person !== undefined ? person : rootAccount,
                  trusted,
                }),
              };
          return isEnd
            ? violation('writableFile', file(component.path), data, { fix })
            : violation('writableDirectory', file(component.path), { ...data, target: path }, { fix });
        });
      }),
    );
    return [...outcomes, ...gaps.map(({ path, because }) => undetermined(file(path), because))];
  },
});
