import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface ExpiringTokenRow {
  name: string;
  username: string;
  robot_of: string | null;
  expires_at: Date;
  last_used_at: Date | null;
  /** the account, or the active owners of the robot's organization */
  recipients: number[];
}

/**
 * A token that was created for just so many days needs no notice. Its dates come from two clocks, so an hour more does
 * not make it longer.
 */
const outlives = (days: number): string =>
  `t.expires_at - t.created_at > interval '${days} days' + interval '1 hour' and t.expires_at <= now() + interval '${days} days'`;

/**
 * Takes tokens that expire soon and whose notice is due, the first to expire first. Tokens that another process is
 * taking are left out.
 *
 * @param stages - how many days before, the longest first
 */
export async function takeExpiring(tx: Db, stages: readonly number[], limit: number): Promise<ExpiringTokenRow[]> {
  const isLater = (days: number): string => `coalesce(t.expiry_notice_days > ${days}, true)`;
  const cases = [...stages].reverse().map((days) => `when ${outlives(days)} and ${isLater(days)} then ${days}`);
  const stage = `case ${cases.join(' ')} end`;
  const rows = await query<Omit<ExpiringTokenRow, 'recipients'> & { recipients: string[] }>(
    tx,
    `with due as (
       select t.id, ${stage} as days from access_tokens t join users u on u.id = t.user_id
       where t.expires_at > now() and t.expires_at <= now() + interval '${Math.max(...stages)} days' and u.is_active
         and ${stage} is not null
       order by t.expires_at, t.id limit $1 for update of t skip locked
     )
     update access_tokens t set expiry_notice_days = due.days from due, users u
     where t.id = due.id and u.id = t.user_id
     returning t.name, u.username, u.robot_of, t.expires_at, t.last_used_at, case when u.robot_of is null then array[u.id]
       else array(select o.id from users o where o.is_active and o.robot_of is null and owns_namespace(o.id, u.robot_of)
         order by o.id) end as recipients`,
    [limit],
  );
  // The parser of single numbers does not apply to lists of them.
  return rows.map((row) => ({ ...row, recipients: row.recipients.map(Number) }));
}
