import { inTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { readManifest, type ManifestDocument } from '../manifests/manifest-document';
import { isImageConfig } from '../manifests/manifest-kind';
import { getManifestBytes, type Manifest } from '../manifests/manifests';
import type { ReadableRepository } from '../repositories/access';
import type { SizedBlobRef } from '../storage/blobs';
import { dockerManifest } from './docker-manifest';
import * as store from './docker-twins.store';
import type { ViewNeeds } from './image-views';
import { describeLayer, layerType } from './layer-facts';
import { findManifestBlobs, problemOfTypes, readServed } from './manifest-layers';
import { inTurnOf, withinPatience } from './patience';
import { recordSynthesized, type SynthesizedManifest } from './synthesized-manifests';

/*
 * The twin of an image's manifest: docker's schema 2 of the same config and layers, in gzip where they are in zstd. So it
 * has the same image id, and docker from 1.10 on can read it. It is created when the first client needs it, and stored: a
 * digest that was given out once stays good while the manifest of which it is the twin is kept.
 */

/** Or why there is none, or the layers to unpack before; undefined: blobs are missing now. */
type Written =
  SynthesizedManifest | { readonly problem: string } | { readonly unread: readonly SizedBlobRef[] } | undefined;

async function writeTwin(ctx: ViewNeeds, { config, layers }: ManifestDocument): Promise<Written> {
  if (config === undefined || !isImageConfig(config.mediaType ?? '')) return { problem: 'it is not an image' };
  const problem = problemOfTypes(layers);
  if (problem !== undefined) return { problem };
  const blobs = await findManifestBlobs(ctx.db, [config, ...layers]);
  const configBlob = blobs.get(config.digest);
  const served = await readServed(ctx, ctx.db, layers, blobs);
  if (configBlob === undefined || served === undefined) return undefined;
  if (!('found' in served)) return served;
  const descriptors = served.found.map(({ digest, sizeBytes, compression }) => ({
    mediaType: layerType(compression),
    size: sizeBytes,
    digest,
  }));
  return {
    bytes: dockerManifest({ size: configBlob.sizeBytes, digest: configBlob.digest }, descriptors),
    blobs: [configBlob.digest, ...served.found.map(({ digest }) => digest)],
  };
}

async function unpack(ctx: ViewNeeds, namespace: string, layers: readonly SizedBlobRef[]): Promise<void> {
  const describeAll = async (): Promise<void> => {
    for (const layer of layers) await describeLayer(ctx, layer);
  };
  await withinPatience(inTurnOf(ctx, namespace, describeAll));
}

async function createTwin(ctx: ViewNeeds, repository: ReadableRepository, manifest: Manifest): Promise<void> {
  const document = readManifest(await getManifestBytes(ctx, manifest), manifest.mediaType);
  let written = await writeTwin(ctx, document);
  if (written !== undefined && 'unread' in written) {
    await unpack(ctx, repository.namespace, written.unread);
    written = await writeTwin(ctx, document);
  }
  if (written === undefined || 'unread' in written) return;
  if ('problem' in written) {
    await store.insertTwin(ctx.db, manifest.id, written);
    return;
  }
  const twin = written;
  await inTransaction(ctx.db, async (tx) => {
    await store.insertTwin(tx, manifest.id, { id: await recordSynthesized(tx, repository.id, twin) });
  });
}

async function findTwin(ctx: ViewNeeds, { id }: Manifest): Promise<Manifest | 'none' | undefined> {
  const row = await store.findTwin(ctx.db, id);
  if (row === undefined) return undefined;
  const { id: twinId, digest, media_type: mediaType, size_bytes: sizeBytes } = row;
  if (twinId === null || digest === null || mediaType === null || sizeBytes === null) return 'none';
  return { id: twinId, digest, mediaType, sizeBytes };
}

/**
 * The twin of a manifest, which is created now if nobody asked for it before.
 *
 * @returns undefined when it cannot have one: it is not an image, its layers are elsewhere, or one cannot be read
 * @throws AppError `unavailable` when layers cannot be unpacked within 30 seconds, or one is damaged; `busy`
 */
export async function twinOf(
  ctx: ViewNeeds,
  repository: ReadableRepository,
  manifest: Manifest,
): Promise<Manifest | undefined> {
  const known = await findTwin(ctx, manifest);
  if (known !== undefined) return known === 'none' ? undefined : known;
  try {
    await createTwin(ctx, repository, manifest);
  } catch (error) {
    // The manifest or a blob was deleted at this moment.
    if (!isForeignKeyViolation(error)) throw error;
  }
  const created = await findTwin(ctx, manifest);
  return created === 'none' ? undefined : created;
}
