/** The upstream numbers at the head of a package version: `1:9.0.0-4+deb12u2` gives 9, 0, 0. Empty when there are none. */
export function upstreamNumbers(version: string): readonly number[] {
  const head = /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version.slice(0, 256));
  return head?.[1]?.split('.').map(Number) ?? [];
}

/** Is `version`, a distribution's or an upstream one, `wanted` or later; a missing component counts as 0. */
export function isAtLeast(version: string, wanted: string): boolean {
  const have = upstreamNumbers(version);
  const need = upstreamNumbers(wanted);
  for (let index = 0; index < Math.max(have.length, need.length); index += 1) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Major and minor number of a package version, by which QEMU's arguments are read; undefined when it has none. */
export function majorAndMinor(version: string): readonly [major: number, minor: number] | undefined {
  const [major, minor = 0] = upstreamNumbers(version);
  return major === undefined ? undefined : [major, minor];
}
