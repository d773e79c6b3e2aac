import type { Needs } from '../../context';
import { readLayer } from './images';
import type { Image } from './locate';
import { listFiles, type FileEntry } from './tar/file-list';

/**
 * What is in a layer (protocol 4.9).
 *
 * @throws AppError `invalid` when the layer is no archive that can be read, `too_large`, `unavailable` when it is damaged
 */
export async function listImageFiles(ctx: Needs<'db' | 'blobs' | 'log'>, image: Image): Promise<FileEntry[]> {
  const layer = await readLayer(ctx, image);
  try {
    return await listFiles(layer as AsyncIterable<Buffer>);
  } finally {
    layer.destroy();
  }
}
