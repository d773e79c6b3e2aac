import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { getAccount } from '../access/current-account';
import type { AdministeredRepository, ReadableRepository, VisibleRepository } from '../repositories/access';
import * as store from './statistics.store';

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

/** How often a repository was pulled and pushed. */
export interface ActivityTotals {
  readonly pulls: number;
  readonly pushes: number;
}

/** The same on one day, in UTC: `2016-01-31`. */
export interface DailyActivity extends ActivityTotals {
  readonly day: string;
}

/** What an engine and its kernel pulled; empty where the client did not say. */
export interface EngineActivity extends ActivityTotals {
  readonly engine: string;
  readonly kernel: string;
  /** the last day on which it came, in UTC: `2016-01-31` */
  readonly lastSeen: string;
}

function toEngine({ last_seen: lastSeen, ...row }: store.EngineRow): EngineActivity {
  return { ...row, lastSeen };
}

/** Milliseconds; NaN for what is no day of the calendar. */
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
  throw new AppError('invalid', `The range has 1 to ${LONGEST_DAYS} days, as YYYY-MM-DD`);
}

/** Pulls and pushes of all time, a few seconds ago. */
export async function getActivityTotals(ctx: Needs<'db'>, repository: VisibleRepository): Promise<ActivityTotals> {
  return store.sumActivity(ctx.db, repository.id);
}

/**
 * Pulls and pushes of each day, also of those without any.
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
 * The same of the last days, today included: what a chart shows.
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
 * Which engines pulled and pushed a repository in the last days, today included, the most pulls first.
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
 * The same over all repositories; for administrators of the site.
 *
 * @throws AppError `invalid`, `unauthenticated`, `inactive`, `forbidden`
 */
export async function reportAllEngines(ctx: Needs<'db'>, actor: Actor, days: number): Promise<EngineActivity[]> {
  await assertAdministrator(ctx, actor);
  assertDays(days);
  return (await store.listEngines(ctx.db, undefined, days)).map(toEngine);
}

/** How much there is of everything. */
export interface SiteTotals {
  /** people: no robots */
  readonly users: number;
  readonly organizations: number;
  readonly repositories: number;
  readonly images: number;
  /** of all layers */
  readonly storedBytes: number;
}

/**
 * How much there is of everything; for administrators of the site.
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
