/** What the queries that decide about access select, from users `u`, namespaces `n` and repositories `r`. */
export const SCOPE_COLUMNS = `u.id as user_id, u.username, u.credentials_epoch, u.is_active, u.is_admin,
  n.name as namespace_name, case when r.is_remote then null else n.owner_id end as owner_id,
  r.id as repository_id, r.namespace, r.name, r.state, r.is_private, r.is_remote`;

export interface ScopeRow {
  user_id: number | null;
  username: string | null;
  credentials_epoch: number | null;
  is_active: boolean | null;
  is_admin: boolean | null;
  namespace_name: string | null;
  /** null as well where another index decides */
  owner_id: number | null;
  repository_id: number | null;
  namespace: string | null;
  name: string | null;
  state: RepositoryState | null;
  is_private: boolean | null;
  is_remote: boolean | null;
}

/**
 * `initialized` until a push is finished for the first time, then `active`; `deleting` from the first step of a
 * deletion until its last (protocol 2.6, 2.11):
 *
 *   (PUT R/) -> initialized -(PUT R/images)-> active
 *   initialized, active -(DELETE R/)-> deleting -(DELETE R/ again, or 24 h)-> gone
 */
export type RepositoryState = 'initialized' | 'active' | 'deleting';
