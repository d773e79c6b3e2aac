import { algorithmOf, digestOf } from '../../platform/bytes/digest';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import type { WritableRepository } from '../repositories/access';
import { isTag } from '../repositories/names';
import type { Engine } from '../tags/engine';
import { lockForTags } from '../tags/tags';
import { findUsableBlobs, type UsableBlob } from './blobs.store';
import { ContentError, digestInvalid } from './content-error';
import { isDigest } from './digest';
import { blobsOf, readManifest, type Descriptor, type ManifestDocument } from './manifest-document';
import * as store from './manifests.store';
import { endUntagged, keepSource, setTag, type DeriveImage } from './pushed-tag';
import { recordManifest } from './record-manifest';

/** A manifest as a client pushes it. */
export interface PushedManifest {
  /** a tag, or the digest of the manifest */
  readonly reference: string;
  /** undefined: the manifest says its type itself */
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
  readonly engine: Engine;
  /** finds or creates the image that v1 clients get for a tag; undefined: a job does it */
  readonly derive?: DeriveImage;
}

/** The result of a push of a manifest. */
export interface PutManifest {
  readonly digest: string;
  /** the digest of the manifest that it refers to as its subject */
  readonly subject: string | undefined;
  /** undefined: it was pushed by digest */
  readonly tag: string | undefined;
}

/** @throws ContentError `tag_invalid`, `digest_invalid` */
function placeOf({ reference, bytes }: PushedManifest): { digest: string; tag: string | undefined } {
  if (!reference.includes(':')) {
    if (isTag(reference)) return { digest: digestOf(bytes), tag: reference };
    throw new ContentError('tag_invalid', `"${reference}" cannot be a tag`, { tag: reference });
  }
  if (!isDigest(reference)) throw digestInvalid(reference);
  const digest = digestOf(bytes, algorithmOf(reference));
  if (digest === reference) return { digest, tag: undefined };
  throw new ContentError('digest_invalid', `The manifest has the digest ${digest}`, { digest });
}

function assertSizes(wanted: readonly Descriptor[], sizes: ReadonlyMap<string, number>): void {
  const wrong = wanted.find(({ digest, size }) => size !== undefined && size !== sizes.get(digest));
  if (wrong === undefined) return;
  const { digest, size } = wrong;
  const message = `${digest} has ${sizes.get(digest) ?? 0} bytes, not ${size ?? 0}`;
  throw new ContentError('manifest_invalid', message, { digest, size });
}

/** @throws ContentError `manifest_blob_unknown`, `manifest_invalid` for a wrong size */
async function findBlobs(tx: Db, repositoryId: number, manifest: ManifestDocument): Promise<UsableBlob[]> {
  const wanted = blobsOf(manifest);
  const digests = [...new Set(wanted.map(({ digest }) => digest))];
  const found = await findUsableBlobs(tx, repositoryId, digests);
  const sizes = new Map(found.map(({ asked, size_bytes: sizeBytes }) => [asked, sizeBytes]));
  const missing = digests.filter((digest) => !sizes.has(digest));
  if (missing.length > 0) throw unknownContent('blobs', missing);
  assertSizes(wanted, sizes);
  return found;
}

/** @throws ContentError `manifest_blob_unknown`, `manifest_invalid` for a wrong size */
async function assertChildren(tx: Db, repositoryId: number, { children }: ManifestDocument): Promise<void> {
  if (children.length === 0) return;
  const digests = children.map(({ digest }) => digest);
  const found = await store.findKnownDigests(tx, repositoryId, digests);
  const sizes = new Map(found.map(({ digest, size_bytes: sizeBytes }) => [digest, sizeBytes]));
  const missing = [...new Set(digests)].filter((digest) => !sizes.has(digest));
  if (missing.length > 0) throw unknownContent('manifests', missing);
  assertSizes(children, sizes);
}

/** How many missing digests an error has. */
const TOLD = 100;

function unknownContent(kind: string, digests: readonly string[]): ContentError {
  const message = `The repository does not have these ${kind}: ${digests.slice(0, 3).join(', ')}`;
  return new ContentError('manifest_blob_unknown', message, { digests: digests.slice(0, TOLD) });
}

/**
 * Stores a manifest (bridge 5.4): its bytes, its references, its tag with history, audit event and webhooks, in one
 * transaction.
 *
 * @throws ContentError when something is wrong with the manifest or with its references; AppError `conflict` for a tag
 *   that is immutable, `not_found` when the repository is gone
 */
export async function putManifest(
  ctx: Needs<'db'>,
  repository: WritableRepository,
  pushed: PushedManifest,
): Promise<PutManifest> {
  const { digest, tag } = placeOf(pushed);
  const document = readManifest(pushed.bytes, pushed.contentType);
  const { bytes } = pushed;
  try {
    await inTransaction(ctx.db, async (tx) => {
      await lockForTags(tx, repository);
      const { engine, derive } = pushed;
      if (tag !== undefined && (await keepSource(tx, repository, { tag, digest, document, engine }))) return;
      const found = await findBlobs(tx, repository.id, document);
      await assertChildren(tx, repository.id, document);
      const blobs = found.map((blob) => blob.digest);
      const { id, isNew } = await recordManifest(tx, repository.id, {
        digest,
        bytes,
        document,
        blobs,
        origin: 'pushed',
      });
      if (tag === undefined) await endUntagged(tx, repository, digest, isNew);
      else await setTag(tx, repository, { id, tag, digest, document, engine, derive });
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    // The garbage collection has freed a blob since it was found above.
    throw new ContentError('manifest_blob_unknown', 'A blob of the manifest has just been removed', undefined, {
      cause: error,
    });
  }
  return { digest, subject: document.subject?.digest, tag };
}
