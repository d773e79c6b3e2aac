import { AppError } from '../../platform/errors';
import { readManifest } from '../manifests/manifest-document';
import { isImageConfig } from '../manifests/manifest-kind';
import { findListed, getManifestBytes, type Manifest } from '../manifests/manifests';
import { isIndexType, MANIFEST_TYPES } from '../manifests/media-types';
import { USUAL_ARCHITECTURE } from '../manifests/platforms';
import type { ReadableRepository } from '../repositories/access';
import { otherArchitectureOf, readsZstd, type Engine } from '../tags/engine';
import { twinOf } from './docker-twins';
import type { ViewNeeds } from './image-views';
import { findManifestBlobs, readLayers } from './manifest-layers';

/*
 * What a client of v2 gets for a tag. Everyone gets the bytes that were pushed, except for engines that could not read
 * them (bridge 2): docker before 20.10 reads neither indexes nor manifests of OCI, and docker before 23 no zstd.
 */

/** A client that asks for a tag. */
export interface ManifestClient {
  /** the media types that it takes; undefined: everything */
  readonly accepted: ReadonlySet<string> | undefined;
  readonly engine: Engine;
}

/** Whether it knows docker's manifests, but not those of OCI. */
function readsOnlyDocker({ accepted }: ManifestClient): boolean {
  return accepted?.has(MANIFEST_TYPES.dockerManifest) === true && !accepted.has(MANIFEST_TYPES.ociManifest);
}

/** @returns undefined when a blob is missing now */
async function findZstd(ctx: ViewNeeds, manifest: Manifest): Promise<boolean | undefined> {
  const { config, layers } = readManifest(await getManifestBytes(ctx, manifest), manifest.mediaType);
  if (config === undefined || !isImageConfig(config.mediaType ?? '')) return false;
  if (layers.some(({ mediaType = '' }) => mediaType.endsWith('+zstd'))) return true;
  const known = await readLayers(ctx, ctx.db, layers, await findManifestBlobs(ctx.db, layers));
  return known?.some(({ compression }) => compression === 'zstd');
}

/** Whether a layer of the image is in zstd, by its media type or by its first bytes. */
async function hasZstd(ctx: ViewNeeds, manifest: Manifest): Promise<boolean> {
  const found = await ctx.cache.get(`zstd ${manifest.id}`, async () => {
    const isThere = await findZstd(ctx, manifest);
    return isThere === undefined ? undefined : Buffer.from([Number(isThere)]);
  });
  return found?.[0] === 1;
}

/** Damage does not keep a client from what was pushed; that layers are still being unpacked does. */
function isDamage(error: unknown): boolean {
  return error instanceof AppError && error.code === 'unavailable' && error.retryAfterSeconds === undefined;
}

/** An image, or its twin for a client that cannot read it. */
async function suitedImage(
  ctx: ViewNeeds,
  repository: ReadableRepository,
  manifest: Manifest,
  client: ManifestClient,
): Promise<Manifest> {
  const isReadable = manifest.mediaType !== MANIFEST_TYPES.ociManifest || !readsOnlyDocker(client);
  try {
    if (isReadable && (readsZstd(client.engine) || !(await hasZstd(ctx, manifest)))) return manifest;
    return (await twinOf(ctx, repository, manifest)) ?? manifest;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return manifest;
  }
}

/**
 * The manifest of a tag, for a client: as it was pushed; or for clients that cannot read it, the image that an index lists
 * for their architecture, or docker's schema 2 of the same image. What has none is what was pushed.
 *
 * @throws AppError as `twinOf`
 */
export async function suitedManifest(
  ctx: ViewNeeds,
  repository: ReadableRepository,
  manifest: Manifest,
  client: ManifestClient,
): Promise<Manifest> {
  if (!isIndexType(manifest.mediaType)) return suitedImage(ctx, repository, manifest, client);
  const { accepted, engine } = client;
  const readsIndex = accepted === undefined || accepted.has(manifest.mediaType);
  if (readsIndex && !readsOnlyDocker(client) && readsZstd(engine)) return manifest;
  const architecture = otherArchitectureOf(engine) ?? USUAL_ARCHITECTURE;
  const image = await findListed(ctx, repository, manifest, architecture);
  if (image === undefined) return manifest;
  const suited = await suitedImage(ctx, repository, image, client);
  return readsIndex && suited === image ? manifest : suited;
}
