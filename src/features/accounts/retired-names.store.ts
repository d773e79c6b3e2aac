import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** Whether a namespace of this name is gone, and something could be pulled from it. */
export async function isRetired(db: Db, namespace: string): Promise<boolean> {
  const rows = await query(
    db,
    `select 1 from pushed_namespaces p
     where p.name = $1 and not exists (select 1 from namespaces n where n.name = p.name)`,
    [namespace],
  );
  return rows.length > 0;
}
