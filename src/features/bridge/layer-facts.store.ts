import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { LayerFacts } from '../storage/read-layers';

export interface NewFacts extends LayerFacts {
  /** of the layer */
  readonly digest: string;
  readonly twinDigest: string | undefined;
}

/** Records what a layer is. What was recorded first stays, so that a layer keeps its twin. */
export async function updateFacts(tx: Db, facts: NewFacts): Promise<void> {
  const { digest, compression, diffId, problem, twinDigest } = facts;
  await query(
    tx,
    `update blobs set compression = $2, diff_id = $3, layer_problem = $4, twin_digest = $5, unread_since = null
     where digest = $1 and diff_id is null and layer_problem is null`,
    [digest, compression, diffId ?? null, problem ?? null, twinDigest ?? null],
  );
}

export interface LayerToDescribe {
  digest: string;
  storage_key: string;
  size_bytes: number;
}

/** The layer of v1 that was pushed last and that nobody has read yet; undefined: there is none. */
export async function findUnread(db: Db, except: readonly string[]): Promise<LayerToDescribe | undefined> {
  const rows = await query<LayerToDescribe>(
    db,
    `select digest, storage_key, size_bytes from blobs
     where unread_since is not null and damaged_at is null and digest <> all ($1::text[])
     order by unread_since desc, digest desc limit 1`,
    [except],
  );
  return rows[0];
}
