import { Buffer } from 'node:buffer';
import type { Certificate } from '../facts/certificates.ts';
import type { FixStep, PlannerStep } from '../rule/fix.ts';
import { byteOf, printable, printableLines } from './printable.ts';

/** One line of a way out, safe for a terminal. */
export interface FixLine {
  /** `paste` must stay whole on its line, for it is to be copied; `prose` may be wrapped. */
  readonly kind: 'paste' | 'prose';
  readonly text: string;
}

const plain = /^[\w./:=@%+,-]+$/;

/** Bytes as the format of printf(1), in ASCII that means nothing else to the shell inside single quotes. */
const printfFormat = (text: string): string =>
  [...text]
    .flatMap((character) => {
      const byte = byteOf(character);
      return byte === undefined ? [...Buffer.from(character, 'utf8')] : [byte];
    })
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (character === '%') return '%%';
      if (byte < 0x20 || byte > 0x7e || character === "'" || character === '\\') {
        return `\\${byte.toString(8).padStart(3, '0')}`;
      }
      return character;
    })
    .join('')
    // printf would take it for an option
    .replace(/^-/, '\\055');

/**
 * Text as one word of a POSIX shell command. What a terminal would not show is written with printf(1), so that the word can be
 * printed and pasted; only line feeds at the very end, which a command substitution drops, stand for themselves. NUL, which no argument
 * can hold, is left out.
 */
export function quote(text: string): string {
  if (plain.test(text)) return text;
  const word = text.replaceAll('\0', '');
  if (printable(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  const body = word.replace(/\n+$/, '');
  const feeds = word.slice(body.length);
  return `${body === '' ? '' : `"$(printf '${printfFormat(body)}')"`}${feeds === '' ? '' : `'${feeds}'`}`;
}

/** A command with each argument quoted; a first word with `=` is quoted too, or the shell would take it for an assignment. */
export const shellCommand = (words: readonly string[]): string =>
  words
    .map((word, index) => (index === 0 && word.includes('=') && plain.test(word) ? `'${word}'` : quote(word)))
    .join(' ');

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const paste = (text: string): FixLine => ({ kind: 'paste', text });
const prose = (text: string): FixLine => ({ kind: 'prose', text: printable(text) });

/** A path as an operand, never mistaken for an option. */
const operand = (path: string): string => (path.startsWith('-') ? `./${path}` : path);

const written = (path: string, text: string): readonly FixLine[] => [
  paste(`in ${printable(path)}, write:`),
  ...printableLines(text.replace(/\n$/, '')).map((line) => paste(`  ${line}`)),
];

/** What a person needs to know of a certificate, on one line. */
export function certificateLine({ subject, issuer, notAfter, subjectAlternativeName }: Certificate): string {
  const names = [...(subjectAlternativeName?.dns ?? []), ...(subjectAlternativeName?.ip ?? [])];
  const signer = subject.der === issuer.der ? 'self-signed' : `by ${issuer.text}`;
  return printable(
    `certificate of ${subject.text || 'nobody'}${names.length > 0 ? ` for ${names.join(', ')}` : ''}, ${signer}, until ${notAfter.slice(0, 10)}`,
  );
}

/**
 * One step of a fix as what a person types, pastes or does. Takes the step as the rule gave it (not made printable), and gives lines
 * that are safe to print. A setting becomes the line to write and where, for its neighbours may explain it.
 */
export function fixLines(step: FixStep | PlannerStep): readonly FixLine[] {
  switch (step.kind) {
    case 'chmod':
      return [paste(shellCommand(['chmod', octal(step.to), operand(step.path)]))];
    case 'chown':
      return [paste(shellCommand(['chown', step.to, operand(step.path)]))];
    case 'chgrp':
      return [paste(shellCommand(['chgrp', step.to, operand(step.path)]))];
    case 'setfacl':
      return [paste(shellCommand(['setfacl', '-m', step.entry, operand(step.path)]))];
    case 'remove':
      return [paste(shellCommand(['rm', operand(step.path)]))];
    case 'symlink':
      return [paste(shellCommand(['ln', '-s', operand(step.target), operand(step.path)]))];
    case 'set': {
      const place = step.line === undefined ? `in ${step.path}, add:` : `in ${step.path}, line ${step.line}:`;
      return [paste(printable(`${place} ${step.key} = ${step.value}`))];
    }
    case 'unset':
      return [paste(printable(`in ${step.path}, line ${step.line}: delete ${step.key}`))];
    case 'repair':
      return [
        paste(printable(`in ${step.path}:`)),
        ...step.edits.map(({ line, column, from, to }) =>
          paste(printable(`  line ${line}, column ${column}: write ${to} in place of ${from}`)),
        ),
      ];
    case 'make-directory':
      return [paste(shellCommand(['mkdir', '-m', octal(step.mode), operand(step.path)]))];
    case 'write':
      return 'certificates' in step
        ? [
            paste(printable(`write ${step.path}:`)),
            ...step.certificates.map((certificate) => paste(`  ${certificateLine(certificate)}`)),
          ]
        : written(step.path, step.pem);
    case 'write-key': {
      const { algorithm, bits, fingerprint } = step.publicKey;
      return [
        paste(printable(`write ${step.path}:`)),
        paste(`  a new private key (${algorithm}, ${bits} bits, public half ${fingerprint.slice(0, 16)}…)`),
      ];
    }
    case 'trust':
      return [
        prose(
          step.how === 'add'
            ? `add the CA's certificate to ${step.path}`
            : `put the CA's certificate into ${step.path}`,
        ),
      ];
    case 'issue':
      return [
        prose(
          `have the CA issue a certificate into ${step.path}, ${step.newKey ? 'with a new key in' : 'for the key in'} ${step.key}`,
        ),
      ];
    case 'run':
      return [...(step.where === undefined ? [] : [prose(`${step.where}:`)]), paste(shellCommand(step.command))];
    case 'text':
      return written(step.path, step.text);
    case 'manual':
      return [prose(step.instruction)];
  }
}
