import { z } from 'zod';
import type { RepositoryName } from '../../../features/accounts/actor';
import { VISIBILITIES } from '../../../features/accounts/policy';
import {
  getRepositoryDetails,
  listNamespace,
  listTags,
  type RepositoryDetails,
} from '../../../features/repositories/listings';
import { parseRepositoryName } from '../../../features/repositories/names';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { line, moment, nameParam } from './schemas';

/* Repositories and their tags, to look at. */

const repositorySchema = z
  .strictObject({
    namespace: z.string(),
    name: z.string(),
    description: z.string(),
    visibility: z.enum(VISIBILITIES),
    is_private: z.boolean(),
    is_automated: z.boolean(),
    is_official: z.boolean(),
    status: z.enum(['initialized', 'active', 'deleting']).describe('Initialized until a push was finished'),
    star_count: z.int(),
    tag_count: z.int(),
    date_created: moment,
    last_updated: moment,
  })
  .meta({ id: 'Repository' });

const detailsSchema = z
  .strictObject({ ...repositorySchema.shape, full_description: z.string() })
  .meta({ id: 'RepositoryDetails' });

const tagSchema = z.strictObject({ name: z.string(), image_id: z.string(), last_updated: moment }).meta({ id: 'Tag' });

function repositoryBody(details: RepositoryDetails): z.input<typeof repositorySchema> {
  return {
    namespace: details.namespace,
    name: details.name,
    description: details.description,
    visibility: details.visibility,
    is_private: details.visibility === 'private',
    is_automated: details.isAutomated,
    is_official: details.isOfficial,
    status: details.state,
    star_count: details.starCount,
    tag_count: details.tagCount,
    date_created: details.createdAt.toISOString(),
    last_updated: details.updatedAt.toISOString(),
  };
}

export const repositoryParams = z.object({ namespace: nameParam, name: nameParam });

/**
 * The repository that a path names.
 *
 * @throws AppError `not_found` when no repository can have the name
 */
export function repositoryOf(params: z.output<typeof repositoryParams>): RepositoryName {
  const name = parseRepositoryName(params.namespace, params.name);
  if (name === undefined) throw new AppError('not_found', 'Repository not found');
  return name;
}

const listRepositories = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/',
  tag: 'repositories',
  access: 'optional',
  summary: 'List the repositories of a namespace, as far as you may find them',
  params: z.object({ namespace: nameParam }),
  query: z.object({ ...pageQuery, name: line(255).optional().describe('A part of the name') }),
  responses: { 200: { description: 'A page of them, by name', body: pageOf(repositorySchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { ...rangeOf(query), text: query.name };
    const { total, repositories } = await listNamespace(ctx, caller.actor, params.namespace, wanted);
    return reply(200, paged(ctx, { req, query }, total, repositories.map(repositoryBody)));
  },
});

const getRepository = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/',
  tag: 'repositories',
  access: 'optional',
  summary: 'Show a repository',
  params: repositoryParams,
  responses: { 200: { description: 'The repository', body: detailsSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) => {
    const details = await getRepositoryDetails(ctx, caller.actor, repositoryOf(params));
    return reply(200, { ...repositoryBody(details), full_description: details.fullDescription });
  },
});

const getTags = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/tags/',
  tag: 'repositories',
  access: 'optional',
  summary: 'List the tags of a repository',
  params: repositoryParams,
  query: z.object(pageQuery),
  responses: { 200: { description: 'A page of them, by name', body: pageOf(tagSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { total, tags } = await listTags(ctx, caller.actor, repositoryOf(params), rangeOf(query));
    const results = tags.map(({ name, imageId, updatedAt }) => ({
      name,
      image_id: imageId,
      last_updated: updatedAt.toISOString(),
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

export const repositoryEndpoints = [listRepositories, getRepository, getTags];
