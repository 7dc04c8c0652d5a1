import { describe, expect, it } from 'vitest';
import { openedDriver } from '../../src/domain/opened-driver.ts';

describe('what a daemon is asked to open', () => {
  it.each([
    ['', 'opens'],
    ['qemu:///system', 'opens'],
    ['qemu:///session', 'opens'],
    ['qemu:///system?x=1', 'opens'],
    ['qemu:///system/', "internal error: unexpected qemu URI path '/system/', try qemu:///system"],
    ['qemu:///', "internal error: unexpected qemu URI path '/', try qemu:///system"],
    ['qemu://', "internal error: unexpected qemu URI path '', try qemu:///system"],
    ['QEMU:///system', 'no connection driver available for QEMU:///system'],
    ['kvm:///system', 'no connection driver available for kvm:///system'],
    ['xen:///system', 'unknown'],
  ])('%s: %s', (uri, expected) => {
    const outcome = openedDriver(uri);
    expect(outcome.state === 'refused' ? outcome.error : outcome.state).toBe(expected);
  });
});
