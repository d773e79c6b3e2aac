import { z } from 'zod';
import type { RepositoryName } from '../../../features/access/actor';
import { VISIBILITIES } from '../../../features/access/policy';
import { deleteAtOnce } from '../../../features/repositories/deletion';
import { listNamespace } from '../../../features/repositories/listings';
import { parseRepositoryName } from '../../../features/repositories/names';
import { changeSettings, createDescribedRepository } from '../../../features/repositories/repository-settings';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import {
  readDetails,
  repositoryBody,
  repositoryDetailsSchema,
  repositoryPath,
  repositorySchema,
  SETTINGS,
  settingsBody,
} from './repository-body';
import { line, nameParam } from './schemas';

/* Repositories: to find, make, change and delete. Reading goes by a former name, too; changing does not. */

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

/** Markdown of 64 KiB, in JSON that escapes every character of it. */
const DESCRIBING_BODY_BYTES = 512 * 1024;
const FULL_DESCRIPTION_CHARACTERS = 64 * 1024;

const settingsShape = {
  visibility: z.enum(VISIBILITIES).optional(),
  description: line(255).optional().describe('A line of at most 100 characters'),
  full_description: line(FULL_DESCRIPTION_CHARACTERS).optional().describe('Markdown of at most 64 KiB'),
};

const postRepository = endpoint({
  method: 'post',
  path: '/api/v1.1/repositories/',
  tag: 'repositories',
  access: 'account',
  summary: 'Make an empty repository',
  description:
    'In your own namespace, an organization that you own or, as an administrator, anywhere. A plan without room for one ' +
    'more private repository, and a name that another repository had before, are answered with 403. An access token has ' +
    'to be for administration.',
  body: z.strictObject({ namespace: nameParam, name: nameParam, ...settingsShape }),
  bodyBytes: DESCRIBING_BODY_BYTES,
  responses: {
    201: { description: 'The new repository', body: repositoryDetailsSchema, headers: { Location: 'Its path' } },
  },
  errors: ['not_found', 'conflict'],
  handle: async (ctx, { body, caller: { actor } }) => {
    const { namespace, name, visibility, description, full_description: fullDescription } = body;
    const made = { namespace, name };
    await createDescribedRepository(ctx, actor, made, { visibility, description, fullDescription });
    return reply(201, await readDetails(ctx, actor, made), { Location: repositoryPath(made) });
  },
});

const FACTS = {
  path: '/api/v1.1/repositories/:namespace/:name/',
  tag: 'repositories',
  params: repositoryParams,
} as const;

const getRepository = endpoint({
  ...FACTS,
  method: 'get',
  access: 'optional',
  summary: 'Show a repository',
  description:
    'A former name of a repository that was renamed or transferred is answered as its present one, which stands in the ' +
    'answer; so it is with its tags, their history and statistics. Changes need the present name. The ETag is that of ' +
    'the settings: counts do not change it.',
  responses: { 200: { description: 'The repository', body: repositoryDetailsSchema } },
  etag: 'sent',
  versionedBy: SETTINGS,
  handle: async (ctx, { params, caller }) => reply(200, await readDetails(ctx, caller.actor, repositoryOf(params))),
});

const patchRepository = endpoint({
  ...FACTS,
  method: 'patch',
  access: 'account',
  summary: 'Change settings of a repository; all that are sent, or none',
  description: 'A plan without room for one more private repository is answered with 403.',
  body: z.strictObject({
    ...settingsShape,
    immutable_tags: z
      .array(line(128))
      .max(100)
      .optional()
      .describe('Patterns, with * and ?: ["*"] for all tags, [] for none'),
  }),
  bodyBytes: DESCRIBING_BODY_BYTES,
  responses: { 200: { description: 'The repository as it is now', body: repositoryDetailsSchema } },
  etag: 'required',
  versionedBy: SETTINGS,
  handle: async (ctx, { params, body, caller: { actor }, assertCurrent }) => {
    const name = repositoryOf(params);
    const changes = {
      visibility: body.visibility,
      description: body.description,
      fullDescription: body.full_description,
      immutableTags: body.immutable_tags,
    };
    await changeSettings(ctx, actor, name, changes, (current) => assertCurrent(settingsBody(current)));
    return reply(200, await readDetails(ctx, actor, name));
  },
});

const deleteRepository = endpoint({
  ...FACTS,
  method: 'delete',
  access: 'account',
  summary: 'Delete a repository with its tags and images, at once',
  description:
    'Also one whose deletion a DELETE of the v1 protocol began, which its status tells. One that has immutable tags is a ' +
    '409: set its immutable_tags to [] first.',
  responses: { 204: { description: 'It is gone' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await deleteAtOnce(ctx, caller.actor, repositoryOf(params));
    return reply(204);
  },
});

export const repositoryEndpoints = [listRepositories, postRepository, getRepository, patchRepository, deleteRepository];
