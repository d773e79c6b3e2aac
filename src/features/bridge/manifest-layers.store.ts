import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Compression } from '../../platform/bytes/compression';

export interface BlobRow {
  asked: string;
  digest: string;
  storage_key: string;
  size_bytes: number;
  compression: Compression | null;
  layer_problem: string | null;
  twin_digest: string | null;
  twin_size_bytes: number | null;
}

/** Blobs by either of their digests, with their twins in gzip; those that are damaged are left out. */
export async function findBlobs(tx: Db, digests: readonly string[]): Promise<BlobRow[]> {
  return query<BlobRow>(
    tx,
    `select a.asked, b.digest, b.storage_key, b.size_bytes, b.compression, b.layer_problem, b.twin_digest,
       w.size_bytes as twin_size_bytes
     from unnest($1::text[]) a (asked) join blobs b on b.digest = a.asked or b.sha512 = a.asked
       left join blobs w on w.digest = b.twin_digest and w.damaged_at is null
     where b.damaged_at is null`,
    [[...new Set(digests)]],
  );
}

/** Records how layers are compressed, as their first bytes say. */
export async function setCompressions(tx: Db, layers: readonly { digest: string; compression: Compression }[]) {
  const sorted = [...layers].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  await query(
    tx,
    `update blobs b set compression = g.compression from unnest($1::text[], $2::text[]) g (digest, compression)
     where b.digest = g.digest and b.compression is null`,
    [sorted.map(({ digest }) => digest), sorted.map(({ compression }) => compression)],
  );
}
