import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Compression } from '../images/tar/compression';

export interface NewFacts {
  readonly digest: string;
  readonly compression: Compression;
  /** undefined: there is a problem */
  readonly diffId: string | undefined;
  readonly problem: string | undefined;
  readonly twinDigest: string | undefined;
}

/** Records what a layer is. What was recorded first stays, so that a layer keeps its twin. */
export async function updateFacts(tx: Db, facts: NewFacts): Promise<void> {
  const { digest, compression, diffId, problem, twinDigest } = facts;
  await query(
    tx,
    `update blobs set compression = $2, diff_id = $3, layer_problem = $4, twin_digest = $5
     where digest = $1 and diff_id is null and layer_problem is null`,
    [digest, compression, diffId ?? null, problem ?? null, twinDigest ?? null],
  );
}

export interface LayerToDescribe {
  digest: string;
  storage_key: string;
  size_bytes: number;
}

/** Layers of v1 images that nobody has read yet, by digest, from one on. */
export async function listUndescribed(db: Db, after: string, limit: number): Promise<LayerToDescribe[]> {
  return query<LayerToDescribe>(
    db,
    `select b.digest, b.storage_key, b.size_bytes from blobs b
     where b.diff_id is null and b.layer_problem is null and b.damaged_at is null and b.digest > $1
       and exists (select from image_contents c where c.layer_digest = b.digest)
     order by b.digest limit $2`,
    [after, limit],
  );
}
