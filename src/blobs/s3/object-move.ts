import { deleteObjects } from './object-deletion';
import { beginUpload, COPIED_AT_ONCE, ObjectParts, type ObjectPlace } from './object-parts';
import { assertSize } from './object-write';
import * as pending from './pending-writes.store';

/** The copy is a row of `pending_writes` for as long as its parts arrive, so that a sweep finds them. */
async function copyInParts(
  { bucket, db }: ObjectPlace,
  from: string,
  to: string,
  { sizeBytes, atOnce }: { readonly sizeBytes: number; readonly atOnce: number },
): Promise<void> {
  await pending.begin(db, to);
  const parts = new ObjectParts(bucket, to, () => beginUpload({ bucket, db }, to));
  try {
    await parts.copy(from, sizeBytes, atOnce);
    await parts.complete();
  } catch (error) {
    await parts.abort().catch(() => undefined);
    throw error;
  }
  await pending.forget(db, [to]);
}

/**
 * Moves an object to another key; fine if there is none. The original is deleted when the copy is known to be there, as
 * long as it should be: a stop half-way leaves both, or the original alone, and the move can be repeated.
 *
 * @param atOnce - how many bytes are copied in one request
 */
export async function moveObject(
  { bucket, db }: ObjectPlace,
  from: string,
  to: string,
  atOnce = COPIED_AT_ONCE,
): Promise<void> {
  const sizeBytes = await bucket.size(from);
  if (sizeBytes === undefined) return pending.forget(db, [from]);
  if (sizeBytes > atOnce) await copyInParts({ bucket, db }, from, to, { sizeBytes, atOnce });
  else if (!(await bucket.copy(from, to))) return;
  await assertSize(bucket, to, sizeBytes);
  await deleteObjects(bucket, db, [from]);
}
