import type { KeptBecause, RetentionRules } from './rules';

function days(count: number | undefined): string {
  return count === 1 ? 'in the last day' : `in the last ${count ?? 0} days`;
}

/** Why a tag stays, for people: `one of the last 10 that were pushed`. */
export function reasonText(because: KeptBecause, { keepLast, keepDays }: RetentionRules): string {
  const texts: Readonly<Record<KeptBecause, string>> = {
    latest: 'latest always stays',
    immutable: 'immutable',
    not_considered: 'the policy is about other tags',
    pattern: 'matches a pattern of tags that stay',
    last: keepLast === 1 ? 'the last that was pushed' : `one of the last ${keepLast ?? 0} that were pushed`,
    recent: `pushed ${days(keepDays)}`,
    just_pushed: 'pushed in the last hour',
    no_rules: 'there are no rules',
  };
  return texts[because];
}

/** What the rules keep, as a sentence: `Keeps the last 10 tags and tags of the last 30 days.` */
export function rulesText({ keepLast, keepDays, keepTags, onlyTags }: RetentionRules): string {
  const parts = [
    ...(keepLast === undefined ? [] : [keepLast === 1 ? 'the last tag' : `the last ${keepLast} tags`]),
    ...(keepDays === undefined ? [] : [`tags that were pushed ${days(keepDays)}`]),
    ...(keepTags.length === 0 ? [] : [`tags that match ${keepTags.join(' ')}`]),
  ];
  if (parts.length === 0) return 'Deletes nothing, because there are no rules.';
  const about = onlyTags.length === 0 ? '' : ` Deletes only tags that match ${onlyTags.join(' ')}.`;
  return `Keeps ${parts.join(', and ')}.${about}`;
}
