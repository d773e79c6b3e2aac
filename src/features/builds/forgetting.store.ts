import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

/** Deletes old builds that have ended, with their logs, except for the last ones of each repository. @returns how many */
export async function deleteBuilds(db: Db, olderThanMs: number, kept: number): Promise<number> {
  const text = `delete from builds b where b.finished_at < ${agoSql('$1')} and b.id not in (
      select o.id from builds o where o.repository_id = b.repository_id order by o.id desc limit $2)
    returning 1`;
  return (await query(db, text, [olderThanMs, kept])).length;
}

/** Deletes the logs of builds that ended long ago. */
export async function deleteLogs(db: Db, olderThanMs: number): Promise<void> {
  const text = `delete from build_logs l using builds b where b.id = l.build_id and b.finished_at < ${agoSql('$1')}`;
  await query(db, text, [olderThanMs]);
}

/** Deletes the rows of builders that gave no sign of life. */
export async function deleteBuilders(db: Db, olderThanMs: number): Promise<void> {
  await query(db, `delete from builders where alive_at < ${agoSql('$1')}`, [olderThanMs]);
}
