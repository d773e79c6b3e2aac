import { rm, stat } from 'node:fs/promises';
import type { Needs } from '../../context';
import { replaceFile, writePrivateFile } from '../../platform/files/private-files';
import { damageFrom, type DamagedBlob } from '../storage/damage';
import * as store from './dump.store';
import { arrivingFile, layerFile } from './folder';
import type { ListedLayer } from './layer-list';
import { ProgressCounter, type OnProgress } from './progress';
import { severalAtOnce } from '../../platform/limits/several-at-once';

type BlobDamage = DamagedBlob['damage'];

/** Layers are small more often than not, and each waits for the disk. */
const AT_ONCE = 4;

/** A layer that could not be copied. */
export interface DamagedLayer {
  readonly digest: string;
  readonly damage: BlobDamage;
}

/** What was copied. */
export interface CopiedLayers {
  readonly newLayers: number;
  readonly newBytes: number;
  readonly damaged: readonly DamagedLayer[];
}

async function isThere(file: string, sizeBytes: number): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === sizeBytes;
}

/** Copies the bytes under a key, unless they are not those of the layer. */
async function copyFrom(
  ctx: Needs<'blobs'>,
  directory: string,
  { digest, sizeBytes, storageKey }: ListedLayer,
): Promise<BlobDamage | undefined> {
  const arriving = arrivingFile(directory);
  try {
    const bytes = await ctx.blobs.read(storageKey, undefined, sizeBytes);
    const { sha256 } = await writePrivateFile(arriving, bytes as AsyncIterable<Buffer>);
    if (digest !== `sha256:${sha256}`) return 'wrong bytes';
    await replaceFile(arriving, layerFile(directory, digest));
    return undefined;
  } catch (error) {
    const damage = damageFrom(error);
    if (damage === undefined) throw error;
    return damage;
  } finally {
    await rm(arriving, { force: true });
  }
}

/** A push may have replaced damaged bytes since the snapshot. */
async function copyLayer(
  ctx: Needs<'db' | 'blobs'>,
  directory: string,
  layer: ListedLayer,
): Promise<BlobDamage | undefined> {
  const damage = await copyFrom(ctx, directory, layer);
  if (damage === undefined) return undefined;
  const storageKey = await store.findStorageKey(ctx.db, layer.digest);
  if (storageKey === undefined || storageKey === layer.storageKey) return damage;
  return copyFrom(ctx, directory, { ...layer, storageKey });
}

/**
 * Copies the layers that the directory lacks, and compares each with its digest.
 *
 * @param stopping - ends it early
 * @throws the reason of `stopping`
 */
export async function copyLayers(
  ctx: Needs<'db' | 'blobs'>,
  directory: string,
  layers: AsyncIterable<ListedLayer>,
  options: {
    readonly count: number;
    readonly totalBytes: number;
    readonly stopping: AbortSignal;
    readonly onProgress: OnProgress | undefined;
  },
): Promise<CopiedLayers> {
  const { count, totalBytes, stopping, onProgress } = options;
  const progress = new ProgressCounter('layers', count, totalBytes, onProgress);
  const damaged: DamagedLayer[] = [];
  let [newLayers, newBytes] = [0, 0];
  await severalAtOnce(layers, AT_ONCE, async (layer) => {
    stopping.throwIfAborted();
    const { digest, sizeBytes } = layer;
    if (!(await isThere(layerFile(directory, digest), sizeBytes))) {
      const damage = await copyLayer(ctx, directory, layer);
      if (damage === undefined) [newLayers, newBytes] = [newLayers + 1, newBytes + sizeBytes];
      else damaged.push({ digest, damage });
    }
    progress.add(sizeBytes);
  });
  return { newLayers, newBytes, damaged };
}
