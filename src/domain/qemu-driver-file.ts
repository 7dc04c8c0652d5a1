import type { ConfigurationFile } from '../facts/configurations.ts';
import type { Unknown } from '../facts/fact.ts';
import type { Known } from '../facts/facts.ts';
import { consolePolicy } from './console-policy.ts';

/** qemu.conf as the QEMU driver takes it: an empty one when there is none. */
export type QemuDriverFile =
  | { readonly state: 'loaded'; readonly path: string; readonly file: ConfigurationFile; readonly written: boolean }
  | { readonly state: 'broken'; readonly path: string }
  | { readonly state: 'unknown'; readonly path: string; readonly because: Unknown };

/** What the driver reads, or why it reads nothing. */
export function qemuDriverFile(facts: Known<'configurations' | 'software'>): QemuDriverFile {
  const answer = consolePolicy(facts);
  if (answer.state !== 'loaded') return answer;
  const { path, file, written } = answer.policy;
  return { state: 'loaded', path, file, written };
}
