import { z } from 'zod';
import type { AppliedRetention, RetentionPolicy } from '../../../features/retention/policies';
import { NO_RULES, RETENTION_LIMITS, type RetentionRules } from '../../../features/retention/rules';
import { line, moment } from './schemas';

/* Retention policies as the API shows and takes them. */

const LONGEST_PATTERN = 128;
/** More than a policy may have, so that the feature says what is wrong. */
const MANY = 100;

const number = z.int().nullable();
const patterns = z.array(line(LONGEST_PATTERN)).max(MANY);

const DESCRIPTIONS = {
  keep_last: `Keep this many of the tags that were pushed last (1 to ${RETENTION_LIMITS.keepLast}); null for no such rule`,
  keep_days: `Keep tags that were pushed in this many days (1 to ${RETENTION_LIMITS.keepDays}); null for no such rule`,
  keep_tags: 'Keep tags that match one of these patterns with * and ?',
  only_tags: 'Delete only tags that match one of these patterns; if empty, the policy is about all tags',
} as const;

const ruleFields = {
  keep_last: number.describe(DESCRIPTIONS.keep_last),
  keep_days: number.describe(DESCRIPTIONS.keep_days),
  keep_tags: patterns.describe(DESCRIPTIONS.keep_tags),
  only_tags: patterns.describe(DESCRIPTIONS.only_tags),
};

/** The rules in a request; those that are omitted are none. */
export const rulesInput = z.strictObject({
  keep_last: ruleFields.keep_last.default(null),
  keep_days: ruleFields.keep_days.default(null),
  keep_tags: ruleFields.keep_tags.default([]),
  only_tags: ruleFields.only_tags.default([]),
});

/** The rules of a request. */
export function rulesOf(body: z.output<typeof rulesInput>): RetentionRules {
  return {
    keepLast: body.keep_last ?? undefined,
    keepDays: body.keep_days ?? undefined,
    keepTags: body.keep_tags,
    onlyTags: body.only_tags,
  };
}

/** Rules in the query of a dry run. */
export const rulesQuery = {
  keep_last: z.coerce.number().int().optional().describe(DESCRIPTIONS.keep_last),
  keep_days: z.coerce.number().int().optional().describe(DESCRIPTIONS.keep_days),
  keep_tags: line(MANY * LONGEST_PATTERN)
    .optional()
    .describe(`${DESCRIPTIONS.keep_tags}, separated by commas`),
  only_tags: line(MANY * LONGEST_PATTERN)
    .optional()
    .describe(`${DESCRIPTIONS.only_tags}. Separated by commas`),
};

interface AskedRules {
  readonly keep_last?: number | undefined;
  readonly keep_days?: number | undefined;
  readonly keep_tags?: string | undefined;
  readonly only_tags?: string | undefined;
}

function patternsIn(text = ''): string[] {
  return text.split(',').filter((pattern) => pattern !== '');
}

/** The rules in a query; undefined: it has none, so those that apply are meant. */
export function rulesAsked(query: AskedRules): RetentionRules | undefined {
  const { keep_last: keepLast, keep_days: keepDays, keep_tags: keepTags, only_tags: onlyTags } = query;
  if ([keepLast, keepDays, keepTags, onlyTags].every((value) => value === undefined)) return undefined;
  return { keepLast, keepDays, keepTags: patternsIn(keepTags), onlyTags: patternsIn(onlyTags) };
}

/** The policy of a namespace, or the one that applies to a repository. */
export const retentionSchema = z
  .strictObject({
    source: z
      .enum(['repository', 'namespace', 'none'])
      .describe('Whose policy it is. A repository without its own has the one of its namespace; none deletes nothing'),
    ...ruleFields,
    changed_by: z.string().nullable(),
    date_changed: moment.nullable(),
  })
  .meta({ id: 'Retention' });

function rulesBody({ keepLast, keepDays, keepTags, onlyTags }: RetentionRules) {
  return {
    keep_last: keepLast ?? null,
    keep_days: keepDays ?? null,
    keep_tags: [...keepTags],
    only_tags: [...onlyTags],
  };
}

/** What applies, as the API shows it. */
export function retentionBody({ source, policy }: AppliedRetention): z.input<typeof retentionSchema> {
  const { changedBy, changedAt, ...rules }: Partial<RetentionPolicy> & RetentionRules = policy ?? NO_RULES;
  return {
    source,
    ...rulesBody(rules),
    changed_by: changedBy ?? null,
    date_changed: changedAt?.toISOString() ?? null,
  };
}
