import { describe, expect, it } from 'vitest';
import { inOrder, inverseOf, type RunStep } from '../../src/fix/commands.ts';
import type { FixStep } from '../../src/rule/fix.ts';

const words = (text: string): readonly string[] => text.split(' ');

describe('inverseOf', () => {
  it.each([
    ['systemctl enable --now libvirtd-tls.socket', 'systemctl disable --now libvirtd-tls.socket'],
    ['systemctl disable --now libvirtd-tcp.socket', 'systemctl enable --now libvirtd-tcp.socket'],
    ['systemctl enable libvirtd', 'systemctl disable libvirtd'],
    ['systemctl unmask libvirtd-tls.socket', 'systemctl mask libvirtd-tls.socket'],
    ['groupadd --system libvirt', 'groupdel libvirt'],
    ['semanage fcontext -a -t cert_t /srv/pki(/.*)?', 'semanage fcontext -d /srv/pki(/.*)?'],
  ])('%s is taken back by %s', (command, inverse) => {
    expect(inverseOf(words(command))).toEqual(words(inverse));
  });

  it.each(['systemctl restart libvirtd', 'systemctl stop libvirtd', 'restorecon /etc/pki', 'virsh list', 'systemctl'])(
    '%s leaves nothing that could be taken back',
    (command) => {
      expect(inverseOf(words(command))).toBeUndefined();
    },
  );

  it('is its own inverse for what systemd enables', () => {
    for (const verb of ['enable', 'disable']) {
      const command = ['systemctl', verb, '--now', 'libvirtd-tls.socket'];
      expect(inverseOf(inverseOf(command) ?? [])).toEqual(command);
    }
  });
});

describe('inOrder', () => {
  interface Step {
    readonly step: FixStep;
    readonly fixes: readonly string[];
  }
  const step = (text: string, fix = '1'): Step & { readonly step: RunStep } => ({
    step: { kind: 'run', command: words(text) },
    fixes: [fix],
  });
  const texts = (steps: readonly Step[]): readonly string[] =>
    steps.map((one) => (one.step.kind === 'run' ? one.step.command.join(' ') : one.step.kind));

  it('stops a service before its socket is opened, and starts it once', () => {
    const commands = [
      'start libvirtd',
      'enable --now libvirtd-tls.socket',
      'stop libvirtd',
      'unmask libvirtd-tls.socket',
      'restart libvirtd',
    ];
    const ordered = inOrder<Step>(
      [],
      commands.map((text, index) => step(`systemctl ${text}`, String(index))),
    );
    expect(texts(ordered)).toEqual([
      'systemctl unmask libvirtd-tls.socket',
      'systemctl stop libvirtd',
      'systemctl enable --now libvirtd-tls.socket',
      'systemctl start libvirtd',
    ]);
    expect(ordered.at(-1)?.fixes).toEqual(['0', '4']);
  });

  it('makes groups before files are given to them, and restarts after', () => {
    const file = { step: { kind: 'chgrp', path: '/a', from: 'root', to: 'libvirt' } as const, fixes: ['1'] };
    const ordered = inOrder<Step>(
      [file],
      [step('systemctl restart libvirtd'), step('groupadd libvirt'), step('restorecon /a')],
    );
    expect(texts(ordered)).toEqual(['groupadd libvirt', 'chgrp', 'restorecon /a', 'systemctl restart libvirtd']);
  });
});
