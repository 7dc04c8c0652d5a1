import { describe, expect, it } from 'vitest';
import { explanationOf } from '../../src/explain/explanation.ts';
import { explanationJson, explanationText } from '../../src/report/explanation-text.ts';

const text = (page: string, width = 100): string => explanationText(explanationOf(page), { color: false, width });

describe('explanationText', () => {
  it('says where it fails, why, where to look, and what to type', () => {
    expect(text('error: The client certificate /etc/pki/libvirt/clientcert.pem has expired')).toMatchInlineSnapshot(`
      "It fails at client-credentials: the client refuses its own settings, certificate, key or CA.

      ✖ The client certificate /etc/pki/libvirt/clientcert.pem has expired
        from virsh
        1  The validity of /etc/pki/libvirt/clientcert.pem is over
           look   on the client: dates of /etc/pki/libvirt/clientcert.pem, then the clock
           rules  certificate-expired
           fix    Issue a new client certificate
                  openssl x509 -in /etc/pki/libvirt/clientcert.pem -noout -subject -dates
                  date -u

      Next: virt-pki-check explain RULE says more about a rule, virt-pki-check looks for what they see
      "
    `);
  });

  it('shows only once what follows from something else', () => {
    const page = text(`error: Unable to read TLS confirmation: Input/output error
libvirtd[1]: Client's Distinguished Name is not on the list of allowed clients (tls_allowed_dn_list).`);
    expect(page).toMatch(/^It fails at client-identity: the server refuses the client’s certificate\./);
    expect(page).toMatch(
      /Unable to read TLS confirmation\n {2}line 1 · from virsh\n {2}follows from what stands above/,
    );
  });

  it('is honest about a text that is not known', () => {
    expect(text('could not read the TLS confirmation')).toMatchInlineSnapshot(`
      "Not known: no message that this program knows stands in this text.

      What resembles it most, which may mean something else:
        Unable to read TLS confirmation
      "
    `);
    expect(text('hello')).toContain('Not known');
  });

  it('quotes for the shell what stood in the message, and lets nothing steer the terminal', () => {
    const evil = "/tmp/$(reboot)';reboot;'/x\u202e.pem";
    const page = text(`The CA certificate ${evil} has expired`);
    expect(page).not.toMatch(/[\u202e\x1b]/);
    const command = page.split('\n').find((line) => line.includes('certtool -i --infile')) ?? '';
    expect(command).toContain(`'/tmp/$(reboot)'\\'';reboot;'\\''/x.pem'`);
    expect(text('The CA certificate --outfile=/etc/passwd has expired')).toContain('--infile ./--outfile=/etc/passwd');
  });

  it('gives programs the same', () => {
    const document = JSON.parse(explanationJson(explanationOf('The CA certificate /a b.pem has expired'))) as Record<
      string,
      unknown
    >;
    expect(document).toMatchObject({
      format: 'virt-pki-check/explanation',
      version: 1,
      known: true,
      truncated: false,
      stages: ['client-credentials', 'server-credentials'],
      messages: [{ message: 'ca-certificate-expired', line: 1, count: 1, holes: { file: '/a b.pem' } }],
      nearest: [],
    });
    expect(JSON.stringify(document)).toContain("certtool -i --infile '/a b.pem'");
  });

  it.each([60, 80])('keeps prose within %d columns', (width) => {
    // Commands stay whole: they are to be pasted.
    const prose = text('Unable to read TLS confirmation', width)
      .split('\n')
      .filter((line) => !/^ {12}(journalctl|openssl)/.test(line));
    expect(prose.filter((line) => line.length > width)).toEqual([]);
  });
});
