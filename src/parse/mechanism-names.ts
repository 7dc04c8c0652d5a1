import { peerText } from './decoded.ts';

/** The names in Cyrus SASL's list, which libvirt and QEMU join with commas (sasl_listmech(3)); at most 100 of them. */
export const mechanismNames = (list: Uint8Array): readonly string[] =>
  peerText(list, 4096)
    .split(/[\s,]+/)
    .filter((name) => name !== '')
    .slice(0, 100);
