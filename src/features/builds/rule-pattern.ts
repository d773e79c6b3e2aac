import { Script, createContext } from 'node:vm';
import { matchesTagPattern } from '../repositories/tag-pattern';

/*
 * Which refs a rule is about: a name, a name with `*` and `?`, or a regular expression between slashes as the Hub had
 * it. People write these expressions, and some of them would run forever: they get a few milliseconds.
 */

const LONGEST_PATTERN = 255;
const MATCH_MS = 50;
const LONGEST_REF = 255;

function expressionIn(pattern: string): string | undefined {
  return /^\/(.+)\/$/s.exec(pattern)?.[1];
}

function compiles(source: string): boolean {
  try {
    return new RegExp(source, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Whether this can be the pattern of a rule. */
export function isRefPattern(pattern: string): boolean {
  if (pattern.length > LONGEST_PATTERN) return false;
  const source = expressionIn(pattern);
  if (source !== undefined) return compiles(source);
  return /^[\w.*?/#@+-]+$/.test(pattern) && !pattern.startsWith('-');
}

/** The expression has to match the whole name. */
const MATCH = new Script('new RegExp(`^(?:${source})$`, "u").test(name)');

function matchesExpression(source: string, name: string): boolean {
  try {
    const context = createContext(
      { __proto__: null, source, name },
      { codeGeneration: { strings: false, wasm: false } },
    );
    return MATCH.runInContext(context, { timeout: MATCH_MS }) === true;
  } catch {
    return false;
  }
}

/** Whether a rule with this pattern is about a branch or tag of this name; an expression that takes too long is not. */
export function matchesRef(pattern: string, name: string): boolean {
  if (name.length > LONGEST_REF) return false;
  const source = expressionIn(pattern);
  return source === undefined ? matchesTagPattern(pattern, name) : matchesExpression(source, name);
}
