import { AppError } from '../../platform/errors';
import { severalAtOnce } from '../../platform/limits/several-at-once';
import type { BlobNeeds } from './blobs';
import { copyBlob, lookAtBlob, type BlobToCopy, type CopyOutcome, type CopyRoute } from './copy-blob';
import * as store from './copy.store';
import type { DamagedBlob } from './damage';
import { Pace } from './pace';

const LISTED_AT_ONCE = 500;

/** How to copy. */
export interface CopyOptions {
  /** to the other place, before servers write there; otherwise to the current one */
  readonly toOther: boolean;
  /** looks at lengths, and changes nothing */
  readonly isDryRun: boolean;
  /** undefined: no limit */
  readonly bytesPerSecond: number | undefined;
  /** what must stay free on a disk */
  readonly reserveBytes: number;
  /** how many blobs are copied at once */
  readonly atOnce: number;
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** How far a copy is. */
export interface CopyProgress extends store.BlobCount {
  /** what was not known to be there at the start */
  readonly total: store.BlobCount;
  readonly damaged: number;
}

const NOTHING: store.BlobCount = { blobs: 0, bytes: 0 };

/** A copy in progress. */
export class CopyRun {
  copied = NOTHING;
  present = NOTHING;
  done = NOTHING;
  readonly damaged = new Map<string, DamagedBlob>();

  constructor(
    private readonly ctx: BlobNeeds,
    private readonly route: CopyRoute,
    private readonly options: CopyOptions,
    private readonly signal: AbortSignal,
    private readonly total: store.BlobCount,
  ) {}

  /** Goes through all blobs that are not known to be there. @returns how many it copied */
  async pass(): Promise<number> {
    const before = this.copied.blobs;
    const { atOnce, isDryRun, bytesPerSecond } = this.options;
    const pace = new Pace(bytesPerSecond, this.signal);
    await severalAtOnce(this.left(), atOnce, async (blob) => {
      this.signal.throwIfAborted();
      if (isDryRun) {
        this.count(blob, await lookAtBlob(this.route, blob));
        return;
      }
      await this.assertRoom(blob);
      this.count(blob, await copyBlob(this.ctx, this.route, blob, { pace, signal: this.signal }));
    });
    return this.copied.blobs - before;
  }

  private async assertRoom({ sizeBytes }: BlobToCopy): Promise<void> {
    const free = await this.route.to.freeBytes();
    if (free === undefined || free - sizeBytes >= this.options.reserveBytes) return;
    const message =
      'There is no room for all layers, as DRYDOCK_STORAGE_RESERVE must stay free: run this again when there is';
    throw new AppError('storage_full', message);
  }

  private count({ digest, sizeBytes }: BlobToCopy, outcome: CopyOutcome): void {
    const add = (to: store.BlobCount): store.BlobCount => ({ blobs: to.blobs + 1, bytes: to.bytes + sizeBytes });
    if (outcome === 'copied') this.copied = add(this.copied);
    else if (outcome === 'present') this.present = add(this.present);
    else if (outcome !== 'gone') this.damaged.set(digest, outcome);
    this.done = add(this.done);
    this.options.onProgress?.({ ...this.done, total: this.total, damaged: this.damaged.size });
  }

  private async *left(): AsyncIterable<BlobToCopy> {
    for (let after = ''; ;) {
      const rows = await store.listLeft(this.ctx.db, this.route.toId, after, LISTED_AT_ONCE);
      for (const row of rows) {
        after = row.digest;
        const { digest, size_bytes: sizeBytes, storage_key: storageKey, is_damaged: isDamaged } = row;
        yield { digest, sizeBytes, storageKey, isDamaged };
      }
      if (rows.length < LISTED_AT_ONCE) return;
    }
  }
}
