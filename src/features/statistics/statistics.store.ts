import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

// The sum of bigints is a numeric, which pg returns as text.
const SUMS = 'coalesce(sum(pulls), 0)::bigint as pulls, coalesce(sum(pushes), 0)::bigint as pushes';

export interface SumRow {
  pulls: number;
  pushes: number;
}

export async function sumActivity(db: Db, repositoryId: number): Promise<SumRow> {
  const text = `select ${SUMS} from repository_activity where repository_id = $1`;
  return (await query<SumRow>(db, text, [repositoryId]))[0] ?? { pulls: 0, pushes: 0 };
}

export async function listDays(
  db: Db,
  repositoryId: number,
  range: { from: string; to: string },
): Promise<(SumRow & { day: string })[]> {
  return query<SumRow & { day: string }>(
    db,
    `select d::date::text as day, ${SUMS}
     from generate_series($2::timestamp, $3::timestamp, interval '1 day') d
     left join repository_activity a on a.repository_id = $1 and a.day = d::date
     group by d order by d`,
    [repositoryId, range.from, range.to],
  );
}

export interface SiteTotalsRow {
  users: number;
  organizations: number;
  repositories: number;
  images: number;
  stored_bytes: number;
}

/** All counts in one statement, so that they are of one moment. An image that several repositories have counts once. */
export async function countAll(db: Db): Promise<SiteTotalsRow> {
  const rows = await query<SiteTotalsRow>(
    db,
    `select (select count(*) from users where robot_of is null) as users,
       (select count(*) from namespaces where kind = 'organization') as organizations,
       (select count(*) from repositories where state <> 'deleting') as repositories,
       (select count(*) from image_contents) as images,
       (select coalesce(sum(size_bytes), 0)::bigint from blobs) as stored_bytes`,
    [],
  );
  if (rows[0] === undefined) throw new Error('the count returned no row');
  return rows[0];
}

export interface EngineRow extends SumRow {
  engine: string;
  kernel: string;
  last_seen: string;
}

/** @param repositoryId - undefined: all repositories */
export async function listEngines(db: Db, repositoryId: number | undefined, days: number): Promise<EngineRow[]> {
  const condition = repositoryId === undefined ? '' : 'and repository_id = $2';
  return query<EngineRow>(
    db,
    `select engine, kernel, ${SUMS}, max(day)::text as last_seen from repository_activity
     where day > (now() at time zone 'utc')::date - $1::integer ${condition}
     group by engine, kernel order by 3 desc, 4 desc, engine, kernel`,
    repositoryId === undefined ? [days] : [days, repositoryId],
  );
}
