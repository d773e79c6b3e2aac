import type { RetentionRules } from '../../../features/retention/rules';
import type { TypedRules } from './retention-form';

/* Rules that are tried but not saved are in the query of the page. */

const NAMES = ['keep_last', 'keep_days', 'keep_tags', 'only_tags'] as const;

/** The rules in the query of a page; undefined: it tries none. */
export function triedIn(query: URLSearchParams): TypedRules | undefined {
  if (!NAMES.some((name) => query.has(name))) return undefined;
  const [keepLast = '', keepDays = '', keepTags = '', onlyTags = ''] = NAMES.map((name) => query.get(name) ?? '');
  return { keepLast, keepDays, keepTags: keepTags.replaceAll(',', '\n'), onlyTags: onlyTags.replaceAll(',', '\n') };
}

/** The query of a page that tries rules. */
export function queryOf(rules: RetentionRules): Record<string, string> {
  return {
    keep_last: rules.keepLast?.toString() ?? '',
    keep_days: rules.keepDays?.toString() ?? '',
    keep_tags: rules.keepTags.join(','),
    only_tags: rules.onlyTags.join(','),
  };
}
