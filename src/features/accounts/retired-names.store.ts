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

/** The namespace that had this name before it was renamed, and still holds it. */
export async function findRenamed(db: Db, former: string): Promise<string | undefined> {
  const rows = await query<{ namespace: string }>(
    db,
    'select namespace from former_namespaces where name = $1 and released_at is null',
    [former],
  );
  return rows[0]?.namespace;
}
