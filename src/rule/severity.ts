/** How bad a violation is: error where libvirt or QEMU will refuse or an outsider gets in, warning where a careful admin would act. */
export type Severity = 'error' | 'warning' | 'note';

/** Worst first. */
export const severities: readonly Severity[] = ['error', 'warning', 'note'];
