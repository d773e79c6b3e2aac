import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** Keeps the owners of an account's organizations from changing until the transaction ends. */
export async function lockOwnedTeams(tx: Db, userId: number): Promise<void> {
  await query(
    tx,
    `select 1 from teams t
     where t.is_owners and exists (select 1 from team_members m where m.team_id = t.id and m.user_id = $1)
     order by t.id for no key update of t`,
    [userId],
  );
}

/** Organizations that no one could manage without the account: it is the only active owner, or the only owner. */
export async function findOrphanedBy(tx: Db, userId: number): Promise<string[]> {
  const rows = await query<{ namespace: string }>(
    tx,
    `select t.namespace from teams t join team_members m on m.team_id = t.id join users u on u.id = m.user_id
     where t.is_owners and m.user_id = $1 and not exists (
       select 1 from team_members o join users other on other.id = o.user_id
       where o.team_id = t.id and o.user_id <> $1 and (other.is_active or not u.is_active))
     order by t.namespace`,
    [userId],
  );
  return rows.map((row) => row.namespace);
}
