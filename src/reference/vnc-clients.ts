/**
 * VNC clients, and where they look for TLS credentials.
 *
 * Source: gtk-vnc 1.3.1 src/vncconnection.c: vnc_connection_set_credential_x509 (1.5.0 alike; before 0.6.0 a CA file was needed), and what each
 * application passes as VNC_DISPLAY_CREDENTIAL_CLIENTNAME.
 */
import type { CredentialKind } from './pki-files.ts';

/** Searched first; `$SYSCONFDIR` is `/etc` in every distribution's package. */
export const gtkVncSystemDirectory = '/etc/pki';

/** Searched second, below the home directory of passwd. */
export const gtkVncUserDirectory = '.pki';

/** gtk-vnc's files below either directory, for an application's name. */
export const gtkVncPki = (name: string): Readonly<Record<CredentialKind, string>> => ({
  'ca-certificate': 'CA/cacert.pem',
  'revocation-list': 'CA/cacrl.pem',
  certificate: `${name}/clientcert.pem`,
  'private-key': `${name}/private/clientkey.pem`,
});

/** Executables that show that TigerVNC's viewer is installed. */
export const tigerVncPrograms: readonly string[] = ['xtigervncviewer', 'vncviewer'];

/** Executables that show that Remmina is installed. */
export const remminaPrograms: readonly string[] = ['remmina'];

export interface VncClient {
  /** For people. */
  readonly title: string;
  /** Executables that show that it is installed; none for what comes as a part of another program, and may not be there. */
  readonly programs: readonly string[];
  /** Packages by their names in Debian and Ubuntu, Fedora and RHEL, SUSE, as far as they differ. */
  readonly packages: readonly string[];
  /** The name that it gives to gtk-vnc, and by which gtk-vnc looks for certificate and key; absent for clients that do without gtk-vnc. */
  readonly gtkVncName?: string;
  /** Where the client looks otherwise, and what differs between versions. */
  readonly remark?: string;
  readonly source: string;
}

/** The clients that know VeNCrypt with X.509 certificates; TightVNC's and RealVNC's viewers do not. */
export const vncClients: readonly VncClient[] = [
  {
    title: 'virt-manager',
    programs: ['virt-manager'],
    packages: ['virt-manager'],
    gtkVncName: 'libvirt-vnc',
    remark: 'since 0.5.3; libvirt before that',
    source: 'virt-manager 4.1, 5.1 virtManager/details/viewers.py: VNCViewer._auth_credential',
  },
  {
    title: 'virt-viewer',
    programs: ['virt-viewer', 'remote-viewer'],
    packages: ['virt-viewer'],
    gtkVncName: 'libvirt',
    source: 'virt-viewer 8.0, 11.0 src/virt-viewer-session-vnc.c: virt_viewer_session_vnc_auth_credential',
  },
  {
    title: 'gvncviewer',
    programs: ['gvncviewer'],
    packages: ['gvncviewer', 'gvnc-tools'],
    gtkVncName: 'gvncviewer',
    source: 'gtk-vnc 1.3.1 examples/gvncviewer.c: vnc_credential',
  },
  {
    title: 'gvnccapture',
    programs: ['gvnccapture'],
    packages: ['gvncviewer', 'gvnc-tools'],
    gtkVncName: 'gvnccapture',
    source: 'gtk-vnc 1.3.1 tools/gvnccapture.c: do_vnc_auth_credential',
  },
  {
    title: 'Vinagre',
    programs: ['vinagre'],
    packages: ['vinagre'],
    gtkVncName: 'vinagre',
    source: 'vinagre 3.8 plugins/vnc/vinagre-vnc-tab.c: vnc_auth_cb',
  },
  {
    title: 'GNOME Connections',
    programs: ['gnome-connections'],
    packages: ['gnome-connections'],
    gtkVncName: 'connections',
    source: 'gnome-connections src/vnc-connection.vala: connect_it',
  },
  {
    title: 'GNOME Boxes',
    programs: [],
    packages: ['gnome-boxes'],
    gtkVncName: 'boxes',
    remark: 'as long as it knew VNC; 43 does without gtk-vnc',
    source: 'gnome-boxes 3.38 src/vnc-display.vala: connect_it',
  },
  {
    title: "Remmina's GVNC plug-in",
    programs: [],
    packages: ['remmina-plugins-gnome'],
    gtkVncName: 'remmina',
    remark: 'protocol GVNC, where it is built; plain VNC goes through libvncclient',
    source: 'Remmina 1.4 plugins/gvnc/gvnc_plugin.c: remmina_plugin_gvnc_ask_auth',
  },
  {
    title: 'Remmina',
    programs: remminaPrograms,
    packages: ['remmina'],
    remark:
      "cacert, cacrl, clientcert and clientkey of each profile: in datadir_path of ~/.config/remmina/remmina.pref, or ~/.remmina, or $XDG_DATA_HOME/remmina (~/.local/share/remmina); a CA is needed, the system's are not used",
    source: 'Remmina 1.4.29, 1.4.39 plugins/vnc/vnc_plugin.c; libvncclient 0.9.14, 0.9.15 libvncclient/tls_gnutls.c',
  },
  {
    title: 'TigerVNC',
    programs: tigerVncPrograms,
    packages: ['tigervnc-viewer', 'tigervnc'],
    remark:
      '~/.vnc/x509_ca.pem and x509_crl.pem, from 1.14 on in $XDG_CONFIG_HOME/tigervnc (~/.config/tigervnc) unless only ~/.vnc is there; never a certificate of its own',
    source: 'TigerVNC 1.12 common/rfb/CSecurityTLS.cxx; 1.14 common/os/os.cxx: getvncdir',
  },
];

/** The names under which gtk-vnc looks for certificate and key, each once. */
export const gtkVncNames: readonly string[] = [
  ...new Set(vncClients.flatMap(({ gtkVncName }) => (gtkVncName === undefined ? [] : [gtkVncName]))),
];

/**
 * TigerVNC's directories below a home directory, the newer first; the older one counts where the newer is not there.
 *
 * Source: TigerVNC 1.12 common/os/os.cxx: getvnchomedir; 1.14 getvncdir.
 */
export const tigerVncDirectories: readonly string[] = ['.config/tigervnc', '.vnc'];

/** TigerVNC's files below either directory: what it trusts besides the system's store. Source: TigerVNC 1.12 common/rfb/CSecurityTLS.cxx. */
export const tigerVncPki = { 'ca-certificate': 'x509_ca.pem', 'revocation-list': 'x509_crl.pem' } as const;

/**
 * Where Remmina's profiles may be, below a home directory: the first directory that is there is the only one in use. A preference comes
 * before both (`remminaPreferences`).
 *
 * Source: Remmina 1.4 src/remmina_file_manager.c: remmina_file_get_datadir.
 */
export const remminaDirectories: readonly string[] = ['.remmina', '.local/share/remmina'];

/** The key file below a home directory that may name another directory of profiles, and where in it. Source: Remmina 1.4 src/remmina_pref.c. */
export const remminaPreferences = {
  path: '.config/remmina/remmina.pref',
  group: 'remmina_pref',
  key: 'datadir_path',
} as const;

/** The key of a profile that names each file. Source: Remmina 1.4 plugins/vnc/vnc_plugin.c: remmina_plugin_vnc_rfb_credential. */
export const remminaSettings = {
  'ca-certificate': 'cacert',
  'revocation-list': 'cacrl',
  certificate: 'clientcert',
  'private-key': 'clientkey',
} as const satisfies Readonly<Record<CredentialKind, string>>;
