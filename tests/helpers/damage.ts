import { createHash } from 'node:crypto';
import { open, readdir, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { Db } from '../../src/platform/db/db';
import type { TestImage } from './images';

/** Where layers are stored. */
export interface LayerPlace {
  readonly db: Db;
  readonly blobDir: string;
}

/** The digest of an image's layer. */
export function layerDigest({ layer }: TestImage): string {
  return `sha256:${createHash('sha256').update(layer).digest('hex')}`;
}

/** The file that has an image's layer. */
export async function layerFile({ db, blobDir }: LayerPlace, image: TestImage): Promise<string> {
  const row = await db<{ digest: string; storage_key: string }>('blobs')
    .where({ digest: layerDigest(image) })
    .first();
  if (row === undefined) throw new Error(`no layer of ${image.id} is stored`);
  return path.join(blobDir, row.storage_key);
}

/** What disks can do to layers. */
export const DAMAGES = {
  'wrong bytes': async (place: LayerPlace, image: TestImage): Promise<void> => {
    const file = await open(await layerFile(place, image), 'r+');
    const at = Math.floor(image.layer.length / 2);
    await file.write(Buffer.from([(image.layer[at] ?? 0) ^ 0x10]), 0, 1, at);
    await file.close();
  },
  'wrong size': async (place: LayerPlace, image: TestImage): Promise<void> =>
    truncate(await layerFile(place, image), image.layer.length - 1),
  missing: async (place: LayerPlace, image: TestImage): Promise<void> => rm(await layerFile(place, image)),
} as const;

/** The files below a folder of the storage tree, by name. */
export async function filesBelow(
  blobDir: string,
  folder: 'sha256' | 'quarantine' | 'uploads' | 'resumable',
): Promise<string[]> {
  const entries = await readdir(path.join(blobDir, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
