import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface EmailRow {
  email: string;
  is_primary: boolean;
  is_verified: boolean;
}

const COLUMNS = 'email, is_primary, verified_at is not null as is_verified';

/** The oldest first. */
export async function list(db: Db, userId: number): Promise<EmailRow[]> {
  return query<EmailRow>(db, `select ${COLUMNS} from emails where user_id = $1 order by id`, [userId]);
}

/** @returns whether there was one that is not the primary one */
export async function deleteSecondary(db: Db, userId: number, address: string): Promise<boolean> {
  const rows = await query(
    db,
    'delete from emails where user_id = $1 and lower(email) = lower($2) and not is_primary returning id',
    [userId, address],
  );
  return rows.length > 0;
}
