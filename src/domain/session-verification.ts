import type { SecurityProfile } from './chain-of-trust.ts';

const levelProfiles: Readonly<Record<string, SecurityProfile>> = {
  normal: 'low',
  pfs: 'low',
  secure128: 'low',
  secure192: 'high',
  secure256: 'high',
  suiteb128: 'high',
  suiteb192: 'ultra',
  performance: 'low',
};

const namedProfiles: Readonly<Record<string, SecurityProfile>> = {
  '%PROFILE_VERY_WEAK': 'very-weak',
  '%PROFILE_LOW': 'low',
  '%PROFILE_LEGACY': 'legacy',
  '%PROFILE_MEDIUM': 'medium',
  '%PROFILE_HIGH': 'high',
  '%PROFILE_ULTRA': 'ultra',
  '%PROFILE_FUTURE': 'future',
  '%PROFILE_SUITEB128': 'high',
  '%PROFILE_SUITEB192': 'ultra',
};

const weakestFirst: readonly SecurityProfile[] = ['very-weak', 'low', 'legacy', 'medium', 'high', 'ultra', 'future'];

/**
 * The strength that a session with this priority string asks of its peer's keys and signatures: a keyword lowers it to its own, an explicit
 * profile sets it; undefined where neither stands there. A profile of the system's own configuration is not looked at.
 *
 * Source: gnutls lib/priority.c: pgroups, SET_PROFILE, ENABLE_PROFILE (3.7.9, 3.8.9).
 */
export function sessionProfile(priority: string): SecurityProfile | undefined {
  let profile: SecurityProfile | undefined;
  for (const element of priority.split(':')) {
    const word = element.trim();
    const named = namedProfiles[word];
    if (named !== undefined) {
      profile = named;
      continue;
    }
    const level = levelProfiles[word.replace(/^\+/, '').toLowerCase()];
    if (level === undefined) continue;
    if (profile === undefined || weakestFirst.indexOf(profile) > weakestFirst.indexOf(level)) profile = level;
  }
  return profile;
}
