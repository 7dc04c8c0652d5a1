import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tlsPriority } from '../../src/domain/tls-priority.ts';
import {
  cipherNames,
  curveNames,
  exchangeNames,
  groupNames,
  macNames,
  priorityLevels,
  priorityOptions,
  signatureNames,
  tlsVersions,
} from '../../src/reference/gnutls-priorities.ts';

const gnutlsCli = (...args: readonly string[]) =>
  spawnSync('gnutls-cli', [...args], { encoding: 'utf8', timeout: 20_000 });
const version = /(\d+\.\d+\.\d+)/.exec(gnutlsCli('--version').stdout ?? '')?.[1];

/** What the real GnuTLS says: refused, or the TLS versions that it lists. */
function really(priority: string): 'refused' | readonly string[] {
  const { status, stdout } = gnutlsCli('--list', '--priority', priority);
  if (status !== 0) return 'refused';
  const listed = (/^Protocols: (.*)$/m.exec(stdout)?.[1] ?? '').split(', ').map((name) => name.replace(/^VERS-/, ''));
  return tlsVersions.filter((name) => listed.includes(name));
}

const modelled = (priority: string): 'refused' | readonly string[] => {
  const result = tlsPriority(priority, version);
  if (result.state === 'invalid') return 'refused';
  if (result.state !== 'valid') throw new Error(`${priority}: ${result.state}`);
  return result.versions;
};

/** A small generator with a fixed seed, so that a failure can be repeated. */
function* dice(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}
const rolls = dice(20_260_601);
const roll = (): number => rolls.next().value;
const pick = <T>(items: readonly T[]): T => items[Math.floor(roll() * items.length)] as T;

const versions = [
  'TLS1.0',
  'TLS1.1',
  'TLS1.2',
  'TLS1.3',
  'DTLS1.0',
  'DTLS1.2',
  'SSL3.0',
  'TLS-ALL',
  'DTLS-ALL',
  'ALL',
  'TLS1.4',
];
const bodies: readonly (() => string)[] = [
  () => `VERS-${pick(versions)}`,
  () => `VERS-${pick(versions)}`,
  () => pick([...macNames, ...cipherNames, ...exchangeNames]).toUpperCase(),
  () => `${pick(['CURVE', 'GROUP'])}-${pick([...groupNames, ...curveNames, 'ALL', 'DH-ALL', 'EC-ALL', 'GOST-ALL'])}`,
  () => `SIGN-${pick([...Object.keys(signatureNames), 'ALL', 'GOST-ALL', 'RSA-SHA999'])}`,
  () => `${pick(['MAC', 'CIPHER', 'KX'])}-${pick(['ALL', 'GOST-ALL', 'NONSENSE'])}`,
  () => `CTYPE-${pick(['ALL', 'X509', 'X.509', 'RAWPK', 'OPENPGP', 'CLI-ALL', 'SRV-X509', 'CLI-PGP', 'PGP'])}`,
  () => pick(['COMP-NULL', 'GOST', 'GOST-ALL', 'NORMAL', 'SECURE256', 'SUITEB128', 'EVERYTHING', '']),
];
const generated = (): string => {
  const start = pick([
    ...Object.keys(priorityLevels),
    'none',
    'NONE:+NORMAL',
    'NORMAL',
    'NORMAL',
    'SYSTEM',
    '-VERS-ALL',
  ]).toUpperCase();
  const elements = Array.from({ length: Math.floor(roll() * 6) }, () =>
    roll() < 0.12 ? `%${pick([...priorityOptions])}` : `${pick(['+', '-', '!'])}${pick(bodies)()}`,
  );
  return [start, ...elements].join(roll() < 0.1 ? ': ' : ':');
};

const chosen: readonly string[] = [
  'NORMAL',
  'normal:-vers-tls1.0:-vers-tls1.1',
  ' NORMAL',
  'NORMAL ',
  'NORMAL: -VERS-TLS1.0',
  'NORMAL:',
  'NORMAL::-VERS-TLS1.0',
  'NORMAL:%compat',
  'NORMAL:%COMPAT',
  'NORMAL:-VERS-ALL:+VERS-TLS1.2',
  'NORMAL:-VERS-ALL:+VERS-TLS1.3',
  'NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3',
  'NORMAL:-VERS-TLS-ALL',
  'NORMAL:-VERS-ALL',
  'NORMAL:-KX-ALL',
  'NORMAL:-CIPHER-ALL',
  'NORMAL:-MAC-ALL',
  'NORMAL:-SIGN-ALL',
  'NORMAL:-GROUP-ALL',
  'NORMAL:+NULL',
  'NORMAL:+SRP',
  'NORMAL:-VERS-TLS1.2',
  'NORMAL:-VERS-ALL:+VERS-SSL3.0',
  'NONE',
  'NONE:+VERS-TLS1.3:+AEAD:+AES-256-GCM:+SIGN-ALL:+GROUP-ALL',
  'NONE:+VERS-TLS1.2:+AEAD:+AES-256-GCM:+ECDHE-RSA:+SIGN-ALL:+GROUP-ALL:+CTYPE-ALL',
  'NONE:+VERS-TLS1.2:+AEAD:+AES-256-GCM:+ECDHE-RSA:+CTYPE-ALL',
  'SECURE256:+SECURE128',
  'HIGH',
  'TLSv1.2',
  'DEFAULT',
  'NORMAL,-VERS-TLS1.0',
];

describe.skipIf(version === undefined)(
  `priority strings as the real GnuTLS reads them${version === undefined ? ' (gnutls-cli is not installed)' : ''}`,
  () => {
    it.each(chosen)('%j', (priority) => {
      expect(modelled(priority)).toEqual(really(priority));
    });

    it('knows every name that GnuTLS knows', () => {
      const signed = [
        ...[...macNames, ...cipherNames, ...exchangeNames].map((name) => name.toUpperCase()),
        ...curveNames.map((name) => `CURVE-${name}`),
        ...groupNames.map((name) => `GROUP-${name}`),
        ...Object.keys(signatureNames).map((name) => `SIGN-${name}`),
      ];
      const refused = signed.filter((name) => really(`NORMAL:-${name}:+AEAD`) === 'refused');
      expect(refused).toEqual([]);
      expect([...priorityOptions].filter((name) => really(`NORMAL:%${name}`) === 'refused')).toEqual([]);
    }, 60_000);

    it('agrees on 300 generated strings', () => {
      const strings = [...new Set(Array.from({ length: 330 }, generated))].slice(0, 300);
      expect(strings.length).toBeGreaterThanOrEqual(250);
      const disagreements = strings
        .map((priority) => ({ priority, model: modelled(priority), real: really(priority) }))
        .filter(({ model, real }) => JSON.stringify(model) !== JSON.stringify(real));
      expect(disagreements).toEqual([]);
    }, 120_000);

    it('knows which strings leave suites for TLS 1.0 and 1.1', () => {
      const listsLegacy = (priority: string): boolean =>
        /^TLS_\S+\s+0x\S+ 0x\S+\s+TLS1\.0$/m.test(gnutlsCli('--list', '--priority', priority).stdout);
      for (const priority of [
        'NORMAL',
        'PFS',
        'SECURE128',
        'SECURE256',
        'SUITEB128',
        'NORMAL:-SHA1',
        'NORMAL:-AES-128-CBC:-AES-256-CBC',
      ]) {
        const result = tlsPriority(priority, version);
        const legacy = result.state === 'valid' && result.negotiable.includes('TLS1.0');
        expect({ priority, legacy }).toEqual({
          priority,
          legacy: listsLegacy(priority) && modelled(priority).includes('TLS1.0'),
        });
      }
    });
  },
);
