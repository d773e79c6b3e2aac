import type { Db } from '../../platform/db/db';
import * as pending from './pending-writes.store';

/** A slow client may send nothing for minutes. */
const SIGN_OF_LIFE_MS = 5 * 60_000;

/** The writes of this process, which show a sign of life every few minutes by the clock of the database. */
export class LivingWrites {
  private readonly writes = new Map<string, Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Db,
    private readonly everyMs = SIGN_OF_LIFE_MS,
  ) {}

  /** Keeps a write alive while `work` goes on. */
  async during<T>(key: string, work: () => Promise<T>): Promise<T> {
    const write = work();
    this.writes.set(key, write);
    this.timer ??= setInterval(() => void this.touchAll(), this.everyMs).unref();
    try {
      return await write;
    } finally {
      this.writes.delete(key);
      if (this.writes.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    }
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    while (this.writes.size > 0) await Promise.allSettled(this.writes.values());
  }

  private async touchAll(): Promise<void> {
    await pending.touch(this.db, [...this.writes.keys()]).catch(() => undefined); // the next one may get through
  }
}
