import { inTransaction, type Db } from '../../platform/db/db';
import type { Bucket } from './bucket';
import { deleteObjects } from './object-deletion';
import * as pending from './pending-writes.store';

/** Their rows are locked until they are removed: a sign of life of one of these waits that long. */
const REMOVED_AT_ONCE = 100;

/** The rest is left to the next sweep. */
const ROUNDS = 100;

async function remove(bucket: Bucket, db: Db, keys: readonly string[], idleMs: number): Promise<number> {
  return inTransaction(db, async (tx) => {
    const dead = await pending.lockDead(tx, keys, idleMs);
    await Promise.all(
      dead.map(async ({ key, uploadId }) => {
        if (uploadId !== null) await bucket.abortParts(key, uploadId);
        else await bucket.abortAllParts(key); // its process may have died before it had the id
      }),
    );
    await deleteObjects(
      bucket,
      tx,
      dead.map(({ key }) => key),
    );
    return dead.length;
  });
}

/**
 * Removes the objects and the multipart uploads of writes whose process died.
 *
 * @param idleMs - how long a dead write has shown no sign of life
 * @returns how many were removed
 */
export async function removeDeadWrites(bucket: Bucket, db: Db, idleMs: number): Promise<number> {
  let removed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = await pending.findDead(db, idleMs, REMOVED_AT_ONCE);
    if (keys.length > 0) removed += await remove(bucket, db, keys, idleMs);
    if (keys.length < REMOVED_AT_ONCE) break;
  }
  return removed;
}
