import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Needs } from '../../context';
import { hasCode } from '../../platform/error-code';
import { layerFile } from './folder';
import type { ListedLayer } from './layer-list';
import type { ProgressCounter } from './progress';
import * as store from './restore.store';
import { severalAtOnce } from '../../platform/limits/several-at-once';

const AT_ONCE = 4;
const READ_BYTES = 1024 * 1024;

async function isStored(ctx: Needs<'db' | 'blobs'>, { digest, sizeBytes }: ListedLayer): Promise<boolean> {
  const key = await store.findLayer(ctx.db, digest);
  return key !== undefined && (await ctx.blobs.size(key)) === sizeBytes;
}

/** @returns false when the backup has no such bytes */
async function storeLayer(
  ctx: Needs<'db' | 'blobs'>,
  file: string,
  { digest, sizeBytes }: ListedLayer,
): Promise<boolean> {
  const found = await stat(file).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found?.size !== sizeBytes) return false;
  const stored = await ctx.blobs.write(createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>);
  if (stored.digest !== digest) {
    await ctx.blobs.delete([stored.key]);
    return false;
  }
  await store.addLayer(ctx.db, digest, stored.key);
  return true;
}

/**
 * Stores the layers of a backup that are not stored yet.
 *
 * @returns the digests of those that the backup does not have, or not as they should be
 */
export async function restoreLayers(
  ctx: Needs<'db' | 'blobs'>,
  directory: string,
  layers: AsyncIterable<ListedLayer>,
  { stopping, progress }: { readonly stopping: AbortSignal; readonly progress: ProgressCounter },
): Promise<string[]> {
  const missing: string[] = [];
  await severalAtOnce(layers, AT_ONCE, async (layer) => {
    stopping.throwIfAborted();
    const file = layerFile(directory, layer.digest);
    if (!(await isStored(ctx, layer)) && !(await storeLayer(ctx, file, layer))) missing.push(layer.digest);
    progress.add(layer.sizeBytes);
  });
  return missing;
}
