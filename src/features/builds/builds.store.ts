import type { Db } from '../../platform/db/db';
import { agoSql, query, queryPage, type Page, type Range } from '../../platform/db/query';

export type BuildState = 'queued' | 'building' | 'success' | 'error' | 'cancelled';
export type BuildCause = 'hook' | 'trigger' | 'manual' | 'schedule' | 'link' | 'retry';
export type RefType = 'branch' | 'tag';

export interface BuildRow {
  id: number;
  repository_id: number;
  state: BuildState;
  cause: BuildCause;
  requested_name: string | null;
  ref_type: RefType;
  ref_name: string;
  commit_hash: string | null;
  commit_message: string | null;
  commit_author: string | null;
  dockerfile_path: string;
  context_path: string;
  tag: string;
  digest: string | null;
  error: string | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  attempts: number;
  is_cancel_requested: boolean;
  log_bytes: number;
  no_cache: boolean;
}

/** The columns of a build `b` that people see. */
export const BUILD_COLUMNS = `b.id, b.repository_id, b.state, b.cause, b.requested_name, b.ref_type, b.ref_name,
  b.commit_hash, b.commit_message, b.commit_author, b.dockerfile_path, b.context_path, b.tag, b.digest, b.error,
  b.created_at, b.started_at, b.finished_at, b.attempts, b.cancel_requested_at is not null as is_cancel_requested,
  b.log_bytes, b.no_cache`;

/** Which builds to list; an undefined condition filters nothing. */
export interface BuildFilter {
  readonly state?: BuildState | undefined;
  readonly refName?: string | undefined;
  readonly tag?: string | undefined;
}

/** The builds of a repository, the newest first. */
export async function list(
  db: Db,
  repositoryId: number,
  { state, refName, tag }: BuildFilter,
  range: Range,
): Promise<Page<BuildRow>> {
  const text = `select ${BUILD_COLUMNS} from builds b where b.repository_id = $1
    and ($2::text is null or b.state = $2) and ($3::text is null or b.ref_name = $3)
    and ($4::text is null or b.tag = $4) order by b.id desc`;
  return queryPage<BuildRow>(db, text, [repositoryId, state ?? null, refName ?? null, tag ?? null], range);
}

export async function find(db: Db, repositoryId: number, id: number): Promise<BuildRow | undefined> {
  const text = `select ${BUILD_COLUMNS} from builds b where b.repository_id = $1 and b.id = $2`;
  return (await query<BuildRow>(db, text, [repositoryId, id]))[0];
}

/** Which builds a badge is about; an undefined condition filters nothing. */
export type BadgeFilter = Pick<BuildFilter, 'refName' | 'tag'>;

/** The state of the newest build that has ended. */
export async function findLastState(
  db: Db,
  repositoryId: number,
  { refName, tag }: BadgeFilter,
): Promise<'success' | 'error' | undefined> {
  const text = `select b.state from builds b where b.repository_id = $1 and b.state in ('success', 'error')
    and ($2::text is null or b.ref_name = $2) and ($3::text is null or b.tag = $3) order by b.id desc limit 1`;
  const values = [repositoryId, refName ?? null, tag ?? null];
  return (await query<{ state: 'success' | 'error' }>(db, text, values))[0]?.state;
}

export interface TimeRow {
  id: number;
  state: 'success' | 'error';
  created_at: Date;
  ms: number;
}

/** How long the last builds took that were not cancelled, the newest first. */
export async function listTimes(db: Db, repositoryId: number, limit: number): Promise<TimeRow[]> {
  const text = `select b.id, b.state, b.created_at,
      (extract(epoch from b.finished_at - b.started_at) * 1000)::double precision as ms
    from builds b where b.repository_id = $1 and b.state in ('success', 'error') and b.started_at is not null
    order by b.id desc limit $2`;
  return query<TimeRow>(db, text, [repositoryId, limit]);
}

/** Whether a builder has given a sign of life lately. */
export async function hasBuilder(db: Db, silentMs: number): Promise<boolean> {
  const text = `select exists (select from builders where alive_at >= ${agoSql('$1')}) as has`;
  return (await query<{ has: boolean }>(db, text, [silentMs]))[0]?.has === true;
}

/** What a new build is for. */
export interface NewBuild {
  readonly repositoryId: number;
  readonly sourceId: number;
  readonly ruleId: number;
  readonly cause: BuildCause;
  readonly requestedBy: number | undefined;
  readonly requestedName: string | undefined;
  readonly isRequired: boolean;
  /** all steps are run again */
  readonly noCache?: boolean | undefined;
  readonly refType: RefType;
  readonly refName: string;
  readonly commit: { readonly hash: string; readonly message?: string; readonly author?: string } | undefined;
  readonly dockerfilePath: string;
  readonly contextPath: string;
  readonly tag: string;
}

/** Adds a build, or updates the one that waits for the same rule and ref. */
export async function upsertQueued(tx: Db, build: NewBuild): Promise<{ id: number; is_new: boolean }> {
  const rows = await query<{ id: number; is_new: boolean }>(
    tx,
    `insert into builds as b (repository_id, source_id, rule_id, cause, requested_by, requested_name, is_required,
       ref_type, ref_name, commit_hash, commit_message, commit_author, dockerfile_path, context_path, tag, no_cache)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     on conflict (rule_id, ref_type, ref_name) where state = 'queued' do update
       set is_required = b.is_required or excluded.is_required, no_cache = b.no_cache or excluded.no_cache,
         commit_hash = coalesce(excluded.commit_hash, b.commit_hash),
         commit_message = case when excluded.commit_hash is null then b.commit_message else excluded.commit_message end,
         commit_author = case when excluded.commit_hash is null then b.commit_author else excluded.commit_author end,
         dockerfile_path = excluded.dockerfile_path, context_path = excluded.context_path, tag = excluded.tag
     returning b.id, b.xmax = 0 as is_new`,
    [
      build.repositoryId,
      build.sourceId,
      build.ruleId,
      build.cause,
      build.requestedBy ?? null,
      build.requestedName ?? null,
      build.isRequired,
      build.refType,
      build.refName,
      build.commit?.hash ?? null,
      build.commit?.message ?? null,
      build.commit?.author ?? null,
      build.dockerfilePath,
      build.contextPath,
      build.tag,
      build.noCache ?? false,
    ],
  );
  if (rows[0] === undefined) throw new Error('an upsert returned no row');
  return rows[0];
}
