import { describe, expect, it } from 'vitest';
import { assume } from '../../src/engine/assume.ts';
import { facts, guests } from '../support/facts.ts';
import { snapshotOf } from '../support/test-rule.ts';

const running = snapshotOf(facts(guests([['-object', 'secret,id=s0,data=geheim', '-vnc', ':0,x509=/etc/pki,tls']])));

const commandLineFor = (qemu: string) => {
  const fact = assume(running, { qemu }).facts.qemuProcesses;
  return fact.known && fact.value.observed ? fact.value.processes[0]?.commandLine : undefined;
};

describe('a version of QEMU that the user gives', () => {
  it('reads the arguments of running guests its own way', () => {
    expect(commandLineFor('1:10.0.13+ds-0+deb13u1')?.refusal?.text).toBe("Invalid parameter 'x509'");
    expect(commandLineFor('2.12')).not.toHaveProperty('refusal');
    expect(commandLineFor('2.12')?.vnc[0]?.tls).toMatchObject({ type: 'x509', credentials: { dir: '/etc/pki' } });
  });

  it('changes nothing of them without numbers, and of a host where none was seen', () => {
    expect(commandLineFor('unknown')).toEqual(commandLineFor('10.0'));
    expect(assume(snapshotOf(facts()), { qemu: '7.2' }).facts.qemuProcesses).toEqual({
      known: true,
      value: { observed: false },
    });
  });

  it('is what the facts then say', () => {
    expect(assume(running, { qemu: '7.2' }).facts.software).toMatchObject({
      value: { qemu: { version: '7.2', source: 'given' } },
    });
  });
});
