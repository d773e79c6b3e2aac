import { AppError } from '../platform/errors';

/** How much may be stored. */
export interface StorageLimits {
  /** of all layers together; undefined: no limit of ours */
  readonly limitBytes: number | undefined;
  /** what must stay free on the disk: Postgres often has its files there, too */
  readonly reserveBytes: number;
  /** what is thrown when the limit is reached; undefined: `storage_full` of the whole server */
  readonly overLimit?: () => AppError;
}

/** Who knows how full it is. */
export interface StorageGauge {
  /** of all layers together, of all processes */
  readonly usedBytes: () => Promise<number>;
  /** what the store has room for; undefined when there is no saying */
  readonly freeBytes: () => Promise<number | undefined>;
}

function serverIsFull(): AppError {
  return new AppError('storage_full', 'The storage is full: the layers have reached the limit of this server');
}

const AGE_LIMIT_MS = 5000;

/** Between two looks at the disk. */
const LOOK_BYTES = 4 * 1024 * 1024;

/**
 * Refuses layers before the disk is full. Asking all processes' sum for each chunk would cost too much: the sum is some
 * seconds old, and what this process took in since then is added to it. So other processes may go over the limit by
 * what they take in within those seconds; what must stay free on the disk is looked at directly.
 */
export class StorageRoom {
  private usedBytes = 0;
  private askedAt = -Infinity;
  private asking: Promise<void> | undefined;
  private arrivingBytes = 0;

  constructor(
    private readonly limits: StorageLimits,
    private readonly gauge: StorageGauge,
  ) {}

  /**
   * Passes an upload's bytes on as long as there is room; asks before the first one.
   *
   * @throws AppError `storage_full`, or what `overLimit` gives
   */
  async *admit(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    await this.look();
    this.assertBelowLimit(1);
    let ownBytes = 0;
    let nextLook = LOOK_BYTES;
    try {
      for await (const chunk of bytes) {
        ownBytes += chunk.length;
        this.arrivingBytes += chunk.length;
        if (ownBytes >= nextLook) {
          await this.look();
          nextLook = ownBytes + LOOK_BYTES;
        }
        this.assertBelowLimit(0);
        yield chunk;
      }
    } finally {
      this.arrivingBytes -= ownBytes;
    }
  }

  /** Whether a layer that arrives now is refused. */
  async isFull(): Promise<boolean> {
    const { limitBytes = Infinity, reserveBytes } = this.limits;
    if (limitBytes !== Infinity && this.isStale()) await this.ask();
    const freeBytes = (await this.gauge.freeBytes()) ?? Infinity;
    return freeBytes <= reserveBytes || this.usedBytes + this.arrivingBytes >= limitBytes;
  }

  /** Counts what was stored until the sum of all is asked for again. */
  stored(sizeBytes: number): void {
    this.usedBytes += sizeBytes;
  }

  private async look(): Promise<void> {
    const { limitBytes, reserveBytes } = this.limits;
    if (limitBytes !== undefined && this.isStale()) await this.ask();
    const freeBytes = reserveBytes === 0 ? undefined : await this.gauge.freeBytes();
    if (freeBytes === undefined || freeBytes > reserveBytes) return;
    throw new AppError('storage_full', 'The storage is full: the disk has no room for more layers');
  }

  private isStale(): boolean {
    return performance.now() - this.askedAt > AGE_LIMIT_MS;
  }

  private assertBelowLimit(moreBytes: number): void {
    if (this.usedBytes + this.arrivingBytes + moreBytes <= (this.limits.limitBytes ?? Infinity)) return;
    throw this.limits.overLimit?.() ?? serverIsFull();
  }

  /** Many uploads ask once. */
  private async ask(): Promise<void> {
    this.asking ??= this.gauge.usedBytes().then(
      (usedBytes) => {
        this.usedBytes = usedBytes;
        this.askedAt = performance.now();
        this.asking = undefined;
      },
      (error: unknown) => {
        this.asking = undefined;
        throw error;
      },
    );
    await this.asking;
  }
}
