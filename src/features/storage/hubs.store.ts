import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** The id of the hub whose database this is; it goes with a backup. @param fresh - used if there is none */
export async function ensureHubId(db: Db, fresh: string): Promise<string> {
  const rows = await query<{ value: string }>(
    db,
    `with created as (
       insert into settings (key, value) select 'hub_id', $1 where not exists (select from settings where key = 'hub_id')
       on conflict (key) do nothing returning value)
     select value from created union all select value from settings where key = 'hub_id'`,
    [fresh],
  );
  // Another process may have created it in this moment.
  return rows[0]?.value ?? ensureHubId(db, fresh);
}
