import type { QemuObject } from '../facts/qemu-processes.ts';
import { matchesPattern } from './name-pattern.ts';

/** Whether an authorization object lets somebody in; undefined where its rules lie outside (a file, PAM). */
export interface Authorization {
  readonly allowed: boolean | undefined;
  /** Why, as a clause. */
  readonly because: string;
}

/**
 * What `tls-authz=ID` says to a client's distinguished name, as GnuTLS prints it (`C=GB,O=Acme,CN=client1`). An id that names no authorization
 * object is found only when somebody connects, and lets nobody in.
 *
 * Source: QEMU authz/simple.c, authz/list.c: qauthz_list_is_allowed; crypto/tlssession.c: qcrypto_tls_session_check_certificate.
 */
export function authorize(objects: readonly QemuObject[], id: string, name: string): Authorization {
  const object = objects.find((one) => one.id === id);
  switch (object?.type) {
    case 'authz-simple':
      return object.identity === name
        ? { allowed: true, because: `${id} lets in ${name}` }
        : { allowed: false, because: `${id} lets in ${object.identity} alone, and the client is ${name}` };
    case 'authz-list': {
      const rule = object.rules.find(({ match, format }) =>
        format === 'glob' ? matchesPattern(match, name) : match === name,
      );
      const policy = rule?.policy ?? object.policy;
      const because =
        rule === undefined
          ? `no rule of ${id} matches ${name}, and its policy is ${policy}`
          : `the rule ${rule.match} of ${id} says ${policy} to ${name}`;
      return { allowed: policy === 'allow', because };
    }
    case 'authz-listfile':
      return { allowed: undefined, because: `the rules of ${id} lie in ${object.filename}` };
    case 'authz-pam':
      return { allowed: undefined, because: `${id} asks PAM (service ${object.service})` };
    case undefined:
      return { allowed: false, because: `there is no object ${id}` };
    case 'secret':
    case 'secret_keyring':
    case 'tls-creds-x509':
    case 'tls-creds-anon':
    case 'tls-creds-psk':
    case 'other':
      return { allowed: false, because: `${id} is no authorization object` };
  }
}
