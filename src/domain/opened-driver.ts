/** Drivers that some build of libvirt's daemon has (the uriSchemes of src/*\/*_driver.c). */
const drivers: ReadonlySet<string> = new Set([
  'qemu',
  'xen',
  'lxc',
  'vbox',
  'vz',
  'parallels',
  'openvz',
  'bhyve',
  'ch',
  'test',
  'esx',
  'vpx',
  'gsx',
  'hyperv',
  'vmwareplayer',
  'vmwarews',
  'vmwarefusion',
  'remote',
  'network',
  'nodedev',
  'nwfilter',
  'secret',
  'storage',
  'interface',
]);

/** What a daemon that runs as root makes of the URI that its client asks it to open. */
export type OpenedDriver =
  | { readonly state: 'opens' }
  | { readonly state: 'refused'; readonly error: string }
  /** It depends on drivers that the daemon has or has not. */
  | { readonly state: 'unknown'; readonly driver: string };

/**
 * Does the daemon's QEMU driver take a URI such as `qemu:///system`; the empty one lets the daemon choose. Names of drivers are compared as
 * they are written. Source: libvirt src/libvirt.c: virConnectOpenInternal; src/driver.c: virConnectValidateURIPath.
 */
export function openedDriver(uri: string): OpenedDriver {
  if (uri === '') return { state: 'opens' };
  const [, driver = '', path = ''] = /^([^:/?#]+):(?:\/\/[^/?#]*)?([^?#]*)/.exec(uri) ?? [];
  if (!drivers.has(driver)) return { state: 'refused', error: `no connection driver available for ${uri}` };
  if (driver !== 'qemu') return { state: 'unknown', driver };
  return path === '/system' || path === '/session'
    ? { state: 'opens' }
    : { state: 'refused', error: `internal error: unexpected qemu URI path '${path}', try qemu:///system` };
}
