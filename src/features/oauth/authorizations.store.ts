import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface AuthorizationRow {
  client_id: string;
  name: string;
  scopes: string[];
  since: Date;
  last_used_at: Date | null;
}

/** The clients that hold tokens of the user which are still good, by name. */
export async function list(db: Db, userId: number): Promise<AuthorizationRow[]> {
  return query<AuthorizationRow>(
    db,
    `select c.client_id, c.name, array_agg(distinct s.scope order by s.scope) as scopes,
       min(g.authorized_at) as since, max(g.last_used_at) as last_used_at
     from oauth_tokens g join oauth_clients c on c.id = g.client_id
       join users u on u.id = g.user_id and u.credentials_epoch = g.credentials_epoch
       cross join unnest(g.scopes) as s (scope)
     where g.user_id = $1 and g.refresh_expires_at > now()
     group by c.id order by lower(c.name), c.id`,
    [userId],
  );
}

/**
 * Deletes every token and code that a client has for the user. Codes are deleted first: if one is being changed into
 * tokens at this moment, it is locked, and its tokens exist by the time the tokens are deleted. A refresh at this
 * moment holds the lock of the tokens that it replaces: waiting for that lock first lets the deletion see the new ones.
 *
 * @returns the client's name; undefined when it had nothing
 */
export async function remove(tx: Db, userId: number, clientId: string): Promise<string | undefined> {
  const of = 'using oauth_clients c where c.id = g.client_id and g.user_id = $1 and c.client_id = $2 returning c.name';
  const codes = await query<{ name: string }>(tx, `delete from oauth_codes g ${of}`, [userId, clientId]);
  await query(
    tx,
    `select 1 from oauth_tokens g join oauth_clients c on c.id = g.client_id
     where g.user_id = $1 and c.client_id = $2 for update of g`,
    [userId, clientId],
  );
  const tokens = await query<{ name: string }>(tx, `delete from oauth_tokens g ${of}`, [userId, clientId]);
  return (tokens[0] ?? codes[0])?.name;
}
