import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** A manifest whose images of v1 are not all derived yet. */
export interface PendingRow {
  manifest_id: number;
  repository_id: number;
  digest: string;
}

const SELECT = `select distinct m.id as manifest_id, m.repository_id, m.digest
  from pending_images p join manifests m on m.id = p.manifest_id`;

/** Those after a number, in their order. */
export async function listPending(db: Db, after: number, limit: number): Promise<PendingRow[]> {
  return query<PendingRow>(db, `${SELECT} where p.manifest_id > $1 order by m.id limit $2`, [after, limit]);
}

const OF_TAGS = `${SELECT} join tags t on t.manifest_id = m.id where t.repository_id = $1`;

/** Those of tags of a repository. @param isForAll - also those whose tags only lack images for some architectures */
export async function listAwaited(db: Db, repositoryId: number, isForAll: boolean): Promise<PendingRow[]> {
  const text = `${OF_TAGS} and ($2::boolean or t.image_id is null) order by m.id`;
  return query<PendingRow>(db, text, [repositoryId, isForAll]);
}

/** The one that a tag waits for. */
export async function findAwaited(db: Db, repositoryId: number, tag: string): Promise<PendingRow | undefined> {
  return (await query<PendingRow>(db, `${OF_TAGS} and t.name = $2`, [repositoryId, tag]))[0];
}
