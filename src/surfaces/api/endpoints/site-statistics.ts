import { z } from 'zod';
import { getSiteTotals, reportAllEngines } from '../../../features/statistics/statistics';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';

/* What administrators want to know of the whole site. */

const totalsSchema = z
  .strictObject({
    users: z.int().describe('Without robots'),
    organizations: z.int(),
    repositories: z.int(),
    images: z.int().describe('One that several repositories have counts once'),
    stored_bytes: z.int().describe('Of all layers'),
  })
  .meta({ id: 'SiteTotals' });

const getTotals = endpoint({
  method: 'get',
  path: '/api/v1.1/statistics/',
  tag: 'administration',
  access: 'administrator',
  summary: 'Show how much there is of everything',
  responses: { 200: { description: 'As of now', body: totalsSchema } },
  handle: async (ctx, { caller }) => {
    const { storedBytes, ...counts } = await getSiteTotals(ctx, caller.actor);
    return reply(200, { ...counts, stored_bytes: storedBytes });
  },
});

const engineSchema = z
  .strictObject({
    engine: z.string().describe('Its version; empty where the client did not say, `other` for what is no engine'),
    kernel: z.string(),
    pulls: z.int(),
    pushes: z.int(),
  })
  .meta({ id: 'SiteEngine' });

const getEngines = endpoint({
  method: 'get',
  path: '/api/v1.1/statistics/engines/',
  tag: 'administration',
  access: 'administrator',
  summary: 'List which engines, on which kernels, pulled and pushed',
  query: z.object({
    ...pageQuery,
    days: z.coerce.number().int().min(1).max(366).default(30).describe('The last days in UTC, with today'),
  }),
  responses: { 200: { description: 'A page of them, the most pulls first', body: pageOf(engineSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const engines = await reportAllEngines(ctx, caller.actor, query.days);
    const { limit, offset } = rangeOf(query);
    return reply(200, paged(ctx, { req, query }, engines.length, engines.slice(offset, offset + limit)));
  },
});

export const siteStatisticsEndpoints = [getTotals, getEngines];
