import type { ClientAccount } from '../../domain/client-paths.ts';
import { nbdPort } from '../../domain/opened-ports.ts';
import { defineStep } from '../step.ts';

/** One connection to a server of network disks, as QEMU makes it. */
export interface NbdQuestion {
  readonly host: string;
  readonly port: number;
  /** `tls` for nbds. */
  readonly transport: 'tls' | 'tcp';
  readonly account: ClientAccount;
  readonly uri: string;
}

export const step = defineStep<NbdQuestion>();

/** A connection as the NBD project's doc/uri.md has it, or what is wrong with it. */
export function nbdQuestion(uri: string, account: ClientAccount): NbdQuestion | string {
  const parts = /^nbd(s?):\/\/(?:[^@/?#]*@)?(?:\[([^\]]+)\]|([^/:?#[\]@]+))(?::(\d{1,5}))?(\/[^?#]*)?$/i.exec(uri);
  const [, secure = '', address, name, behind, path = ''] = parts ?? [];
  const host = address ?? name;
  const port = Number(behind ?? nbdPort);
  if (host === undefined || port < 1 || port > 65_535)
    return `${uri.replace(/[?@].*$/s, '')} is no NBD address; write nbd://HOST:PORT/EXPORT, or nbds:// for TLS`;
  const place = host.includes(':') ? `[${host}]` : host;
  return {
    host,
    port,
    transport: secure === '' ? 'tcp' : 'tls',
    account,
    uri: `nbd${secure.toLowerCase()}://${place}${behind === undefined ? '' : `:${behind}`}${path}`,
  };
}
