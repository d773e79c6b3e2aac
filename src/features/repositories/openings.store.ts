import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';

/** Writes nothing when the row would say the same as a minute ago: pulls repeat. */
const RECORD = {
  name: 'openings.record',
  text: `insert into repository_openings (caller, repository_id, opened_at)
    select $1, $2, clock_timestamp()
    where not exists (
      select 1 from (
        select repository_id, opened_at from repository_openings where caller = $1 order by opened_at desc limit 1
      ) latest
      where latest.repository_id = $2 and latest.opened_at > now() - interval '1 minute'
    )
    on conflict (caller, repository_id) do update set opened_at = excluded.opened_at`,
};

export async function recordOpening(db: Db, caller: string, repositoryId: number): Promise<void> {
  await queryPrepared(db, RECORD, [caller, repositoryId]);
}

export async function deleteOpenings(db: Db, before: Date): Promise<void> {
  await query(db, 'delete from repository_openings where opened_at < $1', [before]);
}
