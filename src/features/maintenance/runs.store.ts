import type { Db } from '../../platform/db/db';
import { agoSql, query, queryPage, type Page, type Range } from '../../platform/db/query';

export type MaintenanceKind = 'gc_dry_run' | 'gc' | 'scrub';
export type MaintenanceState = 'waiting' | 'running' | 'finished' | 'failed' | 'cancelled' | 'broken_off';

export interface RunRow {
  id: number;
  kind: MaintenanceKind;
  state: MaintenanceState;
  requested_by: string;
  requested_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  is_cancel_requested: boolean;
  progress: Record<string, number>;
  result: Record<string, unknown> | null;
  error: string | null;
}

/** A run gives a sign of life every two seconds; some may be lost in an outage of Postgres. */
const IS_DEAD = `state = 'running' and seen_at < now() - interval '1 minute'`;

const SELECT = `select id, kind, case when ${IS_DEAD} then 'broken_off' else state end as state, requested_by,
  requested_at, started_at, case when ${IS_DEAD} then seen_at else finished_at end as finished_at,
  is_cancel_requested, progress, result, error from maintenance_runs`;

export async function list(db: Db, range: Range): Promise<Page<RunRow>> {
  return queryPage<RunRow>(db, `${SELECT} order by id desc`, [], range);
}

export async function find(db: Db, id: number): Promise<RunRow | undefined> {
  return (await query<RunRow>(db, `${SELECT} where id = $1`, [id]))[0];
}

/** Fails with a unique violation while a run of this kind waits or runs. */
export async function insert(tx: Db, kind: MaintenanceKind, requestedBy: string): Promise<number> {
  const text = 'insert into maintenance_runs (kind, requested_by) values ($1, $2) returning id';
  const row = (await query<{ id: number }>(tx, text, [kind, requestedBy]))[0];
  if (row === undefined) throw new Error('insert into maintenance_runs returned no row');
  return row.id;
}

/** @param isAlone - no other process can be executing a run: then all that seem to be running are dead */
export async function breakOffDead(db: Db, isAlone: boolean): Promise<void> {
  await query(
    db,
    `update maintenance_runs set state = 'broken_off', finished_at = coalesce(seen_at, now()) where ${
      isAlone ? `state = 'running'` : IS_DEAD
    }`,
  );
}

/** Begins the run that has waited longest; undefined when none waits. */
export async function begin(db: Db): Promise<RunRow | undefined> {
  const rows = await query<{ id: number }>(
    db,
    `update maintenance_runs set state = 'running', started_at = now(), seen_at = now()
     where id = (select id from maintenance_runs where state = 'waiting' order by id limit 1) and state = 'waiting'
     returning id`,
  );
  return rows[0] && find(db, rows[0].id);
}

/** @returns false when the run must end: it was cancelled, or was recorded as dead */
export async function touch(db: Db, id: number, progress: object): Promise<boolean> {
  const rows = await query<{ is_cancel_requested: boolean }>(
    db,
    `update maintenance_runs set seen_at = now(), progress = $2 where id = $1 and state = 'running'
     returning is_cancel_requested`,
    [id, JSON.stringify(progress)],
  );
  return rows[0]?.is_cancel_requested === false;
}

/** The end of a run. */
export interface RunEnd {
  readonly state: Exclude<MaintenanceState, 'waiting' | 'running'>;
  readonly progress: object;
  readonly result?: object;
  readonly error?: string;
}

/** Does nothing to a run that was recorded as dead in the meantime. */
export async function finish(db: Db, id: number, { state, progress, result, error }: RunEnd): Promise<void> {
  await query(
    db,
    `update maintenance_runs set state = $2, progress = $3, result = $4, error = $5, finished_at = now()
     where id = $1 and state = 'running'`,
    [id, state, JSON.stringify(progress), result ? JSON.stringify(result) : null, error ?? null],
  );
}

/** Requests the end of a run; one that waits ends at once. @returns false when it has ended already */
export async function cancel(tx: Db, id: number): Promise<boolean> {
  const rows = await query(
    tx,
    `update maintenance_runs set is_cancel_requested = true,
       state = case when state = 'waiting' then 'cancelled' else state end,
       finished_at = case when state = 'waiting' then now() end
     where id = $1 and state in ('waiting', 'running') and (${IS_DEAD}) is not true returning id`,
    [id],
  );
  return rows.length > 0;
}

/** Deletes old runs that have ended. @returns how many */
export async function deleteBefore(db: Db, olderThanMs: number): Promise<number> {
  const text = `delete from maintenance_runs where requested_at < ${agoSql('$1')} and (state not in ('waiting', 'running') or ${IS_DEAD})
    returning 1`;
  return (await query(db, text, [olderThanMs])).length;
}

/** Ends all runs that wait or run: those of another server, which this one cannot go on with. */
export async function breakOffAll(tx: Db): Promise<void> {
  await query(
    tx,
    `update maintenance_runs set state = 'broken_off', finished_at = coalesce(seen_at, now())
     where state in ('waiting', 'running')`,
  );
}
