import { CALLER_COLUMNS, callerJoins, namespaceRole, REPOSITORY_ROLE, type CallerRow } from '../accounts/policy-sql';
import type { AccessLevel } from '../accounts/actor';
import type { Visibility } from '../accounts/policy';

/** What the queries that decide about access select of the repository `r` and of its namespace `n`. */
export const REPOSITORY_COLUMNS = `r.id as repository_id, r.namespace, r.name, r.state, r.visibility, r.is_remote,
  ${REPOSITORY_ROLE} as role`;

/** What they select when a repository was asked for by name; `asked` is that name. */
export const SCOPE_COLUMNS = `${CALLER_COLUMNS}, ${REPOSITORY_COLUMNS}, n.name as namespace_name,
  n.default_visibility, ${namespaceRole(`(asked.namespace || '/' || asked.name)`)} as namespace_role`;

/**
 * One row, always: the account, the namespace and the repository, each as far as it exists.
 *
 * @param first - `$first` is the account's id, followed by the access token's, the namespace, the name, and whether a
 *   former name of a repository will do
 */
export function scopeJoins(first: number): string {
  const [user, token, namespace, name, follows] = [0, 1, 2, 3, 4].map((offset) => `$${first + offset}`);
  return `from (select ${namespace}::text as namespace, ${name}::text as name) asked
    ${callerJoins(user ?? '', token ?? '')}
    left join repositories r on r.id = coalesce(
      (select x.id from repositories x where x.namespace = asked.namespace and x.name = asked.name),
      case when ${follows}::boolean then
        (select x.repository_id from repository_aliases x where x.namespace = asked.namespace and x.name = asked.name) end)
    left join namespaces n on n.name = coalesce(r.namespace, asked.namespace)`;
}

export interface RepositoryRow {
  repository_id: number | null;
  namespace: string | null;
  name: string | null;
  state: RepositoryState | null;
  visibility: Visibility | null;
  is_remote: boolean | null;
  role: AccessLevel | null;
}

export interface ScopeRow extends CallerRow, RepositoryRow {
  namespace_name: string | null;
  default_visibility: Visibility | null;
  namespace_role: 'admin' | null;
}

/**
 * `initialized` until a push is finished for the first time, then `active`; `deleting` from the first step of a
 * deletion until its last (protocol 2.6, 2.11):
 *
 *   (PUT R/) -> initialized -(PUT R/images)-> active
 *   initialized, active -(DELETE R/)-> deleting -(DELETE R/ again, or 24 h)-> gone
 */
export type RepositoryState = 'initialized' | 'active' | 'deleting';
