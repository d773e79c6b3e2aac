import type { Db } from '../../platform/db/db';
import { agoSql, query, queryPrepared } from '../../platform/db/query';

/**
 * Whether a repository is the one that the caller opened last, less than a minute ago, as SQL; null when they have
 * opened none.
 *
 * @param caller - the placeholder of the caller's key
 */
export function openedLastSql(caller: string, repositoryId: string): string {
  return `(select o.repository_id = ${repositoryId} and o.opened_at > now() - interval '1 minute'
    from repository_openings o where o.caller = ${caller} order by o.opened_at desc limit 1)`;
}

/** Writes nothing if the row was written less than a minute ago and is still the last one, because pulls repeat. */
const RECORD = {
  name: 'openings.record',
  text: `insert into repository_openings (caller, repository_id, opened_at)
    select $1, $2, clock_timestamp() where ${openedLastSql('$1', '$2')} is not true
    on conflict (caller, repository_id) do update set opened_at = excluded.opened_at`,
};

export async function recordOpening(db: Db, caller: string, repositoryId: number): Promise<void> {
  await queryPrepared(db, RECORD, [caller, repositoryId]);
}

export async function deleteOpenings(db: Db, olderThanMs: number): Promise<void> {
  await query(db, `delete from repository_openings where opened_at < ${agoSql('$1')}`, [olderThanMs]);
}
