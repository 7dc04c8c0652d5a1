import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A listener on 127.0.0.1 that plays a peer. */
export interface Peer extends AsyncDisposable {
  readonly port: number;
  /** Connections that were made to it so far. */
  readonly connections: () => number;
  /** Waits until the other side has let go of every connection. @throws Error after two seconds */
  readonly abandoned: () => Promise<void>;
}

/** Starts a peer that does `play` with every connection; what breaks there is the other side's business. */
export function startPeer(play: (socket: Socket) => void): Promise<Peer> {
  return startServer(createServer(), 'connection', play);
}

/** The same with a server of one's own making, such as one of node:tls; `event` is the one that has the connection. */
export async function startServer(
  server: Server,
  event: 'connection' | 'secureConnection' = 'connection',
  play: (socket: Socket) => void = () => undefined,
): Promise<Peer> {
  const open = new Set<Socket>();
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.on(event, (socket: Socket) => {
    socket.on('error', () => undefined);
    play(socket);
    // Who does not read does not see the end either.
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const abandoned = async (): Promise<void> => {
    for (let waited = 0; open.size > 0; waited += 20) {
      if (waited > 2000) throw new Error(`${open.size} connections were left open`);
      await sleep(20);
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    abandoned,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
