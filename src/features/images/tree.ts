import type { Needs } from '../../context';
import type { ReadableRepository } from '../repositories/access';
import * as store from './tree.store';

/** An image of a repository, to be drawn. */
export interface ImageNode {
  readonly id: string;
  /** undefined: a base, or the parent is not among the nodes */
  readonly parentId: string | undefined;
  /** 1 for a base */
  readonly depth: number;
  /** of its own layer */
  readonly layerSizeBytes: number;
  /** the tags that point to it: the first ten by name */
  readonly tags: readonly string[];
  readonly tagCount: number;
  /** when a push listed it last */
  readonly announcedAt: Date;
}

/** The images of a repository; parents come before their children. */
export interface ImageTree {
  readonly nodes: readonly ImageNode[];
  /** there are more; these are the newest */
  readonly isCut: boolean;
}

const NODES = 1000;
const TAGS_OF_A_NODE = 10;

/** A parent counts only if its depth is exactly one less; `chain-sql.ts` says why. */
function parentOf(row: store.NodeRow, depths: ReadonlyMap<string, number>): string | undefined {
  return row.parent_id !== null && depths.get(row.parent_id) === row.depth - 1 ? row.parent_id : undefined;
}

/** The complete images of a repository and how they build upon each other: the 1000 newest. */
export async function imageTree(ctx: Needs<'db'>, { id }: ReadableRepository): Promise<ImageTree> {
  // One more than is shown, to find out whether there are more.
  const found = await store.listNewest(ctx.db, id, NODES + 1);
  const isCut = found.length > NODES;
  const rows = isCut ? await store.listNewest(ctx.db, id, NODES) : found;
  const depths = new Map(rows.map((row) => [row.image_id, row.depth]));
  const tagged = new Map(
    (await store.listTagsOf(ctx.db, id, [...depths.keys()], TAGS_OF_A_NODE)).map((row) => [row.image_id, row]),
  );
  const nodes = rows.map((row) => ({
    id: row.image_id,
    parentId: parentOf(row, depths),
    depth: row.depth,
    layerSizeBytes: row.layer_size_bytes,
    tags: tagged.get(row.image_id)?.names ?? [],
    tagCount: tagged.get(row.image_id)?.count ?? 0,
    announcedAt: row.announced_at,
  }));
  return { nodes, isCut };
}
