import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** What can be wrong with stored bytes. */
export type BlobDamage = 'missing' | 'wrong size' | 'wrong bytes' | 'unreadable';

/**
 * @returns what is wrong with the bytes, for those in quarantine what it was; undefined when the row has gone, or points
 *   to other bytes: gc or a push was faster
 */
export async function markDamaged(
  db: Db,
  blob: { digest: string; storageKey: string },
  damage: BlobDamage,
): Promise<BlobDamage | undefined> {
  const rows = await query<{ damage: BlobDamage }>(
    db,
    `update blobs set
       damage = case when $3::text = 'missing' then coalesce(damage, $3) else $3 end,
       damaged_at = coalesce(damaged_at, now()), verified_at = now()
     where digest = $1 and storage_key = $2 returning damage`,
    [blob.digest, blob.storageKey, damage],
  );
  return rows[0]?.damage;
}
