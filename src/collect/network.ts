import type { HostView } from '../host/host-view.ts';

/**
 * A file of the kernel's about the host's network, such as `tcp`; undefined when there is none. Of a directory, the first
 * process' view is taken: `/proc/net` of a host that is mounted in a container leads to the container's own network.
 */
export const readNetwork = async (view: HostView, name: string): Promise<string | undefined> => {
  const places = view.host.live ? ['/proc/net'] : ['/proc/1/net', '/proc/net'];
  for (const place of places) {
    const text = await view.readText(`${place}/${name}`);
    if (text !== undefined) return text;
  }
  return undefined;
};
