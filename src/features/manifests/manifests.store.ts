import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';
import type { Identity, RepositoryName } from '../access/actor';
import {
  READ_COLUMNS,
  accessStatements,
  accessValues,
  statementFor,
  type AccessStatements,
  type RepositoryAccessRow,
} from '../repositories/repository-access-row';
import { JOIN_VIEW_OF_TAG } from './rules-sql';

export interface ManifestRow {
  id: number;
  digest: string;
  media_type: string;
  size_bytes: number;
}

const COLUMNS = 'm.id, m.digest, m.media_type, m.size_bytes';

/** Finds the manifest `m` of a tag `t`, which may point to an image of v1 that has one. */
const MANIFEST_OF_TAG = `
    ${JOIN_VIEW_OF_TAG}
    left join manifests m on m.id = coalesce(t.manifest_id, v.manifest_id)`;

const FIND_BY_TAG = {
  name: 'manifests.find_by_tag',
  text: `select ${COLUMNS} from tags t ${MANIFEST_OF_TAG}
    where t.repository_id = $1 and t.name = $2 and m.id is not null`,
};

/** The repository `r`, also by a former name, with its manifest `m`, and what the caller may do there. */
function findWithAccessBy(name: string, manifestJoins: string): AccessStatements {
  return accessStatements(
    name,
    { first: 1, followsAliases: true },
    ({ columns, joins }) => `select ${columns}, ${READ_COLUMNS},
      m.id as manifest_id, m.digest, m.media_type, m.size_bytes ${joins} ${manifestJoins}`,
  );
}

const FIND_WITH_ACCESS = {
  tag: findWithAccessBy(
    'manifests.find_by_tag_with_access',
    `left join tags t on t.repository_id = r.id and t.name = $5 ${MANIFEST_OF_TAG}`,
  ),
  digest: findWithAccessBy(
    'manifests.find_by_digest_with_access',
    'left join manifests m on m.repository_id = r.id and m.digest = $5',
  ),
};

/** How a manifest is named. */
export interface Reference {
  readonly by: 'tag' | 'digest';
  readonly value: string;
}

/** All of these are null when the repository has no such manifest. */
export interface ManifestAccessRow extends RepositoryAccessRow {
  manifest_id: number | null;
  digest: string | null;
  media_type: string | null;
  size_bytes: number | null;
}

/** The access to a repository and one of its manifests, read at one moment. */
export async function findWithAccess(
  db: Db,
  identity: Identity | undefined,
  name: RepositoryName,
  { by, value }: Reference,
): Promise<ManifestAccessRow> {
  const statement = statementFor(FIND_WITH_ACCESS[by], identity);
  const [row] = await queryShared<ManifestAccessRow>(db, statement, [...accessValues(identity, name), value]);
  if (row === undefined) throw new Error('the manifest query returned no row');
  return row;
}

const FIND_BY_DIGEST = {
  name: 'manifests.find_by_digest',
  text: `select ${COLUMNS} from manifests m where m.repository_id = $1 and m.digest = $2`,
};

export async function findByTag(db: Db, repositoryId: number, tag: string): Promise<ManifestRow | undefined> {
  return (await queryShared<ManifestRow>(db, FIND_BY_TAG, [repositoryId, tag]))[0];
}

export async function findByDigest(db: Db, repositoryId: number, digest: string): Promise<ManifestRow | undefined> {
  return (await queryShared<ManifestRow>(db, FIND_BY_DIGEST, [repositoryId, digest]))[0];
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

/** Deletes a manifest, and its twin in docker's format, unless something else needs that. */
export async function deleteManifest(tx: Db, manifestId: number): Promise<void> {
  await query(
    tx,
    `delete from manifests m where m.id = $1 or (
       m.origin = 'synthesized' and m.id = (select twin_id from manifest_twins where manifest_id = $1)
       and not exists (select from manifest_twins x where x.twin_id = m.id and x.manifest_id <> $1)
       and not exists (select from tags t where t.manifest_id = m.id)
       and not exists (select from manifest_children c join manifests i on i.id = c.parent_id
         where c.child_digest = m.digest and i.repository_id = m.repository_id)
       and not exists (select from image_manifests v where v.manifest_id = m.id))`,
    [manifestId],
  );
}
