import { digestOf } from '../../platform/bytes/digest';
import type { Db } from '../../platform/db/db';
import { parseJson } from '../../platform/http/body';
import { readManifest, type ManifestDocument } from '../manifests/manifest-document';
import { isImageConfig, isUsualPlatform } from '../manifests/manifest-kind';
import { findManifestBytes } from '../manifests/manifests';
import type { SizedBlobRef } from '../storage/blobs';
import type { TwinNeeds } from './twins';
import { readBlob } from '../storage/damage';
import { deriveSoon } from '../tags/pending-images';
import * as store from './derived-images.store';
import { deriveChain, type DerivedImage } from './derived-chain';
import { findManifestBlobs, readLayers, withoutZstd, type ServedLayer } from './manifest-layers';

/*
 * What v1 clients get for a tag that was pushed over v2 (bridge 9): a chain of images of the repository, which point to
 * the same blobs, or to the gzip twins of layers in zstd. They are derived in the transaction that sets the tag, unless
 * layers have to be unpacked first: then the manifest waits for a job, or for the first v1 client (`pending-images.ts`).
 * Where there can be no images, the tag does not exist for v1, and the manifest says why.
 */

/** The largest json of an image over v1, in bytes. */
const LONGEST_JSON = 1024 * 1024;

/** A manifest of a repository. */
export interface Source {
  readonly repositoryId: number;
  readonly manifestId: number;
  readonly document: ManifestDocument;
}

type Found<T> = { readonly found: T } | { readonly problem: string };
/** Or the layers that have to be unpacked before. */
type FoundLater<T> = Found<T> | { readonly unread: readonly SizedBlobRef[] };

/** The manifest of the image: of an index, the one for linux on amd64. */
async function imageDocument(tx: Db, { repositoryId, document }: Source): Promise<Found<ManifestDocument>> {
  if (document.config !== undefined) return { found: document };
  const child = document.children.find(isUsualPlatform);
  if (child === undefined) return { problem: 'it has no image for linux on amd64' };
  const row = await findManifestBytes(tx, repositoryId, child.digest);
  if (row === undefined) return { problem: 'its image for linux on amd64 is not there' };
  const image = readManifest(row.bytes, row.mediaType);
  return image.config === undefined ? { problem: 'it has no image for linux on amd64' } : { found: image };
}

async function readConfig(ctx: TwinNeeds, blob: SizedBlobRef): Promise<Found<unknown>> {
  if (blob.sizeBytes > LONGEST_JSON) return { problem: 'its config is larger than 1 MiB' };
  const parsed = parseJson(await readBlob(ctx, blob));
  return parsed === undefined ? { problem: 'it is not an image' } : { found: parsed.value };
}

function toRow({ id, parentId, json }: DerivedImage, layer: ServedLayer): store.NewImage {
  return { id, parentId, json, jsonDigest: digestOf(json), layerDigest: layer.digest, layerSizeBytes: layer.sizeBytes };
}

async function imagesOf(
  ctx: TwinNeeds,
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
  const known = await readLayers(ctx, tx, layers, blobs);
  if (known === undefined) return { problem: 'some of its layers are not there' };
  const served = withoutZstd(known);
  if (!('found' in served)) return served;
  const rows = derived.chain.flatMap((image, at) => {
    const layer = served.found[at];
    return layer === undefined ? [] : [toRow(image, layer)];
  });
  return { found: rows };
}

/** Ids of v1 are what their pushers chose: an image that is there under one of them must be the same. */
function fits(
  image: store.NewImage | undefined,
  there: { readonly parent_id: string | null; readonly layer_digest: string | null },
): boolean {
  return there.parent_id === (image?.parentId ?? null) && there.layer_digest === image?.layerDigest;
}

async function link(
  tx: Db,
  { repositoryId, manifestId }: Source,
  images: readonly store.NewImage[],
): Promise<Found<string>> {
  const byId = new Map(images.map((image) => [image.id, image]));
  const ids = [...byId.keys()];
  const before = await store.findLinked(tx, repositoryId, ids);
  const isTaken = byId.size < images.length || before.some((there) => !fits(byId.get(there.image_id), there));
  if (isTaken) return { problem: 'the repository has another image under one of its ids' };
  const links = await store.linkImages(tx, repositoryId, images);
  const top = images.at(-1);
  const linkId = links.get(top?.id ?? '');
  if (top === undefined || linkId === undefined) throw new Error('an image was derived without layers');
  await store.insertDerivedView(tx, linkId, manifestId);
  return { found: top.id };
}

async function deriveImage(
  ctx: TwinNeeds,
  tx: Db,
  source: Source,
  document: ManifestDocument,
): Promise<FoundLater<string>> {
  const images = await imagesOf(ctx, tx, document);
  return 'found' in images ? link(tx, source, images.found) : images;
}

/** What a manifest has for v1 clients. */
export interface Derived {
  /** the id of the image at the top; undefined: there is none, or not yet */
  readonly imageId: string | undefined;
  /** layers that must be described before the rest can be derived; with none, the manifest says why there is no image */
  readonly unread: readonly SizedBlobRef[];
}

/** Derives what can be derived now. The repository is locked. */
export async function tryToDerive(ctx: TwinNeeds, tx: Db, source: Source): Promise<Derived> {
  const image = await imageDocument(tx, source);
  const result = 'problem' in image ? image : await deriveImage(ctx, tx, source, image.found);
  if ('unread' in result) return { imageId: undefined, unread: result.unread };
  await store.endDerivation(tx, source.manifestId, 'problem' in result ? result.problem : undefined);
  return { imageId: 'found' in result ? result.found : undefined, unread: [] };
}

/**
 * Derives the v1 images of a manifest, in the transaction that sets its tag. The repository is locked.
 *
 * @returns the id of the image at the top; undefined when v1 clients cannot get it, which the manifest then says, or not
 *   before a job has unpacked its layers
 */
export async function deriveImages(ctx: TwinNeeds, tx: Db, source: Source): Promise<string | undefined> {
  const { imageId, unread } = await tryToDerive(ctx, tx, source);
  if (unread.length > 0) await deriveSoon(tx, source.manifestId);
  return imageId;
}
