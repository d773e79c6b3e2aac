import type { BlobReferrer } from '../../context';
import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';

export interface QuotaRow {
  plan: string;
  /** the limit is the namespace's own, not the one of its plan */
  has_own_limit: boolean;
  limit_bytes: number;
}

const LIMIT = 'case when n.has_own_limit then n.stored_bytes else p.stored_bytes end';

const FIND_QUOTA = {
  name: 'storage.find_quota',
  text: `select n.plan, n.has_own_limit, ${LIMIT} as limit_bytes
    from namespaces n join plans p on p.name = n.plan left join users u on u.id = n.owner_id
    where n.name = $1 and ${LIMIT} is not null and u.is_admin is not true`,
};

/** The limit of a namespace; undefined: none. The namespace of a site administrator has none. */
export async function findQuota(db: Db, namespace: string): Promise<QuotaRow | undefined> {
  return (await queryPrepared<QuotaRow>(db, FIND_QUOTA, [namespace]))[0];
}

export interface LimitRow {
  plan: string;
  has_own_limit: boolean;
  /** null: none */
  limit_bytes: number | null;
  /** it belongs to a site administrator, whom no limit holds */
  is_exempt: boolean;
}

/** The limit of a namespace, and whose it is; undefined: there is no such namespace. */
export async function findLimit(db: Db, namespace: string): Promise<LimitRow | undefined> {
  const text = `select n.plan, n.has_own_limit, ${LIMIT} as limit_bytes, u.is_admin is true as is_exempt
    from namespaces n join plans p on p.name = n.plan left join users u on u.id = n.owner_id where n.name = $1`;
  return (await query<LimitRow>(db, text, [namespace]))[0];
}

/** The limit of a namespace itself; `isOwn` false: the one of its plan counts. */
export interface OwnLimit {
  readonly isOwn: boolean;
  /** undefined: no limit */
  readonly bytes: number | undefined;
}

export async function updateLimit(db: Db, namespace: string, { isOwn, bytes }: OwnLimit): Promise<void> {
  const text = 'update namespaces set has_own_limit = $2, stored_bytes = $3 where name = $1';
  await query(db, text, [namespace, isOwn, bytes ?? null]);
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
