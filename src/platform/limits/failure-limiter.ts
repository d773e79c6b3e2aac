import { createHash } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Db } from '../db/db';
import { translateOutage, translatingOutages } from '../db/outage';
import { query } from '../db/query';

/** How many failures are too many. */
export interface FailureLimit {
  /** distinguishes the limits in the table */
  readonly name: string;
  /** the last of these is one too many */
  readonly failures: number;
  /** over which the failures are counted */
  readonly windowSeconds: number;
  /** how long nothing is let through then; afterwards the count begins anew */
  readonly blockSeconds: number;
}

/** The table that `migrations` makes for all limits. */
const TABLE = 'rate_limits';

/** Counts failures in Postgres, so that all processes see the same count. */
export class FailureLimiter {
  private readonly limiter: RateLimiterPostgres;

  constructor(db: Db, limit: FailureLimit) {
    this.limiter = new RateLimiterPostgres({
      storeClient: db,
      storeType: 'knex',
      tableName: TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false, // a job does it, once for all processes
      keyPrefix: limit.name,
      points: limit.failures - 1, // the library blocks what goes beyond
      duration: limit.windowSeconds,
      blockDuration: limit.blockSeconds,
    });
  }

  /** How long the subject must wait, in seconds; 0 when it need not. */
  async waitSeconds(subject: string): Promise<number> {
    const state = await translatingOutages(() => this.limiter.get(keyOf(subject)));
    const isBlocked = state !== null && state.consumedPoints > this.limiter.points;
    return isBlocked ? Math.max(1, Math.ceil(state.msBeforeNext / 1000)) : 0;
  }

  /**
   * Counts one more failure.
   *
   * @returns whether it was the one too many, so that the subject is blocked from now on
   */
  async fail(subject: string): Promise<boolean> {
    try {
      await this.limiter.consume(keyOf(subject));
      return false;
    } catch (error) {
      // What is no error is the library's word for: that was one too many.
      if (error instanceof RateLimiterRes) return error.consumedPoints === this.limiter.points + 1;
      throw translateOutage(error);
    }
  }

  /** Forgets the subject's failures. */
  async forgive(subject: string): Promise<void> {
    await translatingOutages(() => this.limiter.delete(keyOf(subject)));
  }
}

/** Removes the counts that are over: nothing else does. */
export async function forgetOldCounts(db: Db): Promise<void> {
  await query(db, `delete from ${TABLE} where expire < $1`, [Date.now()]);
}

/** Of bounded length, whatever a stranger sends. */
function keyOf(subject: string): string {
  return createHash('sha256').update(subject).digest('base64url');
}
