import type { Db } from '../../platform/db/db';
import { query, queryPrepared } from '../../platform/db/query';

export interface ManifestRow {
  id: number;
  digest: string;
  media_type: string;
  size_bytes: number;
}

const COLUMNS = 'm.id, m.digest, m.media_type, m.size_bytes';

const FIND_BY_TAG = {
  name: 'manifests.find_by_tag',
  text: `select ${COLUMNS} from tags t
    left join repository_images i
      on t.manifest_id is null and i.repository_id = t.repository_id and i.image_id = t.image_id
    left join image_manifests v on v.link_id = i.id
    join manifests m on m.id = coalesce(t.manifest_id, v.manifest_id)
    where t.repository_id = $1 and t.name = $2`,
};

const FIND_BY_DIGEST = {
  name: 'manifests.find_by_digest',
  text: `select ${COLUMNS} from manifests m where m.repository_id = $1 and m.digest = $2`,
};

export async function findByTag(db: Db, repositoryId: number, tag: string): Promise<ManifestRow | undefined> {
  return (await queryPrepared<ManifestRow>(db, FIND_BY_TAG, [repositoryId, tag]))[0];
}

export async function findByDigest(db: Db, repositoryId: number, digest: string): Promise<ManifestRow | undefined> {
  return (await queryPrepared<ManifestRow>(db, FIND_BY_DIGEST, [repositoryId, digest]))[0];
}

export async function findBytes(db: Db, manifestId: number): Promise<Buffer | undefined> {
  return (await query<{ bytes: Buffer }>(db, 'select bytes from manifests where id = $1', [manifestId]))[0]?.bytes;
}

export interface NewManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly configDigest: string | undefined;
  readonly subject: string | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly origin: 'pushed' | 'synthesized';
}

/** Postgres stores neither NUL nor half of a surrogate pair in text. */
const NOT_STORED = /[\0\p{Surrogate}]/gu;

function storable(text: string): string {
  return text.replaceAll(NOT_STORED, '');
}

function storableNotes(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).map(([name, value]) => [storable(name), storable(value)]));
}

/** @returns its number, and whether the repository did not have it */
export async function upsertManifest(
  tx: Db,
  repositoryId: number,
  manifest: NewManifest,
): Promise<{ id: number; isNew: boolean }> {
  const { digest, mediaType, bytes, configDigest, subject, artifactType, annotations, origin } = manifest;
  const rows = await query<{ id: number; is_new: boolean }>(
    tx,
    `insert into manifests
       (repository_id, digest, media_type, bytes, size_bytes, config_digest, subject, artifact_type, annotations,
        origin)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (repository_id, digest) do update
       set media_type = excluded.media_type, tagged_at = now(),
         origin = case when excluded.origin = 'pushed' then 'pushed' else manifests.origin end
     returning id, xmax = 0 as is_new`,
    [
      repositoryId,
      digest,
      mediaType,
      bytes,
      bytes.length,
      configDigest ?? null,
      subject ?? null,
      artifactType === undefined ? null : storable(artifactType),
      annotations === undefined ? null : JSON.stringify(storableNotes(annotations)),
      origin,
    ],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('insert into manifests returned no row');
  return { id: row.id, isNew: row.is_new };
}

/** @param digests - of blobs, as sha256 */
export async function insertReferences(
  tx: Db,
  manifestId: number,
  blobs: readonly string[],
  children: readonly string[],
): Promise<void> {
  await query(
    tx,
    `insert into manifest_blobs (manifest_id, digest) select $1, unnest($2::text[]) on conflict do nothing`,
    [manifestId, [...new Set(blobs)].sort()],
  );
  await query(
    tx,
    `insert into manifest_children (parent_id, child_digest) select $1, unnest($2::text[]) on conflict do nothing`,
    [manifestId, [...new Set(children)].sort()],
  );
}

/** Which of the digests are manifests of the repository. */
export async function findKnownDigests(
  db: Db,
  repositoryId: number,
  digests: readonly string[],
): Promise<{ digest: string; size_bytes: number }[]> {
  return query(db, 'select digest, size_bytes from manifests where repository_id = $1 and digest = any ($2::text[])', [
    repositoryId,
    [...new Set(digests)],
  ]);
}

export async function deleteManifest(tx: Db, manifestId: number): Promise<void> {
  await query(tx, 'delete from manifests where id = $1', [manifestId]);
}
