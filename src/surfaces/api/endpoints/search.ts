import { z } from 'zod';
import { displayName } from '../../../features/repositories/names';
import { searchAccounts } from '../../../features/search/accounts';
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

const accountSchema = z
  .strictObject({
    name: z.string(),
    type: z.enum(['User', 'Organization']),
    full_name: z.string(),
    location: z.string(),
    company: z.string(),
  })
  .meta({ id: 'AccountHit' });

const KINDS = { User: 'user', Organization: 'organization' } as const;

const searchForAccounts = endpoint({
  method: 'get',
  path: '/api/v1.1/search/accounts/',
  tag: 'users',
  access: 'optional',
  id: 'searchAccounts',
  summary: 'Search users and organizations',
  query: z.strictObject({
    ...pageQuery,
    q: line(1000)
      .default('')
      .describe('Words to find in names and full names; a word of one or two letters finds names that begin with it'),
    type: z.enum(['User', 'Organization']).optional(),
  }),
  responses: {
    200: {
      description: 'A page of accounts: the one with this name first, then those whose names begin with the first word',
      body: pageOf(accountSchema),
    },
  },
  errors: ['busy'],
  handle: async (ctx, { req, query, caller, signal }) => {
    const { q: term, type, page, page_size: pageSize } = query;
    const kind = type === undefined ? undefined : KINDS[type];
    const found = await searchAccounts(ctx, { actor: caller.actor, signal }, { term, kind, page, pageSize });
    const users = type === 'Organization' ? 0 : found.users;
    const organizations = type === 'User' ? 0 : found.organizations;
    const results = found.accounts.map(({ name, kind: of, fullName, location, company }) => ({
      name,
      type: of === 'user' ? ('User' as const) : ('Organization' as const),
      full_name: fullName,
      location,
      company,
    }));
    return reply(200, paged(ctx, { req, query }, users + organizations, results));
  },
});

export const searchEndpoints = [search, searchForAccounts];
