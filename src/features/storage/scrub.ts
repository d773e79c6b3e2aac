import { createHash } from 'node:crypto';
import type { Needs } from '../../context';
import type { BlobNeeds, SizedBlobRef } from './blobs';
import { damageFrom, setAside, type DamagedBlob } from './damage';
import type { BlobDamage } from './damage.store';
import { Pace } from './pace';
import * as store from './scrub.store';

/*
 * Scrubbing reads stored layers back and compares them with their digests, the least recently read first, so that the
 * next run continues one that ended early. Damaged layers are set aside (`damage.ts`).
 *
 * Where a store checks digests itself, and protects the bytes from then on, its word is enough for most of these layers;
 * a share of them is read in each run all the same.
 */

/** How to scrub. */
export interface ScrubOptions {
  /** skips layers that were read back within this time */
  readonly olderThanMs: number;
  /** undefined: as fast as the disk */
  readonly bytesPerSecond: number | undefined;
  /** which share is read of the layers for which the store has a checksum, from 0 to 1; undefined: a twentieth */
  readonly readShare?: number;
  /** ends early, even in the middle of a layer */
  readonly signal?: AbortSignal;
  /** called after every layer that was read */
  readonly onProgress?: (progress: ScrubProgress) => void;
}

/** The progress of a scrub. */
export interface ScrubProgress {
  readonly layers: number;
  readonly bytes: number;
  readonly damaged: number;
  /** what there was to read at the start */
  readonly totalLayers: number;
  readonly totalBytes: number;
}

/** The result of a scrub. */
export interface Scrubbed {
  /** the layers that were read back, or were missing, or for which the store vouched */
  readonly layers: number;
  /** those for which it did, which were not read; undefined: none */
  readonly vouched?: number;
  /** their expected size together */
  readonly bytes: number;
  /** layers that cannot be served, whether found now or before */
  readonly damaged: readonly DamagedBlob[];
  /** digests of layers that had been damaged, and whose bytes are there again */
  readonly restored: readonly string[];
}

const AT_ONCE = 50;
const READ_SHARE = 1 / 20;

/**
 * Reads a blob back.
 *
 * @param take - called with the number of bytes after each part
 * @returns undefined when it is whole
 */
export async function findDamage(
  ctx: Needs<'blobs'>,
  { digest, storageKey, sizeBytes }: SizedBlobRef,
  take: (bytes: number) => Promise<void> = () => Promise.resolve(),
): Promise<BlobDamage | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of await ctx.blobs.read(storageKey, undefined, sizeBytes)) {
      hash.update(chunk as Buffer);
      await take((chunk as Buffer).length);
    }
  } catch (error) {
    const damage = damageFrom(error);
    if (damage === undefined) throw error;
    return damage;
  }
  return `sha256:${hash.digest('hex')}` === digest ? undefined : 'wrong bytes';
}

/** A scrub in progress. */
class Run {
  layers = 0;
  bytes = 0;
  vouched = 0;
  readonly damaged: DamagedBlob[] = [];
  readonly restored: string[] = [];

  constructor(
    private readonly ctx: BlobNeeds,
    private readonly readShare = READ_SHARE,
  ) {}

  async check(blob: store.BlobRow, pace: Pace): Promise<void> {
    const ref = { digest: blob.digest, storageKey: blob.storage_key, sizeBytes: blob.size_bytes };
    const isVouchedFor = !blob.is_damaged && (await this.isVouchedFor(ref));
    if (isVouchedFor) this.vouched += 1;
    const damage = isVouchedFor ? undefined : await findDamage(this.ctx, ref, (bytes) => pace.take(bytes));
    this.layers += 1;
    this.bytes += blob.size_bytes;
    if (damage !== undefined) {
      const found = await setAside(this.ctx, ref, damage);
      if (found !== undefined) this.damaged.push(found);
      return;
    }
    await store.markVerified(this.ctx.db, blob.digest, blob.storage_key);
    if (!blob.is_damaged) return;
    this.restored.push(blob.digest);
    this.ctx.log.info({ digest: blob.digest }, 'a damaged layer is intact again');
  }

  /** Whether the layer need not be read: the store says that its bytes are right. */
  private async isVouchedFor({ digest, storageKey, sizeBytes }: SizedBlobRef): Promise<boolean> {
    if (Math.random() < this.readShare) return false;
    return (await this.ctx.blobs.checkedDigest(storageKey, sizeBytes)) === digest;
  }
}

/**
 * Reads stored layers back, sets damaged ones aside, and reports the repositories that have them. It uses constant
 * memory, and runs at the same time as all other work. It also resolves if the signal ends it early.
 */
export async function scrub(ctx: BlobNeeds, options: ScrubOptions): Promise<Scrubbed> {
  const { signal, onProgress } = options;
  const startedAt = await store.now(ctx.db);
  const pace = new Pace(options.bytesPerSecond, signal);
  const run = new Run(ctx, options.readShare);
  const total = await store.countUnverified(ctx.db, startedAt, options.olderThanMs);
  const totals = { totalLayers: total.layers, totalBytes: total.bytes };
  try {
    for (;;) {
      const blobs = await store.listUnverified(ctx.db, startedAt, options.olderThanMs, AT_ONCE);
      if (blobs.length === 0) break;
      for (const blob of blobs) {
        signal?.throwIfAborted();
        await run.check(blob, pace);
        onProgress?.({ layers: run.layers, bytes: run.bytes, damaged: run.damaged.length, ...totals });
      }
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
  const { layers, bytes, vouched, damaged, restored } = run;
  return { layers, bytes, damaged, restored, ...(vouched > 0 && { vouched }) };
}
