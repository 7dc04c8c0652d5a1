import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LibvirtAnswer, LibvirtTlsAnswer, Observation } from '../../src/facts/observation.ts';
import { parseCertificateFile } from '../../src/parse/certificate-file.ts';
import { bundleProbe } from '../support/bundle-probe.ts';
import { missingForLibvirtd, runOnOwnHost } from '../support/own-host.ts';
import type { Request } from '../support/probe-driver.ts';

const timeoutMs = 10_000;
const tls: Request = { asks: 'libvirt', transport: 'tls', host: '127.0.0.1', port: 16514, timeoutMs };
const tcp: Request = { asks: 'libvirt', transport: 'tcp', host: '127.0.0.1', port: 16509, timeoutMs };
const mine: Request = { ...tls, as: 'admin' };
const strange: Request = { ...tls, as: 'stranger' };

/** A daemon, what is asked of it, and in what it then differs and is asked again. */
interface State {
  readonly name: string;
  readonly change: string;
  readonly requests: readonly Request[];
  readonly later?: string;
}

const states = [
  {
    name: 'as it comes, with plain TCP for everybody',
    change: `conf 'listen_tcp = 1' 'auth_tcp = "none"'`,
    requests: [mine, strange, tcp, { ...tls, port: 16509 }, { ...tcp, port: 16514 }, { ...tls, host: 'localhost' }],
    // A renewal that the daemon is not told of.
    later: 'issue',
  },
  {
    name: 'nobody verified, and SASL',
    change: `printf 'mech_list: digest-md5 scram-sha-256 plain\\n' > libvirt.conf
      conf 'tls_no_verify_certificate = 1' 'auth_tls = "sasl"' 'listen_tcp = 1' 'auth_tcp = "sasl"'`,
    requests: [mine, tcp],
  },
  {
    name: 'SASL without a mechanism that encrypts',
    change: `printf 'mech_list: scram-sha-256\\n' > libvirt.conf
      conf 'auth_tls = "sasl"' 'listen_tcp = 1' 'auth_tcp = "sasl"'`,
    requests: [mine, tcp],
  },
  { name: 'a list of other names', change: `conf 'tls_allowed_dn_list = ["CN=somebody else"]'`, requests: [mine] },
  { name: 'a list of names', change: `conf 'tls_allowed_dn_list = ["CN=adm*"]'`, requests: [mine] },
  {
    name: 'polkit over TCP',
    change: `conf 'listen_tcp = 1' 'auth_tcp = "polkit"'`,
    requests: [tcp],
  },
  {
    name: 'an expired certificate, served unseen',
    change: `conf 'tls_no_sanity_certificate = 1'
      issue 'activation_date="2020-01-01 00:00:00 UTC"' 'expiration_date="2021-01-01 00:00:00 UTC"'`,
    requests: [mine],
  },
  {
    name: 'an expired certificate, seen at the start',
    change: `issue 'activation_date="2020-01-01 00:00:00 UTC"' 'expiration_date="2021-01-01 00:00:00 UTC"'`,
    requests: [mine],
  },
  {
    name: 'TLS 1.2 at most',
    change: `conf 'tls_priority = "NORMAL:-VERS-TLS1.3"'`,
    requests: [mine],
  },
  {
    name: 'no TLS',
    change: `conf 'listen_tls = 0' 'listen_tcp = 1' 'auth_tcp = "none"'`,
    requests: [mine, tcp],
  },
] as const satisfies readonly State[];

/** Prints, as one line of JSON, what the probes saw, the daemon's own certificate file and what is still connected. */
const script = `
export SASL_CONF_PATH=$PWD
for name in admin stranger; do certtool --generate-privkey --outfile $name.key; printf '%s\\n' "cn=$name" tls_www_client signing_key encryption_key expiration_days=900 > $name.t; done
certtool --generate-self-signed --load-privkey ca.key --template ca.t --outfile ca.pem
certtool --generate-certificate --load-privkey admin.key --load-ca-certificate ca.pem --load-ca-privkey ca.key --template admin.t --outfile admin.pem
certtool --generate-self-signed --load-privkey stranger.key --template stranger.t --outfile stranger.pem
ask() {
  local results
  results=$(timeout 60 "$NODE" "$PROBE" "$1") || results=null
  "$NODE" -e 'const [state, results, left, served] = process.argv.slice(1); console.log(JSON.stringify({ state, results: JSON.parse(results), left: left.trim(), served }))' \\
    $state "$results" "$(ss --no-header --tcp --processes state connected exclude time-wait | grep node || true)" "$(cat $SERVER_CERT)"
}
try() {
  rm -f libvirt.conf
  healthy
  eval "$1"
  start_daemon
  ask "$2"
  if [ -n "$3" ]; then eval "$3"; ask "$2"; fi
  stop_daemon
}
`;

interface Asked {
  readonly state: string;
  readonly results: readonly { readonly observation: Observation<LibvirtAnswer>; readonly milliseconds: number }[];
  readonly left: string;
  readonly served: string;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

describe.skipIf(missingForLibvirtd.length > 0)(
  `a real libvirtd from outside${missingForLibvirtd.length > 0 ? ` (needs ${missingForLibvirtd.join(', ')})` : ''}`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'probe-libvirt-'));
    let asked: readonly Asked[];

    beforeAll(async () => {
      const driver = join(directory, 'probe.mjs');
      await bundleProbe(driver);
      const lines = states.map((state: State) =>
        ['try', state.change, JSON.stringify(state.requests), state.later ?? ''].map((word, index) =>
          index === 0 ? word : quoted(word),
        ),
      );
      const out = runOnOwnHost(`${script}\n${lines.map((words) => words.join(' ')).join('\n')}`, { PROBE: driver });
      asked = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Asked);
    }, 250_000);

    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    /** The lines of a state: one, and another where something was done later. */
    const of = (name: (typeof states)[number]['name']): readonly Asked[] => {
      const lines = (state: State): number => (state.later === undefined ? 1 : 2);
      const index = states.findIndex((state) => state.name === name);
      const before = states.slice(0, index).reduce((sum, state) => sum + lines(state), 0);
      return asked.slice(before, before + lines(states[index] as State));
    };
    const answer = (name: (typeof states)[number]['name'], index = 0, line = 0): LibvirtAnswer | undefined =>
      of(name)[line]?.results[index]?.observation.addresses[0]?.answer;
    const overTls = (...of: Parameters<typeof answer>): LibvirtAnswer & { transport: 'tls' } => {
      const found = answer(...of);
      if (found?.transport !== 'tls') throw new Error(JSON.stringify(found));
      return found;
    };
    const overTcp = (...of: Parameters<typeof answer>) => {
      const found = answer(...of);
      if (found?.transport !== 'tcp') throw new Error(JSON.stringify(found));
      return found.authentication;
    };

    const refused: Partial<LibvirtTlsAnswer> = { verdict: { seen: true, value: 'refused' } };
    const accepted = (type: 'none' | 'sasl' | 'polkit'): object => ({
      verdict: { seen: true, value: 'accepted' },
      authentication: { seen: true, value: { types: [type] } },
    });

    it('is asked in time, and nothing stays', () => {
      expect(asked).toHaveLength(states.length + 1);
      for (const { results, left } of asked) {
        expect(results, 'the driver ended by itself').not.toBeNull();
        for (const { milliseconds } of results) expect(milliseconds).toBeLessThan(timeoutMs + 5000);
        expect(left).toBe('');
      }
    });

    const usual = 'as it comes, with plain TCP for everybody';

    it('lets in the client whose certificate it knows, and nobody without', () => {
      const { withoutCertificate, withCertificate } = overTls(usual, 0);
      expect(withoutCertificate).toMatchObject(refused);
      expect(withCertificate).toMatchObject(accepted('none'));
      expect(withCertificate?.handshake).toMatchObject({ version: 'TLS1.3', ownCertificate: true });
      expect(withoutCertificate.handshake.requestedAuthorities?.map(({ text }) => text)).toEqual(['CN=Peer CA']);
    });

    it('turns a stranger away', () => {
      expect(overTls(usual, 1).withCertificate).toMatchObject(refused);
    });

    it('shows the certificate that it serves, until it is told of a new one', () => {
      const [before, after] = of(usual);
      const chain = (line: number): readonly string[] =>
        overTls(usual, 0, line).withoutCertificate.handshake.chain.map(({ fingerprint }) => fingerprint);
      const file = (line: Asked | undefined): readonly string[] =>
        parseCertificateFile(Buffer.from(line?.served ?? '')).certificates.map(({ fingerprint }) => fingerprint);
      expect(file(before)).toHaveLength(1);
      expect(chain(0)).toEqual(file(before));
      expect(chain(1)).toEqual(file(before));
      expect(file(after)).not.toEqual(file(before));
    });

    it('lets in anybody over plain TCP', () => {
      expect(overTcp(usual, 2)).toEqual({ seen: true, value: { types: ['none'] } });
    });

    it('does not answer TLS on its TCP port, nor plain calls on its TLS port', () => {
      const { withoutCertificate, ...more } = overTls(usual, 3);
      expect(withoutCertificate.handshake.outcome).toMatchObject({ seen: false });
      expect(['closed', 'reset']).toContain(
        withoutCertificate.handshake.outcome.seen || withoutCertificate.handshake.outcome.reason,
      );
      expect(more).not.toHaveProperty('withCertificate');
      const plain = overTcp(usual, 4);
      expect(plain.seen).toBe(false);
      if (!plain.seen) expect(['closed', 'reset', 'garbage']).toContain(plain.reason);
    });

    it('is found by its name', () => {
      expect(of(usual)[0]?.results[5]?.observation.resolution).toMatchObject({ seen: true });
    });

    it('that verifies nobody lets in everybody, to SASL', () => {
      const { withoutCertificate, withCertificate } = overTls('nobody verified, and SASL');
      for (const one of [withoutCertificate, withCertificate]) {
        expect(one).toMatchObject(accepted('sasl'));
        const authentication = one?.authentication;
        expect(
          new Set(
            (authentication?.seen && authentication.value.mechanisms?.seen && authentication.value.mechanisms.value) ||
              [],
          ),
        ).toEqual(new Set(['SCRAM-SHA-256', 'DIGEST-MD5', 'PLAIN']));
      }
    });

    it('offers over TCP only mechanisms that encrypt', () => {
      expect(overTcp('nobody verified, and SASL', 1)).toEqual({
        seen: true,
        value: { types: ['sasl'], mechanisms: { seen: true, value: ['DIGEST-MD5'] } },
      });
    });

    it('answers with an error where no mechanism is left', () => {
      const name = 'SASL without a mechanism that encrypts';
      expect(overTls(name).withCertificate).toMatchObject({
        authentication: { value: { mechanisms: { seen: true, value: ['SCRAM-SHA-256'] } } },
      });
      expect(overTcp(name, 1)).toMatchObject({
        seen: true,
        value: {
          types: ['sasl'],
          // VIR_ERR_AUTH_FAILED of VIR_FROM_RPC: the reason stays in the daemon's log.
          mechanisms: { seen: false, reason: 'rpc-error', error: { code: 45 } },
        },
      });
    });

    it('asks its list of names', () => {
      expect(overTls('a list of other names').withCertificate).toMatchObject(refused);
      expect(overTls('a list of names').withCertificate).toMatchObject(accepted('none'));
    });

    it('may ask for polkit where it cannot work', () => {
      expect(overTcp('polkit over TCP')).toEqual({ seen: true, value: { types: ['polkit'] } });
    });

    it('serves what has expired when it does not look', () => {
      const { withCertificate } = overTls('an expired certificate, served unseen');
      expect(withCertificate?.handshake.chain).toMatchObject([{ notAfter: '2021-01-01T00:00:00Z' }]);
      expect(withCertificate).toMatchObject(accepted('none'));
    });

    it('does not start when it looks', () => {
      const [line] = of('an expired certificate, seen at the start');
      expect(line?.state).toBe('exits');
      expect(line?.results[0]?.observation.addresses).toMatchObject([{ connection: { reason: 'refused' } }]);
    });

    it('speaks the versions of its priority', () => {
      expect(overTls('TLS 1.2 at most')).toMatchObject({
        withoutCertificate: { handshake: { version: 'TLS1.2', chain: [{}], requestedAuthorities: [{}] }, ...refused },
        withCertificate: { handshake: { version: 'TLS1.2' }, ...accepted('none') },
      });
    });

    it('may listen for TCP alone', () => {
      const [line] = of('no TLS');
      expect(line?.results[0]?.observation.addresses).toMatchObject([{ connection: { reason: 'refused' } }]);
      expect(overTcp('no TLS', 1)).toMatchObject({ value: { types: ['none'] } });
    });
  },
);
