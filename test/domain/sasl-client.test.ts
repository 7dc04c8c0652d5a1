import { describe, expect, it } from 'vitest';
import { rootAccount } from '../../src/domain/account.ts';
import {
  authentication,
  offeredAuthentication,
  type Authentication,
  type OfferedAuthentication,
} from '../../src/domain/sasl-client.ts';
import { known } from '../../src/facts/fact.ts';
import { absent, aServer, dir, facts, file, having, settings, type Change } from '../support/facts.ts';
import {
  aKerberosServer, all, aSaslServer, libvirtConf, libvirtKeytab, libvirtSasl, noServiceFile, plugins, serviceFile,
} from '../support/sasl.ts'; // prettier-ignore

const offered = (...changes: readonly Change[]): OfferedAuthentication =>
  offeredAuthentication(facts(...changes), 'tls');
const tcp = (...changes: readonly Change[]): OfferedAuthentication =>
  offeredAuthentication(facts(aServer, settings(libvirtConf, { listen_tcp: 1, auth_tcp: 'sasl' }), ...changes), 'tcp');
const scram = ['SCRAM-SHA-512', 'SCRAM-SHA-384', 'SCRAM-SHA-256', 'SCRAM-SHA-224', 'SCRAM-SHA-1'];

describe('offeredAuthentication', () => {
  it('is what the daemon is set to', () => {
    expect(offered(aServer)).toEqual({ kind: 'none' });
    expect(offered(aServer, settings(libvirtConf, { listen_tls: 0 }))).toEqual({ kind: 'nothing' });
    expect(offered(aSaslServer)).toEqual({ kind: 'sasl', mechanisms: ['SCRAM-SHA-256'], assumed: false });
  });

  it('is everything that is installed without a service file', () => {
    expect(offered(aSaslServer, noServiceFile(libvirtSasl), plugins('scram', 'anonymous', 'plain'))).toEqual({
      kind: 'sasl',
      mechanisms: [...scram, 'PLAIN', 'ANONYMOUS'],
      assumed: false,
    });
  });

  it('has Kerberos only with a plug-in and a keytab', () => {
    expect(offered(aKerberosServer)).toMatchObject({ mechanisms: ['GSSAPI'] });
    expect(offered(aKerberosServer, absent(libvirtKeytab))).toMatchObject({ mechanisms: [] });
    expect(offered(aKerberosServer, plugins('scram'))).toMatchObject({ mechanisms: [] });
  });

  it('is what encrypts over plain TCP', () => {
    const everything = plugins('scram', 'anonymous', 'plain', 'digestmd5');
    expect(tcp(everything)).toMatchObject({ mechanisms: ['DIGEST-MD5'] });
    expect(tcp(everything, serviceFile(libvirtSasl, { mech_list: 'scram-sha-256 anonymous' }))).toMatchObject({
      mechanisms: [],
    });
  });

  it.each([
    ['system bus', [], /^internal error: Unable to get system bus connection: /],
    ['polkit', ['messagebus'], /org\.freedesktop\.DBus\.Error\.ServiceUnknown/],
    ['user', ['messagebus', 'polkitd'], /Unix process subject does not have uid set$/],
  ])('refuses everybody with polkit, for want of a %s', (_, names, refusal) => {
    const users = names.map((name, index) => ({ name, uid: 100 + index, gid: 100, home: '/', shell: '' }));
    const answer = offered(
      aServer,
      settings(libvirtConf, { auth_tls: 'polkit' }),
      having({ accounts: { users, groups: [], otherSources: [] } }),
    );
    expect(answer).toEqual({ kind: 'polkit', refusal: expect.stringMatching(refusal) as string });
  });
});

const auth = '/etc/libvirt/auth.conf';
const withCredentials: Change = all(
  file(auth, { mode: 0o600 }),
  having({
    secretHolders: {
      [auth]: known({ kind: 'client-authentication', secrets: [{ name: 'password', line: 3, length: 9 }] }),
    },
  }),
);
const debian = plugins('scram', 'digestmd5', 'crammd5', 'ntlm', 'plain', 'login', 'anonymous');
const answerTo = (
  kind: OfferedAuthentication,
  parameters: { readonly auth?: string; readonly authfile?: string } = {},
  ...changes: readonly Change[]
): Authentication =>
  kind.kind === 'nothing'
    ? expect.fail('nothing is offered')
    : authentication(kind, facts(dir('/root', { mode: 0o700 }), debian, ...changes), {
        transport: 'tls',
        parameters,
        account: rootAccount,
      });
const sasl = (...mechanisms: readonly string[]): OfferedAuthentication => ({
  kind: 'sasl',
  mechanisms,
  assumed: false,
});

/** The texts are those of virsh 9.0.0 in front of a libvirtd with these mechanisms. */
describe('authentication', () => {
  it.each([
    [{ kind: 'none' }, 'sasl', 'requested authentication type sasl rejected'],
    [{ kind: 'none' }, 'polkit', 'requested authentication type polkit rejected'],
    [{ kind: 'none' }, 'SASL.X', 'requested authentication type SASL.X rejected'],
    [{ kind: 'none' }, 'none', 'unknown authentication type none'],
    [{ kind: 'none' }, '', 'unknown authentication type '],
    [{ kind: 'none' }, 'saslx', 'unknown authentication type saslx'],
    [sasl('SCRAM-SHA-256'), 'polkit', 'requested authentication type polkit rejected'],
    [{ kind: 'polkit', refusal: 'x' }, 'sasl', 'requested authentication type sasl rejected'],
    [sasl(), undefined, 'authentication failed'],
    [sasl(), 'sasl.GSSAPI', 'authentication failed'],
    [sasl('SCRAM-SHA-256'), 'sasl.scram-sha-256', 'SASL mechanism scram-sha-256 not supported by server'],
    [sasl('SCRAM-SHA-256'), 'sasl.GSSAPI', 'SASL mechanism GSSAPI not supported by server'],
    [
      sasl('SCRAM-SHA-256'),
      'sasl.SCRAM',
      'Failed to start SASL negotiation: -4 (SASL(-4): no mechanism available: No worthy mechs found)',
    ],
    [sasl('SCRAM-SHA-256'), 'sasl.', 'Failed to start SASL negotiation: -4 (SASL(-4): no mechanism available: )'],
    [
      sasl('GSSAPI'),
      undefined,
      'Failed to start SASL negotiation: -4 (SASL(-4): no mechanism available: No worthy mechs found)',
    ],
    [
      sasl('SCRAM-SHA-256'),
      undefined,
      'Failed to start SASL negotiation: -1 (SASL(-1): generic failure: All-whitespace username.)',
    ],
    [
      sasl('PLAIN', 'ANONYMOUS'),
      'SASL.PLAIN',
      'Failed to start SASL negotiation: -1 (SASL(-1): generic failure: All-whitespace username.)',
    ],
    [
      sasl('DIGEST-MD5'),
      'sasl',
      'Failed to step SASL negotiation: -1 (SASL(-1): generic failure: All-whitespace username.)',
    ],
  ] satisfies [OfferedAuthentication, string | undefined, string][])('%j with auth=%s fails', (kind, value, error) => {
    expect(answerTo(kind, value === undefined ? {} : { auth: value })).toMatchObject({
      outcome: 'fails',
      error: `authentication failed: ${error}`,
    });
  });

  it('passes where nothing is asked, and with ANONYMOUS where anybody may', () => {
    expect(answerTo({ kind: 'none' })).toEqual({ outcome: 'passes' });
    expect(answerTo(sasl('ANONYMOUS'))).toEqual({ outcome: 'passes', mechanism: 'ANONYMOUS' });
    expect(answerTo(sasl(...scram, 'ANONYMOUS'), { auth: 'sasl.ANONYMOUS' })).toEqual({
      outcome: 'passes',
      mechanism: 'ANONYMOUS',
    });
    expect(answerTo(sasl('SCRAM-SHA-256', 'ANONYMOUS'))).toMatchObject({
      outcome: 'fails',
      mechanism: 'SCRAM-SHA-256',
    });
  });

  it('depends on what is never looked at', () => {
    expect(answerTo(sasl('PLAIN', 'SCRAM-SHA-256'), {}, withCredentials)).toEqual({
      outcome: 'depends',
      on: 'password',
      mechanism: 'SCRAM-SHA-256',
      error: 'authentication failed: authentication failed',
    });
    expect(answerTo(sasl('GSSAPI'), {}, plugins('gssapiv2'))).toMatchObject({ outcome: 'depends', on: 'ticket' });
  });

  it('fails with a file of credentials that is not there', () => {
    expect(answerTo(sasl('PLAIN'), { authfile: '/root/auth' }, absent('/root/auth'))).toMatchObject({
      outcome: 'fails',
      error: 'An error occurred, but the cause is unknown',
    });
  });
});
