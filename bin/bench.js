#!/usr/bin/env node
// Measures how long the program takes beside bare node, in turn with it, so that a busy machine slows both alike.
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');

const rounds = 21;
const warmUp = 3;

const top = dirname(__dirname);
const program = join(__dirname, 'virt-pki-check.js');
const example = join(top, 'fixtures', 'hosts', 'example');
const scratch = mkdtempSync(join(tmpdir(), 'virt-pki-check-bench-'));
const desk = join(top, 'fixtures', 'hosts', 'desk');
const snapshot = join(scratch, 'snapshot.json');
const client = join(scratch, 'client.json');
const validator = ['/usr/bin/virt-pki-validate', '/usr/local/bin/virt-pki-validate'].find((path) => existsSync(path));

/** A child writes its own peak resident set (getrusage, KiB) when it ends: /usr/bin/time is not everywhere. */
const preload = join(scratch, 'peak.cjs');
writeFileSync(
  preload,
  "process.on('exit', () => require('node:fs').writeFileSync(process.env.PEAK, String(process.resourceUsage().maxRSS)));\n",
);

const commands = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: '--version', args: [program, '--version'], ratio: 1.3 },
  { name: 'explain RULE', args: [program, 'explain', 'private-key-exposed'] },
  { name: 'rules --format json', args: [program, 'rules', '--format', 'json'] },
  { name: 'scan DIRECTORY --format json', args: [program, 'scan', example, '--format', 'json'], ratio: 2, memory: 90 },
  { name: 'scan DIRECTORY --format text', args: [program, 'scan', example, '--format', 'text'] },
  { name: 'scan SNAPSHOT --format json', args: [program, 'scan', snapshot, '--format', 'json'] },
  {
    name: 'diagnose, two SNAPSHOTS',
    args: [
      program,
      'diagnose',
      'qemu+tls://kvm1.example.com/system',
      '--client',
      client,
      '--server',
      snapshot,
      '--offline',
      '--format',
      'json',
    ],
    ratio: 2.2,
  },
  ...(validator === undefined ? [] : [{ name: 'virt-pki-validate (this machine)', file: validator, args: [] }]),
];

/** Wall time of one run in milliseconds. @throws Error when the program itself failed. */
function time({ name, file = process.execPath, args }) {
  const begin = process.hrtime.bigint();
  const { status, stderr, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const elapsed = Number(process.hrtime.bigint() - begin) / 1e6;
  if (error !== undefined) throw error;
  if (file === process.execPath && ![0, 1, 3].includes(status))
    throw new Error(`${name} ended with ${status}: ${stderr}`);
  return elapsed;
}

/** Peak memory of a run of node in MB. */
function peak({ args }) {
  const result = join(scratch, 'peak');
  spawnSync(process.execPath, ['--require', preload, ...args], {
    env: { ...process.env, PEAK: result },
    stdio: 'ignore',
  });
  return Number(readFileSync(result, 'utf8')) / 1024;
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];

function main() {
  for (const [host, file] of [
    [example, snapshot],
    [desk, client],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [program, 'collect', host, '--output', file], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }

  const times = new Map(commands.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const command of commands) {
      const elapsed = time(command);
      if (round >= 0) times.get(command.name).push(elapsed);
    }
  }

  const bare = times.get('node -e 0');
  const rows = commands.map((command) => {
    const own = times.get(command.name);
    // Of each round its own ratio: what else the machine did in that moment weighs on both.
    const ratio = median(own.map((elapsed, round) => elapsed / bare[round]));
    const memory = command.file === undefined ? Math.max(...[0, 1, 2].map(() => peak(command))) : undefined;
    const missed =
      (command.ratio !== undefined && ratio > command.ratio) ||
      (command.memory !== undefined && memory > command.memory);
    const aims = [
      ...(command.ratio === undefined ? [] : [`${command.ratio.toFixed(1)} x`]),
      ...(command.memory === undefined ? [] : [`${command.memory} MB`]),
    ];
    return [
      command.name,
      median(own).toFixed(1),
      Math.min(...own).toFixed(1),
      ratio.toFixed(2),
      memory === undefined ? '' : memory.toFixed(0),
      aims.join(', '),
      aims.length === 0 ? '' : missed ? 'missed' : 'met',
    ];
  });

  const table = [['command', 'median ms', 'least ms', 'x node', 'peak MB', 'aim', ''], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const align = (text, column) =>
    column >= 1 && column <= 4 ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  console.log(`node ${process.versions.node}, ${rounds} rounds after ${warmUp} to warm up, each command in turn`);
  for (const row of table) console.log(row.map(align).join('  ').trimEnd());
  if (validator === undefined) console.log('virt-pki-validate is not installed: not compared');
}

try {
  main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
