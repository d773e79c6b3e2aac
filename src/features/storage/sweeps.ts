import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { deleteBytes, freeUnreferenced } from './garbage';
import * as store from './garbage.store';

/** What a sweep of the storage found and removed. */
export interface SweptStorage {
  /** blobs that nothing points to any more */
  readonly blobs: number;
  /** stored objects without a row, and halves of writes that died */
  readonly orphans: number;
}

const KEYS_AT_ONCE = 500;

/** Writers give a sign of life every five minutes. */
const DEAD_AFTER_MS = 3_600_000;

async function sweepBlobs(ctx: Needs<'db' | 'blobs' | 'blobReferrers'>, olderThanMs: number): Promise<number> {
  try {
    const freed = await inLongTransaction(ctx.db, (tx) => freeUnreferenced(ctx, tx, olderThanMs, undefined));
    await deleteBytes(ctx, freed);
    return freed.length;
  } catch (error) {
    // Something points to one of them at this moment: the next sweep finds the rest.
    if (isForeignKeyViolation(error)) return 0;
    throw error;
  }
}

async function deleteUnknown(ctx: Needs<'db' | 'blobs'>, keys: readonly string[]): Promise<number> {
  const known = await store.findKnownKeys(ctx.db, keys);
  const unknown = keys.filter((key) => !known.has(key));
  for (const key of unknown) await ctx.blobs.delete(key);
  return unknown.length;
}

async function sweepOrphans(ctx: Needs<'db' | 'blobs'>, olderThanMs: number, deadAfterMs: number): Promise<number> {
  // Files have their times from the host that wrote them.
  const before = new Date(Date.now() - olderThanMs);
  let removed = await ctx.blobs.sweepUnfinished(deadAfterMs);
  let keys: string[] = [];
  for await (const blob of ctx.blobs.list()) {
    if (blob.modifiedAt >= before) continue;
    keys.push(blob.key);
    if (keys.length < KEYS_AT_ONCE) continue;
    removed += await deleteUnknown(ctx, keys);
    keys = [];
  }
  return removed + (await deleteUnknown(ctx, keys));
}

/**
 * Removes blobs that nothing points to, bytes that no row points to, and what crashes left of writes. Comes after the
 * sweeps of what points to blobs, and then frees at once what those let go.
 *
 * @param olderThanMs - leaves alone whatever is younger than this
 * @param deadAfterMs - how long a half of a write is without a sign of life before it is removed
 */
export async function sweepStorage(
  ctx: Needs<'db' | 'blobs' | 'blobReferrers'>,
  olderThanMs: number,
  deadAfterMs: number = DEAD_AFTER_MS,
): Promise<SweptStorage> {
  return {
    blobs: await sweepBlobs(ctx, olderThanMs),
    orphans: await sweepOrphans(ctx, olderThanMs, deadAfterMs),
  };
}
