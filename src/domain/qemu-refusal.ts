import type { QemuCommandLine, QemuRefusal } from '../facts/qemu-processes.ts';

/** What is wrong with arguments that QEMU refuses, as far as consoles have names for it. */
export type RefusalKind = 'legacy' | 'wrong-endpoint' | 'undefined-credentials' | 'incomplete-credentials' | 'other';

/** Sorts a refusal by QEMU's words. Source: ui/vnc.c: vnc_display_open; crypto/tlscreds.c: qcrypto_tls_creds_get_path. */
export function refusalKind({ stage, text }: QemuRefusal): RefusalKind {
  if (/^Invalid parameter '(tls|x509|x509verify|acl)'$/.test(text)) return 'legacy';
  if (text === "Missing 'dir' property value") return 'incomplete-credentials';
  if (stage !== 'displays') return 'other';
  if (/^Expected TLS credentials for a server endpoint$/.test(text)) return 'wrong-endpoint';
  return /^(No TLS credentials with id|Object with id '.*' is not TLS credentials|Unsupported TLS cred type)/s.test(
    text,
  )
    ? 'undefined-credentials'
    : 'other';
}

/** The refusal of a command line when it is of a kind. */
export const refusalOfKind = ({ refusal }: QemuCommandLine, kind: RefusalKind): QemuRefusal | undefined =>
  refusal !== undefined && refusalKind(refusal) === kind ? refusal : undefined;
