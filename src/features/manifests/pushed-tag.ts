import type { Db } from '../../platform/db/db';
import { recordEvent } from '../audit/audit';
import { announceManifest } from '../pushes/pushes';
import type { WritableRepository } from '../repositories/access';
import { markActive } from '../repositories/locking';
import { displayName } from '../repositories/names';
import type { Engine } from '../tags/engine';
import { deriveSoon } from '../tags/pending-images';
import type { TagTarget } from '../tags/tag-target';
import { pointTag } from '../tags/tags';
import { findImageOf } from './image-views.store';
import type { ManifestDocument } from './manifest-document';
import { MANIFEST_TYPES } from './media-types';
import { findSourceOfTwin } from './twins.store';

/*
 * The end of a push over v2. The view of something, when it comes back, is that thing: a client that pulled it could not
 * read what was pushed, and changes nothing by pushing it (bridge 10).
 */

/**
 * Derives the image of v1 that clients get for a manifest, in the transaction that sets a tag.
 *
 * @returns the id of the image; undefined when there is none
 */
export type DeriveImage = (
  tx: Db,
  source: { readonly repositoryId: number; readonly manifestId: number; readonly document: ManifestDocument },
) => Promise<string | undefined>;

/** A manifest that was pushed by tag. */
export interface PushedTag {
  readonly tag: string;
  readonly digest: string;
  readonly document: ManifestDocument;
  readonly engine: Engine;
}

/** Ends the push of a manifest by digest. */
export async function endUntagged(
  tx: Db,
  repository: WritableRepository,
  digest: string,
  isNew: boolean,
): Promise<void> {
  await markActive(tx, repository.id);
  if (!isNew) return;
  const event = { subject: displayName(repository), details: { digest } };
  await recordEvent(tx, repository.doer, { action: 'manifest.pushed', ...event });
}

async function endTagged(
  tx: Db,
  repository: WritableRepository,
  { tag, digest, engine }: PushedTag,
  target: TagTarget,
): Promise<void> {
  const { doer } = repository;
  await pointTag(tx, repository, { name: tag, target, engine });
  const imageIds = target.imageId === undefined ? [] : [target.imageId];
  await announceManifest(tx, repository.id, { tag, digest, imageIds, pusher: doer.name ?? '' });
  const event = { subject: displayName(repository), details: { tag, digest, protocol: 'v2' } };
  await recordEvent(tx, doer, { action: 'push.finished', ...event });
}

/**
 * Ends the push of a twin in docker's format: its tag keeps the manifest of which it is the twin.
 *
 * @returns false when it is none of the tag's
 */
export async function keepSource(tx: Db, repository: WritableRepository, pushed: PushedTag): Promise<boolean> {
  const canBeTwin = pushed.document.mediaType === MANIFEST_TYPES.dockerManifest;
  const source = canBeTwin ? await findSourceOfTwin(tx, repository.id, pushed) : undefined;
  if (source === undefined) return false;
  const { id, digest, image_id: imageId } = source;
  await endTagged(tx, repository, pushed, { imageId: imageId ?? undefined, manifest: { id, digest } });
  return true;
}

/**
 * Ends the push of a manifest that is stored: points its tag to it. The manifest of an image that was pushed over v1 is
 * that image, so that v1 clients keep what they have.
 */
export async function setTag(
  tx: Db,
  repository: WritableRepository,
  pushed: PushedTag & { readonly id: number; readonly derive: DeriveImage | undefined },
): Promise<void> {
  const { id, digest, document, derive } = pushed;
  const ownImage = await findImageOf(tx, repository.id, id);
  const imageId = ownImage ?? (await derive?.(tx, { repositoryId: repository.id, manifestId: id, document }));
  const manifest = ownImage === undefined ? { id, digest } : undefined;
  await endTagged(tx, repository, pushed, { imageId, manifest });
  if (derive === undefined && manifest !== undefined) await deriveSoon(tx, id);
}
