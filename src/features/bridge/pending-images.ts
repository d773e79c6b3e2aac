import { SharedWork } from '../../platform/cache/shared-work';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { findDocument } from '../manifests/manifests';
import type { ReadableRepository } from '../repositories/access';
import { lockRepository } from '../repositories/locking';
import { isTag } from '../repositories/names';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { endDerivation, setImage } from './derived-images.store';
import { describeLayer } from './layer-facts';
import { inTurnOf, withinPatience, type TurnNeeds } from './patience';
import * as store from './pending-images.store';
import { tryToDerive } from './tag-images';
import type { TwinNeeds } from './twins';

/*
 * Manifests whose images of v1 could not be derived in the transaction that set their tag: because layers have to be
 * unpacked first, or because the tag was copied, restored, or set by an earlier version. A job derives them within
 * seconds; a v1 client that comes first has it done.
 */

type ViewNeeds = TwinNeeds & TurnNeeds;

async function deriveForTags(
  ctx: BlobNeeds,
  tx: Db,
  { manifest_id: manifestId, repository_id: repositoryId, digest }: store.PendingRow,
): Promise<readonly SizedBlobRef[]> {
  await lockRepository(tx, repositoryId);
  const found = await findDocument(tx, repositoryId, digest);
  if (found === undefined) {
    await endDerivation(tx, manifestId, 'its manifest cannot be read');
    return [];
  }
  const { document } = found;
  const { imageId, unread } = await tryToDerive(ctx, tx, { repositoryId, manifestId, document });
  if (imageId !== undefined) await setImage(tx, { repositoryId, manifestId, imageId });
  return unread;
}

/** Unpacks layers between transactions: it may take minutes. */
async function derive(ctx: TwinNeeds, manifest: store.PendingRow): Promise<void> {
  const unread = await inTransaction(ctx.db, (tx) => deriveForTags(ctx, tx, manifest));
  if (unread.length === 0) return;
  for (const layer of unread) await describeLayer(ctx, layer);
  await inTransaction(ctx.db, async (tx) => {
    const left = await deriveForTags(ctx, tx, manifest);
    if (left.length > 0) await endDerivation(tx, manifest.manifest_id, 'one of its layers cannot be unpacked');
  });
}

/** Manifests that this process works on, by their numbers; each once. */
const running = new SharedWork<number>();

const AT_ONCE = 100;

/**
 * Derives the images of all manifests that wait for it. One that cannot be derived now is left for the next run.
 *
 * @returns how many were derived, or will never be
 */
export async function deriveMissing(ctx: TwinNeeds, signal: AbortSignal): Promise<number> {
  let done = 0;
  let after = 0;
  for (;;) {
    const manifests = await store.listPending(ctx.db, after, AT_ONCE);
    for (const manifest of manifests) {
      if (signal.aborted) return done;
      try {
        await running.run(manifest.manifest_id, () => derive(ctx, manifest));
        done += 1;
      } catch (error) {
        ctx.log.warn({ err: error, digest: manifest.digest }, 'images of v1 could not be derived from a manifest');
      }
    }
    const last = manifests.at(-1);
    if (last === undefined) return done;
    after = last.manifest_id;
  }
}

async function deriveInTurn(ctx: ViewNeeds, namespace: string, manifest: store.PendingRow): Promise<void> {
  await running.run(manifest.manifest_id, () => inTurnOf(ctx, namespace, () => derive(ctx, manifest)));
}

/** What is damaged now does not keep the other tags from clients. */
async function deriveUnlessDamaged(ctx: ViewNeeds, namespace: string, manifest: store.PendingRow): Promise<void> {
  try {
    await deriveInTurn(ctx, namespace, manifest);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'unavailable')) throw error;
    ctx.log.warn({ err: error, digest: manifest.digest }, 'a tag is hidden from v1');
  }
}

/** A repository whose tags wait for images. */
type Awaiting = Pick<ReadableRepository, 'id' | 'namespace'>;

/**
 * Derives the images that tags of a repository wait for, as far as their blobs are not damaged.
 *
 * @param architecture - of the engine that waits; undefined: amd64
 * @throws AppError `unavailable` when it takes more than 30 seconds; `busy`
 */
export async function deriveAwaited(
  ctx: ViewNeeds,
  { id, namespace }: Awaiting,
  architecture: string | undefined,
): Promise<void> {
  const manifests = await store.listAwaited(ctx.db, id, architecture !== undefined);
  const deriveAll = async (): Promise<void> => {
    for (const manifest of manifests) await deriveUnlessDamaged(ctx, namespace, manifest);
  };
  await withinPatience(deriveAll());
}

/**
 * Derives the image that a tag waits for.
 *
 * @returns false when it waits for none
 * @throws AppError `unavailable` when it takes more than 30 seconds, or a blob is damaged; `busy`
 */
export async function deriveForTag(ctx: ViewNeeds, { id, namespace }: Awaiting, tag: string): Promise<boolean> {
  const manifest = isTag(tag) ? await store.findAwaited(ctx.db, id, tag) : undefined;
  if (manifest === undefined) return false;
  await withinPatience(deriveInTurn(ctx, namespace, manifest));
  return true;
}
