import { passwordJoins, REPOSITORY_ROLE } from './policy-sql';

/**
 * Whether an account may still administer a repository.
 *
 * @param account - the id of the account, in SQL; null: it may not
 * @param repositoryId - in SQL
 */
export function stillAdministersSql(account: string, repositoryId: string): string {
  return `exists (
  select 1 from repositories r join namespaces n on n.name = r.namespace ${passwordJoins(account)}
  where r.id = ${repositoryId} and u.is_active and coalesce((${REPOSITORY_ROLE}) = 'admin', false))`;
}

/**
 * The users to tell about something that an account set up for a repository, as an array of their ids: the account, if it
 * may still administer the repository, or else the active owners of the namespace.
 *
 * @param namespace - the namespace of the repository, in SQL
 */
export function administratorsToTellSql(account: string, repositoryId: string, namespace: string): string {
  return `case when ${stillAdministersSql(account, repositoryId)} then array[${account}] else array(
    select u.id from users u
    where u.is_active and u.robot_of is null and owns_namespace(u.id, ${namespace}) order by u.id) end`;
}
