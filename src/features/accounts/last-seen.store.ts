import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** An account that is locked now is left out: a time to five minutes is not worth waiting for. */
export async function updateLastSeen(db: Db, userId: number): Promise<void> {
  await query(
    db,
    `update users set last_seen_at = now() where id = (
       select id from users where id = $1 and (last_seen_at is null or last_seen_at < now() - interval '5 minutes')
       for update skip locked)`,
    [userId],
  );
}

/** SQL of the last time at which the account `u` was used in any way. */
export const LAST_SEEN = `greatest(u.last_seen_at,
  (select max(s.last_seen_at) from sessions s where s.user_id = u.id),
  (select max(t.last_used_at) from access_tokens t where t.user_id = u.id),
  (select max(o.last_used_at) from oauth_tokens o where o.user_id = u.id))`;
