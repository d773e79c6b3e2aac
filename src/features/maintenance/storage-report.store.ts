import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';

export interface NamespaceRow {
  namespace: string;
  repositories: number;
  images: number;
  layers: number;
  bytes: number;
  /** as of now; null: none */
  limit_bytes: number | null;
}

/** The namespaces as of the last count, those that use most first. */
export async function list(db: Db, range: Range): Promise<Page<NamespaceRow>> {
  const text = `select s.namespace, s.repositories, s.images, s.layers, s.bytes,
      case when u.is_admin then null when n.has_own_limit then n.stored_bytes else p.stored_bytes end as limit_bytes
    from storage_by_namespace s left join namespaces n on n.name = s.namespace left join plans p on p.name = n.plan
      left join users u on u.id = n.owner_id
    order by s.bytes desc, s.namespace`;
  return queryPage<NamespaceRow>(db, text, [], range);
}

export interface TotalsRow {
  as_of: Date;
  age_ms: number;
  took_ms: number;
  repositories: number;
  images: number;
  blobs: number;
  bytes: number;
  damaged: number;
  verified_last_week: number;
  never_verified: number;
  oldest_verification: Date | null;
  layers_read: number;
  layers_unread: number;
  layers_unreadable: number;
}

/** The totals as of the last count; undefined: there was none yet. */
export async function findTotals(db: Db): Promise<TotalsRow | undefined> {
  const rows = await query<TotalsRow>(
    db,
    `select as_of, (extract(epoch from clock_timestamp() - as_of) * 1000)::float8 as age_ms, took_ms, repositories,
       images, blobs, bytes, damaged, verified_last_week, never_verified, oldest_verification, layers_read, layers_unread,
       layers_unreadable from storage_totals`,
  );
  return rows[0];
}

/** Lets only one transaction at a time compute the figures; readers need not wait. */
export async function lockFigures(tx: Db): Promise<void> {
  await query(tx, 'lock table storage_totals in share row exclusive mode');
}

/** Computes all figures again: each blob of images and manifests counts once in each namespace, and each blob once in the totals. */
export async function renewFigures(tx: Db): Promise<void> {
  const began = await query<{ at: string }>(tx, 'select clock_timestamp()::text as at');
  await query(tx, 'delete from storage_by_namespace');
  await query(
    tx,
    `insert into storage_by_namespace (namespace, repositories, images, layers, bytes)
     with held as (
       select r.namespace, c.layer_digest as digest from repository_images i
         join repositories r on r.id = i.repository_id join image_contents c on c.id = i.content_id
       union
       select r.namespace, x.digest from manifest_blobs x
         join manifests m on m.id = x.manifest_id join repositories r on r.id = m.repository_id
       union
       select r.namespace, l.digest from repository_blobs l join repositories r on r.id = l.repository_id
     ), summed as (
       select namespace, count(*) as layers, sum(b.size_bytes) as bytes from held join blobs b using (digest) group by 1
     ), imaged as (
       select r.namespace, count(*) as images from repository_images i join repositories r on r.id = i.repository_id
       where i.content_id is not null group by 1
     ), named as (select namespace, count(*) as repositories from repositories group by 1)
     select n.namespace, n.repositories, coalesce(i.images, 0), coalesce(s.layers, 0), coalesce(s.bytes, 0)
     from named n left join summed s on s.namespace = n.namespace left join imaged i on i.namespace = n.namespace`,
  );
  await query(tx, 'delete from storage_totals');
  await query(
    tx,
    `insert into storage_totals (as_of, took_ms, repositories, images, blobs, bytes, damaged, verified_last_week,
       never_verified, oldest_verification, layers_read, layers_unread, layers_unreadable)
     select $1::timestamptz, extract(epoch from clock_timestamp() - $1::timestamptz) * 1000, found.*
     from (
       select (select count(*) from repositories), (select count(*) from image_contents), count(*),
         coalesce(sum(size_bytes), 0), count(damaged_at),
         count(*) filter (where verified_at > now() - interval '7 days'),
         count(*) filter (where verified_at is null), min(verified_at),
         count(diff_id) + count(layer_problem), count(unread_since), count(layer_problem)
       from blobs
     ) as found`,
    [began[0]?.at],
  );
}
