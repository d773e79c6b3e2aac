import { z } from 'zod';
import {
  getActivityTotals,
  listDailyActivity,
  reportAllEngines,
  reportEngines,
  type EngineActivity,
} from '../../../features/statistics/statistics';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { administeredAsked, readableAsked, repositoryParams } from './repository-asked';

/* Pulls and pushes of repositories, accurate to a few seconds. */

const DAYS = { default: 30, max: 366 };
const DAY_MS = 86_400_000;

const counts = { pull_count: z.int(), push_count: z.int() };

const statisticsSchema = z
  .strictObject({
    ...counts,
    days: z.array(z.strictObject({ date: z.iso.date(), ...counts })).describe('Each day of the range, in UTC'),
  })
  .meta({ id: 'Statistics' });

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** The first of so many days, of which this is the last. */
function daysBefore(day: string, days: number): string {
  return new Date(new Date(`${day}T00:00:00Z`).getTime() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

const getStatistics = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/statistics/',
  tag: 'statistics',
  access: 'optional',
  id: 'getRepositoryStatistics',
  summary: 'Show how often a repository was pulled and pushed, in total and by day',
  params: repositoryParams,
  query: z.strictObject({
    from: z.iso.date().optional().describe('The first day; by default 29 days before the last one'),
    to: z.iso.date().optional().describe('The last day; by default today. The range is at most 366 days'),
  }),
  responses: { 200: { description: 'The pulls and pushes', body: statisticsSchema } },
  handle: async (ctx, { params, query, caller }) => {
    const repository = await readableAsked(ctx, { caller, params });
    const to = query.to ?? today();
    const range = { from: query.from ?? daysBefore(to, DAYS.default), to };
    const { pulls, pushes } = await getActivityTotals(ctx, repository);
    const days = await listDailyActivity(ctx, repository, range);
    return reply(200, {
      pull_count: pulls,
      push_count: pushes,
      days: days.map(({ day, ...sums }) => ({ date: day, pull_count: sums.pulls, push_count: sums.pushes })),
    });
  },
});

const engineSchema = z
  .strictObject({
    engine: z
      .string()
      .describe(
        'The version of docker; another client as `name/version`; empty if neither was sent, `other` if it is not a version',
      ),
    kernel: z.string(),
    ...counts,
    last_seen: z.iso.date().describe('The last day it was seen, in UTC'),
  })
  .meta({ id: 'EngineStatistics' });

function engineBody({ engine, kernel, pulls, pushes, lastSeen }: EngineActivity): z.input<typeof engineSchema> {
  return { engine, kernel, pull_count: pulls, push_count: pushes, last_seen: lastSeen };
}

const engineQuery = z.object({
  ...pageQuery,
  days: z.coerce.number().int().min(1).max(DAYS.max).default(DAYS.default).describe('Number of days, including today'),
});
const engineResponses = {
  200: { description: 'A page of engines, most pulls first', body: pageOf(engineSchema) },
} as const;

const getEngines = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/statistics/engines/',
  tag: 'statistics',
  access: 'account',
  id: 'listRepositoryEngines',
  summary: 'List the engines and kernels that pulled and pushed a repository; for its administrators',
  params: repositoryParams,
  query: engineQuery,
  responses: engineResponses,
  handle: async (ctx, { req, params, query, caller }) => {
    const engines = await reportEngines(ctx, await administeredAsked(ctx, { caller, params }), query.days);
    return reply(200, pagedWhole(ctx, { req, query }, engines.map(engineBody)));
  },
});

const getAllEngines = endpoint({
  method: 'get',
  path: '/api/v1.1/statistics/engines/',
  tag: 'statistics',
  access: 'administrator',
  id: 'listAllEngines',
  summary: 'List the engines and kernels that pulled and pushed any repository',
  query: engineQuery,
  responses: engineResponses,
  handle: async (ctx, { req, query, caller }) => {
    const engines = await reportAllEngines(ctx, caller.actor, query.days);
    return reply(200, pagedWhole(ctx, { req, query }, engines.map(engineBody)));
  },
});

export const statisticsEndpoints = [getStatistics, getEngines, getAllEngines];
