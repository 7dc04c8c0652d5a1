import { describe, expect, it } from 'vitest';
import json, { toJson } from '../../src/report/json.ts';
import { aFinding, aHost, aReport, faultyReport, hostileReport, hostileTexts } from '../support/report.ts';

const options = { color: false, width: 80, verbose: false, quiet: false };

describe('json', () => {
  it('is the report and nothing else', () =>
    expect(JSON.parse(json.render(faultyReport, options))).toEqual(faultyReport));

  it.each(hostileTexts)('keeps what a terminal must not meet as data: %j', (text) => {
    const report = hostileReport(text);
    expect(JSON.parse(json.render(report, options))).toEqual(report);
  });

  it('has the keys in the order of the contract, however the report was built', () => {
    const backwards = <T>(value: T): T =>
      Array.isArray(value)
        ? (value.map(backwards) as T)
        : typeof value === 'object' && value !== null
          ? (Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, each]) => [key, backwards(each)]),
            ) as T)
          : value;
    const report = aReport(
      aHost({ findings: [aFinding({ fix: null, subject: { kind: 'file', path: '/x', line: 3 } })] }),
    );
    expect(json.render(backwards(report), options)).toBe(json.render(report, options));
    expect(json.render(report, options)).toMatchInlineSnapshot(`
      "{
        "format": "virt-pki-check/report",
        "version": 1,
        "tool": {
          "name": "virt-pki-check",
          "version": "0.1.0"
        },
        "time": "2026-03-01T14:02:09.000Z",
        "summary": {
          "error": 1,
          "warning": 0,
          "note": 0,
          "pass": 1,
          "unknown": 0,
          "notApplicable": 0
        },
        "hosts": [
          {
            "target": "local",
            "hostname": "kvm1.example.com",
            "roles": [
              "libvirt-server",
              "vnc-server"
            ],
            "software": {
              "os": "Debian 13",
              "libvirt": "11.3.0-3+deb13u3",
              "qemu": "10.0.13",
              "gnutls": "3.8.9"
            },
            "findings": [
              {
                "rule": "private-key-unreadable",
                "severity": "error",
                "subject": {
                  "kind": "file",
                  "path": "/x",
                  "line": 3
                },
                "message": "QEMU runs as libvirt-qemu and cannot read its key",
                "seen": "root:root 0600; QEMU runs as libvirt-qemu:libvirt-qemu",
                "needed": "read access for libvirt-qemu",
                "effect": "guests with VNC over TLS do not start: \\"Cannot load certificate … Error while reading file.\\"",
                "fingerprint": "0123456789abcdef",
                "references": [
                  {
                    "title": "libvirt: TLS certificates",
                    "url": "https://libvirt.org/kbase/tlscerts.html"
                  }
                ],
                "fix": null
              }
            ],
            "verdicts": [
              {
                "rule": "certificate-expired",
                "outcome": "pass"
              }
            ]
          }
        ]
      }
      "
    `);
  });

  it('keeps keys that are newer than it', () =>
    expect(JSON.parse(json.render({ ...faultyReport, later: 1 } as typeof faultyReport, options))).toHaveProperty(
      'later',
      1,
    ));
});

describe('toJson', () => {
  it('writes what steers a terminal as escapes', () =>
    expect(toJson('\x9b\x7f\u202e\u{e0041}')).toBe('"\\u009b\\u007f\\u202e\\udb40\\udc41"\n'));
});
