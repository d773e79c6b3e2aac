import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Identity } from '../access/actor';
import { callerJoins, IS_ADMIN, namespaceRole } from '../access/policy-sql';

export interface OwnNamespaceRow {
  name: string;
  kind: 'user' | 'organization' | 'library';
  namespace_role: 'admin' | null;
}

/**
 * The namespaces of the account: its own, the organizations in which it is a member of a team and, for administrators,
 * the library.
 */
export async function listOwn(
  db: Db,
  identity: Pick<Identity, 'userId' | 'accessTokenId'>,
): Promise<OwnNamespaceRow[]> {
  // As in `findNamespaceAccess`: a token for some repositories gives no rights in the namespace itself.
  return query<OwnNamespaceRow>(
    db,
    `with mine as (
       select name from namespaces where owner_id = $1::bigint
       union select t.namespace from team_members m join teams t on t.id = m.team_id where m.user_id = $1::bigint
       union select name from namespaces where kind = 'library'
     )
     select n.name, n.kind, ${namespaceRole(`''`)} as namespace_role
     from (select) asked ${callerJoins('$1', '$2')} join mine on true join namespaces n on n.name = mine.name
     where n.kind <> 'library' or ${IS_ADMIN}
     order by n.kind = 'user' desc, n.kind = 'organization' desc, n.name`,
    [identity.userId, identity.accessTokenId ?? null],
  );
}
