import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';
import type { RepositoryName } from '../access/actor';

/** Fails with a unique violation when a repository has the name. */
export async function updateName(tx: Db, repositoryId: number, to: RepositoryName): Promise<void> {
  await query(tx, 'update repositories set namespace = $2, name = $3, updated_at = now() where id = $1', [
    repositoryId,
    to.namespace,
    to.name,
  ]);
}

/** Fails with a unique violation when another repository had the name before. */
export async function insertAlias(tx: Db, alias: RepositoryName, repositoryId: number): Promise<void> {
  await query(tx, 'insert into repository_aliases (namespace, name, repository_id) values ($1, $2, $3)', [
    alias.namespace,
    alias.name,
    repositoryId,
  ]);
}

/** The repository that had the name before; null: that repository is gone. */
export async function findAlias(db: Db, alias: RepositoryName): Promise<{ repository_id: number | null } | undefined> {
  const rows = await query<{ repository_id: number | null }>(
    db,
    'select repository_id from repository_aliases where namespace = $1 and name = $2',
    [alias.namespace, alias.name],
  );
  return rows[0];
}

/** The current name of the repository that had this name before. */
export async function findCurrentName(db: Db, alias: RepositoryName): Promise<RepositoryName | undefined> {
  const rows = await queryPrepared<{ namespace: string; name: string }>(db, FIND_CURRENT_NAME, [
    alias.namespace,
    alias.name,
  ]);
  return rows[0];
}

const FIND_CURRENT_NAME = {
  name: 'aliases.find_current_name',
  text: `select r.namespace, r.name from repository_aliases a join repositories r on r.id = a.repository_id
    where a.namespace = $1 and a.name = $2`,
};

/** @returns false when the repository does not have this former name */
export async function deleteAlias(tx: Db, alias: RepositoryName, repositoryId: number): Promise<boolean> {
  const rows = await query(
    tx,
    'delete from repository_aliases where namespace = $1 and name = $2 and repository_id = $3 returning name',
    [alias.namespace, alias.name, repositoryId],
  );
  return rows.length > 0;
}

/** The former names of a repository. */
export async function listAliases(db: Db, repositoryId: number): Promise<RepositoryName[]> {
  return query<{ namespace: string; name: string }>(
    db,
    'select namespace, name from repository_aliases where repository_id = $1 order by created_at, namespace, name',
    [repositoryId],
  );
}
