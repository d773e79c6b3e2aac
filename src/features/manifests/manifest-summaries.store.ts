import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface SummaryRow {
  id: number;
  digest: string;
  media_type: string;
  artifact_type: string | null;
  size_bytes: number;
  v1_problem: string | null;
  /** null: it has more bytes than the caller wants */
  bytes: Buffer | null;
}

/** @param mostBytes - the bytes of larger manifests are left out */
export async function listSummaries(db: Db, ids: readonly number[], mostBytes: number): Promise<SummaryRow[]> {
  return query<SummaryRow>(
    db,
    `select id, digest, media_type, artifact_type, size_bytes, v1_problem,
       case when size_bytes <= $2 then bytes end as bytes
     from manifests where id = any ($1::bigint[])`,
    [ids, mostBytes],
  );
}

/**
 * The sizes of the blobs of each manifest, each blob once; for an index, the blobs of all manifests that it lists and
 * that the repository has.
 */
export async function sumBlobs(db: Db, ids: readonly number[]): Promise<{ id: number; bytes: number }[]> {
  return query(
    db,
    `with recursive part as (
       select id as root, id, repository_id from manifests where id = any ($1::bigint[])
       union
       select p.root, child.id, child.repository_id from part p
         join manifest_children c on c.parent_id = p.id
         join manifests child on child.repository_id = p.repository_id and child.digest = c.child_digest
     ), used as (
       select distinct p.root, x.digest from part p join manifest_blobs x on x.manifest_id = p.id
     )
     select u.root as id, sum(b.size_bytes)::bigint as bytes from used u join blobs b on b.digest = u.digest
     group by u.root`,
    [ids],
  );
}
