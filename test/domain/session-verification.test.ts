import { describe, expect, it } from 'vitest';
import { sessionProfile } from '../../src/domain/session-verification.ts';

/** gnutls lib/priority.c: the keyword's profile by ENABLE_PROFILE (only downwards), %PROFILE_… by SET_PROFILE. */
describe('sessionProfile', () => {
  it.each<[string, string | undefined]>([
    ['NORMAL', 'low'],
    ['PFS', 'low'],
    ['PERFORMANCE', 'low'],
    ['SECURE128', 'low'],
    ['SECURE192', 'high'],
    ['SECURE256', 'high'],
    ['SUITEB128', 'high'],
    ['SUITEB192', 'ultra'],
    ['LEGACY', undefined],
    ['NONE', undefined],
    ['NONE:+VERS-TLS1.2', undefined],
    ['', undefined],
    ['NORMAL:-VERS-TLS1.3', 'low'],
    ['NORMAL:%PROFILE_MEDIUM', 'medium'],
    ['NORMAL:%PROFILE_VERY_WEAK', 'very-weak'],
    ['NORMAL:%PROFILE_ULTRA:%PROFILE_LOW', 'low'],
    ['%PROFILE_HIGH', 'high'],
    ['SECURE256:+NORMAL', 'low'],
    ['SECURE256:NORMAL', 'low'],
    ['NORMAL:+SECURE256', 'low'],
    ['NORMAL:%PROFILE_ULTRA:+SECURE256', 'high'],
    ['normal', 'low'],
  ])('%j: %s', (priority, profile) => {
    expect(sessionProfile(priority)).toBe(profile);
  });
});
