import type { Db } from '../../platform/db/db';
import { query, queryPrepared, type PreparedStatement } from '../../platform/db/query';
import type { RepositoryName } from '../accounts/actor';
import { readableSql } from './policy';
import { SCOPE_COLUMNS, type RepositoryState, type ScopeRow } from './scope-row';

/** One row, always: the account, the namespace and the repository, each as far as it exists. */
const FIND_SCOPE = {
  name: 'repositories.find_scope',
  text: `select ${SCOPE_COLUMNS}
    from (select $1::bigint as user_id) asked
    left join users u on u.id = asked.user_id
    left join namespaces n on n.name = $2
    left join repositories r on r.namespace = $2 and r.name = $3`,
};

/** What a repository holds, for whoever may read it, in the query that says whether he may. `$4`: a guest, who may. */
const READABLE = `((r.is_remote and $4::boolean) or ${readableSql('u.id', 'coalesce(u.is_admin, false)')})`;

/**
 * The whole tag list as JSON text: ten thousand tags need not become objects on the way. Neither names nor ids can have
 * a character that JSON would escape.
 */
const FIND_TAGS = withJson(
  'repositories.find_tags',
  `select '{' || coalesce(string_agg('"' || t.name || '":"' || t.image_id || '"', ',' order by t.name), '') || '}'
     from tags t where t.repository_id = r.id`,
);

/** The image list as JSON text, in its order. */
const FIND_IMAGES = withJson(
  'repositories.find_images',
  `select '[' || coalesce(string_agg('{"id":"' || i.image_id || '"' || coalesce(
       ',"checksum":' || to_json(coalesce(c.payload_checksum, i.checksum))::text, '') || '}', ',' order by i.id), '') || ']'
     from repository_images i left join image_contents c on c.id = i.content_id where i.repository_id = r.id`,
);

function withJson(name: string, selection: string): PreparedStatement {
  const json = `case when ${READABLE} then (${selection}) end as json`;
  return { name, text: FIND_SCOPE.text.replace(SCOPE_COLUMNS, `${SCOPE_COLUMNS}, ${json}`) };
}

export interface ScopeWithJsonRow extends ScopeRow {
  /** null when the account may not read the repository, or there is none */
  json: string | null;
}

/** The scope and, as JSON, the tags or images of the repository. */
export async function findScopeWithJson(
  db: Db,
  caller: { readonly userId: number | undefined; readonly isGuest: boolean },
  name: RepositoryName,
  what: 'tags' | 'images',
): Promise<ScopeWithJsonRow> {
  const statement = what === 'tags' ? FIND_TAGS : FIND_IMAGES;
  const values = [caller.userId ?? null, name.namespace, name.name, caller.isGuest];
  const rows = await queryPrepared<ScopeWithJsonRow>(db, statement, values);
  const row = rows[0];
  if (row === undefined) throw new Error('the scope query returned no row');
  return row;
}

export async function findScope(db: Db, userId: number | undefined, name: RepositoryName): Promise<ScopeRow> {
  const rows = await queryPrepared<ScopeRow>(db, FIND_SCOPE, [userId ?? null, name.namespace, name.name]);
  const row = rows[0];
  if (row === undefined) throw new Error('the scope query returned no row');
  return row;
}

/** @returns false when it exists already */
export async function insertRepository(db: Db, name: RepositoryName, isPrivate: boolean): Promise<boolean> {
  const rows = await query(
    db,
    `insert into repositories (namespace, name, is_private) values ($1, $2, $3)
     on conflict (namespace, name) do nothing returning id`,
    [name.namespace, name.name, isPrivate],
  );
  return rows.length > 0;
}

/** Makes a repository of another index, and a namespace for it, unless there is one with the name. */
export async function insertRemoteRepository(tx: Db, { namespace, name }: RepositoryName): Promise<void> {
  await query(tx, `insert into namespaces (name, kind) values ($1, 'remote') on conflict (name) do nothing`, [
    namespace,
  ]);
  await query(
    tx,
    `insert into repositories (namespace, name, state, is_private, is_remote) values ($1, $2, 'active', true, true)
     on conflict (namespace, name) do nothing`,
    [namespace, name],
  );
}

/**
 * Keeps it from being deleted until the transaction ends.
 *
 * @param isRemote - whether it is to be one of another index
 * @returns undefined when there is no such repository, or it is being deleted already
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

/** @returns false when it is not in a state that can be finished */
export async function markActive(db: Db, repositoryId: number): Promise<boolean> {
  const rows = await query(
    db,
    `update repositories set state = 'active', updated_at = now() where id = $1 and state <> 'deleting' returning id`,
    [repositoryId],
  );
  return rows.length > 0;
}

export async function updateVisibility(db: Db, repositoryId: number, isPrivate: boolean): Promise<void> {
  await query(db, 'update repositories set is_private = $2, updated_at = now() where id = $1', [
    repositoryId,
    isPrivate,
  ]);
}

/** @returns false when it is being deleted already, or gone */
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

/** @returns whether this was the one good nonce; it is not any more */
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

/** @returns the names of those in the user's namespace */
export async function deleteAllOfOwner(db: Db, ownerId: number): Promise<RepositoryName[]> {
  return query<{ namespace: string; name: string }>(
    db,
    `delete from repositories r using namespaces n where n.name = r.namespace and n.owner_id = $1
     returning r.namespace, r.name`,
    [ownerId],
  );
}

/**
 * Deletes images and uploads; the tags must be gone.
 *
 * @returns whether there was anything
 */
export async function deleteContents(db: Db, repositoryId: number): Promise<boolean> {
  await query(db, 'delete from uploads where repository_id = $1', [repositoryId]);
  const rows = await query(db, 'delete from repository_images where repository_id = $1 returning id', [repositoryId]);
  return rows.length > 0;
}

/** @returns the names of those that were deleting since before `before` and are gone now */
export async function deleteOverdue(db: Db, before: Date): Promise<RepositoryName[]> {
  return query<{ namespace: string; name: string }>(
    db,
    `delete from repositories where state = 'deleting' and deleting_since < $1 returning namespace, name`,
    [before],
  );
}

export interface RepositoryListRow {
  id: number;
  namespace: string;
  name: string;
  state: RepositoryState;
  is_private: boolean;
  updated_at: Date;
  tag_count: number;
  image_count: number;
}

export async function listAll(db: Db, namespace: string | undefined): Promise<RepositoryListRow[]> {
  return query<RepositoryListRow>(
    db,
    `select r.id, r.namespace, r.name, r.state, r.is_private, r.updated_at,
       (select count(*) from tags t where t.repository_id = r.id) as tag_count,
       (select count(*) from repository_images i where i.repository_id = r.id and i.content_id is not null)
         as image_count
     from repositories r where $1::text is null or r.namespace = $1 order by r.namespace, r.name`,
    [namespace ?? null],
  );
}
