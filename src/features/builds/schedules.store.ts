import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export async function databaseNow(db: Db): Promise<Date> {
  const [row] = await query<{ at: Date }>(db, 'select now() as at');
  if (row === undefined) throw new Error('Postgres did not say what time it is');
  return row.at;
}

/** Sets when a source is built by itself. @param schedule - undefined: never */
export async function setSchedule(
  tx: Db,
  sourceId: number,
  schedule: { readonly text: string; readonly next: Date } | undefined,
): Promise<void> {
  await query(tx, 'update build_sources set schedule = $2, scheduled_at = $3, updated_at = now() where id = $1', [
    sourceId,
    schedule?.text ?? null,
    schedule?.next ?? null,
  ]);
}

export interface DueRow {
  id: number;
  repository_id: number;
  schedule: string;
}

/** The sources that are due. */
export async function listDue(db: Db): Promise<DueRow[]> {
  const text = `select s.id, s.repository_id, s.schedule from build_sources s join repositories r on r.id = s.repository_id
    where s.scheduled_at <= now() and r.state <> 'deleting' order by s.scheduled_at limit 1000`;
  return query<DueRow>(db, text);
}

/** Moves a source that is due on to its next moment. @returns false when another process has done so */
export async function moveOn(tx: Db, sourceId: number, next: Date): Promise<boolean> {
  const text = `update build_sources set scheduled_at = $2 where id = $1 and scheduled_at <= now() returning 1`;
  return (await query(tx, text, [sourceId, next])).length > 0;
}
