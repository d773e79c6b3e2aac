import { filesAsJson, type Asker, type InspectionNeeds } from './inspection/inspection';
import { layerToRead } from './images';
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
