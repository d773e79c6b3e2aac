import { digestOf } from '../../platform/bytes/digest';
import { inTransaction, type Db } from '../../platform/db/db';
import { parseJson } from '../../platform/http/body';
import { readManifest, type Descriptor, type ManifestDocument } from '../manifests/manifest-document';
import { isImageConfig, isUsualPlatform } from '../manifests/manifest-kind';
import { findManifestBytes } from '../manifests/manifests';
import { lockRepository } from '../repositories/locking';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { readBlob } from '../storage/damage';
import * as store from './derived-images.store';
import { deriveChain, type DerivedImage } from './derived-chain';

/*
 * What v1 clients get for a tag that was pushed over v2 (bridge 9): a chain of images of the repository, which point to
 * the same blobs. They are derived in the transaction that sets the tag. Where that is not possible, the tag does not
 * exist for v1, and the manifest says why.
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

async function readConfig(ctx: BlobNeeds, blob: SizedBlobRef): Promise<Found<unknown>> {
  if (blob.sizeBytes > LONGEST_JSON) return { problem: 'its config is larger than 1 MiB' };
  const parsed = parseJson(await readBlob(ctx, blob));
  return parsed === undefined ? { problem: 'it is not an image' } : { found: parsed.value };
}

async function deriveFrom(
  ctx: BlobNeeds,
  tx: Db,
  config: Descriptor,
  layers: readonly Descriptor[],
): Promise<Found<store.NewImage[]>> {
  if (!isImageConfig(config.mediaType ?? '')) return { problem: 'it is not an image' };
  const blobs = new Map<string, store.BlobRow>();
  for (const row of await store.findBlobs(
    tx,
    [config, ...layers].map(({ digest }) => digest),
  ))
    blobs.set(row.asked, row);
  const configBlob = blobs.get(config.digest);
  if (configBlob === undefined) return { problem: 'its config is not there' };
  const { digest, storage_key: storageKey, size_bytes: sizeBytes } = configBlob;
  const read = await readConfig(ctx, { digest, storageKey, sizeBytes });
  if ('problem' in read) return read;
  const derived = deriveChain(read.found, digest, layers);
  if ('problem' in derived) return derived;
  const images = derived.chain.flatMap((image) => toRow(image, blobs));
  return images.length === layers.length ? { found: images } : { problem: 'some of its layers are not there' };
}

function toRow(
  { id, parentId, json, layerDigest }: DerivedImage,
  blobs: ReadonlyMap<string, store.BlobRow>,
): store.NewImage[] {
  const layer = blobs.get(layerDigest);
  if (layer === undefined) return [];
  return [
    { id, parentId, json, jsonDigest: digestOf(json), layerDigest: layer.digest, layerSizeBytes: layer.size_bytes },
  ];
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

/**
 * Derives the v1 images of a manifest, in the transaction that sets its tag. The repository is locked.
 *
 * @returns the id of the image at the top; undefined when v1 clients cannot get it, which the manifest then says
 */
export async function deriveImages(ctx: BlobNeeds, tx: Db, source: Source): Promise<string | undefined> {
  const image = await imageDocument(tx, source);
  const result = 'problem' in image ? image : await deriveDocument(ctx, tx, source, image.found);
  await store.setProblem(tx, source.manifestId, 'problem' in result ? result.problem : undefined);
  return 'found' in result ? result.found : undefined;
}

async function deriveDocument(
  ctx: BlobNeeds,
  tx: Db,
  source: Source,
  { config, layers }: ManifestDocument,
): Promise<Found<string>> {
  if (config === undefined) return { problem: 'it is not an image' };
  const derived = await deriveFrom(ctx, tx, config, layers);
  return 'problem' in derived ? derived : link(tx, source, derived.found);
}

const AT_ONCE = 100;

/**
 * Gives v1 clients the images of tags that were set without them: by a copy, by the history of a tag, or by an earlier
 * version.
 *
 * @returns how many manifests were looked at
 */
export async function deriveMissing(ctx: BlobNeeds, signal: AbortSignal): Promise<number> {
  let done = 0;
  for (;;) {
    const manifests = await store.listUnderived(ctx.db, AT_ONCE);
    if (manifests.length === 0 || signal.aborted) return done;
    for (const { repository_id: repositoryId, manifest_id: manifestId, digest } of manifests) {
      await inTransaction(ctx.db, (tx) => deriveForTags(ctx, tx, { repositoryId, manifestId, digest }));
    }
    done += manifests.length;
  }
}

async function deriveForTags(
  ctx: BlobNeeds,
  tx: Db,
  manifest: { readonly repositoryId: number; readonly manifestId: number; readonly digest: string },
): Promise<void> {
  const { repositoryId, manifestId, digest } = manifest;
  await lockRepository(tx, repositoryId);
  const stored = await findManifestBytes(tx, repositoryId, digest);
  if (stored === undefined) return;
  const document = readManifest(stored.bytes, stored.mediaType);
  const imageId = await deriveImages(ctx, tx, { repositoryId, manifestId, document });
  if (imageId !== undefined) await store.setImage(tx, { repositoryId, manifestId, imageId });
}
