import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import type { Doer } from '../audit/audit';
import type { RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import type { RepositoryState } from './repository-access-row';

/** @returns false when the repository exists already */
export async function insertRepository(db: Db, name: RepositoryName, visibility: Visibility): Promise<boolean> {
  const rows = await query(
    db,
    `insert into repositories (namespace, name, visibility) values ($1, $2, $3)
     on conflict (namespace, name) do nothing returning id`,
    [name.namespace, name.name, visibility],
  );
  return rows.length > 0;
}

export async function findState(db: Db, { namespace, name }: RepositoryName): Promise<RepositoryState | undefined> {
  const text = 'select state from repositories where namespace = $1 and name = $2';
  return (await query<{ state: RepositoryState }>(db, text, [namespace, name]))[0]?.state;
}

/** Creates a repository of another index, and a namespace for it, unless there is one with the name. */
export async function insertRemoteRepository(tx: Db, { namespace, name }: RepositoryName): Promise<void> {
  await query(
    tx,
    `insert into namespaces (name, kind, plan) values ($1, 'remote', 'unlimited') on conflict (name) do nothing`,
    [namespace],
  );
  await query(
    tx,
    `insert into repositories (namespace, name, state, visibility, is_remote) values ($1, $2, 'active', 'private', true)
     on conflict (namespace, name) do nothing`,
    [namespace, name],
  );
}

/**
 * Keeps the repository from being deleted until the transaction ends.
 *
 * @param isRemote - whether it must be a repository of another index
 * @returns the id; undefined when the repository does not exist or is being deleted
 */
export async function lockForPush(tx: Db, name: RepositoryName, isRemote = false): Promise<number | undefined> {
  const rows = await query<{ id: number }>(
    tx,
    `select id from repositories
     where namespace = $1 and name = $2 and is_remote = $3 and state <> 'deleting' for share`,
    [name.namespace, name.name, isRemote],
  );
  return rows[0]?.id;
}

/**
 * Keeps others from changing the repository until the transaction ends. A transaction that changes tags locks the
 * repository before them, as a deletion of the repository does, because a change of tags also changes the repository.
 */
export async function lockRepository(tx: Db, repositoryId: number): Promise<void> {
  await query(tx, 'select 1 from repositories where id = $1 for no key update', [repositoryId]);
}

/** @returns false when the repository is not in a state in which a push can finish */
export async function markActive(db: Db, repositoryId: number): Promise<boolean> {
  const rows = await query(
    db,
    `update repositories set state = 'active', updated_at = now() where id = $1 and state <> 'deleting' returning id`,
    [repositoryId],
  );
  return rows.length > 0;
}

/**
 * Locks the visibility until the transaction ends, and returns it; undefined when the repository is gone or being
 * deleted.
 */
export async function lockVisibility(tx: Db, repositoryId: number): Promise<Visibility | undefined> {
  const rows = await query<{ visibility: Visibility }>(
    tx,
    `select visibility from repositories where id = $1 and state <> 'deleting' for no key update`,
    [repositoryId],
  );
  return rows[0]?.visibility;
}

export async function updateVisibility(db: Db, repositoryId: number, visibility: Visibility): Promise<void> {
  await query(db, 'update repositories set visibility = $2, updated_at = now() where id = $1', [
    repositoryId,
    visibility,
  ]);
}

/** @returns false when the repository is being deleted already, or gone */
export async function markDeleting(db: Db, repositoryId: number): Promise<boolean> {
  const rows = await query(
    db,
    `update repositories set state = 'deleting', deleting_since = now() where id = $1 and state <> 'deleting'
     returning id`,
    [repositoryId],
  );
  return rows.length > 0;
}

export async function updateDeleteNonce(db: Db, repositoryId: number, nonce: string): Promise<void> {
  await query(db, 'update repositories set delete_nonce = $2 where id = $1', [repositoryId, nonce]);
}

/** @returns whether this was the one good nonce; it is no longer good */
export async function consumeDeleteNonce(db: Db, repositoryId: number, nonce: string): Promise<boolean> {
  const rows = await query(
    db,
    'update repositories set delete_nonce = null where id = $1 and delete_nonce = $2 returning id',
    [repositoryId, nonce],
  );
  return rows.length > 0;
}

export async function deleteRepository(db: Db, repositoryId: number): Promise<boolean> {
  return (await query(db, 'delete from repositories where id = $1 returning id', [repositoryId])).length > 0;
}

/** Keeps all repositories of a namespace from changing, in the order of locks. */
export async function lockRepositories(tx: Db, namespace: string): Promise<void> {
  await query(tx, 'select 1 from repositories where namespace = $1 order by id for update', [namespace]);
}

/** @returns the names of the deleted repositories */
export async function deleteAllOfOwner(db: Db, ownerId: number): Promise<RepositoryName[]> {
  return query<{ namespace: string; name: string }>(
    db,
    `delete from repositories r using namespaces n where n.name = r.namespace and n.owner_id = $1
     returning r.namespace, r.name`,
    [ownerId],
  );
}

/** The repositories in the namespace of a user that have patterns of immutable tags, in the order of locks. */
export async function listWithPatterns(db: Db, ownerId: number): Promise<(RepositoryName & { id: number })[]> {
  return query<{ id: number; namespace: string; name: string }>(
    db,
    `select r.id, r.namespace, r.name from repositories r join namespaces n on n.name = r.namespace
     where n.owner_id = $1 and r.state <> 'deleting' and cardinality(r.immutable_tags) > 0 order by r.id`,
    [ownerId],
  );
}

/** Deletes all tags of a repository, each with its event. */
export async function deleteAllTags(tx: Db, repositoryId: number, doer: Pick<Doer, 'userId' | 'name'>): Promise<void> {
  await query(
    tx,
    `with gone as (delete from tags where repository_id = $1 returning name, image_id, manifest_id)
     insert into tag_events (repository_id, tag, from_image_id, from_digest, actor_id, actor_name)
     select $1, g.name, g.image_id, m.digest, $2, $3 from gone g left join manifests m on m.id = g.manifest_id
     order by g.name`,
    [repositoryId, doer.userId ?? null, doer.name ?? null],
  );
}

/**
 * Deletes images, manifests and uploads; the tags must be gone.
 *
 * @returns whether there were any images
 */
export async function deleteContents(db: Db, repositoryId: number): Promise<boolean> {
  for (const table of ['uploads', 'blob_uploads', 'repository_blobs']) {
    await query(db, `delete from ${table} where repository_id = $1`, [repositoryId]);
  }
  let isEmptied = false;
  for (const table of ['repository_images', 'manifests']) {
    const rows = await query(db, `delete from ${table} where repository_id = $1 returning id`, [repositoryId]);
    isEmptied ||= rows.length > 0;
  }
  return isEmptied;
}

/** @returns the names of the repositories whose deletion began longer ago than this, and that are gone now */
export async function deleteOverdue(db: Db, olderThanMs: number): Promise<RepositoryName[]> {
  return query<{ namespace: string; name: string }>(
    db,
    `delete from repositories where state = 'deleting' and deleting_since < ${agoSql('$1')} returning namespace, name`,
    [olderThanMs],
  );
}

export interface RepositoryListRow {
  id: number;
  namespace: string;
  name: string;
  state: RepositoryState;
  visibility: Visibility;
  updated_at: Date;
  tag_count: number;
  image_count: number;
}

export async function listAll(db: Db, namespace: string | undefined): Promise<RepositoryListRow[]> {
  return query<RepositoryListRow>(
    db,
    `select r.id, r.namespace, r.name, r.state, r.visibility, r.updated_at,
       (select count(*) from tags t where t.repository_id = r.id) as tag_count,
       (select count(*) from repository_images i where i.repository_id = r.id and i.content_id is not null)
         as image_count
     from repositories r where $1::text is null or r.namespace = $1 order by r.namespace, r.name`,
    [namespace ?? null],
  );
}
