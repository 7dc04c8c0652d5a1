import dns from 'node:dns';
import { canonicalAddress } from '../facts/address.ts';
import type { Deadline } from './deadline.ts';
import { errorCode, WireError } from './wire-error.ts';

/**
 * The addresses of a host in the order in which libvirt tries them: getaddrinfo(3) with AI_ADDRCONFIG, as in
 * virNetSocketNewConnectTCP (src/rpc/virnetsocket.c).
 *
 * The system's resolver cannot be stopped: at the deadline its answer is no longer waited for, and the process stays until it gives up.
 * @throws WireError `name-not-found` or `name-lookup-failed`
 */
export function resolveName(host: string, deadline: Deadline): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(deadline.late('name-lookup-failed', `no answer to who ${host} is`));
    deadline.signal.addEventListener('abort', late, { once: true });
    if (deadline.signal.aborted) return late();
    // An empty name is the loopback address to Node, and getaddrinfo(3) would stop at a NUL.
    if (host === '' || host.includes('\0')) return reject(new WireError('name-not-found', `“${host}” is no name`));
    dns.lookup(host, { all: true, verbatim: true, hints: dns.ADDRCONFIG | dns.V4MAPPED }, (error, addresses) => {
      deadline.signal.removeEventListener('abort', late);
      if (error !== null) reject(lookupError(host, error));
      else resolve([...new Set(addresses.map(({ address }) => canonicalAddress(address) ?? address))]);
    });
  });
}

const lookupError = (host: string, error: Error): WireError =>
  errorCode(error) === 'ENOTFOUND'
    ? new WireError('name-not-found', `no address of ${host} is known`)
    : new WireError('name-lookup-failed', `${host} cannot be looked up (${errorCode(error)})`);
