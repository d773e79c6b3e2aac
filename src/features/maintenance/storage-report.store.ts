import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface NamespaceRow {
  namespace: string;
  repositories: number;
  images: number;
  layers: number;
  bytes: number;
}

/** The namespaces that hold most, each layer once in each. */
export async function listBiggest(db: Db, limit: number): Promise<NamespaceRow[]> {
  return query<NamespaceRow>(
    db,
    `with links as (
       select r.namespace, i.content_id, count(*) as images
       from repository_images i join repositories r on r.id = i.repository_id
       where i.content_id is not null group by 1, 2
     ), layers as (
       select l.namespace, c.layer_digest, max(c.layer_size_bytes) as bytes, sum(l.images) as images
       from links l join image_contents c on c.id = l.content_id group by 1, 2
     ), held as (
       select namespace, sum(images)::bigint as images, count(*) as layers, sum(bytes)::bigint as bytes
       from layers group by 1
     ), named as (select namespace, count(*) as repositories from repositories group by 1)
     select n.namespace, n.repositories, coalesce(h.images, 0) as images, coalesce(h.layers, 0) as layers,
       coalesce(h.bytes, 0) as bytes
     from named n left join held h on h.namespace = n.namespace order by bytes desc, n.namespace limit $1`,
    [limit],
  );
}

export interface TotalsRow {
  as_of: Date;
  repositories: number;
  images: number;
  blobs: number;
  bytes: number;
  damaged: number;
  verified_last_week: number;
  never_verified: number;
  oldest_verification: Date | null;
}

export async function totals(db: Db): Promise<TotalsRow> {
  const rows = await query<TotalsRow>(
    db,
    `select now() as as_of, (select count(*) from repositories) as repositories,
       (select count(*) from image_contents) as images, count(*) as blobs,
       coalesce(sum(size_bytes), 0)::bigint as bytes, count(damaged_at) as damaged,
       count(*) filter (where verified_at > now() - interval '7 days') as verified_last_week,
       count(*) filter (where verified_at is null) as never_verified, min(verified_at) as oldest_verification
     from blobs`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the totals of the storage returned no row');
  return row;
}
