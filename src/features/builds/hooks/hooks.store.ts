import type { Db } from '../../../platform/db/db';
import { agoSql, query } from '../../../platform/db/query';

export interface HookedRow {
  id: number;
  repository_id: number;
  sealed_hook_secret: Buffer;
}

/** The source with this part of a hook's URL. */
export async function findByHookId(db: Db, hookId: string): Promise<HookedRow | undefined> {
  const text = `select s.id, s.repository_id, s.sealed_hook_secret
    from build_sources s join repositories r on r.id = s.repository_id
    where s.hook_id = $1 and r.state <> 'deleting'`;
  return (await query<HookedRow>(db, text, [hookId]))[0];
}

/** Remembers a delivery. @returns false when it had arrived before, or the source is gone */
export async function rememberDelivery(tx: Db, sourceId: number, delivery: string): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into build_deliveries (source_id, delivery) select id, $2 from build_sources where id = $1
     on conflict do nothing returning 1`,
    [sourceId, delivery],
  );
  return rows.length > 0;
}

/** Forgets old deliveries. */
export async function forgetDeliveries(db: Db, olderThanMs: number): Promise<void> {
  await query(db, `delete from build_deliveries where received_at < ${agoSql('$1')}`, [olderThanMs]);
}
