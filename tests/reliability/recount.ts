import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { query } from '../../src/platform/db/query';
import type { Db } from '../../src/platform/db/db';

/** Everything that nothing refers to, counted from the tags down; after a last gc and sweep there is none. */
export interface Recount {
  /** images that no tag and no index reaches */
  readonly unreachable: number;
  /** contents that no repository has */
  readonly unlinked: number;
  /** manifests that no tag, no image and no other manifest leads to */
  readonly unneeded: number;
  /** blobs that no content, manifest, repository or layer has */
  readonly unreferenced: number;
  /** attempts that no push has ended */
  readonly uploads: number;
  /** tags whose chain is not complete down to its base */
  readonly brokenTags: number;
  readonly damaged: number;
  /** files without a row, and rows without a file */
  readonly strayFiles: string[];
  readonly missingFiles: string[];
  /** Bytes that were still arriving. */
  readonly unfinished: string[];
  readonly quarantined: string[];
}

const COUNTS = `
  with recursive chain as (
    select t.repository_id, t.image_id, t.name from tags t where t.image_id is not null
    union
    select t.repository_id, i.image_id, t.name from tags t join platform_images p on p.manifest_id = t.manifest_id
      join repository_images i on i.id = p.link_id
    union
    select chain.repository_id, c.parent_id, chain.name from chain
      join repository_images i on i.repository_id = chain.repository_id and i.image_id = chain.image_id
      join image_contents c on c.id = i.content_id
    where c.parent_id is not null
  ), broken as (
    select distinct chain.repository_id, chain.name from chain
      left join repository_images i on i.repository_id = chain.repository_id and i.image_id = chain.image_id
    where i.content_id is null
  )
  select
    (select count(*)::int from repository_images i where not exists (
       select 1 from chain where chain.repository_id = i.repository_id and chain.image_id = i.image_id)) as unreachable,
    (select count(*)::int from image_contents c where not exists (
       select 1 from repository_images i where i.content_id = c.id)) as unlinked,
    (select count(*)::int from manifests m where not exists (select 1 from tags t where t.manifest_id = m.id)
       and not exists (select 1 from image_manifests v where v.manifest_id = m.id)
       and not exists (select 1 from manifest_twins w where w.twin_id = m.id)
       and not exists (select 1 from manifest_children c join manifests p on p.id = c.parent_id
         where c.child_digest = m.digest and p.repository_id = m.repository_id)) as unneeded,
    (select count(*)::int from blobs b where not exists (select 1 from image_contents c where c.layer_digest = b.digest)
       and not exists (select 1 from manifest_blobs x where x.digest = b.digest)
       and not exists (select 1 from repository_blobs l where l.digest = b.digest)
       and not exists (select 1 from blobs o where o.twin_digest = b.digest)) as unreferenced,
    (select count(*)::int from uploads) + (select count(*)::int from blob_uploads) as uploads,
    (select count(*)::int from broken) as "brokenTags",
    (select count(*)::int from blobs where damaged_at is not null) as damaged`;

async function filesUnder(directory: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(directory, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)));
}

/** What a store holds, by the names in it. */
export interface StoredFiles {
  /** the bytes of blobs, by their keys */
  stored(): Promise<string[]>;
  unfinished(): Promise<string[]>;
  quarantined(): Promise<string[]>;
}

function filesOnDisk(blobDir: string): StoredFiles {
  return {
    stored: () => filesUnder(blobDir, 'sha256'),
    unfinished: async () => [...(await filesUnder(blobDir, 'uploads')), ...(await filesUnder(blobDir, 'resumable'))],
    quarantined: () => filesUnder(blobDir, 'quarantine'),
  };
}

/**
 * Recounts everything, in the database and in the store.
 *
 * @param place - the folder of the store, or what is in another kind of store
 */
export async function recount(db: Db, place: string | StoredFiles): Promise<Recount> {
  const found = typeof place === 'string' ? filesOnDisk(place) : place;
  const [counts] = await query<Omit<Recount, 'strayFiles' | 'missingFiles' | 'unfinished' | 'quarantined'>>(db, COUNTS);
  if (counts === undefined) throw new Error('no counts');
  const rows = await query<{ storage_key: string }>(db, 'select storage_key from blobs');
  const keys = new Set(rows.map((row) => row.storage_key));
  const files = new Set(await found.stored());
  return {
    ...counts,
    strayFiles: [...files].filter((file) => !keys.has(file)),
    missingFiles: [...keys].filter((key) => !files.has(key)),
    unfinished: await found.unfinished(),
    quarantined: await found.quarantined(),
  };
}

/** Nothing is left over, and nothing is missing. */
export const NOTHING_LEFT: Recount = {
  unreachable: 0,
  unlinked: 0,
  unneeded: 0,
  unreferenced: 0,
  uploads: 0,
  brokenTags: 0,
  damaged: 0,
  strayFiles: [],
  missingFiles: [],
  unfinished: [],
  quarantined: [],
};
