import { sideOf, type Printer } from '../reference/messages/message.ts';

/** What the text before a message tells of who printed it. */
export interface Origin {
  readonly printer?: Printer;
  readonly program?: string;
  readonly level?: 'error' | 'warning';
}

/** Names that programs put before their messages. */
const programs: readonly (readonly [RegExp, Printer])[] = [
  [/\b(qemu-system-[\w-]{1,20}|qemu-kvm|qemu-nbd|qemu-img|kvm)(?:\[\d{1,10}\])?: /g, 'qemu'],
  [
    /\b(libvirtd|virt(?:proxy|qemu|network|storage|secret|log|lock|nodedev|interface|nwfilter|xen|lxc|vz|bhyve|ch)d)(?:\[\d{1,10}\])?: /g,
    'daemon',
  ],
  [
    /\b(virsh|virt-install|virt-clone|virt-manager|virt-admin|virt-host-validate|ssh|kinit|libvirtError)(?:\[\d{1,10}\])?: /g,
    'client',
  ],
  [
    /\b(virt-viewer|remote-viewer|gvncviewer|gvnccapture|vncviewer|vinagre|remmina)(?::\d{1,10}\))?[^:]{0,80}: /g,
    'viewer',
  ],
  [/\b(kernel|systemd|audit|auditd|setroubleshoot|dbus-daemon)(?:\[\d{1,10}\])?: /g, 'journal'],
];

/** Of libvirt's log (src/util/virlog.c: virLogFormatString); only daemons log errors without being told to (virerror.c). */
const logged = /(?:^| )(warning|error) : \w{1,100}:\d{1,6} : /g;

/** virsh's own (tools/vsh.c: vshError). */
const virshError = /^error: /g;

/** @param head the text before a message, on its line */
export function originOf(head: string): Origin {
  const text = head.slice(-1024);
  let nearest = -1;
  let origin: Origin = {};
  const consider = (pattern: RegExp, told: (match: RegExpMatchArray) => Origin): void => {
    for (const match of text.matchAll(pattern)) {
      if (match.index > nearest) {
        nearest = match.index;
        origin = { ...(origin.level === undefined ? {} : { level: origin.level }), ...told(match) };
      }
    }
  };
  consider(virshError, () => ({ printer: 'client', program: 'virsh' }));
  for (const [pattern, printer] of programs) {
    consider(pattern, ([, program = '']) => ({ printer, program }));
  }
  const level = [...text.matchAll(logged)].at(-1)?.[1];
  if (level === undefined) return origin;
  if (level === 'warning') return { ...origin, level };
  return { printer: 'daemon', ...origin, level: 'error' };
}

/** File names that only one kind of program uses (see pki-files.ts): QEMU's have a hyphen. */
const files: readonly (readonly [RegExp, Printer])[] = [
  [/^(?:ca-cert|ca-crl|server-cert|server-key|client-cert|client-key)(?:-\d)?\.pem$|^dh-params\.pem$/, 'qemu'],
  [/^server(?:cert|key)\d?\.pem$/, 'daemon'],
  [/^client(?:cert|key)\d?\.pem$/, 'client'],
];

/** Who would have such a file as its own. */
export function printerByFile(values: readonly string[]): Printer | undefined {
  for (const value of values) {
    const name = value.slice(value.lastIndexOf('/') + 1);
    const found = files.find(([pattern]) => pattern.test(name))?.[1];
    if (found !== undefined) return found;
    if (value.includes('/.pki/')) return 'client';
  }
  return undefined;
}

/** The one among those who print a message that was meant: virt-viewer also prints what libvirt's client says. */
export function among(printedBy: readonly Printer[], printer: Printer | undefined): Printer | undefined {
  if (printer === undefined) return undefined;
  return printedBy.includes(printer) ? printer : printedBy.find((each) => sideOf[each] === sideOf[printer]);
}
