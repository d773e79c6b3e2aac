import type { Needs } from '../../context';
import { findDamage } from '../storage/scrub';
import { findStorageKey } from './dump.store';
import type { ListedLayer } from './layer-list';
import type { ProgressCounter } from './progress';
import { markDamaged } from './restore.store';
import { severalAtOnce } from '../../platform/limits/several-at-once';

const AT_ONCE = 2;

/**
 * Reads restored layers back, and marks those that are damaged.
 *
 * @param missing - the digests of layers that were not restored
 * @returns the digests of those that are damaged
 */
export async function verifyStored(
  ctx: Needs<'db' | 'blobs'>,
  layers: AsyncIterable<ListedLayer>,
  missing: ReadonlySet<string>,
  progress: ProgressCounter,
): Promise<string[]> {
  const damaged: string[] = [];
  await severalAtOnce(layers, AT_ONCE, async ({ digest, sizeBytes }) => {
    if (!missing.has(digest)) {
      const storageKey = (await findStorageKey(ctx.db, digest)) ?? '';
      const damage = await findDamage(ctx, { digest, sizeBytes, storageKey });
      if (damage !== undefined) {
        damaged.push(digest);
        await markDamaged(ctx.db, digest, damage);
      }
    }
    progress.add(sizeBytes);
  });
  return damaged;
}
