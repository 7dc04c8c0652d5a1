/** An element with its attributes; text is what stands directly in it. */
export interface XmlElement {
  /** As written, prefix included. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
  readonly line: number;
  readonly parent?: XmlElement;
}

export type XmlFault = 'syntax' | 'truncated' | 'entity' | 'too-complex';

/** Where and why text is no XML that we read. */
export class XmlError extends Error {
  readonly fault: XmlFault;
  readonly line: number;

  constructor(fault: XmlFault, line: number) {
    super(`${fault} in line ${line}`);
    this.fault = fault;
    this.line = line;
  }
}

/** libxml2 stops at the same depth (parserInternals.h: xmlParserMaxDepth). */
const maximumDepth = 256;
const maximumElements = 50_000;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

interface OpenElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  readonly line: number;
  readonly pieces: string[];
  text: string;
  parent?: OpenElement;
}

/**
 * Reads an XML document into a tree: elements, attributes, text, CDATA, comments, processing instructions. A document type is stepped over
 * and its entities stay unknown, so that nothing in the text can grow: time and memory are in proportion to it.
 *
 * @throws XmlError
 */
export function parseXml(text: string): XmlElement {
  return new XmlReader(text).document();
}

class XmlReader {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #counted = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('\ufeff')) this.#at = 1;
  }

  document(): XmlElement {
    let root: OpenElement | undefined;
    const open: OpenElement[] = [];
    while (this.#at < this.#text.length) {
      const innermost = open.at(-1);
      const next = this.#text.indexOf('<', this.#at);
      const end = next === -1 ? this.#text.length : next;
      this.#characters(end, innermost);
      if (next === -1) break;
      if (this.#skip('<!--', '-->') || this.#skip('<?', '?>')) continue;
      if (this.#startsWith('<![CDATA[')) {
        const close = this.#find(']]>');
        if (innermost === undefined) this.#fail('syntax');
        innermost.pieces.push(this.#text.slice(this.#at + '<![CDATA['.length, close));
        this.#at = close + 3;
      } else if (this.#startsWith('<!DOCTYPE')) {
        if (root !== undefined) this.#fail('syntax');
        this.#documentType();
      } else if (this.#startsWith('</')) {
        if (innermost === undefined) this.#fail('syntax');
        this.#endTag(innermost);
        open.pop();
      } else {
        if (innermost === undefined && root !== undefined) this.#fail('syntax');
        const { element, isEmpty } = this.#startTag();
        root ??= element;
        if (innermost !== undefined) {
          element.parent = innermost;
          innermost.children.push(element);
        }
        if (isEmpty) continue;
        if (open.length === maximumDepth) this.#fail('too-complex');
        open.push(element);
      }
    }
    if (root === undefined || open.length > 0) this.#fail('truncated');
    return root;
  }

  #fail(fault: XmlFault, at = this.#at): never {
    throw new XmlError(fault, this.#lineAt(at));
  }

  #lineAt(offset: number): number {
    for (; this.#counted < offset; this.#counted += 1)
      if (this.#text.charCodeAt(this.#counted) === 0x0a) this.#line += 1;
    return this.#line;
  }

  #startsWith(token: string): boolean {
    return this.#text.startsWith(token, this.#at);
  }

  #find(token: string, from = this.#at): number {
    const found = this.#text.indexOf(token, from);
    return found === -1 ? this.#fail('truncated') : found;
  }

  #skip(begin: string, end: string): boolean {
    if (!this.#startsWith(begin)) return false;
    this.#at = this.#find(end, this.#at + begin.length) + end.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #characters(end: number, into: OpenElement | undefined): void {
    const raw = this.#text.slice(this.#at, end);
    if (into !== undefined) into.pieces.push(this.#resolved(raw, this.#at));
    else if (/[^ \t\r\n]/.test(raw)) this.#fail('syntax');
    this.#at = end;
  }

  /** Replaces references: a character's number, or one of the five names that need no document type. */
  #resolved(raw: string, at: number): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(
      /&(?:#([0-9]{1,7})|#x([0-9a-fA-F]{1,6})|([^;&\s]{0,64}))(;?)/g,
      (whole, decimal, hex, name, end, offset: number) => {
        if (end === '') this.#fail('syntax', at + offset);
        if (name !== undefined)
          return (
            (Object.hasOwn(entities, name as string) ? entities[name as string] : undefined) ??
            this.#fail('entity', at + offset)
          );
        const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
        const isCharacter =
          code === 9 ||
          code === 10 ||
          code === 13 ||
          (code >= 0x20 && code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff));
        return isCharacter ? String.fromCodePoint(code) : this.#fail('syntax', at + offset);
      },
    );
  }

  /** Up to its end, over quotes, comments and the declarations in brackets. */
  #documentType(): void {
    this.#at += '<!DOCTYPE'.length;
    let inBrackets = false;
    for (;;) {
      const next = this.#match(/[^"'<>[\]]*/y);
      const character = this.#text[this.#at];
      if (next === undefined || character === undefined) this.#fail('truncated');
      if (this.#skip('<!--', '-->') || this.#skip('<?', '?>')) continue;
      this.#at += 1;
      if (character === '"' || character === "'") this.#at = this.#find(character) + 1;
      else if (character === '[') inBrackets = true;
      else if (character === ']') inBrackets = false;
      else if (character === '>' && !inBrackets) return;
    }
  }

  #endTag(element: OpenElement): void {
    const start = this.#at;
    this.#at += 2;
    const name = this.#match(namePattern);
    this.#match(/[ \t\r\n]*/y);
    if (this.#at >= this.#text.length) this.#fail('truncated');
    if (name !== element.name || this.#text[this.#at] !== '>') this.#fail('syntax', start);
    this.#at += 1;
    element.text = element.pieces.join('');
    element.pieces.length = 0;
  }

  #startTag(): { readonly element: OpenElement; readonly isEmpty: boolean } {
    this.#elements += 1;
    if (this.#elements > maximumElements) this.#fail('too-complex');
    const line = this.#lineAt(this.#at);
    this.#at += 1;
    const name = this.#match(namePattern) ?? this.#expected();
    const attributes = new Map<string, string>();
    for (;;) {
      const blank = this.#match(/[ \t\r\n]+/y);
      if (this.#match(/\/?>/y) !== undefined) break;
      const key = blank === undefined ? undefined : this.#match(namePattern);
      if (key === undefined || this.#match(/[ \t\r\n]*=[ \t\r\n]*/y) === undefined) this.#expected();
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") this.#expected();
      const end = this.#find(quote, this.#at + 1);
      const raw = this.#text.slice(this.#at + 1, end);
      if (raw.includes('<') || attributes.has(key)) this.#fail('syntax');
      attributes.set(key, this.#resolved(raw.replace(/\r\n|[\t\r\n]/g, ' '), this.#at + 1));
      this.#at = end + 1;
    }
    const isEmpty = this.#text[this.#at - 2] === '/';
    return { element: { name, attributes, children: [], line, pieces: [], text: '' }, isEmpty };
  }

  #expected(): never {
    this.#fail(this.#at >= this.#text.length ? 'truncated' : 'syntax');
  }
}

const namePattern = /[A-Za-z_:\u0080-\uffff][A-Za-z0-9_:.\u0080-\uffff-]*/y;

/** Children of a name, in order. */
export const childrenNamed = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((child) => child.name === name);

/** The namespace that an element's prefix, or its lack of one, stands for. */
export function namespaceOf(element: XmlElement): string | undefined {
  const colon = element.name.indexOf(':');
  const attribute = colon === -1 ? 'xmlns' : `xmlns:${element.name.slice(0, colon)}`;
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent) {
    const namespace = at.attributes.get(attribute);
    if (namespace !== undefined) return namespace;
  }
  return undefined;
}
