import { z } from 'zod';
import { displayName } from '../../../features/repositories/names';
import { searchCards } from '../../../features/search/explore';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery } from '../paging';
import { line, moment } from './schemas';

const hitSchema = z
  .strictObject({
    name: z.string().describe('Without the library/ prefix'),
    description: z.string(),
    star_count: z.int(),
    pull_count: z.int(),
    is_official: z.boolean(),
    is_automated: z.boolean(),
    last_updated: moment,
  })
  .meta({ id: 'SearchHit' });

const search = endpoint({
  method: 'get',
  path: '/api/v1.1/search/',
  tag: 'repositories',
  access: 'optional',
  id: 'searchRepositories',
  summary: 'Search the repositories that you can read',
  query: z.strictObject({
    ...pageQuery,
    q: line(1000).default('').describe('Words to find in names and descriptions'),
    sort: z
      .enum(['best', 'stars', 'pulls', 'updated'])
      .default('best')
      .describe(
        '`best` ranks as docker search does; the others list official repositories first, then the highest value',
      ),
  }),
  responses: { 200: { description: 'A page of repositories, in the requested order', body: pageOf(hitSchema) } },
  errors: ['busy'],
  handle: async (ctx, { req, query, caller, signal }) => {
    const wanted = { term: query.q, sort: query.sort, page: query.page, pageSize: query.page_size };
    const { total, repositories } = await searchCards(ctx, { actor: caller.actor, signal }, wanted);
    const results = repositories.map((hit) => ({
      name: displayName(hit),
      description: hit.description,
      star_count: hit.starCount,
      pull_count: hit.pullCount,
      is_official: hit.isOfficial,
      is_automated: hit.isAutomated,
      last_updated: hit.updatedAt.toISOString(),
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

export const searchEndpoints = [search];
