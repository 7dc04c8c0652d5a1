import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  encryptingMechanisms,
  mechanismsOfPlugin,
  nearestMechanism,
  saslMechanism,
  saslMechanisms,
  weaklyEncryptingMechanisms,
} from '../../src/reference/sasl-mechanisms.ts';

describe('SASL mechanisms', () => {
  it('agree with the lists of those that encrypt', () => {
    for (const name of [...encryptingMechanisms, ...weaklyEncryptingMechanisms])
      expect(saslMechanism(name)?.maximumSsf, name).toBeGreaterThanOrEqual(56);
  });

  it('are found by their names in any case, and by their plug-ins', () => {
    expect(saslMechanism('scram-sha-256')?.name).toBe('SCRAM-SHA-256');
    expect(saslMechanism('SCRAM-SHA-256-PLUS')?.name).toBe('SCRAM-SHA-256');
    expect(saslMechanism('nonsense')).toBeUndefined();
    expect(mechanismsOfPlugin('libgssapiv2.so.2.0.25').map(({ name }) => name)).toEqual(['GSSAPI', 'GSS-SPNEGO']);
    expect(mechanismsOfPlugin('libsasldb.so')).toEqual([]);
    expect(mechanismsOfPlugin('libplain.la')).toEqual([]);
  });

  it.each([
    ['scram-sha256', 'scram-sha-256'],
    ['digestmd5', 'digest-md5'],
    ['kerberos', 'gssapi'],
    ['constructor', undefined],
    ['magic', undefined],
  ])('%s most likely means %s', (name, meant) => {
    expect(nearestMechanism(name)).toBe(meant);
  });

  it('have each name once', () => {
    expect(new Set(saslMechanisms.map(({ name }) => name)).size).toBe(saslMechanisms.length);
  });
});

const viewer = ['saslpluginviewer', 'pluginviewer'].find((name) => spawnSync(name, ['-s']).error === undefined);
const output = viewer === undefined ? '' : spawnSync(viewer, ['-s'], { encoding: 'utf8' }).stdout;

describe.skipIf(viewer === undefined)(
  viewer === undefined ? 'saslpluginviewer is not installed' : 'the installed plug-ins',
  () => {
    const mechanisms = [
      ...output.matchAll(
        /^Plugin "(\S+)" .*\n\s*SASL mechanism: (\S+), best SSF: (\d+),.*\n\s*security flags: (\S*)/gm,
      ),
    ];

    it('are many', () => {
      expect(mechanisms.length).toBeGreaterThan(5);
    });

    it.each(
      mechanisms.map(([, plugin = '', name = '', ssf = '', flags = '']) => [name, plugin, Number(ssf), flags] as const),
    )('%s of %s is as the table says', (name, plugin, ssf, flags) => {
      expect(saslMechanism(name)).toMatchObject({
        plugin,
        maximumSsf: ssf,
        isPlaintext: !flags.includes('NO_PLAINTEXT'),
        isAnonymous: !flags.includes('NO_ANONYMOUS'),
      });
    });
  },
);
