import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

export interface ActivityCount {
  readonly repositoryId: number;
  readonly engine: string;
  readonly kernel: string;
  readonly pulls: number;
  readonly pushes: number;
}

/** Clients choose their User-Agent: a repository gets no more rows than this on a day, approximately. */
const ROWS_OF_A_DAY = 500;

/**
 * One statement, so that either all of it happens or nothing. A batch that this source has saved before changes no row:
 * a second attempt waits for the first and finds its number. Repositories are locked first, and in order, like the
 * rows: flushes of other processes wait instead of ending in a deadlock, and a repository cannot be deleted before its
 * counts are written. For the same reason, totals are written after all rows of the day: they depend on the number of
 * rows written.
 */
const ADD = `with fresh as (
    insert into activity_sources as s (source, saved) values ($1, $2)
    on conflict (source) do update set saved = excluded.saved, saved_at = now() where s.saved < excluded.saved
    returning source
  ),
  there as materialized (
    select id from repositories where id = any($4::bigint[]) order by id for key share
  ),
  crowded as (
    select repository_id from repository_activity where day = $3 and repository_id = any($4::bigint[])
    group by repository_id having count(*) >= $9
  ),
  counted as (
    select c.repository_id, c.pulls, c.pushes, c.engine, c.kernel,
      not exists (select from crowded w where w.repository_id = c.repository_id) or exists (
        select from repository_activity a
        where (a.repository_id, a.day, a.engine, a.kernel) = (c.repository_id, $3::date, c.engine, c.kernel)
      ) as has_room
    from unnest($4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
      as c (repository_id, engine, kernel, pulls, pushes)
    where exists (select from fresh)
  ),
  summed as (
    select repository_id, case when has_room then engine else 'other' end as engine,
      case when has_room then kernel else '' end as kernel, sum(pulls) as pulls, sum(pushes) as pushes
    from counted group by 1, 2, 3
  ),
  written as (
    insert into repository_activity as a (repository_id, day, engine, kernel, pulls, pushes)
    select s.repository_id, $3, s.engine, s.kernel, s.pulls, s.pushes from summed s join there t on t.id = s.repository_id
    order by 1, 3, 4
    on conflict (repository_id, day, engine, kernel) do update
      set pulls = a.pulls + excluded.pulls, pushes = a.pushes + excluded.pushes
    returning 1
  )
  insert into repository_totals as a (repository_id, pulls, pushes)
  select s.repository_id, sum(s.pulls), sum(s.pushes) from summed s join there t on t.id = s.repository_id
  where (select count(*) from written) > 0
  group by 1 order by 1
  on conflict (repository_id) do update set pulls = a.pulls + excluded.pulls, pushes = a.pushes + excluded.pushes`;

/** @param batch.number - greater than the number of the source's last batch */
export async function addActivity(
  db: Db,
  batch: { source: string; number: number; day: string; counts: readonly ActivityCount[] },
): Promise<void> {
  const { source, number, day, counts } = batch;
  await query(db, ADD, [
    source,
    number,
    day,
    counts.map(({ repositoryId }) => repositoryId),
    counts.map(({ engine }) => engine),
    counts.map(({ kernel }) => kernel),
    counts.map(({ pulls }) => pulls),
    counts.map(({ pushes }) => pushes),
    ROWS_OF_A_DAY,
  ]);
}

export async function deleteSources(db: Db, olderThanMs: number): Promise<void> {
  await query(db, `delete from activity_sources where saved_at < ${agoSql('$1')}`, [olderThanMs]);
}
