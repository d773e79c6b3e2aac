import { digestOf } from '../../platform/bytes/digest';
import { inTransaction, type Db } from '../../platform/db/db';
import type { ManifestDocument } from '../manifests/manifest-document';
import { isImageConfig } from '../manifests/manifest-kind';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { readBlob } from '../storage/damage';
import * as store from './derived-images.store';
import { deriveChain, type DerivedImage } from './derived-chain';
import { findManifestBlobs, readServed, type ServedLayer } from './manifest-layers';
import { runsAs } from './v1-json';

/*
 * An image that was pushed over v2 as v1 clients get it (bridge 9): a chain of images of the repository, which point to
 * the same blobs, or to the gzip twins of layers in zstd.
 */

/** The largest json of an image over v1, in bytes. */
const LONGEST_JSON = 1024 * 1024;

/** A manifest of a repository. */
export interface Place {
  readonly repositoryId: number;
  readonly manifestId: number;
}

type Found<T> = { readonly found: T } | { readonly problem: string };
/** Or the layers that have to be unpacked before. */
export type FoundLater<T> = Found<T> | { readonly unread: readonly SizedBlobRef[] };

async function readConfig(ctx: BlobNeeds, blob: SizedBlobRef): Promise<Found<Buffer>> {
  if (blob.sizeBytes > LONGEST_JSON) return { problem: 'its config is larger than 1 MiB' };
  return { found: await readBlob(ctx, blob) };
}

function toRow({ id, parentId, json }: DerivedImage, layer: ServedLayer): store.NewImage {
  return { id, parentId, json, jsonDigest: digestOf(json), layerDigest: layer.digest, layerSizeBytes: layer.sizeBytes };
}

async function imagesOf(
  ctx: BlobNeeds,
  tx: Db,
  { config, layers }: ManifestDocument,
): Promise<FoundLater<store.NewImage[]>> {
  if (config === undefined || !isImageConfig(config.mediaType ?? ''))
    return { problem: 'it is an artifact, not an image' };
  const blobs = await findManifestBlobs(tx, [config, ...layers]);
  const configBlob = blobs.get(config.digest);
  if (configBlob === undefined) return { problem: 'its config is not there' };
  const read = await readConfig(ctx, configBlob);
  if ('problem' in read) return read;
  const derived = deriveChain(read.found, configBlob.digest, layers);
  if ('problem' in derived) return derived;
  const served = await readServed(ctx, tx, layers, blobs);
  if (served === undefined) return { problem: 'some of its layers are not there' };
  if (!('found' in served)) return served;
  const rows = derived.chain.flatMap((image, at) => {
    const layer = served.found[at];
    return layer === undefined ? [] : [toRow(image, layer)];
  });
  return { found: rows };
}

/** Not an error: thrown to undo links to images that are not those of the chain. */
class IdIsTaken extends Error {}

/** Ids of v1 are what their pushers chose: an image that is there under one of them must be the same, as engines run it. */
function fits(image: store.NewImage | undefined, there: store.LinkedRow): boolean {
  const isSame = there.parent_id === (image?.parentId ?? null) && there.layer_digest === image?.layerDigest;
  return isSame && (there.json === null || runsAs(there.json, image.json));
}

/** Links the images. Those of a push over v1 may have become complete at this moment, so they are compared afterwards. */
async function linkAll(tx: Db, repositoryId: number, images: readonly store.NewImage[]): Promise<number> {
  const top = images.at(-1);
  const byId = new Map(images.map((image) => [image.id, image]));
  if (top === undefined || byId.size < images.length) throw new IdIsTaken();
  const links = await store.linkImages(tx, repositoryId, images);
  const linked = await store.listLinked(tx, [...links.values()], top.id);
  if (linked.some((there) => !fits(byId.get(there.image_id), there))) throw new IdIsTaken();
  const linkId = links.get(top.id);
  if (linkId === undefined) throw new Error('an image was derived without a link');
  return linkId;
}

async function link(
  tx: Db,
  { repositoryId, manifestId }: Place,
  images: readonly store.NewImage[],
): Promise<Found<store.Top>> {
  try {
    const linkId = await inTransaction(tx, (savepoint) => linkAll(savepoint, repositoryId, images));
    await store.insertDerivedView(tx, linkId, manifestId);
    return { found: { imageId: images.at(-1)?.id ?? '', linkId } };
  } catch (error) {
    if (!(error instanceof IdIsTaken)) throw error;
    return { problem: 'the repository has another image under one of its ids' };
  }
}

/**
 * Derives the chain of an image. An image that was pulled over v2 after a push over v1, and comes back in another manifest, stays
 * what it is for v1 clients: podman writes manifests in its own way.
 *
 * @param place - the manifest that clients of v2 get when the image is tagged over v1
 */
export async function deriveImage(
  ctx: BlobNeeds,
  tx: Db,
  place: Place,
  document: ManifestDocument,
): Promise<FoundLater<store.Top>> {
  const own = await store.findImageOfConfig(tx, place.repositoryId, document.config?.digest ?? '');
  if (own !== undefined) return { found: own };
  const images = await imagesOf(ctx, tx, document);
  return 'found' in images ? link(tx, place, images.found) : images;
}
