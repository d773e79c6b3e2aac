import { setTimeout as sleep } from 'node:timers/promises';

const SHORTEST_SLEEP_MS = 5;

/** Limits the rate of bytes. */
export class Pace {
  private dueMs = performance.now();

  /**
   * @param bytesPerSecond - undefined: no limit
   * @param signal - ends a wait
   */
  constructor(
    private readonly bytesPerSecond: number | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Waits until these bytes are due; idle time is not made up for. */
  async take(sizeBytes: number): Promise<void> {
    this.signal?.throwIfAborted();
    if (this.bytesPerSecond === undefined) return;
    const nowMs = performance.now();
    this.dueMs = Math.max(this.dueMs, nowMs) + (sizeBytes / this.bytesPerSecond) * 1000;
    const waitMs = this.dueMs - nowMs;
    if (waitMs >= SHORTEST_SLEEP_MS) await sleep(waitMs, undefined, { signal: this.signal });
  }
}
