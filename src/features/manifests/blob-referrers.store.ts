import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface HolderRow {
  namespace: string;
  name: string;
  tags: string[];
}

/** The repositories with a manifest that uses the blob, and the tags that lead to one, also by way of an index. */
export async function listHolders(db: Db, digest: string): Promise<HolderRow[]> {
  return query<HolderRow>(
    db,
    `with recursive hit as (
       select m.id, m.repository_id, m.digest from manifest_blobs x join manifests m on m.id = x.manifest_id
       where x.digest = $1
       union
       select p.id, p.repository_id, p.digest from hit
         join manifest_children c on c.child_digest = hit.digest
         join manifests p on p.id = c.parent_id and p.repository_id = hit.repository_id
     )
     select r.namespace, r.name,
       coalesce(array_agg(distinct t.name) filter (where t.name is not null), '{}') as tags
     from hit join repositories r on r.id = hit.repository_id left join tags t on t.manifest_id = hit.id
     group by r.id order by r.namespace, r.name`,
    [digest],
  );
}
