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

export interface HitRow {
  namespace: string;
  name: string;
  image_ids: string[];
  tags: string[];
}

/** The repositories that have the layer: which of their images are it, and which of their tags lead there. */
export async function listHits(db: Db, digest: string): Promise<HitRow[]> {
  return query<HitRow>(
    db,
    `with recursive hit as (
       select i.repository_id, i.image_id
       from image_contents c join repository_images i on i.content_id = c.id where c.layer_digest = $1
     ), reached as (
       select t.repository_id, t.name, t.image_id from tags t
       where t.repository_id in (select repository_id from hit)
       union
       select i.repository_id, reached.name, c.parent_id from reached
         join repository_images i on i.repository_id = reached.repository_id and i.image_id = reached.image_id
         join image_contents c on c.id = i.content_id and c.parent_id is not null
     )
     select r.namespace, r.name, array_agg(distinct hit.image_id) as image_ids,
       coalesce(array_agg(distinct reached.name) filter (where reached.name is not null), '{}') as tags
     from hit join repositories r on r.id = hit.repository_id
       left join reached on reached.repository_id = hit.repository_id and reached.image_id = hit.image_id
     group by r.id order by r.namespace, r.name`,
    [digest],
  );
}
