import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { administratorsToTellSql } from '../access/administrators-to-tell-sql';
import { BUILD_COLUMNS, type BuildRow } from './builds.store';
import type { Provider } from './sources.store';

/** An end of a build that is news. */
export type Turn = 'failed' | 'failed_again' | 'recovered';

/** The last build before this one, of the same rule and ref, that was not cancelled. */
const STATE_BEFORE = `(select o.state from builds o
  where o.repository_id = b.repository_id and o.rule_id is not distinct from b.rule_id and o.ref_type = b.ref_type
    and o.ref_name = b.ref_name and o.id < b.id and o.state in ('success', 'error')
  order by o.id desc limit 1)`;

const TURN = `case when b.state = 'error' then case when ${STATE_BEFORE} = 'error' then 'failed_again' else 'failed' end
  when b.state = 'success' and ${STATE_BEFORE} = 'error' then 'recovered' end`;

/** @returns undefined when nobody needs to know of the end of a build */
export async function findTurn(db: Db, buildId: number): Promise<Turn | undefined> {
  const text = `select ${TURN} as turn from builds b where b.id = $1 and b.source_id is not null`;
  return (await query<{ turn: Turn | null }>(db, text, [buildId]))[0]?.turn ?? undefined;
}

export interface EndedBuildRow extends BuildRow {
  namespace: string;
  name: string;
  provider: Provider;
  clone_url: string;
  mails_failures: boolean;
  told: number[];
}

/** A build, and whom to notify of its end; undefined when it, its source or its repository is gone. */
export async function findEnded(db: Db, buildId: number): Promise<EndedBuildRow | undefined> {
  const told = administratorsToTellSql('s.created_by', 'place.id', 'place.namespace');
  const rows = await query<EndedBuildRow>(
    db,
    `select ${BUILD_COLUMNS}, place.namespace, place.name, s.provider, s.clone_url, s.mails_failures, ${told} as told
     from builds b join repositories place on place.id = b.repository_id join build_sources s on s.id = b.source_id
     where b.id = $1 and place.state <> 'deleting'`,
    [buildId],
  );
  const row = rows[0];
  // The driver reads bigint, but not arrays of it.
  return row && { ...row, told: row.told.map(Number) };
}
