import type { Db } from '../../platform/db/db';
import { agoSql, query, queryPage, type Page, type Range } from '../../platform/db/query';
import { APPLYING, HAS_RULES } from './policies.store';

export type RunState = 'waiting' | 'running' | 'finished' | 'failed';

export interface RunRow {
  id: number;
  repository_id: number;
  state: RunState;
  requested_by: string | null;
  requested_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  deleted: number;
  kept: number | null;
  error: string | null;
}

const COLUMNS = 'id, repository_id, state, requested_by, requested_at, started_at, finished_at, deleted, kept, error';

const OPEN = `state in ('waiting', 'running')`;

/** The runs of a repository, the newest first. */
export async function list(db: Db, repositoryId: number, range: Range): Promise<Page<RunRow>> {
  const text = `select ${COLUMNS} from retention_runs where repository_id = $1 order by id desc`;
  return queryPage<RunRow>(db, text, [repositoryId], range);
}

/** Adds a run that waits; undefined while one waits or runs. */
export async function insert(tx: Db, repositoryId: number, requestedBy: string): Promise<RunRow | undefined> {
  const rows = await query<RunRow>(
    tx,
    `insert into retention_runs (repository_id, requested_by) values ($1, $2)
     on conflict (repository_id) where ${OPEN} do nothing returning ${COLUMNS}`,
    [repositoryId, requestedBy],
  );
  return rows[0];
}

/** Adds a run for each repository that has tags and a policy with rules, unless one waits or runs. @returns how many */
export async function insertForAll(tx: Db): Promise<number> {
  const rows = await query<{ count: number }>(
    tx,
    `with added as (
       insert into retention_runs (repository_id)
       select r.id from repositories r join retention_policies p on p.id = ${APPLYING}
       where not r.is_remote and r.state <> 'deleting' and ${HAS_RULES}
         and exists (select 1 from tags t where t.repository_id = r.id)
       order by r.id
       on conflict (repository_id) where ${OPEN} do nothing returning 1
     ) select count(*) as count from added`,
  );
  return rows[0]?.count ?? 0;
}

/** Lets runs wait again that seem to be running: those that a dead process left, if no other process can have a run. */
export async function requeueRunning(db: Db): Promise<void> {
  await query(db, `update retention_runs set state = 'waiting' where state = 'running'`);
}

/**
 * Begins a run that waits.
 *
 * @param id - of the run; undefined: the one that has waited longest
 * @returns undefined when there is none
 */
export async function begin(db: Db, id?: number): Promise<RunRow | undefined> {
  const rows = await query<RunRow>(
    db,
    `update retention_runs set state = 'running', started_at = coalesce(started_at, now())
     where id = (
       select id from retention_runs where state = 'waiting' and ($1::bigint is null or id = $1)
       order by id limit 1 for update skip locked
     ) returning ${COLUMNS}`,
    [id ?? null],
  );
  return rows[0];
}

/** Records that tags were deleted, in the transaction that does so. */
export async function addDeleted(tx: Db, id: number, deleted: number): Promise<void> {
  await query(tx, 'update retention_runs set deleted = deleted + $2 where id = $1', [id, deleted]);
}

/** Ends a run. @returns it; undefined when it is gone with its repository, or another process has ended it */
export async function finish(
  db: Db,
  id: number,
  end: { readonly state: 'finished'; readonly kept: number } | { readonly state: 'failed'; readonly error: string },
): Promise<RunRow | undefined> {
  const { kept = null, error = null } = { kept: undefined, error: undefined, ...end };
  const rows = await query<RunRow>(
    db,
    `update retention_runs set state = $2, kept = $3, error = $4, finished_at = now()
     where id = $1 and state = 'running' returning ${COLUMNS}`,
    [id, end.state, kept, error],
  );
  return rows[0];
}

/** Ends all runs that wait or run. */
export async function failAll(tx: Db, error: string): Promise<void> {
  await query(tx, `update retention_runs set state = 'failed', error = $1, finished_at = now() where ${OPEN}`, [error]);
}

/** Deletes old runs that have ended. @returns how many */
export async function deleteBefore(db: Db, olderThanMs: number): Promise<number> {
  const text = `delete from retention_runs where requested_at < ${agoSql('$1')} and not ${OPEN} returning 1`;
  return (await query(db, text, [olderThanMs])).length;
}
