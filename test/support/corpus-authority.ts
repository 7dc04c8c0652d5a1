import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vncScenarios, libvirtScenarios, textOf, type Scenario, type VncScenario } from './corpus.ts';

/** A CA that can issue: its certificate and key as PEM. */
export interface TestAuthority {
  readonly certificate: string;
  readonly key: string;
}

const keysDirectory = join(import.meta.dirname, '../../fixtures/corpus/ca-keys');

/** SubjectPublicKeyInfo, base64, of each private key of the corpus's CAs. */
const keys = new Map(
  readdirSync(keysDirectory).map((name) => {
    const key = readFileSync(join(keysDirectory, name), 'utf8');
    const publicKey = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
    return [publicKey.toString('base64'), key] as const;
  }),
);

const blocks = (text: string): readonly string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** The CA certificates of a file that a sound CA could have, of which the key is at hand. */
function authoritiesIn(text: string): readonly TestAuthority[] {
  return blocks(text).flatMap((block) => {
    const certificate = parsed(block);
    if (certificate === undefined || !isSound(certificate)) return [];
    const key = keys.get(certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'));
    return key === undefined ? [] : [{ certificate: `${block}\n`, key }];
  });
}

/** Self-signed with a key and a hash of today's strength, and in force: with anything else an administrator would have to begin anew. */
function isSound(certificate: X509Certificate): boolean {
  const { publicKey, ca, validFrom, validTo } = certificate;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 4096;
  const now = Date.now();
  const isWeak = weakSignatures.some((algorithm) => certificate.raw.includes(algorithm));
  const lasts = Date.parse(validFrom) < now && Date.parse(validTo) > now + 1000 * 86_400_000;
  return ca && certificate.verify(publicKey) && bits >= 2048 && lasts && !isWeak;
}

/** The DER of md5WithRSAEncryption and sha1WithRSAEncryption (RFC 3279, section 2.2.1). */
const weakSignatures = ['06092a864886f70d010104', '06092a864886f70d010105'].map((hex) => Buffer.from(hex, 'hex'));

const contentsOf = (entries: Scenario['server']): readonly string[] =>
  entries.flatMap((entry) => (entry.type === 'file' && entry.content !== undefined ? [textOf(entry)] : []));

const usual = [...libvirtScenarios, ...vncScenarios]
  .flatMap(({ client }) => contentsOf(client))
  .flatMap(authoritiesIn)
  .find(({ certificate }) => parsed(certificate)?.subject.includes('CN=Acme Root CA'));

/** The CA with which an administrator would mend a scenario: one that the client trusts, else one of the server's, else the corpus's usual one. */
export function authorityOf({ client, server }: Pick<Scenario | VncScenario, 'client' | 'server'>): TestAuthority {
  const [own] = [...contentsOf(client), ...contentsOf(server)].flatMap(authoritiesIn);
  const authority = own ?? usual;
  if (authority === undefined) throw new Error('the corpus has no CA of which the key is known');
  return authority;
}
