import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface ExpiringTokenRow {
  name: string;
  user_id: number;
  username: string;
  robot_of: string | null;
  expires_at: Date;
  last_used_at: Date | null;
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
  return query<ExpiringTokenRow>(
    tx,
    `with due as (
       select t.id, ${stage} as days from access_tokens t join users u on u.id = t.user_id
       where t.expires_at > now() and t.expires_at <= now() + interval '${Math.max(...stages)} days' and u.is_active
         and ${stage} is not null
       order by t.expires_at, t.id limit $1 for update of t skip locked
     )
     update access_tokens t set expiry_notice_days = due.days from due, users u
     where t.id = due.id and u.id = t.user_id
     returning t.name, u.id as user_id, u.username, u.robot_of, t.expires_at, t.last_used_at`,
    [limit],
  );
}
