import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** The kinds of damage to stored bytes. */
export type BlobDamage = 'missing' | 'wrong size' | 'wrong bytes' | 'unreadable';

/**
 * @returns the damage of the bytes; for bytes in quarantine, the damage that was found first; undefined when the row is
 *   gone, or points to other bytes, because gc or a push was faster
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
