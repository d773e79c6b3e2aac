import { z } from 'zod';
import { getSiteTotals } from '../../../features/statistics/statistics';
import { endpoint, reply } from '../endpoint';

/* The totals of the whole site; `statistics.ts` has its engines. */

const totalsSchema = z
  .strictObject({
    users: z.int().describe('Robots not included'),
    organizations: z.int(),
    repositories: z.int(),
    images: z.int().describe('An image in several repositories counts once'),
    stored_bytes: z.int().describe('Bytes of all layers'),
  })
  .meta({ id: 'SiteTotals' });

const getTotals = endpoint({
  method: 'get',
  path: '/api/v1.1/statistics/',
  tag: 'administration',
  access: 'administrator',
  id: 'getSiteTotals',
  summary: 'Show site totals',
  responses: { 200: { description: 'The current totals', body: totalsSchema } },
  handle: async (ctx, { caller }) => {
    const { storedBytes, ...counts } = await getSiteTotals(ctx, caller.actor);
    return reply(200, { ...counts, stored_bytes: storedBytes });
  },
});

export const siteStatisticsEndpoints = [getTotals];
