/** Security types of RFB by code. Source: IANA's Remote Framebuffer registry; qemu ui/vnc.h: VNC_AUTH_*. */
export const vncSecurityTypes = {
  invalid: 0,
  none: 1,
  vnc: 2,
  ra2: 5,
  ra2ne: 6,
  tight: 16,
  ultra: 17,
  tls: 18,
  veNCrypt: 19,
  sasl: 20,
} as const;

/** Sub-types of VeNCrypt by code. Source: qemu ui/vnc.h: VNC_AUTH_VENCRYPT_*. */
export const veNCryptSubTypes = {
  plain: 256,
  tlsNone: 257,
  tlsVnc: 258,
  tlsPlain: 259,
  x509None: 260,
  x509Vnc: 261,
  x509Plain: 262,
  x509Sasl: 263,
  tlsSasl: 264,
} as const;

const names: Readonly<Record<number, string>> = {
  0: 'Invalid',
  1: 'None',
  2: 'VNC',
  5: 'RA2',
  6: 'RA2ne',
  16: 'Tight',
  17: 'Ultra',
  18: 'TLS',
  19: 'VeNCrypt',
  20: 'SASL',
  256: 'Plain',
  257: 'TLSNone',
  258: 'TLSVnc',
  259: 'TLSPlain',
  260: 'X509None',
  261: 'X509Vnc',
  262: 'X509Plain',
  263: 'X509SASL',
  264: 'TLSSASL',
};

/** The usual name of a security type or sub-type; the code itself where it has none. */
export const vncSecurityName = (code: number): string => names[code] ?? String(code);
