import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';
import * as store from './pending-images.store';

/*
 * A tag that was pushed over v2 has images for v1 clients (bridge 9), which another feature derives. Until all of them are
 * there, its manifest is in `pending_images`.
 */

/** The job that derives the images of all manifests that wait for it. */
export const DERIVE_IMAGES_JOB = 'derive_images';

/** Has the images of a manifest that a tag points to derived as soon as the transaction commits. */
export async function deriveSoon(tx: Db, manifestId: number): Promise<void> {
  await store.insertPending(tx, manifestId);
  await enqueue(tx, DERIVE_IMAGES_JOB, {}, { key: DERIVE_IMAGES_JOB });
}
