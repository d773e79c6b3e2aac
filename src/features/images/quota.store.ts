import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';

export interface QuotaRow {
  namespace: string;
  plan: string;
  limit_bytes: number;
}

const FIND_QUOTA = {
  name: 'images.find_quota',
  text: `select n.name as namespace, n.plan, p.stored_bytes as limit_bytes
    from repositories r join namespaces n on n.name = r.namespace join plans p on p.name = n.plan
      left join users u on u.id = n.owner_id
    where r.id = $1 and p.stored_bytes is not null and u.is_admin is not true`,
};

/** The limit of the namespace that a repository is in; undefined: none. An administrator's own namespace has none. */
export async function findQuota(db: Db, repositoryId: number): Promise<QuotaRow | undefined> {
  return (await queryPrepared<QuotaRow>(db, FIND_QUOTA, [repositoryId]))[0];
}

/** The bytes of all layers that a namespace has or uploads, each layer once. */
export async function sumBytes(db: Db, namespace: string): Promise<number> {
  const rows = await query<{ bytes: number }>(
    db,
    `select coalesce(sum(b.size_bytes), 0)::bigint as bytes from blobs b where b.digest in (
       select c.layer_digest from repositories r join repository_images i on i.repository_id = r.id
         join image_contents c on c.id = i.content_id where r.namespace = $1
       union
       select x.layer_digest from repositories r join uploads x on x.repository_id = r.id where r.namespace = $1
     )`,
    [namespace],
  );
  return rows[0]?.bytes ?? 0;
}
