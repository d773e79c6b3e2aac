import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { joinNeededSql } from './rules-sql';

/** Copies the rows of a manifest, of its children, and of all that refer to these, with what they point to. */
export async function copyWithReferences(
  tx: Db,
  sourceId: number,
  targetId: number,
  digest: string,
): Promise<{ id: number; digest: string }[]> {
  return query(
    tx,
    `with recursive needed as (
       select m.id, m.digest from manifests m where m.repository_id = $1 and m.digest = $3
       union
       select m.id, m.digest from needed n ${joinNeededSql('n', '$1')}
     ), copy as (
       insert into manifests
         (repository_id, digest, media_type, bytes, size_bytes, config_digest, subject, artifact_type, annotations)
       select $2, m.digest, m.media_type, m.bytes, m.size_bytes, m.config_digest, m.subject, m.artifact_type, m.annotations
       from needed join manifests m on m.id = needed.id order by m.digest
       on conflict (repository_id, digest) do update set origin = 'pushed', tagged_at = now()
       returning id, digest
     ), blobs_of_copies as (
       insert into manifest_blobs (manifest_id, digest)
       select copy.id, x.digest from copy join needed using (digest) join manifest_blobs x on x.manifest_id = needed.id
       on conflict do nothing
     ), children_of_copies as (
       insert into manifest_children (parent_id, child_digest)
       select copy.id, c.child_digest from copy
         join needed using (digest) join manifest_children c on c.parent_id = needed.id
       on conflict do nothing
     )
     select id, digest from copy`,
    [sourceId, targetId, digest],
  );
}
