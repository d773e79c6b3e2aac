import { AppError } from '../platform/errors';

/** How much may be stored. */
export interface StorageLimits {
  /** The limit for all layers together; undefined: no configured limit. */
  readonly limitBytes: number | undefined;
  /** How much must stay free on the disk: Postgres often has its files there, too. */
  readonly reserveBytes: number;
  /** Creates the error to throw when the limit is reached; undefined: `storage_full` of the whole server. */
  readonly overLimit?: () => AppError;
}

/** Where the current usage is read. */
export interface StorageGauge {
  /** The size of all layers together, of all processes. */
  readonly usedBytes: () => Promise<number>;
  /** The room that the store has; undefined if that cannot be known. */
  readonly freeBytes: () => Promise<number | undefined>;
}

function serverIsFull(): AppError {
  return new AppError('storage_full', 'The storage is full: the layers have reached the limit of this server');
}

/** The total is read again after some seconds, or after much longer than it takes to read it. */
const AGE_LIMIT_MS = 5000;
const AGE_IN_READS = 20;

/** Up to this share of the limit, a total that is some seconds old is good enough: nobody stores the rest in that time. */
const FAR_BELOW = 0.5;

/** The time between two checks of the disk. */
const LOOK_BYTES = 4 * 1024 * 1024;

/**
 * Refuses layers before the disk is full. Asking for the total of all processes for each chunk would cost too much: the
 * total is a few seconds old, and the bytes that this process has received since then are added to it. So other
 * processes may exceed the limit by what they receive within those seconds; the free space on the disk is checked
 * directly.
 */
export class StorageRoom {
  private usedBytes = 0;
  private freshUntil = -Infinity;
  private asking: Promise<void> | undefined;
  private arrivingBytes = 0;
  // These may be counted above, too, if they arrived here: they say only how much there may be at most.
  private recordingBytes = 0;
  private recordedBytes = 0;

  constructor(
    private readonly limits: StorageLimits,
    private readonly gauge: StorageGauge,
  ) {}

  /**
   * Passes an upload's bytes on as long as there is room; checks before the first one. They count from their arrival
   * until the work on them has ended, including hashing, writing and recording them, so that simultaneous uploads
   * cannot all find the same room free.
   *
   * @param use - consumes the admitted bytes, and resolves to how many of them are stored
   * @throws AppError `storage_full`, or the error of `overLimit`, from the stream that `use` reads; whatever `use`
   *   throws
   */
  async hold(bytes: AsyncIterable<Buffer>, use: (admitted: AsyncIterable<Buffer>) => Promise<number>): Promise<void> {
    const own = { bytes: 0 };
    try {
      const storedBytes = await use(this.admit(bytes, own));
      this.usedBytes += storedBytes;
    } finally {
      this.arrivingBytes -= own.bytes;
    }
  }

  /** Whether a layer that arrives now is refused. */
  async isFull(): Promise<boolean> {
    const { limitBytes = Infinity, reserveBytes } = this.limits;
    if (limitBytes !== Infinity && this.isStale()) await this.ask();
    const freeBytes = (await this.gauge.freeBytes()) ?? Infinity;
    return freeBytes <= reserveBytes || this.usedBytes + this.arrivingBytes >= limitBytes;
  }

  /**
   * Counts bytes that have arrived earlier, perhaps at another process, while `record` records them.
   *
   * @param record - `isFar`: with these bytes the total stays so far below the limit that nobody needs to read it exactly
   */
  async holdArrived<T>(bytes: number, record: (isFar: boolean) => Promise<T>): Promise<T> {
    if (this.isStale()) await this.ask();
    this.recordingBytes += bytes;
    const { limitBytes = Infinity } = this.limits;
    const mostBytes = this.usedBytes + this.arrivingBytes + this.recordingBytes + this.recordedBytes;
    try {
      const recorded = await record(mostBytes <= FAR_BELOW * limitBytes);
      this.recordedBytes += bytes;
      return recorded;
    } finally {
      this.recordingBytes -= bytes;
    }
  }

  private async *admit(bytes: AsyncIterable<Buffer>, own: { bytes: number }): AsyncGenerator<Buffer> {
    await this.look();
    this.assertBelowLimit(1);
    let nextLook = LOOK_BYTES;
    for await (const chunk of bytes) {
      own.bytes += chunk.length;
      this.arrivingBytes += chunk.length;
      if (own.bytes >= nextLook) {
        await this.look();
        nextLook = own.bytes + LOOK_BYTES;
      }
      this.assertBelowLimit(0);
      yield chunk;
    }
  }

  private async look(): Promise<void> {
    const { limitBytes, reserveBytes } = this.limits;
    if (limitBytes !== undefined && this.isStale()) await this.ask();
    const freeBytes = reserveBytes === 0 ? undefined : await this.gauge.freeBytes();
    if (freeBytes === undefined || freeBytes > reserveBytes) return;
    throw new AppError('storage_full', 'The storage is full: the disk has no room for more layers');
  }

  private isStale(): boolean {
    return performance.now() > this.freshUntil;
  }

  private assertBelowLimit(moreBytes: number): void {
    if (this.usedBytes + this.arrivingBytes + moreBytes <= (this.limits.limitBytes ?? Infinity)) return;
    throw this.limits.overLimit?.() ?? serverIsFull();
  }

  /** Simultaneous uploads share one check. */
  private async ask(): Promise<void> {
    const askedAt = performance.now();
    this.asking ??= this.gauge.usedBytes().then(
      (usedBytes) => {
        this.usedBytes = usedBytes;
        this.recordedBytes = 0;
        const now = performance.now();
        this.freshUntil = now + Math.max(AGE_LIMIT_MS, AGE_IN_READS * (now - askedAt));
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
