import { z } from 'zod';
import { getUser } from '../../../features/accounts/users';
import { listStargazers, listStarred, setStar } from '../../../features/social/stars';
import { endpoint, reply } from '../endpoint';
import { fed, feedOf, feedQuery } from '../paging';
import { repositoryOf, repositoryParams } from './repositories';
import { moment } from './schemas';
import { usernameParams } from './users';

/* Stars: who likes which repository. */

const STAR = {
  path: '/api/v1.1/repositories/:namespace/:name/star/',
  tag: 'stars',
  access: 'account',
  params: repositoryParams,
} as const;

const putStar = endpoint({
  ...STAR,
  method: 'put',
  summary: 'Give a repository your star',
  responses: { 204: { description: 'It has it, perhaps it had it before' } },
  handle: async (ctx, { params, caller }) => {
    await setStar(ctx, caller.actor, repositoryOf(params), true);
    return reply(204);
  },
});

const deleteStar = endpoint({
  ...STAR,
  method: 'delete',
  summary: 'Take your star back',
  responses: { 204: { description: 'The repository does not have it, perhaps it never had' } },
  handle: async (ctx, { params, caller }) => {
    await setStar(ctx, caller.actor, repositoryOf(params), false);
    return reply(204);
  },
});

const stargazerSchema = z.strictObject({ username: z.string(), date_starred: moment }).meta({ id: 'Stargazer' });

const getStargazers = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/stargazers/',
  tag: 'stars',
  access: 'optional',
  summary: 'List who gave a repository a star',
  params: repositoryParams,
  query: z.object(feedQuery),
  responses: { 200: { description: 'A page of them, the latest star first', body: feedOf(stargazerSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { before: query.before, limit: query.page_size };
    const { stars, next } = await listStargazers(ctx, caller.actor, repositoryOf(params), wanted);
    const results = stars.map(({ username, starredAt }) => ({ username, date_starred: starredAt.toISOString() }));
    return reply(200, fed(ctx, req, next, results));
  },
});

const starredSchema = z
  .strictObject({
    namespace: z.string(),
    name: z.string(),
    description: z.string(),
    star_count: z.int(),
    date_starred: moment,
  })
  .meta({ id: 'StarredRepository' });

const getStarred = endpoint({
  method: 'get',
  path: '/api/v1.1/users/:username/starred/',
  tag: 'stars',
  access: 'account',
  summary: 'List the repositories that have your star; of others only as an administrator',
  params: usernameParams,
  query: z.object(feedQuery),
  responses: {
    200: {
      description: 'A page of them, the latest star first; without those that you may not read any more',
      body: feedOf(starredSchema),
    },
  },
  handle: async (ctx, { req, params, query, caller }) => {
    const user = await getUser(ctx, params.username);
    const wanted = { before: query.before, limit: query.page_size };
    const { stars, next } = await listStarred(ctx, caller.actor, user.id, wanted);
    const results = stars.map(({ namespace, name, description, starCount, starredAt }) => ({
      namespace,
      name,
      description,
      star_count: starCount,
      date_starred: starredAt.toISOString(),
    }));
    return reply(200, fed(ctx, req, next, results));
  },
});

export const starEndpoints = [putStar, deleteStar, getStargazers, getStarred];
