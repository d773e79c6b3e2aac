import { AppError } from '../../platform/errors';
import type { SizedBlobRef } from '../storage/blobs';
import { layerIsDamaged } from '../storage/damage';
import { inProgress, layerToRead } from './images';
import * as store from './images.store';
import { diffAsJson, filesAsJson, type Asker, type InspectionNeeds } from './inspection/inspection';
import type { Image } from './image-by-id';

/**
 * The files of a layer (protocol 4.9), as JSON.
 *
 * @throws AppError `invalid` when the layer is not a readable archive, `too_large`, `busy`, `unavailable` when it is
 *   damaged or takes too long
 */
export async function listImageFiles(ctx: InspectionNeeds, asker: Asker, image: Image): Promise<Buffer> {
  return filesAsJson(ctx, asker, layerToRead(image));
}

function blobOf(layer: store.ChainLayerRow): SizedBlobRef {
  if (layer.is_damaged) throw layerIsDamaged();
  const { digest, storage_key: storageKey, size_bytes: sizeBytes } = layer;
  return { digest, storageKey, sizeBytes };
}

/**
 * The files that a layer deleted, changed and created relative to its ancestors, as JSON.
 *
 * @throws AppError `invalid` when a layer is not a readable archive, or an ancestor is being uploaded; `too_large`;
 *   `busy`; `unavailable` when a layer is damaged, or takes too long
 */
export async function diffImage(ctx: InspectionNeeds, asker: Asker, image: Image): Promise<Buffer> {
  const layers = await store.chainLayers(ctx.db, image.linkId, image.repositoryId);
  if (layers.length === 0) throw new AppError('not_found', 'Image not found');
  if (layers.length !== image.depth) throw inProgress();
  return diffAsJson(ctx, asker, layers.map(blobOf));
}
