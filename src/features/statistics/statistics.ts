import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { getAccount } from '../access/current-account';
import type { AdministeredRepository, ReadableRepository, VisibleRepository } from '../repositories/access';
import * as store from './statistics.store';

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

/** The numbers of pulls and pushes. */
export interface ActivityTotals {
  readonly pulls: number;
  readonly pushes: number;
}

/** The same on one day, in UTC: `2016-01-31`. */
export interface DailyActivity extends ActivityTotals {
  readonly day: string;
}

/** The pulls and pushes of an engine and a kernel; a name is empty if the client did not send it. */
export interface EngineActivity extends ActivityTotals {
  readonly engine: string;
  readonly kernel: string;
  /** the last day on which it was seen, in UTC: `2016-01-31` */
  readonly lastSeen: string;
}

function toEngine({ last_seen: lastSeen, ...row }: store.EngineRow): EngineActivity {
  return { ...row, lastSeen };
}

/** The start of a day in milliseconds; NaN if it is not a day of the calendar. */
function startOf(day: string): number {
  const start = new Date(`${day}T00:00:00Z`);
  // Postgres has no year 0.
  const isDay = start.getUTCFullYear() > 0 && start.toISOString().startsWith(`${day}T`);
  return isDay ? start.getTime() : Number.NaN;
}

function daysBetween(from: string, to: string): number {
  return (startOf(to) - startOf(from)) / DAY_MS + 1;
}

function assertDays(days: number): void {
  if (Number.isInteger(days) && days >= 1 && days <= LONGEST_DAYS) return;
  throw new AppError('invalid', `The range must be 1 to ${LONGEST_DAYS} days, given as YYYY-MM-DD`);
}

/** Pulls and pushes of all time, a few seconds ago. */
export async function getActivityTotals(ctx: Needs<'db'>, repository: VisibleRepository): Promise<ActivityTotals> {
  return store.sumActivity(ctx.db, repository.id);
}

/**
 * Pulls and pushes of each day, including days without any.
 *
 * @param range - its first and last day, `YYYY-MM-DD` in UTC; at most 366 days
 * @throws AppError `invalid`
 */
export async function listDailyActivity(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  range: { from: string; to: string },
): Promise<DailyActivity[]> {
  assertDays(daysBetween(range.from, range.to));
  return store.listDays(ctx.db, repository.id, range);
}

/**
 * The same for the last days, including today, for a chart.
 *
 * @param days - 1 to 366
 * @throws AppError `invalid`
 */
export async function listLastDays(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  days: number,
): Promise<DailyActivity[]> {
  assertDays(days);
  const now = Date.now();
  const dayOf = (moment: number): string => new Date(moment).toISOString().slice(0, 10);
  return store.listDays(ctx.db, repository.id, { from: dayOf(now - (days - 1) * DAY_MS), to: dayOf(now) });
}

/**
 * The engines that pulled and pushed a repository in the last days, including today, those with most pulls first.
 *
 * @throws AppError `invalid`
 */
export async function reportEngines(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  days: number,
): Promise<EngineActivity[]> {
  assertDays(days);
  return (await store.listEngines(ctx.db, repository.id, days)).map(toEngine);
}

/**
 * The same over all repositories; for site administrators.
 *
 * @throws AppError `invalid`, `unauthenticated`, `inactive`, `forbidden`
 */
export async function reportAllEngines(ctx: Needs<'db'>, actor: Actor, days: number): Promise<EngineActivity[]> {
  await assertAdministrator(ctx, actor);
  assertDays(days);
  return (await store.listEngines(ctx.db, undefined, days)).map(toEngine);
}

/** The site-wide totals. */
export interface SiteTotals {
  /** without robots */
  readonly users: number;
  readonly organizations: number;
  readonly repositories: number;
  readonly images: number;
  /** of all layers */
  readonly storedBytes: number;
}

/**
 * The site-wide totals; for site administrators.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden`
 */
export async function getSiteTotals(ctx: Needs<'db'>, actor: Actor): Promise<SiteTotals> {
  await assertAdministrator(ctx, actor);
  const { stored_bytes: storedBytes, ...counts } = await store.countAll(ctx.db);
  return { ...counts, storedBytes };
}

async function assertAdministrator(ctx: Needs<'db'>, actor: Actor): Promise<void> {
  if (!(await getAccount(ctx, actor)).isAdmin) throw new AppError('forbidden', 'Access denied');
}
