import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface LockedAccount {
  id: number;
  username: string;
  is_active: boolean;
  is_admin: boolean;
  robot_of: string | null;
  awaits_confirmation: boolean;
}

const COLUMNS = 'id, username, is_active, is_admin, robot_of, awaits_confirmation';

/**
 * Keeps these accounts, and the number of administrators, from changing until the transaction ends.
 *
 * @returns the accounts, in the order of `usernames`; undefined for one that does not exist
 */
export async function lockAccounts(tx: Db, usernames: readonly string[]): Promise<(LockedAccount | undefined)[]> {
  const rows = await query<LockedAccount>(
    tx,
    `select ${COLUMNS} from users where username = any ($1) or is_admin order by id for no key update`,
    [usernames],
  );
  return usernames.map((username) => rows.find((row) => row.username === username));
}

/** Keeps an account from changing until the transaction ends. */
export async function lockAccount(tx: Db, userId: number): Promise<LockedAccount | undefined> {
  const rows = await query<LockedAccount>(tx, `select ${COLUMNS} from users where id = $1 for no key update`, [userId]);
  return rows[0];
}
