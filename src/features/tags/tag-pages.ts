import type { Needs } from '../../context';
import { containing, type Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import type { Engine } from './engine';
import type { ListedTag } from '../repositories/listings';
import type { ReadableRepository } from '../repositories/access';
import * as store from './tag-pages.store';
import { isTag } from '../repositories/names';
import { MISSING_TAG } from './tags';
import { matchesTagPattern } from '../repositories/tag-pattern';

/** A tag with the facts that users want to know before they pull it. */
export interface TagOnPage extends ListedTag {
  /** the number of its manifest; undefined: it was pushed over v1 */
  readonly manifestId: number | undefined;
  /** of all layers of its v1 image, as they were pushed; 0 if there is none */
  readonly totalSizeBytes: number;
  readonly layerCount: number;
  /** why clients of v2 cannot read one of the layers of its v1 image, if that is known */
  readonly layerProblem: string | undefined;
  /** the engine that set it, as it describes itself */
  readonly engine: Engine;
  /** the account that set it, by its name at that time; undefined: unknown, or not an account of this server */
  readonly setBy: string | undefined;
  /** nobody may move or delete it */
  readonly isImmutable: boolean;
}

/** Which tags, in which order. */
export interface TagsWanted extends Range {
  /** a part of the name, in any case; undefined: any */
  readonly text?: string | undefined;
  /** last set first, or by name, in which numbers count as numbers: 1.2, 1.9, 1.10 */
  readonly sort: store.TagSort;
}

interface ChainSum {
  readonly bytes: number;
  readonly layers: number;
  readonly problem: string | null;
}

const NOTHING: ChainSum = { bytes: 0, layers: 0, problem: null };

/** The sums of each chain. @param links - lower ones first */
function sumsOf(links: readonly store.LinkRow[]): ReadonlyMap<string, ChainSum> {
  const sums = new Map<string, ChainSum & { depth: number }>();
  for (const { image_id: id, parent_id: parentId, depth, layer_size_bytes: bytes, layer_problem: problem } of links) {
    const parent = parentId === null ? undefined : sums.get(parentId);
    const below = parent?.depth === depth - 1 ? parent : NOTHING;
    sums.set(id, {
      bytes: below.bytes + bytes,
      layers: below.layers + 1,
      problem: below.problem ?? problem,
      depth,
    });
  }
  return sums;
}

/** A page of the tags of a repository, and the total number of tags that match. */
export async function listTagPage(
  ctx: Needs<'db'>,
  { id }: ReadableRepository,
  { text, sort, limit, offset }: TagsWanted,
): Promise<{ total: number; tags: TagOnPage[] }> {
  const pattern = text === undefined ? undefined : containing(text);
  const { total, rows } = await store.listTagRows(ctx.db, id, { pattern, sort }, { limit, offset });
  return { total, tags: await toTags(ctx, id, rows) };
}

/**
 * One tag of either kind.
 *
 * @throws AppError `not_found`
 */
export async function getTagOnPage(ctx: Needs<'db'>, { id }: ReadableRepository, tag: string): Promise<TagOnPage> {
  const row = isTag(tag) ? await store.findTagRow(ctx.db, id, tag) : undefined;
  const [found] = row === undefined ? [] : await toTags(ctx, id, [row]);
  if (found === undefined) throw new AppError('not_found', MISSING_TAG);
  return found;
}

/** Sizes are summed up for the tags of one page only, because a repository may have ten thousand. */
async function toTags(ctx: Needs<'db'>, id: number, rows: readonly store.AnyTagRow[]): Promise<TagOnPage[]> {
  const imageIds = rows.flatMap((row) => (row.image_id === null ? [] : [row.image_id]));
  const sums = sumsOf(await store.listLinks(ctx.db, id, [...new Set(imageIds)]));
  const patterns = await store.findPatterns(ctx.db, id);
  return rows.map((row) => {
    const { bytes, layers, problem } = sums.get(row.image_id ?? '') ?? NOTHING;
    return {
      name: row.name,
      imageId: row.image_id ?? undefined,
      manifestId: row.manifest_id ?? undefined,
      updatedAt: row.updated_at,
      engine: row.engine,
      setBy: row.actor_name ?? undefined,
      totalSizeBytes: bytes,
      layerCount: layers,
      layerProblem: problem ?? undefined,
      isImmutable: patterns.some((one) => matchesTagPattern(one, row.name)),
    };
  });
}
