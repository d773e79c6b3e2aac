import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** A manifest whose images of v1 are not all derived yet. */
export interface PendingRow {
  manifest_id: number;
  repository_id: number;
  digest: string;
}

const SELECT = `select m.id as manifest_id, m.repository_id, m.digest
  from pending_images p join manifests m on m.id = p.manifest_id`;

/** Those of tags after a number, in their order. */
export async function listPending(db: Db, after: number, limit: number): Promise<PendingRow[]> {
  const text = `${SELECT} where p.manifest_id > $1 and exists (select from tags t where t.manifest_id = m.id)
    order by m.id limit $2`;
  return query<PendingRow>(db, text, [after, limit]);
}

/** Those of tags of a repository. @param isForAll - also those whose tags only lack images for some architectures */
export async function listAwaited(db: Db, repositoryId: number, isForAll: boolean): Promise<PendingRow[]> {
  const text = `${SELECT} where m.repository_id = $1 and exists (
      select from tags t where t.manifest_id = m.id and ($2::boolean or t.image_id is null))
    order by m.id`;
  return query<PendingRow>(db, text, [repositoryId, isForAll]);
}

/** The one that a tag waits for. */
export async function findAwaited(db: Db, repositoryId: number, tag: string): Promise<PendingRow | undefined> {
  const text = `${SELECT} join tags t on t.manifest_id = m.id where t.repository_id = $1 and t.name = $2`;
  return (await query<PendingRow>(db, text, [repositoryId, tag]))[0];
}
