import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import * as store from './gc.store';

const CONTENTS_AT_ONCE = 1000;

/** Contents that no repository has: what the deletion of repositories leaves. */
async function sweepContents(ctx: Needs<'db'>): Promise<void> {
  let deleted = CONTENTS_AT_ONCE;
  while (deleted === CONTENTS_AT_ONCE) {
    const ids = await inLongTransaction(ctx.db, (tx) => store.listUnlinkedContents(tx, CONTENTS_AT_ONCE));
    try {
      deleted = (await store.deleteUnlinkedContents(ctx.db, ids)).length;
    } catch (error) {
      // A push links one of them at this moment: the next sweep finds the rest.
      if (!isForeignKeyViolation(error)) throw error;
      return;
    }
  }
}

/**
 * Removes what broken pushes and deleted repositories leave of images. Never touches an image of a repository. Their
 * bytes go with the next sweep of the storage.
 *
 * @param olderThanMs - leaves alone whatever is younger than this
 * @returns how many uploads were ended that nobody went on with
 */
export async function sweepImages(ctx: Needs<'db'>, olderThanMs: number): Promise<{ readonly uploads: number }> {
  const uploads = await store.deleteStaleUploads(ctx.db, olderThanMs);
  await sweepContents(ctx);
  return { uploads };
}
