import type { Needs } from '../../context';
import { containing, type Range } from '../../platform/db/query';
import type { Engine } from './engine';
import type { ListedTag } from '../repositories/listings';
import type { ReadableRepository } from '../repositories/access';
import * as store from './tag-pages.store';
import { matchesTagPattern } from '../repositories/tag-pattern';

/** A tag with the facts that users want to know before they pull it. */
export interface TagOnPage extends ListedTag {
  /** of all layers of its image, as they were pushed */
  readonly totalSizeBytes: number;
  readonly layerCount: number;
  /** the engine that set it, as it describes itself */
  readonly engine: Engine;
  /** nobody may move or delete it */
  readonly isImmutable: boolean;
}

/** Which tags, in which order. */
export interface TagsWanted extends Range {
  /** a part of the name, in any case; undefined: any */
  readonly text?: string | undefined;
  /** last set first, or by name */
  readonly sort: store.TagSort;
}

interface ChainSum {
  readonly bytes: number;
  readonly layers: number;
}

/** The sums of each chain. @param links - lower ones first */
function sumsOf(links: readonly store.LinkRow[]): ReadonlyMap<string, ChainSum> {
  const sums = new Map<string, ChainSum & { depth: number }>();
  for (const { image_id: id, parent_id: parentId, depth, layer_size_bytes: bytes } of links) {
    const parent = parentId === null ? undefined : sums.get(parentId);
    const below = parent?.depth === depth - 1 ? parent : { bytes: 0, layers: 0 };
    sums.set(id, { bytes: below.bytes + bytes, layers: below.layers + 1, depth });
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
  // The page first, then the sizes, so that they are computed only for the tags that are shown.
  const sums = sumsOf(await store.listLinks(ctx.db, id, [...new Set(rows.map((row) => row.image_id))]));
  const patterns = await store.findPatterns(ctx.db, id);
  const tags = rows.map((row) => ({
    name: row.name,
    imageId: row.image_id,
    updatedAt: row.updated_at,
    engine: row.engine,
    totalSizeBytes: sums.get(row.image_id)?.bytes ?? 0,
    layerCount: sums.get(row.image_id)?.layers ?? 0,
    isImmutable: patterns.some((one) => matchesTagPattern(one, row.name)),
  }));
  return { total, tags };
}
