import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { allRules } from '../../src/cli/load-rules.ts';
import { diagnosisFacts, relatedRules } from '../../src/diagnosis/related.ts';
import { rulesOfFault } from '../../src/diagnosis/rules-of-fault.ts';
import { rulesOfRefusal, whyOfRefusal } from '../../src/diagnosis/rules-of-refusal.ts';
import { stages } from '../../src/diagnosis/diagnosis.ts';
import type { Step } from '../../src/diagnosis/step.ts';
import { localProtocol } from '../../src/diagnosis/libvirt/local.ts';
import { libvirtProtocol } from '../../src/diagnosis/libvirt/protocol.ts';
import { sshProtocol } from '../../src/diagnosis/libvirt/ssh.ts';
import { nbdProtocol } from '../../src/diagnosis/nbd/protocol.ts';
import { spiceProtocol } from '../../src/diagnosis/spice/protocol.ts';
import { vncProtocol } from '../../src/diagnosis/vnc/protocol.ts';
import type { ChainFault } from '../../src/domain/chain-of-trust.ts';
import type { LoadingRefusal } from '../../src/domain/load-credentials.ts';
import { bareFacts } from '../support/facts.ts';

const top = join(import.meta.dirname, '../..');
const ids = new Set(allRules.map(({ rule }) => rule.id));
const protocols = {
  libvirt: libvirtProtocol,
  local: localProtocol,
  ssh: sshProtocol,
  vnc: vncProtocol,
  spice: spiceProtocol,
  nbd: nbdProtocol,
};
const uris = ['qemu+tls://kvm1/system', 'vnc://kvm1:5900', 'spice://kvm1:5900', 'nbds://kvm1/disk'];

const steps = Object.entries(protocols).flatMap(([protocol, { serverStart, clientStart, connection }]) =>
  [...serverStart, ...clientStart, ...connection].map((step) => ({
    title: `${protocol}: ${step.question}`,
    protocol,
    step: step as Step<unknown>,
  })),
);

describe.each(steps)('$title', ({ step }) => {
  it('asks as an admin would', () => {
    expect(step.question).toMatch(/^[A-Z][^?.]*\?$/);
  });

  it('names its source: a file upstream, or that it was observed', () => {
    expect(step.source).toMatch(/\b[\w./-]+\.(c|h|socket|rules)\b|\bobserved\b/i);
  });

  it('belongs to a stage, and to a side', () => {
    expect(stages).toContain(step.stage);
    expect(['client', 'server']).toContain(step.side);
  });

  it('needs facts that there are', () => {
    for (const name of [...(step.needs.client ?? []), ...(step.needs.server ?? [])] as string[]) {
      expect(Object.keys(bareFacts)).toContain(name);
      expect(diagnosisFacts).toContain(name);
    }
  });
});

describe('the steps of a protocol', () => {
  it.each(Object.keys(protocols))('of %s ask each question once', (protocol) => {
    const questions = steps.filter((one) => one.protocol === protocol).map(({ step }) => step.question);
    expect(questions.length).toBeGreaterThan(2);
    expect(questions.filter((question, index) => questions.indexOf(question) !== index)).toEqual([]);
  });
});

/** Every kind of refusal, and every fault of a chain; the compiler asks for those that are added. */
const refusals: Readonly<Record<LoadingRefusal['kind'], true>> = {
  missing: true,
  unreadable: true,
  'not-a-file': true,
  'too-large': true,
  'certificate-malformed': true,
  'ca-malformed': true,
  'certificate-expired': true,
  'certificate-not-yet-valid': true,
  'certificate-is-a-ca': true,
  'digital-signature-missing': true,
  'key-encipherment-missing': true,
  'purpose-mismatch': true,
  'ca-expired': true,
  'ca-not-yet-valid': true,
  'ca-not-a-ca': true,
  'ca-without-constraints': true,
  'ca-key-usage': true,
  untrusted: true,
  'crl-malformed': true,
  'key-malformed': true,
  'key-encrypted': true,
  'key-mismatch': true,
};
const faults: Readonly<Record<ChainFault['kind'], true>> = {
  'other-ca': true,
  'intermediate-missing': true,
  'same-name-other-key': true,
  expired: true,
  'not-yet-valid': true,
  'issuer-not-a-ca': true,
  'issuer-key-usage': true,
  'path-length': true,
  'name-constraints': true,
  'insecure-algorithm': true,
  'weak-key': true,
  'bad-signature': true,
  'unsupported-algorithm': true,
  'unknown-critical-extension': true,
  revoked: true,
};

describe('the rules that failures name', () => {
  it.each(Object.keys(refusals) as LoadingRefusal['kind'][])('of a refusal: %s', (kind) => {
    for (const side of ['client', 'server'] as const) {
      for (const path of ['/pki/cert.pem', '/pki/key.pem']) {
        const rules = rulesOfRefusal({ kind, path, text: '' }, side);
        expect(rules.filter((id) => !ids.has(id))).toEqual([]);
        expect(rules.length).toBeGreaterThan(0);
      }
    }
    for (const program of ['libvirt', 'QEMU'] as const)
      expect(whyOfRefusal({ kind, path: '/pki/cert.pem', text: '' }, program)).toMatch(/^\S.{20,}[^.]$/);
  });

  it.each(Object.keys(faults) as ChainFault['kind'][])('of a chain: %s', (kind) => {
    const rules = rulesOfFault({ kind } as ChainFault);
    expect(rules.filter((id) => !ids.has(id))).toEqual([]);
    expect(rules.length).toBeGreaterThan(0);
  });

  it.each(uris)('of %s are there, once each', (uri) => {
    const related = relatedRules(uri);
    expect(related.filter((id) => !ids.has(id))).toEqual([]);
    expect(new Set(related).size).toBe(related.length);
  });

  it('stand in no source by another name, and are evaluated by diagnose, or nobody sees their findings', () => {
    const evaluated = new Set(uris.flatMap(relatedRules));
    // Rules are named in lists and as a warning's second argument; nothing else here is spelt like one.
    const named = fastGlob.sync('src/diagnosis/**/*.ts', { cwd: top }).flatMap((path) => {
      const text = readFileSync(join(top, path), 'utf8').replaceAll(/=== '[^']*'/g, '');
      const lists = [...text.matchAll(/\brules(?::| =)\s*\[([^\]]*)\]/g)].flatMap(([, list]) => [
        ...(list ?? '').matchAll(/'([a-z-]+)'/g),
      ]);
      const seconds = [...text.matchAll(/,\s*'([a-z]+(?:-[a-z]+)+)',?\s*\)/g)];
      return [...lists, ...seconds].map(([, id]) => ({ path, id: id ?? '' }));
    });
    expect(named.length).toBeGreaterThan(20);
    const isMissing = ({ id }: { readonly id: string }): boolean => !ids.has(id) || !evaluated.has(id);
    expect(named.filter(isMissing)).toEqual([]);
  });
});
