import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** The twin of a manifest; with a problem, there is none. */
export interface TwinRow {
  id: number | null;
  digest: string | null;
  media_type: string | null;
  size_bytes: number | null;
}

/** @returns undefined when nobody has asked for it yet */
export async function findTwin(db: Db, manifestId: number): Promise<TwinRow | undefined> {
  const rows = await query<TwinRow>(
    db,
    `select m.id, m.digest, m.media_type, m.size_bytes from manifest_twins w left join manifests m on m.id = w.twin_id
     where w.manifest_id = $1`,
    [manifestId],
  );
  return rows[0];
}

/**
 * Remembers a twin, or why there is none; the first one stays.
 *
 * @throws a foreign key violation when the manifest has just been deleted
 */
export async function insertTwin(
  tx: Db,
  manifestId: number,
  twin: { readonly id: number } | { readonly problem: string },
): Promise<void> {
  await query(
    tx,
    'insert into manifest_twins (manifest_id, twin_id, problem) values ($1, $2, $3) on conflict (manifest_id) do nothing',
    [manifestId, 'id' in twin ? twin.id : null, 'problem' in twin ? twin.problem : null],
  );
}
