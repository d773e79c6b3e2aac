import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface HolderRow {
  namespace: string;
  name: string;
  image_ids: string[];
  tags: string[];
}

/** The repositories that have the layer, with their images that have this layer, and their tags that lead to it. */
export async function listHolders(db: Db, digest: string): Promise<HolderRow[]> {
  return query<HolderRow>(
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
