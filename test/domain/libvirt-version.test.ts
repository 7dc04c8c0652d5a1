import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  maximumCas,
  parseVersion,
  requiresKeyEncipherment,
} from '../../src/domain/libvirt-version.ts';

const compare = (one: string, other: string): number => {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  if (a === undefined || b === undefined) throw new Error('not a version');
  return Math.sign(compareVersions(a, b));
};

describe('compareVersions', () => {
  it.each([
    ['9.0.0', '11.3.0', -1],
    ['11.3.0-3+deb13u1', '11.3.0-3', 1],
    ['11.3.0-3+deb13u3', '11.3.0-3+deb13u1', 1],
    ['11.3.0-3+deb13u10', '11.3.0-3+deb13u9', 1],
    ['1:7.2+dfsg-7+deb12u18', '7.2.22', 1],
    ['10.0.0~rc1', '10.0.0', -1],
    ['10.0.0-2~bpo12+1', '10.0.0-2', -1],
    ['1.0', '1.0.0', -1],
    ['1.0a', '1.0+', -1],
    ['10.2', '10.02', 0],
    ['6.2.0-20.el8_6', '6.2.0-9.el8', 1],
  ])('%s and %s: %d', (one, other, expected) => {
    expect(compare(one, other)).toBe(expected);
    expect(compare(other, one) + expected).toBe(0);
  });

  const installed = spawnSync('dpkg', ['--version']).error === undefined;
  it.skipIf(!installed)(`agrees with dpkg${installed ? '' : ' (skipped: dpkg is not installed)'}`, () => {
    const version = fc.stringMatching(/^\d[0-9.+~a-c]{0,5}(?:-[0-9.+~a-c]{1,4})?$/);
    fc.assert(
      fc.property(version, version, (one, other) => {
        const { status } = spawnSync('dpkg', ['--compare-versions', one, 'lt', other]);
        expect(compare(one, other) < 0).toBe(status === 0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('requiresKeyEncipherment', () => {
  it.each([
    ['libvirt', '9.0.0-4+deb12u2', true],
    ['libvirt', '11.3.0', true],
    ['libvirt', '11.3.0-3', true],
    ['libvirt', '11.3.0-3+deb13u1', false],
    ['libvirt', '11.3.0-3+deb13u3', false],
    ['libvirt', '11.5.0-1.fc42', true],
    ['libvirt', '11.6.0', false],
    ['libvirt', '12.0.0-1', false],
    ['qemu', '1:7.2+dfsg-7+deb12u7', true],
    ['qemu', '1:7.2+dfsg-7+deb12u17', true],
    ['qemu', '1:7.2+dfsg-7+deb12u18', false],
    ['qemu', '1:7.2.22+dfsg-0+deb12u1', false],
    ['qemu', '7.2.0', true],
    ['qemu', '8.2.2', true],
    ['qemu', '1:10.0.6+ds-0+deb13u2', true],
    ['qemu', '1:10.0.13+ds-0+deb13u1', false],
    ['qemu', '10.2.0', false],
    ['qemu', undefined, undefined],
    ['libvirt', 'unknown', undefined],
  ] as const)('%s %s: %s', (program, version, expected) => {
    expect(requiresKeyEncipherment(program, version)).toBe(expected);
  });
});

it('knows how many CA certificates count', () => {
  expect(maximumCas('libvirt', '11.3.0')).toBe(16);
  expect(maximumCas('qemu', '1:10.0.13')).toBe(16);
  expect(maximumCas('qemu', '1:10.1.0')).toBe(Number.POSITIVE_INFINITY);
  expect(maximumCas('qemu', undefined)).toBe(16);
});
