/** Names of extended key usages by object identifier (RFC 5280 section 4.2.1.12, RFC 4556, Microsoft). */
export const purposeNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'TLS web server',
  '1.3.6.1.5.5.7.3.2': 'TLS web client',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'e-mail protection',
  '1.3.6.1.5.5.7.3.8': 'time stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP signing',
  '1.3.6.1.5.5.7.3.17': 'IPsec IKE',
  '1.3.6.1.5.2.3.4': 'Kerberos client',
  '1.3.6.1.5.2.3.5': 'Kerberos KDC',
  '1.3.6.1.4.1.311.20.2.2': 'smart card logon',
  '2.5.29.37.0': 'any purpose',
};
