import type { Needs } from '../../context';
import { areDeletionsHeld } from './deletion-hold';
import * as store from './deletions.store';

/*
 * The only place that deletes stored bytes. Row first, bytes second: the transaction that deletes or replaces a row of
 * `blobs` also writes the key of its bytes to `pending_deletions`. Then the bytes are deleted, and then that key. After
 * a crash in between, or during a backup, the hourly sweep does the rest, without a search in the store.
 */

/** What deletions need. */
export type DeletionNeeds = Needs<'db' | 'blobs' | 'log'>;

const AT_ONCE = 500;

/**
 * Deletes bytes whose rows are gone for good and whose deletion is planned. During a backup, or when the store does not
 * answer, it leaves them to the sweep.
 */
export async function deleteBytes(ctx: DeletionNeeds, keys: readonly string[]): Promise<void> {
  if (keys.length === 0 || (await areDeletionsHeld(ctx))) return;
  for (let at = 0; at < keys.length; at += AT_ONCE) await deletePlanned(ctx, keys.slice(at, at + AT_ONCE));
}

/**
 * Moves damaged bytes to quarantine whose row has other bytes now, and whose deletion is planned. When the store does not
 * answer, it leaves them to the sweep.
 *
 * @returns whether they are there
 */
export async function quarantineBytes(ctx: DeletionNeeds, key: string): Promise<boolean> {
  return afterwards(ctx, [key], () => ctx.blobs.quarantine(key));
}

/** Deletes bytes that never had a row, and that this process has written itself; otherwise the sweep finds them later. */
export async function discardBytes({ blobs, log }: Needs<'blobs' | 'log'>, key: string): Promise<void> {
  await blobs.delete([key]).catch((error: unknown) => {
    log.warn({ err: error, key }, 'bytes that are not needed could not be deleted: a sweep does it');
  });
}

/** @returns whether `work` ended well; then the deletions are done */
async function afterwards(
  { db, log }: DeletionNeeds,
  keys: readonly string[],
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    log.warn({ err: error, keys: keys.length }, 'stored bytes could not be removed: the next sweep tries it again');
    return false;
  }
  await store.forgetPlanned(db, keys);
  return true;
}

/** @returns how many are gone */
async function deletePlanned(ctx: DeletionNeeds, keys: readonly string[]): Promise<number> {
  return (await afterwards(ctx, keys, () => ctx.blobs.delete(keys))) ? keys.length : 0;
}

async function carryOut(ctx: DeletionNeeds, planned: readonly store.PlannedDeletion[]): Promise<number> {
  const known = await store.findKnownKeys(
    ctx.db,
    planned.map(({ key }) => key),
  );
  // Only a restored database points to what it had planned to delete.
  await store.forgetPlanned(ctx.db, [...known]);
  const due = planned.filter(({ key }) => !known.has(key));
  const healthy = due.filter(({ isDamaged }) => !isDamaged).map(({ key }) => key);
  let removed = await deletePlanned(ctx, healthy);
  for (const { key, isDamaged } of due) {
    if (isDamaged && (await quarantineBytes(ctx, key))) removed += 1;
  }
  return removed;
}

/**
 * Does what crashes, backups and outages of the store left of planned deletions.
 *
 * @returns how many objects it deleted or moved to quarantine
 */
export async function sweepDeletions(ctx: DeletionNeeds): Promise<number> {
  let removed = 0;
  for (let after = ''; ;) {
    const planned = await store.listPlanned(ctx.db, after, AT_ONCE);
    if (planned.length === 0 || (await areDeletionsHeld(ctx))) return removed;
    removed += await carryOut(ctx, planned);
    after = planned.at(-1)?.key ?? '';
  }
}

/**
 * Deletes those of the keys to which no row points; during a backup none.
 *
 * @param keys - of bytes that are too old to get a row
 * @returns the keys to which rows point, and how many were deleted
 */
export async function deleteUnknown(
  ctx: DeletionNeeds,
  keys: readonly string[],
): Promise<{ readonly known: readonly string[]; readonly deleted: number }> {
  const found = await store.findKnownKeys(ctx.db, keys);
  const [known, unknown] = [[...found], keys.filter((key) => !found.has(key))];
  if (unknown.length === 0 || (await areDeletionsHeld(ctx))) return { known, deleted: 0 };
  return { known, deleted: await deletePlanned(ctx, unknown) };
}
