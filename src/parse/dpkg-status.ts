/**
 * Versions of those of `names` that are installed, from dpkg's status file (deb822). Looks only at the paragraphs of these names, so that
 * a file of thousands costs no more than finding them.
 *
 * A package on hold (`hold ok installed`) is installed too. Of several architectures the first installed one is taken.
 */
export function installedVersions(status: string, names: readonly string[]): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const name of new Set(names)) {
    const version = installedVersion(status, `Package: ${name}\n`);
    if (version !== undefined) versions.set(name, version);
  }
  return versions;
}

function installedVersion(status: string, header: string): string | undefined {
  let from = 0;
  for (;;) {
    const at = status.indexOf(header, from);
    if (at === -1) return undefined;
    if (at > 0 && status.charAt(at - 1) !== '\n') {
      from = at + header.length;
      continue;
    }
    const blank = status.indexOf('\n\n', at);
    const end = blank === -1 ? status.length : blank;
    const fields = status.slice(at, end).split('\n');
    const field = (name: string): string | undefined =>
      fields
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2)
        .trim();
    const version = field('Version');
    if (version !== undefined && /^(?:install|hold) ok installed$/.test(field('Status') ?? '')) return version;
    // Past the paragraph, and not just past the header: no line is looked at twice.
    from = end;
  }
}
