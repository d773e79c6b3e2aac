import type { Needs } from '../../context';
import { inLongTransaction, inTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { deleteBytes, deleteUnknown, sweepDeletions, type DeletionNeeds } from './deletions';
import { freeUnreferenced, keysOf } from './garbage';
import * as store from './garbage.store';

/** The objects that a sweep of the storage removed. */
export interface SweptStorage {
  /** blobs that nothing pointed to */
  readonly blobs: number;
  /** stored objects without a row, unfinished writes that died, and abandoned resumable writes */
  readonly orphans: number;
}

/** How long unfinished writes are kept without activity. */
export interface UnfinishedAges {
  /** an unfinished write, whose writer gives a sign of life every five minutes */
  readonly deadAfterMs: number;
  /** a resumable write: a client may resume it the next morning */
  readonly abandonedAfterMs: number;
}

const USUAL: UnfinishedAges = { deadAfterMs: 3_600_000, abandonedAfterMs: 24 * 3_600_000 };

/** Finding them takes long and locks nothing. They are deleted a few at a time, because each delete locks its rows. */
const FOUND_AT_ONCE = 20_000;
const DELETED_AT_ONCE = 200;

async function sweepBlobs(ctx: DeletionNeeds & Needs<'blobReferrers'>, olderThanMs: number): Promise<number> {
  let total = 0;
  for (let freedLast = FOUND_AT_ONCE; freedLast === FOUND_AT_ONCE;) {
    const found = await inLongTransaction(ctx.db, (tx) =>
      store.listUnreferenced(tx, ctx.blobReferrers, olderThanMs, FOUND_AT_ONCE),
    );
    freedLast = 0;
    for (let at = 0; at < found.length; at += DELETED_AT_ONCE) {
      freedLast += await sweepSome(ctx, olderThanMs, found.slice(at, at + DELETED_AT_ONCE));
    }
    total += freedLast;
  }
  return total;
}

async function sweepSome(
  ctx: DeletionNeeds & Needs<'blobReferrers'>,
  olderThanMs: number,
  digests: readonly string[],
): Promise<number> {
  try {
    const freed = await inTransaction(ctx.db, (tx) => freeUnreferenced(ctx, tx, olderThanMs, digests));
    await deleteBytes(ctx, keysOf(freed));
    return freed.length;
  } catch (error) {
    // A row begins to point to one of them at this moment: the next sweep finds the rest.
    if (isForeignKeyViolation(error)) return 0;
    throw error;
  }
}

async function sweepOrphans(
  ctx: DeletionNeeds,
  olderThanMs: number,
  { deadAfterMs, abandonedAfterMs }: UnfinishedAges,
): Promise<number> {
  let removed = await ctx.blobs.sweepUnfinished(deadAfterMs);
  removed += await ctx.blobs.resumable.sweep(abandonedAfterMs);
  removed += await sweepDeletions(ctx);
  for await (const keys of ctx.blobs.unclaimed(olderThanMs)) {
    const { known, deleted } = await deleteUnknown(ctx, keys);
    await ctx.blobs.claim(known);
    removed += deleted;
  }
  return removed;
}

/**
 * Removes blobs that nothing points to, bytes that no row points to, and writes that were left unfinished by crashes.
 * Runs after the sweeps of the features that point to blobs, so that it frees at once what those released.
 *
 * @param olderThanMs - spares everything that is younger
 * @param ages - how long unfinished writes are kept; undefined: the usual times
 */
export async function sweepStorage(
  ctx: DeletionNeeds & Needs<'blobReferrers'>,
  olderThanMs: number,
  ages: UnfinishedAges = USUAL,
): Promise<SweptStorage> {
  return {
    blobs: await sweepBlobs(ctx, olderThanMs),
    orphans: await sweepOrphans(ctx, olderThanMs, ages),
  };
}
