import { describe, expect, it } from 'vitest';
import operatingSystem from '../../src/collect/operating-system.ts';
import { HostView } from '../../src/host/host-view.ts';
import { memoryHost } from '../support/memory-host.ts';

describe('the operating system', () => {
  const release = 'ID=rocky\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\nID_LIKE="rhel centos fedora"\n';

  it.each([
    ['a file', { '/etc/os-release': release }],
    ['a link', { '/etc/os-release': { link: '../usr/lib/os-release' }, '/usr/lib/os-release': release }],
    ['the distribution’s file alone', { '/usr/lib/os-release': release }],
  ])('is read from %s', async (_, tree) => {
    expect(await operatingSystem.collect(new HostView(memoryHost(tree)), {})).toEqual({
      id: 'rocky',
      versionId: '9.4',
      prettyName: 'Rocky Linux 9.4',
      family: 'rhel',
    });
  });

  it('is of no family where nothing says what it is', async () => {
    expect(await operatingSystem.collect(new HostView(memoryHost({})), {})).toEqual({ family: 'other' });
  });
});
