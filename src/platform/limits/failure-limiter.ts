import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/db';
import { query } from '../db/query';

/*
 * Counts of failures, in Postgres, so that all processes see the same count. They use its clock, so that no host's
 * clock ends a pause early or makes it last a day longer.
 *
 * An attempt is counted before it is made (`take`), in one statement, so that any number of simultaneous guesses cannot
 * exceed the limit. A successful attempt is given back. While undecided attempts use up the limit, others wait for them
 * and are not refused: a fleet that logs in at once with correct passwords is not guessing.
 */

/** How many failures are too many. */
export interface FailureLimit {
  /** The name that distinguishes the limits in the table. */
  readonly name: string;
  /** The number of failures that starts a pause; at least 2. */
  readonly failures: number;
  /** The time over which failures are counted. */
  readonly windowSeconds: number;
  /** How long every attempt is refused then; afterwards the count starts again. */
  readonly blockSeconds: number;
  /**
   * If set, one failure after a pause starts the next pause, and each pause is twice as long as the one before, up to
   * this.
   */
  readonly longestBlockSeconds?: number;
}

/**
 * How long others wait for undecided attempts, in milliseconds: half a minute in total. A whole fleet that shares an
 * address logs in at once, each with the right password, and a busy server checks about thirty passwords a second.
 */
const WAITS_MS = [50, 100, 200, 400, 800, ...Array.from({ length: 19 }, () => 1500)];

/**
 * An attempt that was not decided within this time, in seconds, never will be, because its process is gone. It counts
 * as failed.
 */
const DECIDED_WITHIN = 30;

const TABLE = 'failure_counts';

const IS_OVER = 'c.ends_at <= now()';

/** $1 key, $2 failures, $3 window, $4 pause, $5 longest pause or null */
const PAUSE = `make_interval(secs => least($4::float8 * case when $5::float8 is null then 1 else power(2, c.rounds) end,
  coalesce($5::float8, $4::float8)))`;

/** The consequences of one failure too many. */
const PAUSED = {
  rounds: 'c.rounds + 1',
  blocked_until: `now() + ${PAUSE}`,
  tries: 'case when $5::float8 is null then c.tries else $2::int - 1 end',
  ends_at: `now() + ${PAUSE} + case when $5::float8 is null then interval '0' else make_interval(secs => $3::float8) end`,
};

const TAKE = `insert into ${TABLE} as c (key, tries, pending, ends_at)
  values ($1, 1, 1, now() + make_interval(secs => $3::float8))
  on conflict (key) do update set
    tries = case when ${IS_OVER} then 1 else c.tries + 1 end,
    pending = case when ${IS_OVER} then 1 else c.pending + 1 end,
    rounds = case when ${IS_OVER} then 0 else c.rounds end,
    blocked_until = '-infinity',
    taken_at = now(),
    ends_at = case when ${IS_OVER} then excluded.ends_at else c.ends_at end
  where ${IS_OVER} or (c.blocked_until <= now() and c.tries < $2)
  returning 1 as one`;

const COUNT = `insert into ${TABLE} as c (key, tries, ends_at)
  values ($1, 1, now() + make_interval(secs => $3::float8))
  on conflict (key) do update set
    tries = case when ${IS_OVER} then 1 when c.tries + 1 - c.pending >= $2 then ${PAUSED.tries} else c.tries + 1 end,
    pending = case when ${IS_OVER} then 0 else c.pending end,
    rounds = case when ${IS_OVER} then 0 when c.tries + 1 - c.pending >= $2 then ${PAUSED.rounds} else c.rounds end,
    blocked_until = case when not ${IS_OVER} and c.tries + 1 - c.pending >= $2 then ${PAUSED.blocked_until}
      else '-infinity' end,
    ends_at = case when ${IS_OVER} then excluded.ends_at when c.tries + 1 - c.pending >= $2 then ${PAUSED.ends_at}
      else c.ends_at end
  where ${IS_OVER} or c.blocked_until <= now()
  returning c.blocked_until > now() as is_blocked`;

function decided(isTooMany: string, pending: string): string {
  return `update ${TABLE} c set
    pending = ${pending},
    tries = case when ${isTooMany} then ${PAUSED.tries} else c.tries end,
    rounds = case when ${isTooMany} then ${PAUSED.rounds} else c.rounds end,
    blocked_until = case when ${isTooMany} then ${PAUSED.blocked_until} else c.blocked_until end,
    ends_at = case when ${isTooMany} then ${PAUSED.ends_at} else c.ends_at end
  where c.key = $1 and c.ends_at > now() and c.blocked_until <= now()`;
}

const PENDING_AFTER = 'greatest(c.pending - 1, 0)';

const FAIL = `${decided(`c.tries - ${PENDING_AFTER} >= $2`, PENDING_AFTER)}
  returning c.blocked_until > now() as is_blocked`;

/** Undecided attempts have used up the limit. */
const ABANDON = `${decided('true', '0')} and c.tries >= $2 and c.taken_at <= now() - make_interval(secs => $6::float8)`;

const STATE = `select greatest(ceil(extract(epoch from c.blocked_until - now())), 0)::int as seconds
  from ${TABLE} c where c.key = $1 and c.ends_at > now() and c.blocked_until > now()`;

/** Counts failures by subject. */
export class FailureLimiter {
  private readonly counted = { failures: 0, pauses: 0 };

  constructor(
    private readonly db: Db,
    private readonly limit: FailureLimit,
  ) {}

  /** How many failures this process has counted since it started, and how many of them began a pause. */
  get figures(): { readonly failures: number; readonly pauses: number } {
    return this.counted;
  }

  private note(isBlocked: boolean): void {
    this.counted.failures += 1;
    if (isBlocked) this.counted.pauses += 1;
  }

  private values(subject: string): unknown[] {
    const { failures, windowSeconds, blockSeconds, longestBlockSeconds } = this.limit;
    return [this.keyOf(subject), failures, windowSeconds, blockSeconds, longestBlockSeconds ?? null];
  }

  /** The key has a bounded length, whatever a client sends. */
  private keyOf(subject: string): string {
    return `${this.limit.name}:${createHash('sha256').update(subject).digest('base64url')}`;
  }

  /** Returns how long the subject must wait, in seconds; 0 if it need not. */
  async waitSeconds(subject: string): Promise<number> {
    const rows = await query<{ seconds: number }>(this.db, STATE, [this.keyOf(subject)]);
    return rows[0] === undefined ? 0 : Math.max(1, rows[0].seconds);
  }

  /**
   * Counts an attempt before it is made. Then call `giveBack` or `decideFailed`.
   *
   * @returns 0 when it may be made; otherwise nothing is counted, and this is how long to wait, in seconds
   */
  async take(subject: string): Promise<number> {
    const values = this.values(subject);
    for (const wait of [...WAITS_MS, 0]) {
      if ((await query(this.db, TAKE, values.slice(0, 3))).length > 0) return 0;
      const seconds = await this.waitSeconds(subject);
      if (seconds > 0) return seconds;
      await query(this.db, ABANDON, [...values, DECIDED_WITHIN]);
      await sleep(wait);
    }
    return 1;
  }

  /**
   * Records that an attempt that was taken has failed.
   *
   * @returns whether this failure reached the limit, so that the subject is blocked from now on
   */
  async decideFailed(subject: string): Promise<boolean> {
    const rows = await query<{ is_blocked: boolean }>(this.db, FAIL, this.values(subject));
    const isBlocked = rows[0]?.is_blocked === true;
    this.note(isBlocked);
    return isBlocked;
  }

  /**
   * Gives back an attempt that succeeded or could not be made: it does not count.
   *
   * @param options.forgets - whether earlier failures no longer count either
   */
  async giveBack(subject: string, options: { readonly forgets: boolean } = { forgets: false }): Promise<void> {
    const left = options.forgets ? 'greatest(pending - 1, 0)' : 'greatest(tries - 1, 0)';
    await query(
      this.db,
      `update ${TABLE} set tries = ${left}, pending = greatest(pending - 1, 0)
       where key = $1 and blocked_until <= now() and ends_at > now()`,
      [this.keyOf(subject)],
    );
  }

  /**
   * Counts something that is requested rather than attempted: there is nothing to decide later.
   *
   * @returns whether it reached the limit; and how long to wait, in seconds, 0 when it may be done
   */
  async count(subject: string): Promise<{ isReached: boolean; waitSeconds: number }> {
    const rows = await query<{ is_blocked: boolean }>(this.db, COUNT, this.values(subject));
    const isReached = rows[0]?.is_blocked === true;
    this.note(isReached);
    const isBlocked = rows[0] === undefined || isReached;
    return { isReached, waitSeconds: isBlocked ? Math.max(1, await this.waitSeconds(subject)) : 0 };
  }

  /**
   * Counts one more failure for which no attempt was taken.
   *
   * @returns whether this failure reached the limit, so that the subject is blocked from now on
   */
  async fail(subject: string): Promise<boolean> {
    return (await this.count(subject)).isReached;
  }

  /** Forgets the subject's failures, and ends its pause. */
  async forgive(subject: string): Promise<void> {
    await query(this.db, `delete from ${TABLE} where key = $1`, [this.keyOf(subject)]);
  }
}

/** Removes expired counts, which nothing else does. */
export async function forgetOldCounts(db: Db): Promise<void> {
  await query(db, `delete from ${TABLE} where ends_at < now()`);
  // An older server on the same database keeps its counts here, in milliseconds of its own clock.
  await query(db, 'delete from rate_limits where expire < extract(epoch from now()) * 1000');
}
