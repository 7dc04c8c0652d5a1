import { describe, expect, it } from 'vitest';
import { daemonCommandLine } from '../../src/domain/daemon-command-line.ts';

const read = (text: string, daemon: 'libvirtd' | 'virtproxyd' = 'libvirtd') => {
  const outcome = daemonCommandLine(daemon, text.split(' ').filter(Boolean));
  return outcome.state === 'taken' ? `taken ${outcome.configuration ?? ''}`.trim() : (outcome.error ?? 'ends');
};

describe('the arguments of a daemon', () => {
  it.each([
    ['', 'taken'],
    ['--listen', 'taken'],
    ['-vl', 'taken'],
    ['--lis --verb', 'taken'],
    ['--timeout 120 --listen', 'taken'],
    ['-t120', 'taken'],
    ['-p /run/x.pid', 'taken'],
    ['--config /etc/x.conf', 'taken /etc/x.conf'],
    ['--config=/etc/x.conf', 'taken /etc/x.conf'],
    ['-lf /etc/x.conf', 'taken /etc/x.conf'],
    ['--listen extra', 'unexpected, non-option, command line arguments'],
    ['-- --listen', 'unexpected, non-option, command line arguments'],
    ['--nonsense', "unrecognized option '--nonsense'"],
    ['--listen=1', "option '--listen' doesn't allow an argument"],
    ['--ver', "option '--ver' is ambiguous"],
    ['--config', "option '--config' requires an argument"],
    ['-x', "invalid option -- 'x'"],
    ['-f', "option requires an argument -- 'f'"],
    ['--timeout never', 'Invalid value for timeout'],
    ['--timeout -1', 'Invalid value for timeout'],
    ['--version', 'ends'],
    ['-h --nonsense', 'ends'],
  ])('%s: %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('have no --listen for virtproxyd', () => {
    expect(read('--listen', 'virtproxyd')).toBe("unrecognized option '--listen'");
    expect(read('-l', 'virtproxyd')).toBe("invalid option -- 'l'");
    expect(read('--timeout 120', 'virtproxyd')).toBe('taken');
  });
});
