import type { Certificate } from '../facts/certificates.ts';
import type { Known } from '../facts/facts.ts';
import type { TlsHandshake } from '../facts/observation.ts';
import { presentedChain } from './chain-of-trust.ts';
import { guestName } from './guest-name.ts';
import { credentials, type CredentialFacts, type CredentialSet } from './credentials.ts';

export type ServedFacts = CredentialFacts & Known<'certificates' | 'observations' | 'qemuProcesses'>;

/** A certificate as it was shown on a port of this host, and the file that it should be from. */
export interface ServedCertificate {
  readonly host: string;
  readonly port: number;
  readonly served: Certificate;
  /** The first certificate that the program would show if it read its file now. */
  readonly onDisk: Certificate;
  readonly path: string;
  /** The running guest that shows it; absent for libvirt's daemon. */
  readonly guest?: string;
  /** Which console of the guest. */
  readonly console?: 'vnc' | 'spice';
  /** Files of libvirt's daemon. */
  readonly set?: CredentialSet;
}

const leafOf = (handshake: TlsHandshake | undefined): Certificate | undefined => handshake?.chain[0];

/** Every certificate that was seen on the network, beside the file from which its program takes it; none where nothing was probed. */
export function servedCertificates(facts: ServedFacts): readonly ServedCertificate[] {
  const set = credentials(facts, ['libvirt-server']).sets.find(({ id }) => id === 'libvirt-server');
  const firstIn = (path: string | undefined): Certificate | undefined => {
    const file = path === undefined || !Object.hasOwn(facts.certificates, path) ? undefined : facts.certificates[path];
    return file?.known === true ? presentedChain(file.value.certificates)[0] : undefined;
  };
  return facts.observations.flatMap((one): readonly ServedCertificate[] => {
    const { host, port } = one.observation;
    if (one.asks === 'libvirt') {
      const path = set?.certificate?.path;
      const onDisk = firstIn(path);
      const served = one.observation.addresses.flatMap(({ answer }) =>
        answer?.transport === 'tls' ? (leafOf(answer.withoutCertificate.handshake) ?? []) : [],
      )[0];
      return set === undefined || path === undefined || onDisk === undefined || served === undefined
        ? []
        : [{ host, port, served, onDisk, path, set }];
    }
    if (one.asks === 'ssh' || one.asks === 'nbd') return [];
    const shown = one.asks === 'spice' ? spiceOn(facts, port) : displayOn(facts, port);
    const onDisk = firstIn(shown?.path);
    const handshakes =
      one.asks === 'spice'
        ? one.observation.addresses.map(({ answer }) => answer?.tls?.handshake)
        : one.observation.addresses.map(({ answer }) => answer?.withoutCertificate.handshake);
    const served = handshakes.flatMap((handshake) => leafOf(handshake) ?? [])[0];
    return shown === undefined || onDisk === undefined || served === undefined
      ? []
      : [{ host, port, served, onDisk, ...shown }];
  });
}

/** The running guest with a display on a port, and the file of its certificate. */
function displayOn(
  { qemuProcesses }: Known<'qemuProcesses'>,
  port: number,
): Pick<ServedCertificate, 'guest' | 'path' | 'console'> | undefined {
  if (!qemuProcesses.observed) return undefined;
  for (const { commandLine, pid } of qemuProcesses.processes) {
    for (const { addresses, websockets, tls } of commandLine.vnc) {
      if (tls.type !== 'x509' || tls.credentials.dir === undefined) continue;
      if (![...addresses, ...websockets].some((address) => address.type === 'tcp' && address.port === port)) continue;
      return {
        guest: commandLine.guest ?? `process ${pid}`,
        path: `${tls.credentials.dir}/server-cert.pem`,
        console: 'vnc',
      };
    }
  }
  return undefined;
}

/** The running guest whose SPICE has TLS on a port, and the file of its certificate. */
function spiceOn(
  { qemuProcesses }: Known<'qemuProcesses'>,
  port: number,
): Pick<ServedCertificate, 'guest' | 'path' | 'console'> | undefined {
  if (!qemuProcesses.observed) return undefined;
  for (const process of qemuProcesses.processes) {
    const { spice } = process.commandLine;
    if (spice?.tls !== undefined && spice.tlsPort === port)
      return { guest: guestName(process), path: spice.tls.certificate, console: 'spice' };
  }
  return undefined;
}

/** Does libvirt's daemon show the certificate of its file; undefined where its port was not seen. */
export function servesFile(facts: ServedFacts, set: CredentialSet): boolean | undefined {
  const [seen] = servedCertificates(facts).filter((one) => one.set?.id === set.id);
  return seen && seen.served.fingerprint === seen.onDisk.fingerprint;
}
