import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import * as store from './gc.store';

/** What a sweep found and removed. */
export interface Swept {
  /** uploads that nobody went on with */
  readonly uploads: number;
  /** blobs that no image has any more */
  readonly blobs: number;
  /** stored objects without a row, and halves of writes that died */
  readonly orphans: number;
}

const CONTENTS_AT_ONCE = 1000;
const KEYS_AT_ONCE = 500;

/** Writers give a sign of life every five minutes. */
const DEAD_AFTER_MS = 3_600_000;

/** One sweep finds the rest of what another process, or a push at this moment, kept it from. */
async function unlessInUse<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isForeignKeyViolation(error)) return otherwise;
    throw error;
  }
}

async function sweepContents(ctx: Needs<'db'>): Promise<void> {
  let deleted = CONTENTS_AT_ONCE;
  while (deleted === CONTENTS_AT_ONCE) {
    const ids = await inLongTransaction(ctx.db, (tx) => store.listUnlinkedContents(tx, CONTENTS_AT_ONCE));
    deleted = await unlessInUse(async () => (await store.deleteUnlinkedContents(ctx.db, ids)).length, 0);
  }
}

async function sweepBlobs(ctx: Needs<'db' | 'blobs'>, olderThanMs: number): Promise<number> {
  const freed = await unlessInUse(
    () => inLongTransaction(ctx.db, (tx) => store.deleteUnreferencedBlobs(tx, olderThanMs, undefined)),
    [],
  );
  for (const blob of freed) await ctx.blobs.delete(blob.storage_key);
  return freed.length;
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
 * Removes what crashes, broken pushes and deleted repositories leave behind. Never touches an image of a repository.
 *
 * @param olderThanMs - leaves alone whatever is younger than this
 * @param deadAfterMs - how long a half of a write is without a sign of life before it is removed
 */
export async function sweep(
  ctx: Needs<'db' | 'blobs'>,
  olderThanMs: number,
  deadAfterMs: number = DEAD_AFTER_MS,
): Promise<Swept> {
  const uploads = await store.deleteStaleUploads(ctx.db, olderThanMs);
  await sweepContents(ctx);
  return {
    uploads,
    blobs: await sweepBlobs(ctx, olderThanMs),
    orphans: await sweepOrphans(ctx, olderThanMs, deadAfterMs),
  };
}
