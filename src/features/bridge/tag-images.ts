import type { Db } from '../../platform/db/db';
import type { Descriptor, ManifestDocument } from '../manifests/manifest-document';
import { findDocument } from '../manifests/manifests';
import { imageFor, listImages, USUAL_ARCHITECTURE } from '../manifests/platforms';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { OTHER_ARCHITECTURES } from '../tags/engine';
import { deriveSoon } from '../tags/pending-images';
import { deriveImage, type FoundLater, type Place } from './derived-images';
import * as store from './derived-images.store';

/*
 * What v1 clients get for a tag that was pushed over v2: an image; for an index, one for each architecture of engines.
 * They are derived in the transaction that sets the tag, unless layers have to be unpacked first: then the manifest waits
 * for a job, or for the first v1 client (`pending-images.ts`). Where there can be no image, the tag does not exist for the
 * engines of that architecture, and for amd64 the manifest says why.
 */

/** A manifest of a repository, read. */
export interface Source extends Place {
  readonly document: ManifestDocument;
}

/** What a manifest has for v1 clients. */
export interface Derived {
  /** the id of the image for amd64, and for all if it is not an index; undefined: there is none, or not yet */
  readonly imageId: string | undefined;
  /** layers that must be described before the rest can be derived */
  readonly unread: readonly SizedBlobRef[];
}

type Image = FoundLater<store.Top>;

/** The image of an index for an architecture. */
interface Listed {
  readonly architecture: string;
  readonly descriptor: Descriptor;
}

function unreadOf(images: readonly Image[]): readonly SizedBlobRef[] {
  return images.flatMap((image) => ('unread' in image ? image.unread : []));
}

/** @param asIndex - clients of v2 get the index when the image is tagged over v1, not only the image */
async function deriveListed(
  ctx: BlobNeeds,
  tx: Db,
  index: Place,
  { architecture, descriptor }: Listed,
  asIndex: boolean,
): Promise<Image> {
  const child = await findDocument(tx, index.repositoryId, descriptor.digest);
  if (child === undefined) return { problem: `its image for linux on ${architecture} is not there` };
  const place = asIndex ? index : { repositoryId: index.repositoryId, manifestId: child.id };
  return deriveImage(ctx, tx, place, child.document);
}

async function deriveOthers(
  ctx: BlobNeeds,
  tx: Db,
  index: Place,
  listed: readonly Descriptor[],
): Promise<readonly SizedBlobRef[]> {
  const unread: SizedBlobRef[] = [];
  for (const architecture of OTHER_ARCHITECTURES) {
    const descriptor = imageFor(architecture, listed);
    if (descriptor === undefined) continue;
    const image = await deriveListed(ctx, tx, index, { architecture, descriptor }, false);
    if ('found' in image) await store.setPlatformImage(tx, index.manifestId, architecture, image.found.linkId);
    unread.push(...unreadOf([image]));
  }
  return unread;
}

async function deriveUsual(ctx: BlobNeeds, tx: Db, index: Place, listed: readonly Descriptor[]): Promise<Image> {
  const descriptor = imageFor(USUAL_ARCHITECTURE, listed);
  if (descriptor === undefined) return { problem: `it has no image for linux on ${USUAL_ARCHITECTURE}` };
  return deriveListed(ctx, tx, index, { architecture: USUAL_ARCHITECTURE, descriptor }, true);
}

/** Derives what can be derived now. The repository is locked. */
export async function tryToDerive(ctx: BlobNeeds, tx: Db, { document, ...place }: Source): Promise<Derived> {
  const isIndex = document.config === undefined;
  const listed = isIndex ? await listImages(tx, place.repositoryId, document) : [];
  const image = isIndex ? await deriveUsual(ctx, tx, place, listed) : await deriveImage(ctx, tx, place, document);
  const unread = [...unreadOf([image]), ...(await deriveOthers(ctx, tx, place, listed))];
  const problem = 'problem' in image ? image.problem : undefined;
  if (unread.length === 0) await store.endDerivation(tx, place.manifestId, problem);
  return { imageId: 'found' in image ? image.found.imageId : undefined, unread };
}

/**
 * Derives the v1 images of a manifest, in the transaction that sets its tag. The repository is locked.
 *
 * @returns the id of the image that clients get unless their architecture has another one; undefined when there is none,
 *   which the manifest then says, or not before a job has unpacked its layers
 */
export async function deriveImages(ctx: BlobNeeds, tx: Db, source: Source): Promise<string | undefined> {
  const { imageId, unread } = await tryToDerive(ctx, tx, source);
  if (unread.length > 0) await deriveSoon(tx, source.manifestId);
  return imageId;
}
