import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { identityOf, type Actor, type RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { assertReadable, type DeletableRepository, type ReadableRepository } from '../repositories/access';
import { lockRepository } from '../repositories/locking';
import { displayName, isTag } from '../repositories/names';
import { accessFrom } from '../repositories/repository-access';
import { deleteTagsOfManifest } from '../tags/tag-deletion';
import { digestInvalid, manifestUnknown } from './content-error';
import { isDigest } from './digest';
import { readManifest, type ManifestDocument } from './manifest-document';
import { tryToRead } from './manifest-summaries';
import * as store from './manifests.store';
import { isIndexType } from './media-types';
import { imageFor, listImages } from './platforms';

/*
 * Manifests belong to repositories, and are kept as they were pushed, byte for byte.
 *
 *   repository ──< manifests >──< manifest_blobs >── blobs
 *        │             └──< manifest_children: the digests that an index lists
 *        ├──< tags >── manifests
 *        └──< repository_blobs >── blobs: pushed or mounted, for manifests to come
 *
 *   - A repository has a blob if it is in `repository_blobs`, if a manifest of the repository uses it, or if it is the
 *     layer of an image that was pushed over v1. A blob cannot be read through a repository that does not have it.
 *   - A manifest is kept while a tag points to it, while an index that is kept lists it, and while its subject is kept;
 *     without these for as long as `DRYDOCK_KEEP_UNTAGGED` says (`garbage.ts`).
 */

/** A manifest without its bytes. */
export interface Manifest {
  readonly id: number;
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

function toManifest(row: store.ManifestRow): Manifest {
  return { id: row.id, digest: row.digest, mediaType: row.media_type, sizeBytes: row.size_bytes };
}

/**
 * The manifest that a tag points to, or that has a digest.
 *
 * @throws ContentError `manifest_unknown`, `digest_invalid`
 */
export async function getManifest(
  ctx: Needs<'db'>,
  { id: repositoryId }: ReadableRepository,
  reference: string,
): Promise<Manifest> {
  const row = await findRow(ctx, repositoryId, reference);
  if (row === undefined) throw manifestUnknown(reference);
  return toManifest(row);
}

/**
 * The manifest that has a digest.
 *
 * @throws ContentError `manifest_unknown`, also for what is not a digest
 */
export async function getManifestByDigest(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  digest: string,
): Promise<Manifest> {
  if (!isDigest(digest)) throw manifestUnknown(digest);
  return getManifest(ctx, repository, digest);
}

async function findRow(
  ctx: Needs<'db'>,
  repositoryId: number,
  reference: string,
): Promise<store.ManifestRow | undefined> {
  if (!reference.includes(':')) return isTag(reference) ? store.findByTag(ctx.db, repositoryId, reference) : undefined;
  if (!isDigest(reference)) throw digestInvalid(reference);
  return store.findByDigest(ctx.db, repositoryId, reference);
}

/**
 * The repository of a name, also of a former one, with the manifest that a tag points to, or that has a digest: one
 * query asks for permission and reads both.
 *
 * @returns no manifest when `getManifest` would throw
 * @throws AppError as `getReadable`
 */
export async function findReadableManifest(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  reference: string,
): Promise<{ readonly repository: ReadableRepository; readonly manifest: Manifest | undefined }> {
  const row = await store.findWithAccess(ctx.db, identityOf(actor), name, toReference(reference));
  const repository = assertReadable(accessFrom(actor, name, row));
  const { manifest_id: id, digest, media_type: mediaType, size_bytes: sizeBytes } = row;
  if (id === null || digest === null || mediaType === null || sizeBytes === null)
    return { repository, manifest: undefined };
  return { repository, manifest: { id, digest, mediaType, sizeBytes } };
}

/** No manifest has an empty tag, so that a broken reference finds nothing. */
function toReference(reference: string): store.Reference {
  if (isDigest(reference)) return { by: 'digest', value: reference };
  return { by: 'tag', value: isTag(reference) ? reference : '' };
}

/**
 * The bytes of a manifest, as they were pushed.
 *
 * @throws ContentError `manifest_unknown` when it has just been deleted
 */
export async function getManifestBytes(ctx: Needs<'db' | 'cache'>, { id, digest }: Manifest): Promise<Buffer> {
  const bytes = await ctx.cache.get(`manifest ${id}`, () => store.findBytes(ctx.db, id));
  if (bytes === undefined) throw manifestUnknown(digest);
  return bytes;
}

/** A manifest of a repository, read in a transaction; undefined also when today's rules refuse it. */
export async function findDocument(
  tx: Db,
  repositoryId: number,
  digest: string,
): Promise<{ id: number; document: ManifestDocument } | undefined> {
  const row = await store.findByDigest(tx, repositoryId, digest);
  const bytes = row && (await store.findBytes(tx, row.id));
  const document = bytes && tryToRead(bytes, row.media_type);
  return document && { id: row.id, document };
}

/**
 * The manifest for linux on an architecture that an index lists, for clients that cannot read the index (bridge 2).
 *
 * @returns undefined when the index lists none that the repository has
 */
export async function findListed(
  ctx: Needs<'db' | 'cache'>,
  { id: repositoryId }: ReadableRepository,
  index: Manifest,
  architecture: string,
): Promise<Manifest | undefined> {
  const document = readManifest(await getManifestBytes(ctx, index), index.mediaType);
  const child = imageFor(architecture, await listImages(ctx.db, repositoryId, document));
  const row = child === undefined ? undefined : await store.findByDigest(ctx.db, repositoryId, child.digest);
  return row === undefined || isIndexType(row.media_type) ? undefined : toManifest(row);
}

/**
 * Deletes a manifest and all tags that point to it.
 *
 * @throws ContentError `manifest_unknown`, `digest_invalid`; AppError `conflict` when one of the tags is immutable
 */
export async function deleteManifest(ctx: Needs<'db'>, repository: DeletableRepository, digest: string): Promise<void> {
  if (!isDigest(digest)) throw digestInvalid(digest);
  await inTransaction(ctx.db, async (tx) => {
    await lockRepository(tx, repository.id);
    const row = await store.findByDigest(tx, repository.id, digest);
    if (row === undefined) throw manifestUnknown(digest);
    await deleteTagsOfManifest(tx, repository, row.id);
    await store.deleteManifest(tx, row.id);
    const event = { subject: displayName(repository), details: { digest } };
    await recordEvent(tx, repository.doer, { action: 'manifest.deleted', ...event });
  });
}
