import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnitFile, unitList, unitValue, unitWords } from '../../src/parse/unit-file.ts';

const socket = parseUnitFile(`[Unit]
Description=Libvirt TLS IP socket
After=libvirtd.socket

[Socket]
ListenStream=16514
Service=libvirtd.service
SocketMode=0666
SocketGroup=libvirt

[Install]
WantedBy=sockets.target
Also=libvirtd.socket libvirtd-ro.socket
`);

describe('a unit file', () => {
  it('has directives with their sections and lines', () => {
    expect(socket).toContainEqual({ section: 'Socket', key: 'ListenStream', value: '16514', line: 6 });
    expect(unitList([socket], 'Socket', 'ListenStream')).toEqual(['16514']);
    expect(unitValue([socket], 'Socket', 'SocketMode')).toBe('0666');
    expect(unitWords([socket], 'Install', 'Also')).toEqual(['libvirtd.socket', 'libvirtd-ro.socket']);
    expect(unitValue([socket], 'Unit', 'ListenStream')).toBeUndefined();
  });

  it.each<[string, string, string[]]>([
    ['comments', '[S]\n# K=1\n; K=2\n  #K=3\nK=4', ['4']],
    ['continued lines', '[S]\nK=a \\\n  b\nL=1', ['a    b']],
    ['a comment inside a continued line', '[S]\nK=a \\\n# no\nb', ['a  b']],
    ['blanks', '[S]\n  K =  x y \r\n', ['x y']],
    ['an equals sign in the value', '[S]\nK=a=b', ['a=b']],
    ['no section', 'K=1', []],
    ['another section', '[T]\nK=1', []],
    ['garbage', '[S\nK\n=1\n[S]\nK=1', ['1']],
    ['a backslash at the end of the file', '[S]\nK=a\\', ['a']],
  ])('%s', (_, text, expected) => {
    expect(unitList([parseUnitFile(text)], 'S', 'K')).toEqual(expected);
  });
});

describe('drop-ins', () => {
  it('add to a list, and reset it with an empty value', () => {
    const adds = parseUnitFile('[Socket]\nListenStream=16515');
    const resets = parseUnitFile('[Socket]\nListenStream=\nListenStream=192.0.2.1:16514\n');
    expect(unitList([socket, adds], 'Socket', 'ListenStream')).toEqual(['16514', '16515']);
    expect(unitList([socket, adds, resets], 'Socket', 'ListenStream')).toEqual(['192.0.2.1:16514']);
  });

  it('replace a value, or give it back to its default', () => {
    expect(unitValue([socket, parseUnitFile('[Socket]\nSocketMode=0660')], 'Socket', 'SocketMode')).toBe('0660');
    expect(unitValue([socket, parseUnitFile('[Socket]\nSocketMode=')], 'Socket', 'SocketMode')).toBeUndefined();
  });
});

it('never throws', () => {
  const text = fc.string({ unit: fc.constantFrom('[', ']', 'K', '=', '\\', '\n', ' ', '#', '\0') });
  fc.assert(fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (source) => void parseUnitFile(source)));
});
