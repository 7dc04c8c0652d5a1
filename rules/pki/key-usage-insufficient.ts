import type { Certificate } from '../../src/facts/certificates.ts';
import { unknown } from '../../src/facts/fact.ts';
import { isViewer } from '../../src/reference/pki-files.ts';
import { roles as everyRole } from '../../src/facts/role.ts';
import { certificateSteps } from '../../src/domain/certificate-order.ts';
import { contentGaps, endEntityOf } from '../../src/domain/credential-contents.ts';
import {
  demandsKeyEncipherment,
  ownCredentialFacts,
  ownCredentials,
  refusalOf,
  type OwnCredentials,
} from '../../src/domain/own-credentials.ts';
import { defineRule, type Undetermined, type Violation } from '../../src/rule/define-rule.ts';
import type { Severity } from '../../src/rule/severity.ts';
import { file } from '../../src/rule/subject.ts';

const programNames = {
  libvirt: 'libvirt',
  qemu: 'QEMU',
  'gtk-vnc': 'gtk-vnc',
  remmina: 'Remmina',
  tigervnc: 'TigerVNC',
} as const;

export default defineRule({
  id: 'key-usage-insufficient',
  title: 'The key usage of a certificate does not allow TLS',
  severity: 'error',
  roles: everyRole,
  needs: [...ownCredentialFacts, 'identity'],
  rationale:
    'Where a certificate restricts its key usage, TLS needs digital signature among it; older versions of libvirt and QEMU ask for key encipherment too, whatever the type of the key.',
  remedy:
    'Have the certificate issued with digital signature and, for an RSA key, key encipherment (certtool: `signing_key`, `encryption_key`), or without a key usage.',
  references: [
    { title: 'libvirt: TLS certificates', url: 'https://libvirt.org/kbase/tlscerts.html' },
    { title: 'libvirt 11.6.0: key encipherment no longer required', url: 'https://libvirt.org/news.html' },
    { title: 'RFC 5280, key usage', url: 'https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3' },
  ],
  sources: [
    'libvirt 9.0 src/rpc/virnettlscontext.c: virNetTLSContextCheckCertKeyUsage',
    'QEMU 7.2 crypto/tlscredsx509.c: qcrypto_tls_creds_check_cert_key_usage',
    'observed: libvirt 9.0.0 and 11.3.0; a GnuTLS client sends no certificate that may not sign',
  ],
  messages: {
    insufficient: (d: {
      endpoint: string;
      usages: string;
      critical: boolean;
      lacks: string;
      program: string;
      effect: string;
    }) => ({
      message: `The key usage of the ${d.endpoint} certificate lacks ${d.lacks}`,
      seen: `key usage${d.critical ? ', critical,' : ''} ${d.usages}`,
      needed: `${d.lacks} in the key usage, for ${d.program}, or no key usage at all`,
      effect: d.effect,
    }),
  },

  check(facts, { roles, violation, undetermined, notApplicable }) {
    const { sets, gaps } = ownCredentials(facts, roles);
    const outcomes = sets.flatMap((own): readonly (Violation | Undetermined)[] => {
      const { set, certificate } = own;
      const leaf = endEntityOf(own);
      const keyUsage = leaf?.keyUsage;
      if (leaf === undefined || keyUsage === undefined || certificate.state !== 'loaded') return [];
      const { path } = certificate.file;
      const signs = keyUsage.usages.includes('digitalSignature');
      const enciphers = keyUsage.usages.includes('keyEncipherment');
      const demanded = demandsKeyEncipherment(facts, set);
      const { program } = set;
      if (signs && !enciphers && keyUsage.critical && demanded === undefined) {
        const detail = `the version of ${program} decides whether key encipherment is demanded: give it with --${program}-version`;
        return [undetermined(file(path, leaf.line), unknown('not-collected', detail))];
      }
      const lacksEncipherment = !enciphers && demanded === true;
      // QEMU says nothing of a restriction that is not critical.
      if (signs && (!lacksEncipherment || (!keyUsage.critical && program === 'qemu'))) return [];
      const { severity, effect } = outcomeOf(own, leaf, signs, enciphers);
      const version = isViewer(program) ? undefined : facts.software[program]?.version;
      const data = {
        endpoint: set.endpoint,
        usages: keyUsage.usages.join(', ') || 'nothing',
        critical: keyUsage.critical,
        lacks: [...(signs ? [] : ['digital signature']), ...(lacksEncipherment ? ['key encipherment'] : [])].join(
          ' and ',
        ),
        program: `${programNames[program]}${version === undefined ? '' : ` ${version}`}`,
        effect,
      };
      const fix = {
        title: `Have ${path} issued with the key usage that TLS needs`,
        applicability: 'manual',
        ...certificateSteps(facts, set, { replaces: leaf, interrupts: severity === 'error' }),
      } as const;
      return [violation('insufficient', file(path, leaf.line), data, { severity, fix })];
    });
    const unknowns = [...gaps, ...contentGaps(sets, 'certificate')];
    if (unknowns.length === 0 && !sets.some((own) => endEntityOf(own) !== undefined))
      return notApplicable('there is no server or client certificate');
    return [...outcomes, ...unknowns.map(({ path, because }) => undetermined(file(path), because))];
  },
});

/** What happens: refused at start where it is critical, else a failed handshake, or only a line in the log. */
function outcomeOf(
  own: OwnCredentials,
  leaf: Certificate,
  signs: boolean,
  enciphers: boolean,
): { readonly severity: Severity; readonly effect: string } {
  const { checked, consequence, set } = own;
  const refusal = refusalOf(own, ['digital-signature-missing', 'key-encipherment-missing'], leaf);
  if (refusal !== undefined && checked) return { severity: 'error', effect: `${consequence}: "${refusal.text}"` };
  if (refusal !== undefined)
    return {
      severity: signs ? 'warning' : 'error',
      effect: `peers refuse it: "Certificate [session] usage does not permit ${signs ? 'key encipherment' : 'digital signature'}"`,
    };
  if (!signs && set.endpoint === 'client')
    return {
      severity: 'error',
      effect: 'GnuTLS does not send the certificate, and the server logs "No certificate was found."',
    };
  if (!signs && !enciphers)
    return {
      severity: 'error',
      effect: 'every handshake fails: "TLS handshake failed No supported cipher suites have been found."',
    };
  if (!signs) return { severity: 'warning', effect: 'only TLS up to 1.2 with RSA key exchange works' };
  return {
    severity: 'note',
    effect: 'libvirt logs a warning, and goes on, because the restriction is not critical',
  };
}
