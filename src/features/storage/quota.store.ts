import type { BlobReferrer } from '../../context';
import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';

export interface QuotaRow {
  plan: string;
  limit_bytes: number;
}

const FIND_QUOTA = {
  name: 'storage.find_quota',
  text: `select n.plan, p.stored_bytes as limit_bytes
    from namespaces n join plans p on p.name = n.plan left join users u on u.id = n.owner_id
    where n.name = $1 and p.stored_bytes is not null and u.is_admin is not true`,
};

/** The limit of a namespace; undefined: none. The namespace of a site administrator has none. */
export async function findQuota(db: Db, namespace: string): Promise<QuotaRow | undefined> {
  return (await queryPrepared<QuotaRow>(db, FIND_QUOTA, [namespace]))[0];
}

/** The bytes of all blobs that a namespace points to, each blob once. */
export async function sumBytes(db: Db, referrers: readonly BlobReferrer[], namespace: string): Promise<number> {
  const digests = referrers.map(({ ofNamespaceSql }) => `(${ofNamespaceSql('$1')})`);
  const rows = await query<{ bytes: number }>(
    db,
    `select coalesce(sum(b.size_bytes), 0)::bigint as bytes from blobs b where b.digest in (${digests.join(' union ')})`,
    [namespace],
  );
  return rows[0]?.bytes ?? 0;
}

/** Lets one transaction at a time sum what a namespace has, so that none misses the blob of another. */
export async function lockQuota(tx: Db, namespace: string): Promise<void> {
  await query(tx, 'select 1 from namespaces where name = $1 for no key update', [namespace]);
}
