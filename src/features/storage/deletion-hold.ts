import type { Needs } from '../../context';
import type { DbConnection } from '../../platform/db/db';
import { isSessionLockHeld, trySessionLock, type SessionLock } from '../../platform/db/session-lock';

/*
 * While a backup runs, no stored bytes are deleted, because the backup has yet to read what its snapshot of the database
 * refers to. Rows are deleted as ever: their bytes become bytes without a row, which the sweep deletes after the backup.
 *
 * A backup takes the hold first and its snapshot second. A deletion of bytes commits the deletion of their rows first and
 * looks for the hold second. So if there is no hold, a backup that begins at this moment does not see the rows.
 */

/** Any number works, as long as every version uses the same one. */
const HOLD = 7_301_004;

/**
 * Keeps all stored bytes until it is released or its process has died.
 *
 * @returns undefined while another process has the hold
 */
export async function holdDeletions(connection: DbConnection): Promise<SessionLock | undefined> {
  return trySessionLock(connection, HOLD);
}

/** Whether bytes must stay. Ask after the deletion of their rows was committed. */
export async function areDeletionsHeld({ db }: Needs<'db'>): Promise<boolean> {
  return isSessionLockHeld(db, HOLD);
}
