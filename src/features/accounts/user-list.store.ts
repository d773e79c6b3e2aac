import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { LAST_SEEN } from './last-seen.store';

export interface StatusRow {
  id: number;
  username: string;
  is_active: boolean;
  is_admin: boolean;
}

export interface ListedRow extends StatusRow {
  created_at: Date;
  email: string | null;
  robot_of: string | null;
  plan: string | null;
  last_seen_at: Date | null;
}

/** Whether there is an active administrator other than the user with the id `besides`. */
export async function activeAdminExists(db: Db, besides: number): Promise<boolean> {
  const rows = await query(db, 'select 1 from users where is_admin and is_active and id <> $1 limit 1', [besides]);
  return rows.length > 0;
}

/** @param status.ends_waiting - whether from now on no mailed link activates an account that waited for one */
export async function updateStatus(
  db: Db,
  status: Omit<StatusRow, 'username'> & { ends_waiting: boolean },
): Promise<void> {
  await query(
    db,
    `update users set is_active = $2, is_admin = $3, awaits_confirmation = awaits_confirmation and not $4,
       updated_at = now() where id = $1`,
    [status.id, status.is_active, status.is_admin, status.ends_waiting],
  );
}

const FILTER = `($1::text is null or u.username like $1 or exists (
    select 1 from emails e where e.user_id = u.id and lower(e.email) like $1))
  and ($2::boolean is null or u.is_active = $2) and ($3::boolean is null or u.is_admin = $3)`;

interface Wanted {
  pattern: string | undefined;
  isActive: boolean | undefined;
  isAdmin: boolean | undefined;
}

function valuesOf({ pattern, isActive, isAdmin }: Wanted): unknown[] {
  return [pattern ?? null, isActive ?? null, isAdmin ?? null];
}

export async function list(db: Db, wanted: Wanted, limit: number, offset: number): Promise<ListedRow[]> {
  return query<ListedRow>(
    db,
    `select u.id, u.username, u.is_active, u.is_admin, u.created_at, u.robot_of,
       (select n.plan from namespaces n where n.owner_id = u.id) as plan,
       ${LAST_SEEN} as last_seen_at,
       (select e.email from emails e where e.user_id = u.id and e.is_primary) as email
     from users u where ${FILTER} order by u.username limit $4 offset $5`,
    [...valuesOf(wanted), limit, offset],
  );
}

export async function count(db: Db, wanted: Wanted): Promise<number> {
  const text = `select count(*) as count from users u where ${FILTER}`;
  return (await query<{ count: number }>(db, text, valuesOf(wanted)))[0]?.count ?? 0;
}
