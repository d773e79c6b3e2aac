import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import type { RefType } from './builds.store';

export interface ClaimedRow {
  id: number;
  repository_id: number;
  namespace: string;
  name: string;
  source_id: number;
  provider: string;
  clone_url: string;
  sealed_credential: Buffer | null;
  syncs_description: boolean;
  allows_network: boolean;
  build_arguments: Record<string, string>;
  sealed_secrets: Buffer | null;
  ref_type: RefType;
  ref_name: string;
  commit_hash: string | null;
  dockerfile_path: string;
  context_path: string;
  tag: string;
  attempts: number;
  no_cache: boolean;
}

/** Begins a build that waits. @returns undefined when it does not wait, or another of its repository is being built */
export async function claim(db: Db, id: number, builder: string): Promise<ClaimedRow | undefined> {
  const rows = await query<ClaimedRow>(
    db,
    `update builds b set state = 'building', builder = $2, attempts = attempts + 1, alive_at = now(),
       started_at = coalesce(started_at, now())
     from build_sources s, repositories r
     where b.id = $1 and b.state = 'queued' and s.id = b.source_id and r.id = b.repository_id and r.state <> 'deleting'
       and not exists (select from builds o where o.repository_id = b.repository_id and o.state = 'building')
     returning b.id, b.repository_id, r.namespace, r.name, s.id as source_id, s.provider, s.clone_url,
       s.sealed_credential, s.syncs_description, s.allows_network or coalesce(
         (select p.allows_network from build_policies p where p.namespace = r.namespace), false) as allows_network,
       coalesce((select p.build_arguments from build_policies p where p.namespace = r.namespace), '{}')
         || s.build_arguments as build_arguments, s.sealed_secrets, b.ref_type, b.ref_name, b.commit_hash,
       b.dockerfile_path, b.context_path, b.tag, b.attempts, b.no_cache`,
    [id, builder],
  );
  return rows[0];
}

export interface StateRow {
  state: string;
  repository_id: number;
  has_source: boolean;
}

export async function findState(db: Db, id: number): Promise<StateRow | undefined> {
  const text = `select b.state, b.repository_id, b.source_id is not null and r.state <> 'deleting' as has_source
    from builds b join repositories r on r.id = b.repository_id where b.id = $1`;
  return (await query<StateRow>(db, text, [id]))[0];
}

/** Records a sign of life. @returns undefined when this builder no longer has the build */
export async function heartbeat(
  db: Db,
  id: number,
  builder: string,
): Promise<{ is_cancel_requested: boolean } | undefined> {
  const rows = await query<{ is_cancel_requested: boolean }>(
    db,
    `update builds set alive_at = now() where id = $1 and builder = $2 and state = 'building'
     returning cancel_requested_at is not null as is_cancel_requested`,
    [id, builder],
  );
  return rows[0];
}

export interface CommitValues {
  readonly hash: string;
  readonly message: string;
  readonly author: string;
  /** the tag, with `{sha}` replaced */
  readonly tag: string;
}

/** Records the commit that is built. @returns undefined when this builder no longer has the build */
export async function noteCommit(
  db: Db,
  id: number,
  builder: string,
  commit: CommitValues,
): Promise<{ built_by: number | null } | undefined> {
  // A build that is not required is left out if the last one of its rule and ref that ended has built the same.
  const rows = await query<{ built_by: number | null }>(
    db,
    `update builds b set commit_hash = $3, commit_message = $4, commit_author = $5, tag = $6, alive_at = now()
     where b.id = $1 and b.builder = $2 and b.state = 'building'
     returning (
       select last.id from (
         select o.* from builds o
         where o.rule_id = b.rule_id and o.ref_type = b.ref_type and o.ref_name = b.ref_name and o.id <> b.id
           and o.state in ('success', 'error')
         order by o.id desc limit 1
       ) last
       where not b.is_required and last.state = 'success' and last.commit_hash = $3 and last.tag = $6
         and last.dockerfile_path = b.dockerfile_path and last.context_path = b.context_path
     ) as built_by`,
    [id, builder, commit.hash, commit.message, commit.author, commit.tag],
  );
  return rows[0];
}

export async function findTag(db: Db, id: number): Promise<string | undefined> {
  return (await query<{ tag: string }>(db, 'select tag from builds where id = $1', [id]))[0]?.tag;
}

/** The end of a build. */
export interface EndValues {
  readonly state: 'success' | 'error' | 'cancelled';
  readonly digest?: string | undefined;
  readonly error?: string | undefined;
}

export interface EndedRow {
  id: number;
  repository_id: number;
  source_id: number | null;
  namespace: string;
  name: string;
  tag: string;
}

/**
 * Ends a build.
 *
 * @param builder - the one that must have it; undefined: the build must wait
 * @returns undefined when it is not so
 */
export async function finish(
  tx: Db,
  id: number,
  builder: string | undefined,
  { state, digest, error }: EndValues,
): Promise<EndedRow | undefined> {
  const rows = await query<EndedRow>(
    tx,
    `update builds b set state = $3, digest = $4, error = $5, finished_at = now()
     from repositories r
     where b.id = $1 and r.id = b.repository_id
       and case when $2::text is null then b.state = 'queued' else b.state = 'building' and b.builder = $2 end
     returning b.id, b.repository_id, b.source_id, r.namespace, r.name, b.tag`,
    [id, builder ?? null, state, digest ?? null, error ?? null],
  );
  return rows[0];
}

/** Keeps the text of the Dockerfile that a build uses. @returns false when this builder no longer has the build */
export async function setDockerfile(db: Db, buildId: number, builder: string, text: string): Promise<boolean> {
  const rows = await query(
    db,
    `update build_sources s set dockerfile = $3 from builds b
     where b.id = $1 and b.builder = $2 and b.state = 'building' and s.id = b.source_id returning 1`,
    [buildId, builder, text],
  );
  return rows.length > 0;
}

export interface StoppedRow {
  id: number;
  repository_id: number;
  builder: string;
  attempts: number;
  is_cancel_requested: boolean;
  is_replaced: boolean;
}

/** Locks the builds whose builder has given no sign of life. `is_replaced`: another one of the same rule and ref waits. */
export async function lockStopped(tx: Db, olderThanMs: number): Promise<StoppedRow[]> {
  return query<StoppedRow>(
    tx,
    `select b.id, b.repository_id, b.builder, b.attempts, b.cancel_requested_at is not null as is_cancel_requested,
       exists (select from builds o where o.state = 'queued' and o.rule_id = b.rule_id and o.ref_type = b.ref_type
         and o.ref_name = b.ref_name) as is_replaced
     from builds b where b.state = 'building' and b.alive_at < ${agoSql('$1')} order by b.id for update skip locked`,
    [olderThanMs],
  );
}

/** Lets a locked build wait again. */
export async function putBack(tx: Db, id: number): Promise<void> {
  await query(tx, `update builds set state = 'queued', builder = null, alive_at = null where id = $1`, [id]);
}

/** Cancels all builds that have not ended. */
export async function cancelOpen(tx: Db, error: string): Promise<void> {
  const text = `update builds set state = 'cancelled', error = $1, finished_at = now() where finished_at is null`;
  await query(tx, text, [error]);
}

/** Records that a builder lives. */
export async function noteBuilder(db: Db, name: string): Promise<void> {
  await query(
    db,
    'insert into builders (name) values ($1) on conflict (name) do update set alive_at = excluded.alive_at',
    [name],
  );
}

export async function removeBuilder(db: Db, name: string): Promise<void> {
  await query(db, 'delete from builders where name = $1', [name]);
}

/** Which of some sources exist. */
export async function findSources(db: Db, ids: readonly number[]): Promise<number[]> {
  const rows = await query<{ id: number }>(db, 'select id from build_sources where id = any($1::bigint[])', [ids]);
  return rows.map(({ id }) => id);
}
