import { fieldError } from '../../platform/errors';
import { isTagPattern } from '../repositories/tag-pattern';

/*
 * The rules of a retention policy. A tag stays if any of the rules keeps it, or if it always stays:
 *
 *   latest         the tag that a pull without a tag asks for
 *   immutable      the tag matches a pattern of immutable tags
 *   not_considered the policy is only about other tags (`onlyTags`)
 *   pattern        the tag matches a pattern of the policy (`keepTags`)
 *   last           it is one of the last tags that were pushed (`keepLast`); tags that stay by one of the reasons above do
 *                  not count
 *   recent         it was pushed in the last days (`keepDays`)
 *   just_pushed    it was pushed in the last hour, so its push may not have ended yet
 *   no_rules       the policy has no rules: it deletes nothing
 *
 * All other tags are deleted. See `docs/decisions/0033-retention.md`.
 */

export const KEPT_BECAUSE = [
  'latest',
  'immutable',
  'not_considered',
  'pattern',
  'last',
  'recent',
  'just_pushed',
  'no_rules',
] as const;

/** Why a tag stays. */
export type KeptBecause = (typeof KEPT_BECAUSE)[number];

/** Which tags stay. Without a number or pattern that keeps tags, all of them. */
export interface RetentionRules {
  /** this many of the tags that were pushed last; undefined: no such rule */
  readonly keepLast: number | undefined;
  /** tags that were pushed in this many days; undefined: no such rule */
  readonly keepDays: number | undefined;
  /** patterns of tags that stay */
  readonly keepTags: readonly string[];
  /** patterns of the only tags that may be deleted; empty: every tag may */
  readonly onlyTags: readonly string[];
}

/** Rules that delete nothing. */
export const NO_RULES: RetentionRules = { keepLast: undefined, keepDays: undefined, keepTags: [], onlyTags: [] };

/** The largest numbers and the most patterns that a policy can have. */
export const RETENTION_LIMITS = { keepLast: 100_000, keepDays: 36_500, patterns: 20 } as const;

/** Whether the rules delete nothing, because none of them says what stays. */
export function areEmpty({ keepLast, keepDays, keepTags }: RetentionRules): boolean {
  return keepLast === undefined && keepDays === undefined && keepTags.length === 0;
}

function assertNumber(value: number | undefined, field: string, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  throw fieldError('invalid', field, `Enter a whole number from 1 to ${most}, or nothing for no such rule`);
}

function cleanPatterns(patterns: readonly string[], field: string): readonly string[] {
  const wanted = [...new Set(patterns)];
  const { patterns: most } = RETENTION_LIMITS;
  if (wanted.length > most) throw fieldError('invalid', field, `A policy can have at most ${most} of these patterns`);
  if (wanted.every(isTagPattern)) return wanted;
  throw fieldError('invalid', field, 'A pattern must have 1 to 128 characters: those allowed in tags, * and ?');
}

/**
 * Checks the rules of a policy.
 *
 * @returns the rules, with each pattern once
 * @throws AppError `invalid` with the field that is wrong, also for rules that would keep none of the tags they are about
 */
export function checkRules(rules: RetentionRules): RetentionRules {
  assertNumber(rules.keepLast, 'keep_last', RETENTION_LIMITS.keepLast);
  assertNumber(rules.keepDays, 'keep_days', RETENTION_LIMITS.keepDays);
  const keepTags = cleanPatterns(rules.keepTags, 'keep_tags');
  const onlyTags = cleanPatterns(rules.onlyTags, 'only_tags');
  const checked = { ...rules, keepTags, onlyTags };
  if (onlyTags.length === 0 || !areEmpty(checked)) return checked;
  const text = 'These rules would keep none of the tags: enter how many tags, for how long, or which tags stay';
  throw fieldError('invalid', 'keep_last', text);
}
