import { WriteDigestError } from '../../blobs/resumable';
import type { StoredBlob } from '../../blobs/stored-blob';
import type { Needs } from '../../context';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError } from '../../platform/errors';
import type { WritableRepository } from '../repositories/access';
import { keepBlob } from '../storage/blobs';
import { assertWithinPlan, whileRecording, whileThereIsRoom, type RoomNeeds } from '../storage/quota';
import * as store from './blob-uploads.store';
import { linkBlob } from './blobs.store';
import { digestInvalid } from './content-error';
import { isDigest } from './digest';
import { translate, UploadOffsetError, uploadUnknown, type BlobUpload, type OwnUpload } from './upload-errors';

export { UploadOffsetError, type BlobUpload, type OwnUpload } from './upload-errors';

/*
 * A blob arrives in pieces (bridge 5.2): `POST` starts an upload, each `PATCH` appends, `PUT` commits it to a digest.
 * The blob store has the bytes and their state, so that any process can continue after a disconnection or a crash; the
 * row says who may.
 *
 *   (nothing) --start--> n bytes --append--> n + m bytes --commit--> a blob of the repository
 *                           \__ cancel, a digest that differs, a day without bytes --> (nothing)
 */

type UploadNeeds = Needs<'db' | 'blobs' | 'log' | 'layerUploads'> & RoomNeeds;

/** Abandoned uploads are swept after a day. */
const OPEN_LIMIT = 1000;

function ownerOf({ id: repositoryId, doer }: WritableRepository): store.UploadOwner {
  return { repositoryId, userId: doer.userId ?? null };
}

/**
 * Starts an upload.
 *
 * @throws AppError `busy` when the account has too many unfinished uploads
 */
export async function startUpload(ctx: Needs<'db' | 'blobs'>, repository: WritableRepository): Promise<BlobUpload> {
  const id = await ctx.blobs.resumable.start();
  if (await store.insertUpload(ctx.db, id, ownerOf(repository), OPEN_LIMIT)) return { id, repository, offset: 0 };
  await ctx.blobs.resumable.abort(id);
  throw new AppError('busy', `This account has ${OPEN_LIMIT} unfinished uploads`, { retryAfterSeconds: 3600 });
}

/**
 * An upload of the account in the repository. Its bytes may be gone.
 *
 * @throws ContentError `blob_upload_unknown`, also for uploads of other accounts
 */
export async function getOwnUpload(ctx: Needs<'db'>, repository: WritableRepository, id: string): Promise<OwnUpload> {
  if (!(await store.hasUpload(ctx.db, id, ownerOf(repository)))) throw uploadUnknown(id);
  return { id, repository };
}

async function withOffset(ctx: Needs<'blobs'>, { id, repository }: OwnUpload): Promise<BlobUpload> {
  const offset = await ctx.blobs.resumable.offset(id);
  if (offset === undefined) throw uploadUnknown(id);
  return { id, repository, offset };
}

/**
 * An upload of the account in the repository, and where it is.
 *
 * @throws ContentError `blob_upload_unknown`, also for uploads of other accounts
 */
export async function getUpload(
  ctx: Needs<'db' | 'blobs'>,
  repository: WritableRepository,
  id: string,
): Promise<BlobUpload> {
  return withOffset(ctx, await getOwnUpload(ctx, repository, id));
}

/**
 * Appends a piece. If the client disconnects, the bytes that have arrived are kept.
 *
 * @param start - where the piece begins; undefined: where the upload ends
 * @returns the upload with its new offset
 * @throws UploadOffsetError when the piece does not begin where the upload ends; ContentError `blob_upload_unknown`,
 *   `blob_upload_invalid` while another request appends; AppError `storage_full`, `forbidden` because of the plan,
 *   `busy`; what `bytes` throws
 */
export async function appendToUpload(
  ctx: UploadNeeds,
  upload: BlobUpload,
  start: number | undefined,
  bytes: AsyncIterable<Buffer>,
): Promise<BlobUpload> {
  const { id, repository, offset } = upload;
  assertStart(upload, start);
  let end = offset;
  try {
    await receive(
      ctx,
      upload,
      bytes,
      async (admitted) => (end = await ctx.blobs.resumable.append(id, offset, admitted)),
    );
  } catch (error) {
    throw translate(error, upload);
  }
  return { id, repository, offset: end };
}

function assertStart(upload: BlobUpload, start: number | undefined): void {
  if (start !== undefined && start !== upload.offset) throw new UploadOffsetError(upload);
}

/** @param use - stores the bytes, and returns the new offset */
async function receive(
  ctx: UploadNeeds,
  { repository, offset }: BlobUpload,
  bytes: AsyncIterable<Buffer>,
  use: (admitted: AsyncIterable<Buffer>) => Promise<number>,
): Promise<void> {
  await ctx.layerUploads.run(repository.doer.name ?? '', () =>
    whileThereIsRoom(ctx, repository.namespace, bytes, async (admitted) => {
      const newBytes = (await use(admitted)) - offset;
      return { sizeBytes: newBytes, newBytes };
    }),
  );
}

/** The last piece of an upload. */
interface LastPiece {
  /** where it begins; undefined: where the upload ends */
  readonly start: number | undefined;
  /** undefined: everything has arrived */
  readonly bytes: AsyncIterable<Buffer> | undefined;
}

async function finish(
  ctx: UploadNeeds,
  upload: BlobUpload,
  digest: string,
  bytes: AsyncIterable<Buffer>,
): Promise<StoredBlob> {
  const { id, offset } = upload;
  let blob: StoredBlob | undefined;
  await receive(ctx, upload, bytes, async (admitted) => {
    blob = await ctx.blobs.resumable.finish(id, offset, admitted, digest);
    return blob.sizeBytes;
  });
  if (blob === undefined) throw new Error('the last piece of an upload was not stored');
  return blob;
}

async function finishOrDiscard(
  ctx: UploadNeeds,
  own: OwnUpload,
  digest: string,
  { start, bytes }: LastPiece,
): Promise<StoredBlob> {
  // Most uploads end without bytes, and then it does not matter where they are.
  const upload = start === undefined && bytes === undefined ? { ...own, offset: 0 } : await withOffset(ctx, own);
  assertStart(upload, start);
  try {
    if (bytes === undefined) return await ctx.blobs.resumable.commit(own.id, digest);
    return await finish(ctx, upload, digest, bytes);
  } catch (error) {
    if (error instanceof WriteDigestError) await discard(ctx, own.id);
    throw translate(error, upload);
  }
}

/**
 * Commits an upload: its bytes become a blob of the repository. Bytes that do not match the digest are deleted.
 *
 * @throws ContentError `digest_invalid`, `blob_upload_unknown`, `blob_upload_invalid`; AppError `forbidden` because of
 *   the plan, `not_found` when the repository is gone; what `appendToUpload` throws
 */
export async function commitUpload(
  ctx: UploadNeeds,
  upload: OwnUpload,
  digest: string,
  last: LastPiece = { start: undefined, bytes: undefined },
): Promise<void> {
  const { id, repository } = upload;
  if (!isDigest(digest)) throw digestInvalid(digest);
  const blob = await finishOrDiscard(ctx, upload, digest, last);
  try {
    const place = { namespace: repository.namespace, sizeBytes: blob.sizeBytes };
    await whileRecording(ctx, place, (isNear) =>
      keepBlob(ctx, blob, async (tx) => {
        await linkBlob(tx, repository.id, blob.digest);
        if (isNear) await assertWithinPlan(tx, ctx, repository.namespace);
        await store.deleteUpload(tx, id);
      }),
    );
  } catch (error) {
    if (error instanceof AppError && error.code === 'forbidden') await discard(ctx, id);
    if (isForeignKeyViolation(error)) throw new AppError('not_found', 'Repository not found', { cause: error });
    throw error;
  }
}

/** Cancels an upload. */
export async function cancelUpload(ctx: Needs<'db' | 'blobs'>, { id }: BlobUpload): Promise<void> {
  await discard(ctx, id);
}

async function discard(ctx: Needs<'db' | 'blobs'>, id: string): Promise<void> {
  await ctx.blobs.resumable.abort(id);
  await store.deleteUpload(ctx.db, id);
}

/**
 * Deletes the rows of uploads whose bytes were swept, or lost with the disk.
 *
 * @param olderThanMs - spares uploads that began within this time
 * @returns how many there were
 */
export async function forgetUploads(ctx: Needs<'db' | 'blobs'>, olderThanMs: number): Promise<number> {
  let forgotten = 0;
  for (const id of await store.listUploads(ctx.db, olderThanMs)) {
    if ((await ctx.blobs.resumable.offset(id)) !== undefined) continue;
    await store.deleteUpload(ctx.db, id);
    forgotten += 1;
  }
  return forgotten;
}
