import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { administratorsToTellSql, stillAdministersSql } from '../access/administrators-to-tell-sql';

export interface WebhookRow {
  id: number;
  repository_id: number;
  name: string;
  urls: string[];
  is_active: boolean;
  tells_builds: boolean;
  failing_since: Date | null;
  failure_count: number;
  created_by: string | null;
  created_at: Date;
}

/** All columns except the secret. */
const COLUMNS = `h.id, h.repository_id, h.name, h.urls, h.is_active, h.tells_builds, h.failing_since, h.failure_count,
  (select u.username from users u where u.id = h.created_by) as created_by, h.created_at`;

/** Makes other additions of a webhook to the repository wait. @returns how many it has */
export async function lockAndCount(tx: Db, repositoryId: number): Promise<number> {
  await query(tx, 'select 1 from repositories where id = $1 for no key update', [repositoryId]);
  const rows = await query<{ count: number }>(tx, 'select count(*) as count from webhooks where repository_id = $1', [
    repositoryId,
  ]);
  return rows[0]?.count ?? 0;
}

export interface NewWebhookRow {
  readonly name: string;
  readonly urls: readonly string[];
  readonly secret: string;
  readonly tellsBuilds: boolean;
  readonly createdBy: number | undefined;
}

/** @returns undefined when the repository has a webhook with this name */
export async function insert(db: Db, repositoryId: number, hook: NewWebhookRow): Promise<WebhookRow | undefined> {
  const rows = await query<WebhookRow>(
    db,
    `insert into webhooks as h (repository_id, name, urls, secret, created_by, tells_builds) values ($1, $2, $3, $4, $5, $6)
     on conflict (repository_id, name) do nothing returning ${COLUMNS}`,
    [repositoryId, hook.name, hook.urls, hook.secret, hook.createdBy ?? null, hook.tellsBuilds],
  );
  return rows[0];
}

export async function list(db: Db, repositoryId: number): Promise<WebhookRow[]> {
  return query<WebhookRow>(db, `select ${COLUMNS} from webhooks h where h.repository_id = $1 order by h.id`, [
    repositoryId,
  ]);
}

export async function find(db: Db, repositoryId: number, id: number): Promise<WebhookRow | undefined> {
  const rows = await query<WebhookRow>(
    db,
    `select ${COLUMNS} from webhooks h where h.repository_id = $1 and h.id = $2`,
    [repositoryId, id],
  );
  return rows[0];
}

/** Keeps others from changing or deleting the webhook until the transaction ends. */
export async function lock(tx: Db, repositoryId: number, id: number): Promise<WebhookRow | undefined> {
  const rows = await query<WebhookRow>(
    tx,
    `select ${COLUMNS} from webhooks h where h.repository_id = $1 and h.id = $2 for update of h`,
    [repositoryId, id],
  );
  return rows[0];
}

/**
 * Changes a locked webhook; undefined fields stay as they are. Enabling it resets its failures, and the account that
 * enables it becomes its creator, whose rights it depends on: see `accounts/endings.ts`.
 *
 * @param changes.by - the account that changes it; undefined: an operator
 */
export async function update(
  tx: Db,
  id: number,
  changes: {
    name?: string | undefined;
    urls?: readonly string[] | undefined;
    secret?: string | undefined;
    isActive?: boolean | undefined;
    tellsBuilds?: boolean | undefined;
    by: number | undefined;
  },
): Promise<WebhookRow> {
  const rows = await query<WebhookRow>(
    tx,
    `update webhooks h set name = coalesce($2, name), urls = coalesce($3, urls), secret = coalesce($4, secret),
       is_active = coalesce($5, is_active), tells_builds = coalesce($7, tells_builds),
       created_by = case when $5 and not is_active then $6 else created_by end,
       failing_since = case when $5 then null else failing_since end,
       failure_count = case when $5 then 0 else failure_count end
     where id = $1 returning ${COLUMNS}`,
    [
      id,
      changes.name ?? null,
      changes.urls ?? null,
      changes.secret ?? null,
      changes.isActive ?? null,
      changes.by ?? null,
      changes.tellsBuilds ?? null,
    ],
  );
  if (rows[0] === undefined) throw new Error('a locked webhook is gone');
  return rows[0];
}

export async function remove(db: Db, id: number): Promise<boolean> {
  return (await query(db, 'delete from webhooks where id = $1 returning id', [id])).length > 0;
}

export async function forgetFailures(db: Db, id: number): Promise<void> {
  await query(
    db,
    `update webhooks set failing_since = null, failure_count = 0 where id = $1 and failing_since is not null`,
    [id],
  );
}

export interface FailingRow {
  failing_since: Date;
  /** how long ago that is, by the same clock */
  failing_ms: number;
  failure_count: number;
}

/** @returns its failures so far; undefined when it is gone, or disabled */
export async function countFailure(db: Db, id: number): Promise<FailingRow | undefined> {
  const rows = await query<FailingRow>(
    db,
    `update webhooks set failing_since = coalesce(failing_since, now()), failure_count = failure_count + 1
     where id = $1 and is_active returning failing_since, failure_count,
       (extract(epoch from now() - failing_since) * 1000)::float8 as failing_ms`,
    [id],
  );
  return rows[0];
}

/** Whether the account that created the webhook `h` may still administer its repository. */
const IS_BACKED = stillAdministersSql('h.created_by', 'h.repository_id');

export interface DisabledRow {
  name: string;
  /** the namespace of the repository */
  namespace: string;
  repository: string;
  /**
   * the users to notify: the creator of the webhook, if they may still administer the repository, or else its active
   * owners
   */
  told: number[];
}

/** Disables a webhook. @returns undefined when it is disabled or gone already */
export async function disable(db: Db, id: number): Promise<DisabledRow | undefined> {
  const rows = await query<DisabledRow>(
    db,
    `update webhooks h set is_active = false
     from repositories place
     where h.id = $1 and h.is_active and place.id = h.repository_id
     returning h.name, place.namespace, place.name as repository,
       ${administratorsToTellSql('h.created_by', 'h.repository_id', 'place.namespace')} as told`,
    [id],
  );
  const row = rows[0];
  // The driver reads bigint, but not arrays of it.
  return row && { ...row, told: row.told.map(Number) };
}

export interface PayloadRepositoryRow {
  namespace: string;
  name: string;
  description: string;
  full_description: string;
  is_private: boolean;
  is_automated: boolean;
  /** of the last build; null: not automated, or not built yet */
  dockerfile: string | null;
  star_count: number;
  comment_count: number;
  created_at: Date;
}

/** The facts about a repository that a delivery has. */
export async function findRepositoryForPayload(
  db: Db,
  repositoryId: number,
): Promise<PayloadRepositoryRow | undefined> {
  const rows = await query<PayloadRepositoryRow>(
    db,
    `select namespace, name, description, full_description, visibility = 'private' as is_private, is_automated, star_count,
       (select s.dockerfile from build_sources s where s.repository_id = repositories.id) as dockerfile, created_at, (select count(*) from comments c where c.repository_id = repositories.id) as comment_count
     from repositories where id = $1 and state <> 'deleting'`,
    [repositoryId],
  );
  return rows[0];
}

export interface ActiveRow {
  id: number;
  urls: string[];
  tells_builds: boolean;
}

/**
 * The webhooks that are notified of a push. As a safeguard, this skips webhooks whose creator may no longer administer
 * the repository.
 */
export async function listActive(db: Db, repositoryId: number): Promise<ActiveRow[]> {
  return query<ActiveRow>(
    db,
    `select h.id, h.urls, h.tells_builds from webhooks h
     where h.repository_id = $1 and h.is_active and (h.created_by is null or ${IS_BACKED}) order by h.id`,
    [repositoryId],
  );
}

/** Whether automated repositories are linked to this one, as their base. */
export async function isBase(db: Db, repositoryId: number): Promise<boolean> {
  const text = 'select 1 from repository_links where base_repository_id = $1 limit 1';
  return (await query(db, text, [repositoryId])).length > 0;
}
