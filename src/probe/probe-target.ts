import type { AddressObservation, Observation, TlsHandshake } from '../facts/observation.ts';
import { Connection, type Credentials } from './connection.ts';
import { Deadline } from './deadline.ts';
import { resolveName } from './resolve.ts';
import { look, unseenOf } from './wire-error.ts';

/** Whom to ask, and for how long: one deadline for looking up the name and all connections to all of its addresses. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Gives the client's own credentials when a server asks for them, knowing what it asked; undefined to send none, as GnuTLS does when
 * no CA of the list issued the certificate. Called once for each address; the key's buffer is wiped after use. What it throws, the
 * probe throws.
 */
export type ReadCredentials = (asked: TlsHandshake) => Promise<Credentials | undefined>;

/** What was seen, and apart from it how long it took: the time until each address was connected, in milliseconds. */
export interface Probed<Answer> {
  readonly observation: Observation<Answer>;
  readonly connectMilliseconds: Readonly<Record<string, number>>;
}

/** Opens one more connection to the address that is asked; it is closed when the question is answered. */
export type Connect = () => Promise<Connection>;

/** What may stand in /etc/hosts and DNS without end is asked only so far. */
const maximumAddresses = 8;

/**
 * Asks every address of a host side by side, as `ask` does it over connections of its own.
 * When the promise settles, no socket and no timer of the probe is left.
 */
export async function probeTarget<Answer>(
  target: ProbeTarget,
  ask: (connect: Connect, address: string) => Promise<Answer>,
): Promise<Probed<Answer>> {
  const { host, port, timeoutMs, signal } = target;
  const deadline = new Deadline(timeoutMs, signal);
  const connectMilliseconds: Record<string, number> = {};
  try {
    const resolution = await look(() => resolveName(host, deadline));
    const addresses = resolution.seen ? resolution.value.slice(0, maximumAddresses) : [];
    // A fault at one address must not leave the others behind.
    const settled = await Promise.allSettled(
      addresses.map(async (address): Promise<AddressObservation<Answer>> => {
        const open: Connection[] = [];
        let connected = false;
        const connect = async (): Promise<Connection> => {
          const begin = performance.now();
          const connection = await Connection.open(address, port, deadline);
          connectMilliseconds[address] ??= performance.now() - begin;
          connected = true;
          open.push(connection);
          return connection;
        };
        try {
          const answer = await ask(connect, address);
          return { address, connection: { seen: true, value: 'connected' }, answer };
        } catch (error) {
          if (connected) throw error;
          return { address, connection: unseenOf(error) };
        } finally {
          await Promise.all(open.map((connection) => connection.close()));
        }
      }),
    );
    const observed = settled.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    });
    return { observation: { host, port, resolution, addresses: observed }, connectMilliseconds };
  } finally {
    deadline.dispose();
  }
}
