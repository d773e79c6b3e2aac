import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { areDeletionsHeld } from './deletion-hold';
import { deleteBytes, freeUnreferenced } from './garbage';
import * as store from './garbage.store';

/** The objects that a sweep of the storage removed. */
export interface SweptStorage {
  /** blobs that nothing pointed to */
  readonly blobs: number;
  /** stored objects without a row, unfinished writes that died, and abandoned resumable writes */
  readonly orphans: number;
}

const KEYS_AT_ONCE = 500;

/** How long unfinished writes are kept without activity. */
export interface UnfinishedAges {
  /** an unfinished write, whose writer gives a sign of life every five minutes */
  readonly deadAfterMs: number;
  /** a resumable write: a client may resume it the next morning */
  readonly abandonedAfterMs: number;
}

const USUAL: UnfinishedAges = { deadAfterMs: 3_600_000, abandonedAfterMs: 24 * 3_600_000 };

async function sweepBlobs(ctx: Needs<'db' | 'blobs' | 'blobReferrers'>, olderThanMs: number): Promise<number> {
  try {
    const freed = await inLongTransaction(ctx.db, (tx) => freeUnreferenced(ctx, tx, olderThanMs, undefined));
    await deleteBytes(ctx, freed);
    return freed.length;
  } catch (error) {
    // A row begins to point to one of them at this moment: the next sweep finds the rest.
    if (isForeignKeyViolation(error)) return 0;
    throw error;
  }
}

async function deleteUnknown(ctx: Needs<'db' | 'blobs'>, keys: readonly string[]): Promise<number> {
  const known = await store.findKnownKeys(ctx.db, keys);
  const unknown = keys.filter((key) => !known.has(key));
  if (unknown.length === 0 || (await areDeletionsHeld(ctx))) return 0;
  for (const key of unknown) await ctx.blobs.delete(key);
  return unknown.length;
}

async function sweepOrphans(
  ctx: Needs<'db' | 'blobs'>,
  olderThanMs: number,
  { deadAfterMs, abandonedAfterMs }: UnfinishedAges,
): Promise<number> {
  // The times of files come from the host that wrote them.
  const before = new Date(Date.now() - olderThanMs);
  let removed = await ctx.blobs.sweepUnfinished(deadAfterMs);
  removed += await ctx.blobs.resumable.sweep(abandonedAfterMs);
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
 * Removes blobs that nothing points to, bytes that no row points to, and writes that were left unfinished by crashes.
 * Runs after the sweeps of the features that point to blobs, so that it frees at once what those released.
 *
 * @param olderThanMs - spares everything that is younger
 * @param ages - how long unfinished writes are kept; undefined: the usual times
 */
export async function sweepStorage(
  ctx: Needs<'db' | 'blobs' | 'blobReferrers'>,
  olderThanMs: number,
  ages: UnfinishedAges = USUAL,
): Promise<SweptStorage> {
  return {
    blobs: await sweepBlobs(ctx, olderThanMs),
    orphans: await sweepOrphans(ctx, olderThanMs, ages),
  };
}
