/** One position of a pattern: which characters it takes, and whether it takes any number of them. */
interface Token {
  takes(character: string): boolean;
  readonly repeats: boolean;
}

/** More alternatives than any profile has; a pattern with more matches nothing, so that none costs more than it may. */
const maximumAlternatives = 256;

const literal = (wanted: string): Token => ({ takes: (character) => character === wanted, repeats: false });
const withinComponent = (character: string): boolean => character !== '/';

/**
 * Does an AppArmor path pattern match a path: `*` and `?` stop at slashes, `**` does not, `{a,b}` and `[abc]` as in a shell, and a variable
 * stands for any one component. A pattern that does not hang together matches nothing.
 *
 * Source: apparmor.d(5), globbing; AppArmor parser/parser_regex.c: convert_aaregex_to_pcre.
 */
export function matchesAppArmorGlob(pattern: string, path: string): boolean {
  const alternatives = expand(pattern);
  return (
    alternatives?.some((alternative) => {
      const tokens = tokensOf(alternative);
      return tokens !== undefined && matches(tokens, path);
    }) === true
  );
}

/** The patterns without braces that a pattern stands for; undefined when braces do not pair up or there are too many. */
function expand(pattern: string): readonly string[] | undefined {
  let done = 0;
  const pending = [pattern];
  const plain: string[] = [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ((done += 1) > maximumAlternatives) return undefined;
    const braces = firstBraces(next);
    if (braces === 'none') plain.push(next);
    else if (braces === 'broken') return undefined;
    else {
      const { before, choices, after } = braces;
      if (choices.length > maximumAlternatives) return undefined;
      pending.push(...choices.map((choice) => `${before}${choice}${after}`));
    }
  }
  return plain;
}

function firstBraces(
  pattern: string,
): 'none' | 'broken' | { before: string; choices: readonly string[]; after: string } {
  let start = -1;
  let depth = 0;
  let from = 0;
  const choices: string[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '@' && pattern.charAt(at + 1) === '{') {
      const end = pattern.indexOf('}', at);
      if (end === -1) return 'broken';
      at = end;
    } else if (character === '{') {
      depth += 1;
      if (depth === 1) {
        start = at;
        from = at + 1;
      }
    } else if (character === ',' && depth === 1) {
      choices.push(pattern.slice(from, at));
      from = at + 1;
    } else if (character === '}') {
      if (depth === 0) return 'broken';
      depth -= 1;
      if (depth === 0) {
        choices.push(pattern.slice(from, at));
        return { before: pattern.slice(0, start), choices, after: pattern.slice(at + 1) };
      }
    }
  }
  return depth === 0 ? 'none' : 'broken';
}

function tokensOf(pattern: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') {
      const crosses = pattern.charAt(at + 1) === '*';
      // A star that stands for a whole component is not nothing: the directory itself ends in the slash.
      if (pattern.charAt(at - 1) === '/') tokens.push({ takes: withinComponent, repeats: false });
      tokens.push({ takes: crosses ? () => true : withinComponent, repeats: true });
      if (crosses) at += 1;
    } else if (character === '?') tokens.push({ takes: withinComponent, repeats: false });
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end === -1) return undefined;
      tokens.push(classOf(pattern.slice(at + 1, end)));
      at = end;
    } else if (character === '@' && pattern.charAt(at + 1) === '{') {
      const end = pattern.indexOf('}', at);
      tokens.push({ takes: withinComponent, repeats: false }, { takes: withinComponent, repeats: true });
      at = end;
    } else if (character === '\\') {
      at += 1;
      tokens.push(literal(pattern.charAt(at)));
    } else tokens.push(literal(character));
  }
  return tokens;
}

function classOf(inside: string): Token {
  const negated = inside.startsWith('^');
  const members = negated ? inside.slice(1) : inside;
  const has = (character: string): boolean => {
    for (let at = 0; at < members.length; at += 1) {
      if (members.charAt(at + 1) === '-' && at + 2 < members.length) {
        if (character >= members.charAt(at) && character <= members.charAt(at + 2)) return true;
        at += 2;
      } else if (members.charAt(at) === character) return true;
    }
    return false;
  };
  return { takes: (character) => has(character) !== negated, repeats: false };
}

/** Follows all ways through the tokens at once, in time that is their number times the length of the path. */
function matches(tokens: readonly Token[], path: string): boolean {
  /** A repeating token may take nothing. */
  const passing = (positions: Iterable<number>): Set<number> => {
    const reached = new Set(positions);
    for (const position of reached) if (tokens[position]?.repeats === true) reached.add(position + 1);
    return reached;
  };
  let at = passing([0]);
  for (const character of path) {
    const next: number[] = [];
    for (const position of at) {
      const token = tokens[position];
      if (token?.takes(character) === true) next.push(token.repeats ? position : position + 1);
    }
    at = passing(next);
    if (at.size === 0) return false;
  }
  return at.has(tokens.length);
}
