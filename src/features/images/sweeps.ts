import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import * as store from './gc.store';

const CONTENTS_AT_ONCE = 1000;

/** Deletes contents that no repository has: the deletion of repositories leaves them. */
async function sweepContents(ctx: Needs<'db'>): Promise<void> {
  let deleted = CONTENTS_AT_ONCE;
  while (deleted === CONTENTS_AT_ONCE) {
    const ids = await inLongTransaction(ctx.db, (tx) => store.listUnlinkedContents(tx, CONTENTS_AT_ONCE));
    try {
      deleted = (await store.deleteUnlinkedContents(ctx.db, ids)).length;
    } catch (error) {
      // A push linked one of them at this moment: the next sweep finds the rest.
      if (!isForeignKeyViolation(error)) throw error;
      return;
    }
  }
}

/**
 * Removes uploads of broken pushes, and contents of deleted repositories. Never touches an image of a repository. The
 * next sweep of the storage deletes their bytes.
 *
 * @param olderThanMs - spares everything that is younger
 * @returns how many abandoned uploads were ended
 */
export async function sweepImages(ctx: Needs<'db'>, olderThanMs: number): Promise<{ readonly uploads: number }> {
  const uploads = await store.deleteStaleUploads(ctx.db, olderThanMs);
  await sweepContents(ctx);
  return { uploads };
}
