import type { Db } from '../../src/platform/db/db';
import { query } from '../../src/platform/db/query';

/*
 * What a database says of images, tags and layers, without what differs between two servers that did the same: numbers
 * of rows, times and paths.
 */

const QUERIES: Readonly<Record<string, string>> = {
  tags: `select r.name as repository, t.name, t.image_id, m.digest, t.engine
    from tags t join repositories r on r.id = t.repository_id left join manifests m on m.id = t.manifest_id`,
  'tag history': `select r.name as repository, e.tag, array_agg(concat_ws(' ', e.from_image_id, e.from_digest, '->',
      e.to_image_id, e.to_digest) order by e.id) as changes
    from tag_events e join repositories r on r.id = e.repository_id group by r.name, e.tag`,
  images: `select r.name as repository, i.image_id, i.depth, i.checksum, c.parent_id, c.json_digest, c.layer_digest,
      c.layer_size_bytes, c.payload_checksum, sha256(c.json)::text as json
    from repository_images i join repositories r on r.id = i.repository_id left join image_contents c on c.id = i.content_id`,
  manifests: `select r.name as repository, m.digest, m.media_type, m.size_bytes, m.config_digest, m.origin, m.v1_problem,
      sha256(m.bytes)::text as bytes,
      array(select x.digest from manifest_blobs x where x.manifest_id = m.id order by 1) as blobs,
      array(select x.child_digest from manifest_children x where x.parent_id = m.id order by 1) as children
    from manifests m join repositories r on r.id = m.repository_id`,
  views: `select r.name as repository, i.image_id, m.digest, v.problem, v.is_derived
    from image_manifests v join repository_images i on i.id = v.link_id join repositories r on r.id = i.repository_id
      left join manifests m on m.id = v.manifest_id`,
  platforms: `select r.name as repository, m.digest, p.architecture, i.image_id
    from platform_images p join repository_images i on i.id = p.link_id join repositories r on r.id = i.repository_id
      join manifests m on m.id = p.manifest_id`,
  'twins of manifests': `select r.name as repository, m.digest, w.digest as twin, x.problem
    from manifest_twins x join manifests m on m.id = x.manifest_id join repositories r on r.id = m.repository_id
      left join manifests w on w.id = x.twin_id`,
  'blobs of repositories': `select r.name as repository, l.digest
    from repository_blobs l join repositories r on r.id = l.repository_id`,
  'pending images': `select r.name as repository, m.digest
    from pending_images p join manifests m on m.id = p.manifest_id join repositories r on r.id = m.repository_id`,
  layers: `select digest, size_bytes, sha512, compression, diff_id, layer_problem, twin_digest, damage,
      unread_since is null as "isRead" from blobs`,
};

/** Everything that clients of both protocols can see: each row as text, after the name of what it is about. */
export async function stateOf(db: Db): Promise<ReadonlySet<string>> {
  const state = new Set<string>();
  for (const [name, sql] of Object.entries(QUERIES)) {
    const rows = await query<{ row: string }>(db, `select row_to_json(q)::text as row from (${sql}) q`);
    for (const { row } of rows) state.add(`${name}: ${row}`);
    if (rows.length !== new Set(rows.map(({ row }) => row)).size) throw new Error(`two ${name} are equal`);
  }
  return state;
}

/** The rows that only one of two states has. */
export function differenceOf(left: ReadonlySet<string>, right: ReadonlySet<string>): string[] {
  const only = (here: ReadonlySet<string>, there: ReadonlySet<string>, sign: string): string[] =>
    [...here].filter((row) => !there.has(row)).map((row) => `${sign} ${row}`);
  return [...only(left, right, '<'), ...only(right, left, '>')].sort();
}
