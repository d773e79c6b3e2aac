import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface TwinSourceRow {
  id: number;
  digest: string;
  image_id: string | null;
}

/**
 * What a tag points to, if a manifest with this digest is the twin in docker's format of that, or of what it lists as an
 * index.
 */
export async function findSourceOfTwin(
  tx: Db,
  repositoryId: number,
  { tag, digest }: { readonly tag: string; readonly digest: string },
): Promise<TwinSourceRow | undefined> {
  const rows = await query<TwinSourceRow>(
    tx,
    `select m.id, m.digest, t.image_id from tags t join manifests m on m.id = t.manifest_id
     where t.repository_id = $1 and t.name = $2 and exists (
       select from manifests w join manifest_twins x on x.twin_id = w.id
       where w.repository_id = $1 and w.digest = $3 and (x.manifest_id = m.id or exists (
         select from manifest_children c join manifests s on s.repository_id = $1 and s.digest = c.child_digest
         where c.parent_id = m.id and s.id = x.manifest_id)))`,
    [repositoryId, tag, digest],
  );
  return rows[0];
}
