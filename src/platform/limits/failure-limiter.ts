import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/db';
import { query } from '../db/query';

/*
 * Counts of what failed, in Postgres, so that all processes see the same count; and by its clock, so that no host's clock
 * ends a pause early or makes it last a day longer.
 *
 * A try is counted before it is made (`take`), in one statement: of any number of guesses that come at once, no more are
 * made than the limit allows. A try that was right is given back. While tries that are not decided yet use the limit up,
 * others wait for them and are not refused: a fleet that logs in at once with right passwords is no guesser.
 */

/** How many failures are too many. */
export interface FailureLimit {
  /** distinguishes the limits in the table */
  readonly name: string;
  /** the last of these is one too many; at least 2 */
  readonly failures: number;
  /** over which the failures are counted */
  readonly windowSeconds: number;
  /** how long nothing is let through then; afterwards the count begins again */
  readonly blockSeconds: number;
  /** given: after a pause one more failure is too many, and each pause is twice as long as the one before, up to this */
  readonly longestBlockSeconds?: number;
}

/**
 * How long others wait for tries that are not decided yet, in milliseconds: half a minute in all. A whole fleet behind one
 * address logs in at once, each with the right password, and a busy server checks some thirty passwords a second.
 */
const WAITS_MS = [50, 100, 200, 400, 800, ...Array.from({ length: 19 }, () => 1500)];

/** A try that was not decided after this time, in seconds, never will be: its process is gone. It counts as failed. */
const DECIDED_WITHIN = 30;

const TABLE = 'failure_counts';

const IS_OVER = 'c.ends_at <= now()';

/** $1 key, $2 failures, $3 window, $4 pause, $5 longest pause or null */
const PAUSE = `make_interval(secs => least($4::float8 * case when $5::float8 is null then 1 else power(2, c.rounds) end,
  coalesce($5::float8, $4::float8)))`;

/** What follows from a failure too many. */
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

/** Tries that were never decided have used the limit up. */
const ABANDON = `${decided('true', '0')} and c.tries >= $2 and c.taken_at <= now() - make_interval(secs => $6::float8)`;

const STATE = `select greatest(ceil(extract(epoch from c.blocked_until - now())), 0)::int as seconds
  from ${TABLE} c where c.key = $1 and c.ends_at > now() and c.blocked_until > now()`;

/** Counts failures by subject. */
export class FailureLimiter {
  constructor(
    private readonly db: Db,
    private readonly limit: FailureLimit,
  ) {}

  private values(subject: string): unknown[] {
    const { failures, windowSeconds, blockSeconds, longestBlockSeconds } = this.limit;
    return [this.keyOf(subject), failures, windowSeconds, blockSeconds, longestBlockSeconds ?? null];
  }

  /** Of bounded length, whatever a stranger sends. */
  private keyOf(subject: string): string {
    return `${this.limit.name}:${createHash('sha256').update(subject).digest('base64url')}`;
  }

  /** How long the subject must wait, in seconds; 0 when it need not. */
  async waitSeconds(subject: string): Promise<number> {
    const rows = await query<{ seconds: number }>(this.db, STATE, [this.keyOf(subject)]);
    return rows[0] === undefined ? 0 : Math.max(1, rows[0].seconds);
  }

  /**
   * Counts a try before it is made. Then call `giveBack` or `decideFailed`.
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
   * A try that was taken has failed.
   *
   * @returns whether it was the one too many, so that the subject is blocked from now on
   */
  async decideFailed(subject: string): Promise<boolean> {
    const rows = await query<{ is_blocked: boolean }>(this.db, FAIL, this.values(subject));
    return rows[0]?.is_blocked === true;
  }

  /**
   * A try that was taken was right, or could not be made: it does not count.
   *
   * @param options.forgets - whether what failed before counts no more either
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
   * Counts what is not tried but asked for: there is nothing to decide later.
   *
   * @returns whether it was the one too many; and how long to wait, in seconds, 0 when it may be done
   */
  async count(subject: string): Promise<{ isReached: boolean; waitSeconds: number }> {
    const rows = await query<{ is_blocked: boolean }>(this.db, COUNT, this.values(subject));
    const isReached = rows[0]?.is_blocked === true;
    const isBlocked = rows[0] === undefined || isReached;
    return { isReached, waitSeconds: isBlocked ? Math.max(1, await this.waitSeconds(subject)) : 0 };
  }

  /**
   * Counts one more failure that no try was taken for.
   *
   * @returns whether it was the one too many, so that the subject is blocked from now on
   */
  async fail(subject: string): Promise<boolean> {
    return (await this.count(subject)).isReached;
  }

  /** Forgets the subject's failures, and ends its pause. */
  async forgive(subject: string): Promise<void> {
    await query(this.db, `delete from ${TABLE} where key = $1`, [this.keyOf(subject)]);
  }
}

/** Removes the counts that are over: nothing else does. */
export async function forgetOldCounts(db: Db): Promise<void> {
  await query(db, `delete from ${TABLE} where ends_at < now()`);
  // An older server on the same database keeps its counts here, in milliseconds of its own clock.
  await query(db, 'delete from rate_limits where expire < extract(epoch from now()) * 1000');
}
