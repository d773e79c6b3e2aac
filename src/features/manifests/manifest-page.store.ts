import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { servedTagsSql } from '../tags/served-tags-sql';

export interface PlacedManifestRow {
  id: number;
  digest: string;
  created_at: Date;
}

/** Those of the digests that are manifests of the repository. */
export async function listByDigest(
  db: Db,
  repositoryId: number,
  digests: readonly string[],
): Promise<PlacedManifestRow[]> {
  return query<PlacedManifestRow>(
    db,
    'select id, digest, created_at from manifests where repository_id = $1 and digest = any ($2::text[])',
    [repositoryId, [...new Set(digests)]],
  );
}

/**
 * The manifests that say something of another one, the newest first: those with it as their subject, and those that
 * cosign attaches to it by a tag (`sha256-….sig`).
 */
export async function listAttached(
  db: Db,
  repositoryId: number,
  subject: string,
  limit: number,
): Promise<PlacedManifestRow[]> {
  const tag = subject.replace(':', '-');
  return query<PlacedManifestRow>(
    db,
    `select id, digest, created_at from manifests where repository_id = $1 and subject = $2
     union
     select m.id, m.digest, m.created_at from tags t join manifests m on m.id = t.manifest_id
     where t.repository_id = $1 and t.name = any ($3::text[])
     order by created_at desc, id desc limit $4`,
    [repositoryId, subject, [`${tag}.sig`, `${tag}.att`, `${tag}.sbom`], limit],
  );
}

/** When a manifest was pushed, and the tags for which clients of v2 get it: the first by name. */
export async function findPlace(
  db: Db,
  manifestId: number,
  limit: number,
): Promise<{ created_at: Date; tags: string[] } | undefined> {
  const rows = await query<{ created_at: Date; tags: string[] }>(
    db,
    `select created_at, array(${servedTagsSql('m.id')} order by name limit $2) as tags
     from manifests m where id = $1`,
    [manifestId, limit],
  );
  return rows[0];
}
