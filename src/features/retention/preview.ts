import type { Needs } from '../../context';
import type { Range } from '../../platform/db/query';
import type { AdministeredRepository } from '../repositories/access';
import { repositoryNotFound } from '../repositories/access';
import { tagPatternForLike } from '../repositories/tag-pattern';
import * as store from './decisions.store';
import { rulesFrom } from './policies';
import { findApplying } from './policies.store';
import { areEmpty, checkRules, type KeptBecause, type RetentionRules } from './rules';

export type { Fate } from './decisions.store';

/** What would happen to a tag. */
export interface TagFate {
  readonly tag: string;
  readonly pushedAt: Date;
  /** undefined: it would be deleted */
  readonly keptBecause: KeptBecause | undefined;
}

/** A dry run: what a run would do now. */
export interface RetentionPreview {
  /** the rules that were tried */
  readonly rules: RetentionRules;
  /** the number of all tags that would be deleted */
  readonly deleted: number;
  readonly kept: number;
  /** how many tags the list has on all pages */
  readonly total: number;
  readonly tags: readonly TagFate[];
}

/** The rules and the immutable tags of a repository as the decision in SQL needs them. */
export function decidingFor(
  repositoryId: number,
  rules: RetentionRules,
  immutableTags: readonly string[],
): store.Deciding {
  return {
    repositoryId,
    hasRules: !areEmpty(rules),
    keepLast: rules.keepLast,
    keepDays: rules.keepDays,
    keepTags: rules.keepTags.map(tagPatternForLike),
    onlyTags: rules.onlyTags.map(tagPatternForLike),
    immutableTags: immutableTags.map(tagPatternForLike),
  };
}

/**
 * What a run would do in a repository now, without doing it: a range of its tags, those that would be deleted first.
 *
 * @param rules - to be tried; undefined: those that apply
 * @param wanted.fate - only tags of this fate; undefined: all
 * @throws AppError `invalid` for rules that no policy can have, `not_found` when the repository is gone
 */
export async function previewRetention(
  ctx: Needs<'db'>,
  { id }: AdministeredRepository,
  rules: RetentionRules | undefined,
  { fate, ...range }: Range & { readonly fate?: store.Fate | undefined },
): Promise<RetentionPreview> {
  const tried = checkRules(rules ?? rulesFrom(await findApplying(ctx.db, id)));
  const found = await store.findRepository(ctx.db, id);
  if (found === undefined) throw repositoryNotFound();
  const deciding = decidingFor(id, tried, found.immutable_tags);
  const rows = await store.listDecisions(ctx.db, deciding, fate, range);
  const counts = await store.countDecisions(ctx.db, deciding);
  const total = fate === undefined ? counts.deleted + counts.kept : counts[fate];
  const tags = rows.map((row) => ({
    tag: row.name,
    pushedAt: row.updated_at,
    keptBecause: row.kept_because ?? undefined,
  }));
  return { rules: tried, ...counts, total, tags };
}
