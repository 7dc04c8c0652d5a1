import type { Role } from '../facts/role.ts';
import { configurationFiles, userClientConfiguration } from '../reference/configuration-files.ts';
import { flatPki, qemuPki, qemuTlsDirectory, systemPki } from '../reference/pki-files.ts';
import { gtkVncPki, gtkVncSystemDirectory, vncClients } from '../reference/vnc-clients.ts';
import { userPkiFile } from './account.ts';
import type { CredentialFacts } from './credentials.ts';
import { remminaEvidence } from './remmina-sets.ts';
import { tigerVncEvidence } from './tiger-vnc-sets.ts';
import { vncClientsInUse } from './vnc-client-sets.ts';
import { exists } from './walk.ts';

/** What a host is for, and from what that is seen; in the order of the catalogue of roles. */
export interface RoleEvidence {
  readonly role: Role;
  readonly evidence: string;
}

/**
 * Finds out what a host is for: a libvirt server has a daemon, its configuration or its certificate; a client has a client's
 * certificate, key or configuration; a VNC server has QEMU configured or running; migration shows by its directory or settings; a VNC client by a viewer
 * that is installed or by files that only a viewer reads.
 * Nothing seen, no role.
 */
export function roleEvidence(facts: CredentialFacts): readonly RoleEvidence[] {
  const { configurations, files, runtime, software, services, accounts } = facts;
  const there = (path: string): boolean => exists(files, path) === true;
  const configured = (path: string): boolean => configurations[path] !== undefined;
  const running = (matches: (program: string) => boolean): boolean =>
    runtime.observed && runtime.processes.some(({ program }) => matches(program));
  const found: RoleEvidence[] = [];
  const see = (role: Role, evidence: readonly (readonly [boolean, string])[]): void => {
    const first = evidence.find(([seen]) => seen);
    if (first !== undefined) found.push({ role, evidence: first[1] });
  };

  const daemon = (['libvirtd', 'virtproxyd', 'virtqemud'] as const).find((name) => software.installed.includes(name));
  const unit = Object.values(services.units).find(({ enabled }) => enabled);
  const daemonConfiguration = [
    configurationFiles.libvirtd,
    configurationFiles.virtproxyd,
    configurationFiles.virtqemud,
  ].find(configured);
  see('libvirt-server', [
    [running((program) => /^(libvirtd|virtproxyd|virtqemud)$/.test(program)), 'a libvirt daemon runs'],
    [daemon !== undefined, `${daemon} is installed`],
    [unit !== undefined, `${unit?.name} is enabled`],
    [daemonConfiguration !== undefined, `there is ${daemonConfiguration}`],
    [there(systemPki.server.certificate), `there is ${systemPki.server.certificate}`],
    [there(systemPki.server['private-key']), `there is ${systemPki.server['private-key']}`],
  ]);

  const clientFiles = [
    systemPki.client.certificate,
    systemPki.client['private-key'],
    ...accounts.users.flatMap((user) =>
      user.uid === 0
        ? []
        : [flatPki.client.certificate, flatPki.client['private-key'], flatPki['ca-certificate']].map((name) =>
            userPkiFile(user, name),
          ),
    ),
  ];
  const clientFile = clientFiles.find(there);
  const clientConfiguration = [
    configurationFiles.libvirt,
    ...accounts.users.map((user) => `${user.home}/${userClientConfiguration}`),
  ].find((path) => {
    const file = configurations[path];
    return (
      file !== undefined &&
      file.known &&
      file.value.settings.some(({ key }) => key === 'uri_aliases' || key === 'uri_default')
    );
  });
  const viewer = vncClients.flatMap(({ programs }) => programs).find((name) => software.installed.includes(name));
  const viewerFile =
    vncClientsInUse(facts).flatMap(({ evidence }) => evidence)[0] ?? tigerVncEvidence(facts) ?? remminaEvidence(facts);
  // VNC clients have their CA in the same place.
  const isViewers = (viewer !== undefined || viewerFile !== undefined) && !software.installed.includes('virsh');
  const onlyCa = there(systemPki['ca-certificate']) && found.length === 0 && !isViewers;
  see('libvirt-client', [
    [clientFile !== undefined, `there is ${clientFile}`],
    [clientConfiguration !== undefined, `${clientConfiguration} names connections`],
    [onlyCa, `there is ${systemPki['ca-certificate']} and no daemon`],
  ]);

  see('vnc-server', [
    [running((program) => /^qemu-(system-|kvm)/.test(program)), 'QEMU guests run'],
    [configured(configurationFiles.qemu), `there is ${configurationFiles.qemu}`],
    [there(qemuTlsDirectory('vnc')) && !holdsOnlyClients(facts), `there is ${qemuTlsDirectory('vnc')}`],
    [there(qemuTlsDirectory('spice')), `there is ${qemuTlsDirectory('spice')}`],
    [software.installed.includes('qemu'), 'QEMU is installed'],
  ]);

  see('vnc-client', [
    [viewer !== undefined, `${viewer} is installed`],
    [viewerFile !== undefined, `there is ${viewerFile}`],
  ]);

  const qemu = configurations[configurationFiles.qemu];
  const migrationSetting =
    qemu !== undefined && qemu.known && qemu.value.settings.some(({ key }) => /^migrat(e_tls|ion_)/.test(key));
  see('migration', [
    [there(qemuTlsDirectory('migrate')), `there is ${qemuTlsDirectory('migrate')}`],
    [migrationSetting, `${configurationFiles.qemu} has settings for migration`],
  ]);
  return found;
}

/** virt-manager's files as a VNC client lie in the directory of QEMU's server: are they all that is there. */
function holdsOnlyClients({ files }: Pick<CredentialFacts, 'files'>): boolean {
  const directory = qemuTlsDirectory('vnc');
  const name = directory.slice(gtkVncSystemDirectory.length + 1);
  const { certificate, 'private-key': key } = gtkVncPki(name);
  const clients = [certificate, key].map((file) => `${gtkVncSystemDirectory}/${file}`);
  const servers = [qemuPki['ca-certificate'], ...Object.values(qemuPki.server)].map((file) => `${directory}/${file}`);
  return clients.some((path) => exists(files, path) === true) && servers.every((path) => exists(files, path) === false);
}

/** The roles alone. */
export const inferRoles = (facts: CredentialFacts): readonly Role[] => roleEvidence(facts).map(({ role }) => role);
