import { inTransaction, type Db } from '../../platform/db/db';
import { matchesTagPattern } from '../repositories/tag-pattern';
import * as store from './rule-pattern.store';

/*
 * Which refs a rule is about: a name, a name with `*` and `?`, or a regular expression between slashes as the Hub had
 * it. People write these expressions, and some would run forever: Postgres matches them, and stops after a moment,
 * which an expression of this process could not.
 */

const LONGEST_PATTERN = 255;
const LONGEST_REF = 255;

function expressionIn(pattern: string): string | undefined {
  return /^\/(.+)\/$/s.exec(pattern)?.[1];
}

/** Whether a rule with this pattern is about one ref alone. */
export function isOneRef(pattern: string): boolean {
  return expressionIn(pattern) === undefined && !/[*?]/.test(pattern);
}

/** Whether this can be the pattern of a rule. @param tx - stays usable if it cannot */
export async function isRefPattern(tx: Db, pattern: string): Promise<boolean> {
  if (pattern.length > LONGEST_PATTERN) return false;
  const source = expressionIn(pattern);
  if (source === undefined) return /^[\w.*?/#@+-]+$/.test(pattern) && !pattern.startsWith('-');
  if (source.includes('\0')) return false;
  try {
    await inTransaction(tx, (inner) => store.tryExpression(inner, source));
    return true;
  } catch (error) {
    if (store.isBadExpression(error)) return false;
    throw error;
  }
}

/**
 * The patterns that a branch or tag matches as a whole.
 *
 * @param db - not a transaction
 * @returns for each pattern whether it does; no expression does if they take too long together
 */
export async function matchRef(db: Db, name: string, patterns: readonly string[]): Promise<boolean[]> {
  if (name.length > LONGEST_REF || name.includes('\0')) return patterns.map(() => false);
  const sources = patterns.map(expressionIn);
  const wanted = sources.filter((source) => source !== undefined);
  const matched = wanted.length === 0 ? [] : await store.matchExpressions(db, name, wanted);
  return patterns.map((pattern, index) => {
    const source = sources[index];
    return source === undefined ? matchesTagPattern(pattern, name) : matched[wanted.indexOf(source)] === true;
  });
}
