import type { SpokenProtocol, Unseen } from '../../facts/observation.ts';
import type { Fix } from '../../rule/fix.ts';
import type { Failure } from '../diagnosis.ts';

const protocolNames: Readonly<Record<SpokenProtocol, string>> = {
  tls: 'TLS',
  ssh: 'ssh',
  http: 'HTTP',
  rfb: 'VNC',
  nbd: 'NBD',
  spice: 'SPICE',
  libvirt: 'libvirt’s protocol without TLS',
  'smtp-or-ftp': 'SMTP or FTP',
};

const whoIsThere = (port: number, server: string): Fix => ({
  title: `Find out who answers on port ${port}`,
  applicability: 'manual',
  steps: [
    {
      kind: 'manual',
      instruction: `On the server, ss -ltnp 'sport = :${port}' names the process; it should be ${server}`,
    },
  ],
});

/** What a peer that takes the connection and then does not do what it should means: in words, what GnuTLS says of it, and where to look. */
export interface Breaking {
  readonly message: string;
  /** GnuTLS' words at the client; absent where it waits without end. */
  readonly gnutls?: string;
  readonly failure: Failure;
}

/** The reading of a conversation that broke off; `server` names who should be there, `expected` what should have come: TLS, or what follows. */
export function breakingOf(unseen: Unseen, port: number, server: string, expected: string): Breaking {
  const where = expected === 'TLS' ? 'in the middle of the handshake' : 'before its answer is complete';
  const { reason, detail, spoken, alert } = unseen;
  const lookThere = (why: string): Failure => ({ side: 'server', why, rules: [], fix: whoIsThere(port, server) });
  switch (reason) {
    case 'silent':
      return {
        message: `the port takes the connection and then says nothing: the client waits`,
        failure: lookThere(
          `${server} is stopped or overloaded, or another process or a proxy takes its connections and does not serve them`,
        ),
      };
    case 'too-slow':
      return {
        message: `${detail}: the client waits as long as it takes (--timeout)`,
        failure: lookThere('the peer answers, but so slowly that what is needed was not there in time'),
      };
    case 'garbage':
      return {
        message:
          spoken === undefined
            ? detail
            : `what listens there speaks ${protocolNames[spoken]}, and ${expected} is needed`,
        gnutls: 'An unexpected TLS packet was received.',
        failure: lookThere(`another process owns port ${port}, or the address and port are those of something else`),
      };
    case 'alert':
      return {
        message: `the server breaks off with the alert ${alert ?? ''}`.trimEnd(),
        gnutls: 'A TLS fatal alert has been received.',
        failure: lookThere(detail),
      };
    case 'reset':
      return {
        message: `the connection is reset ${where}`,
        gnutls: 'Error in the pull function.',
        failure: lookThere(
          'a process that ends, a proxy or a firewall on the way resets the connection, or the port is for something else',
        ),
      };
    case 'closed':
      return {
        message: `the server hangs up ${where}`,
        gnutls: 'The TLS connection was non-properly terminated.',
        failure: lookThere(
          expected === 'TLS'
            ? 'what is there hangs up when TLS starts: its tls_priority or its certificate leaves no TLS in common, it is overloaded, or it is no TLS server'
            : `${server} ends, is overloaded or has no place for one more client, or a proxy before it hangs up`,
        ),
      };
    case 'name-not-found':
    case 'name-lookup-failed':
    case 'refused':
    case 'unreachable':
    case 'filtered':
    case 'not-permitted':
    case 'tls-failed':
    case 'credentials-unusable':
    case 'rpc-error':
    case 'unsupported':
    case 'cancelled':
      return { message: detail, failure: lookThere(detail) };
  }
}
