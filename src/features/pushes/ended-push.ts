import type { Actor } from '../access/actor';
import type { OpenPush } from './pushes.store';

/* Which push an end belongs to, as far as that can be known; `pushes.ts` says why it matters little. */

/** Whether the push has set all the tags that it announced. */
export function hasAllTags(push: OpenPush): boolean {
  return Object.entries(push.tags).every(([tag, imageId]) => push.set_tags[tag] === imageId);
}

/** Whether the push has set a tag. */
export function hasTags(push: OpenPush): boolean {
  return Object.keys(push.set_tags).length > 0;
}

/** Whether the push has set all the tags that it announced, and at least one. */
export function isThrough(push: OpenPush): boolean {
  return hasTags(push) && hasAllTags(push);
}

/** A rank: the smaller, the likelier the end belongs to this push; undefined: it cannot. */
function rankOf(push: OpenPush, actor: Actor, listedIds: readonly string[]): number[] | undefined {
  const isOfToken = actor.kind === 'token' && push.token === actor.nonce;
  const isListed = listedIds.length > 0 && listedIds.every((id) => push.image_ids.includes(id));
  const isNamed = isOfToken || isListed;
  // Engines that list no images at the end have set all the tags that they announced: this push has not yet.
  if (!isNamed && !hasTags(push) && Object.keys(push.tags).length > 0) return undefined;
  const stage = isThrough(push) ? 0 : hasTags(push) ? 1 : push.is_uploaded ? 2 : 3;
  return [isOfToken ? 0 : 1, isListed ? 0 : 1, stage, push.is_told ? 1 : 0, -push.id];
}

function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/** The one of the caller's open pushes that an end belongs to. */
export function endedBy(open: readonly OpenPush[], actor: Actor, listedIds: readonly string[]): OpenPush | undefined {
  const mine = open.filter((push) => push.is_mine && !push.is_ended);
  const ranked = mine.flatMap((push) => {
    const rank = rankOf(push, actor, listedIds);
    return rank === undefined ? [] : [{ push, rank }];
  });
  return ranked.sort((left, right) => compare(left.rank, right.rank))[0]?.push;
}
