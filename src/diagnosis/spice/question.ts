import type { ClientAccount } from '../../domain/client-paths.ts';
import { defineStep } from '../step.ts';

/** One connection of a SPICE client that is built on spice-gtk. */
export interface SpiceQuestion {
  readonly host: string;
  /** Where both are named the client ends on the one for TLS, if the server wants that or does not answer on the other. */
  readonly port: number;
  readonly transport: 'tls' | 'tcp';
  readonly account: ClientAccount;
  /** Without what may be secret. */
  readonly uri: string;
}

export const step = defineStep<SpiceQuestion>();

const form = 'write spice://HOST:PORT, or spice://HOST?tls-port=PORT';

/** A connection as remote-viewer takes it, or what is wrong with it (spice-gtk src/spice-session.c: spice_parse_uri). */
export function spiceQuestion(uri: string, account: ClientAccount): SpiceQuestion | string {
  const parts =
    /^spice(\+tls)?:\/\/(?:[^@/?#]*@)?(?:\[([^\]]+)\]|([^/:?#[\]@]+))(?::(\d{1,5}))?\/?(?:\?([^#]*))?$/i.exec(uri);
  const [, scheme, address, name, behind, query = ''] = parts ?? [];
  const host = address ?? name;
  // A password may stand there, and must not be shown.
  const shown = uri.replace(/[?@].*$/s, '');
  if (host === undefined) return `${shown} is no SPICE address; ${form}`;
  const given = new Map(
    query
      .split(/[;&]/)
      .filter((one) => one !== '')
      .map((one) => [/^[^=]*/.exec(one)?.[0] ?? '', one.replace(/^[^=]*=?/, '')]),
  );
  const odd = [...given.keys()].find((key) => !['port', 'tls-port', 'password'].includes(key));
  if (odd !== undefined) return `a SPICE address has no parameter ${odd}; ${form}`;
  const plain = scheme === undefined ? (behind ?? given.get('port')) : undefined;
  const secure = scheme === undefined ? given.get('tls-port') : behind;
  const port = Number(secure ?? plain ?? NaN);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `${shown} names no port; ${form}`;
  const place = `${host.includes(':') ? `[${host}]` : host}`;
  return {
    host,
    port,
    transport: secure === undefined ? 'tcp' : 'tls',
    account,
    uri: `spice://${place}${plain === undefined ? '' : `:${plain}`}${secure === undefined ? '' : `?tls-port=${secure}`}`,
  };
}
