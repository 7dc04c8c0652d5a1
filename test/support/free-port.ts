import { createServer } from 'node:net';

const given = new Set<number>();

/**
 * A TCP port of 127.0.0.1 on which nothing listens at the moment, never the same twice. It is none of those that the kernel gives to
 * connections (from 32768 on), which could take it before whoever asked for it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const listener = createServer();
    listener.once('error', () => resolve(false));
    listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
  });
