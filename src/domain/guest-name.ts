import type { QemuProcess } from '../facts/qemu-processes.ts';

/** A guest's name (`-name guest=`), else its process for people. */
export const guestName = ({ pid, commandLine }: Pick<QemuProcess, 'pid' | 'commandLine'>): string =>
  commandLine.guest ?? `the QEMU of pid ${pid}`;
