import type { Db } from '../../platform/db/db';
import type { Bucket } from './bucket';
import * as pending from './pending-writes.store';

/**
 * Deletes objects, and forgets that they were written; fine if there are none.
 *
 * @throws Error when one could not be deleted; then all of them stay known
 */
export async function deleteObjects(bucket: Bucket, db: Db, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await bucket.delete(keys);
  await pending.forget(db, keys);
}
