import { z } from 'zod';
import { searchRepositories } from '../../../features/search/search';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery } from '../paging';
import { line } from './schemas';

const hitSchema = z
  .strictObject({
    name: z.string().describe('Without library/'),
    description: z.string(),
    star_count: z.int(),
    is_official: z.boolean(),
    is_automated: z.boolean(),
  })
  .meta({ id: 'SearchHit' });

const search = endpoint({
  method: 'get',
  path: '/api/v1.1/search/',
  tag: 'repositories',
  access: 'optional',
  summary: 'Search the repositories that you may read',
  query: z.object({ ...pageQuery, q: line(1000).default('').describe('Words of names and descriptions') }),
  responses: { 200: { description: 'A page of them, the best first', body: pageOf(hitSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const wanted = { term: query.q, page: query.page, pageSize: query.page_size };
    const { total, hits } = await searchRepositories(ctx, caller.actor, wanted);
    const results = hits.map((hit) => ({
      name: hit.name,
      description: hit.description,
      star_count: hit.starCount,
      is_official: hit.isOfficial,
      is_automated: hit.isAutomated,
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

export const searchEndpoints = [search];
