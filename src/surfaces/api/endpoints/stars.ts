import { z } from 'zod';
import { getUser } from '../../../features/accounts/users';
import { listStargazers, listStarred, setStar } from '../../../features/social/stars';
import { endpoint, reply } from '../endpoint';
import { fed, feedOf, feedQuery } from '../paging';
import { discussedAsked, participantAsked, repositoryParams } from './repository-asked';
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
  id: 'starRepository',
  summary: 'Star a repository',
  responses: { 204: { description: 'Starred, or already starred' } },
  handle: async (ctx, input) => {
    await setStar(ctx, await participantAsked(ctx, input), true);
    return reply(204);
  },
});

const deleteStar = endpoint({
  ...STAR,
  method: 'delete',
  id: 'unstarRepository',
  summary: 'Unstar a repository',
  responses: { 204: { description: 'Not starred now, even if it never was' } },
  handle: async (ctx, input) => {
    await setStar(ctx, await participantAsked(ctx, input), false);
    return reply(204);
  },
});

const stargazerSchema = z.strictObject({ username: z.string(), date_starred: moment }).meta({ id: 'Stargazer' });

const getStargazers = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/stargazers/',
  tag: 'stars',
  access: 'optional',
  id: 'listStargazers',
  summary: 'List who starred a repository',
  params: repositoryParams,
  query: z.strictObject(feedQuery),
  responses: { 200: { description: 'A page of accounts, latest star first', body: feedOf(stargazerSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { before: query.before, limit: query.page_size };
    const { stars, next } = await listStargazers(ctx, await discussedAsked(ctx, { caller, params }), wanted);
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
  id: 'listStarredRepositories',
  summary: 'List the repositories a user starred; those of other users only as a site administrator',
  params: usernameParams,
  query: z.strictObject(feedQuery),
  responses: {
    200: {
      description: 'A page of repositories, latest star first, without those that you can no longer read',
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
